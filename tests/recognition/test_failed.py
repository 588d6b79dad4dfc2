"""Nobody could tell who asks: files go within a day. What a file says can ask for a second proof."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from portal.cases.facts import ClosingReason, IdentityMethod, IdentityResult
from portal.cases.recognition.risk import AMOUNTS, band_of, changed_lately, reaches
from portal.cases.recognition.standing import Doubt
from portal.exports.core.ledger import SubjectSeal
from portal.exports.workflow.inspect_step import InspectStep
from portal.preview import read
from portal.preview.inspection.person_changed import person_changed_on
from portal.recognition.retention import GRACE
from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.case_tables import Case, FailedIdentity
from portal.storage.tables import Export, ExportFile, FileKey, Merchant, utc_now
from tests.recognition.conftest import Room

pytestmark = pytest.mark.keeps("LAW-17", "LAW-5")
M, R = IdentityMethod, IdentityResult
FILE = {"customer": {"email": "a@example.com"}, "giftCards": []}


def house(room: Room) -> None:
    """As a worker's beat does."""
    room.portal.failed_identity.run_housekeeping()
    room.portal.retention.run_housekeeping()
    room.portal.package_retention.run_housekeeping()


def aged(room: Room, case: str, by: dt.timedelta) -> None:
    """The look that failed, and the fetching, were so long ago."""
    with room.portal.db.write() as session:
        row = session.get(FailedIdentity, case)
        if row is not None:
            row.failed_at -= by
        exports = [one.id for one in session.query(Export).filter_by(case_id=case)]
        at = utc_now() - by
        session.execute(update(ExportFile).where(ExportFile.export_id.in_(exports)).values(collected_at=at))
        session.execute(update(CasePackage).where(CasePackage.case_id == case).values(built_at=at))


def package(room: Room, case: str, outcome: str) -> str:
    with room.portal.db.write() as session:
        merchant = session.get_one(Case, case).merchant_id
        number = session.query(CasePackage).filter_by(case_id=case).count() + 1
        row = CasePackage(
            merchant_id=merchant, case_id=case, number=number, variant="access", language="en", outcome=outcome,
            inputs="", profile_version=1, blob_name=f"{merchant}/{case}-{number}", size_bytes=1, sha256="0" * 64,
            manifest_sha256="", file_count=1, built_by=room.accounts["agent@one"],
            destroy_after=utc_now() + dt.timedelta(days=30),
        )  # fmt: skip
        session.add_all(
            [row, PackageKey(case_id=case, blob_name=row.blob_name, merchant_id=merchant, sealed_keyset=b"x")]
        )  # fmt: skip
        session.flush()
        return row.id


def there(room: Room, export: str) -> bool:
    with room.portal.db.read() as session:
        row = session.get_one(Export, export)
        return session.get(FileKey, (export, row.file.blob_name)) is not None and row.file.destroyed_at is None


def failed(room: Room) -> tuple[str, str]:
    case = room.case()
    export = room.file(case, FILE)
    room.portal.case_file.record_identity(room.user(), case, M.IN_PERSON, R.FAILED)
    return case, export


def test_files_and_package_go_half_a_day_after_a_failed_look_and_the_letter_stays(room: Room) -> None:
    assert dt.timedelta(hours=24) > GRACE
    case, export = failed(room)
    other = room.case()
    others = room.file(other, FILE)
    room.portal.case_file.record_identity(room.user(), other, M.IN_PERSON, R.DOUBTFUL)  # doubt is no failure
    made, letter = package(room, case, "yes"), package(room, case, "unidentified")
    house(room)
    assert there(room, export)
    aged(room, case, GRACE)
    house(room)
    house(room)
    assert not there(room, export) and there(room, others)
    with room.portal.db.read() as session:
        assert session.get_one(CasePackage, made).destroyed_at and not session.get_one(CasePackage, letter).destroyed_at
    assert room.entries(case).count("identity:files_due") == 1 and "package:destroy" in room.entries(case)
    assert "export:destroy" in room.entries(export)
    again = room.file(case, FILE)  # fetched anew: it has its own half day
    aged(room, case, dt.timedelta(0))
    house(room)
    assert there(room, again)


def test_a_proof_in_time_keeps_the_files_and_a_later_one_opens_the_case_again(room: Room) -> None:
    case, export = failed(room)
    room.portal.case_file.record_identity(room.user(), case, M.STAFF_KNOWS, R.PROVED)
    aged(room, case, GRACE)
    house(room)
    assert there(room, export) and room.settled(case)
    told = room.case()
    file = room.file(told, FILE)
    room.portal.case_file.close_not_identified(room.user("manager"), told, "We could not tell who you are.")
    aged(room, told, GRACE)
    house(room)
    assert not there(room, file)
    view = room.portal.case_register.show(room.user(), told)
    assert view.row.state == "closed_not_identified" and view.clock.outcome is not None
    room.portal.case_file.record_identity(room.user(), told, M.STAFF_KNOWS, R.PROVED)
    with room.portal.db.read() as session:
        assert session.get(FailedIdentity, told) is None
    assert room.portal.case_register.show(room.user(), told).row.state == "collecting"


def test_a_kill_between_making_due_and_destroying_loses_nothing(room: Room) -> None:
    case, export = failed(room)
    aged(room, case, GRACE)
    room.portal.failed_identity.run_housekeeping()
    assert there(room, export)  # killed here: another process goes on
    room.portal.retention.run_housekeeping()
    assert not there(room, export)


def test_money_and_a_late_change_ask_for_a_second_proof_by_the_merchants_amount(room: Room) -> None:
    case = room.case()
    export = room.file(case, FILE)
    room.portal.case_file.record_identity(room.user(), case, M.REPLY, R.PROVED)
    assert room.settled(case)

    def doubts(**file: Any) -> tuple[Doubt, ...]:
        with room.portal.db.write() as session:
            session.execute(update(ExportFile).where(ExportFile.export_id == export).values(**file))
        return room.portal.case_register.show(room.user(), case).recognition.doubts

    today = utc_now().date()
    assert doubts(money_band=band_of([Decimal(249)])) == ()
    assert doubts(money_band=band_of([Decimal(9), Decimal(250)])) == (Doubt.MONEY,)
    assert not room.settled(case)
    with room.portal.db.write() as session:
        session.query(Merchant).filter_by(name="Shop one").update({"second_proof_from": 500})
    assert doubts(money_band=3) == ()
    with room.portal.db.write() as session:
        session.query(Merchant).filter_by(name="Shop one").update({"second_proof_from": 250})
    assert doubts(money_band=0, person_changed_on=today - dt.timedelta(days=31)) == ()
    assert doubts(person_changed_on=today - dt.timedelta(days=30)) == (Doubt.CHANGED,)
    assert doubts(person_changed_on=None, other_address=True) == (Doubt.OTHER_ADDRESS,)
    room.portal.case_file.record_identity(room.user(), case, M.CALLBACK, R.PROVED)
    assert room.settled(case)


def test_the_check_of_a_file_sees_money_and_an_address_that_is_not_in_it(room: Room) -> None:
    """By what it writes in the export's row; the amount and the addresses are not in it."""
    content = {
        "customer": {
            "id": "64b000000000000000000001", "email": "on.file@example.com", "updatedAt": "2026-11-20T00:00:00Z",
        },
        "giftCards": [{"id": "c1", "cardNumber": "6035001122334417", "balance": "612.40", "status": "active"}],
    }  # fmt: skip
    step = InspectStep(room.portal.db, room.portal.sealed, SubjectSeal(room.portal.sealer), lambda _label: None)
    for wrote_from, other in (("elsewhere@example.com", True), ("On.File@example.com", False)):
        case = room.case(customer_id="64b000000000000000000001", email=wrote_from)
        export = room.file(case, content)
        with room.portal.db.write() as session:
            session.get_one(Export, export).state = "collected"
        step.run(export)
        with room.portal.db.read() as session:
            row = session.get_one(Export, export)
            seen = (row.state, row.file.money_band, row.file.person_changed_on, row.file.other_address)
        assert seen == ("ready", 4, dt.date(2026, 11, 20), other)
        doubts = room.portal.case_register.show(room.user(), case).recognition.doubts
        assert (Doubt.OTHER_ADDRESS in doubts) is other and Doubt.MONEY in doubts
        room.portal.case_file.close(room.user(), case, ClosingReason.NO_REQUEST)


def test_bands_and_days_are_read_exactly() -> None:
    assert [band_of([Decimal(one)]) for one in (0, 49, 50, 100, 999, 1000)] == [0, 0, 1, 2, 4, 5]
    assert band_of([], unread=1) == len(AMOUNTS) and not reaches(None, 50) and reaches(1, 50) and not reaches(1, 100)
    day = dt.date(2026, 12, 1)
    assert changed_lately(day, day) and not changed_lately(dt.date(2026, 10, 31), day) and not changed_lately(None, day)
    old, new = "2026-01-02T00:00:00Z", "2026-11-20T10:00:00Z"

    def changed(**content: Any) -> dt.date | None:
        return person_changed_on(read(json.dumps(content).encode(), "json"))

    assert changed(customer={"id": "1", "email": "a@example.com", "updatedAt": new}) == dt.date(2026, 11, 20)
    assert changed(customer={"id": "1", "email": "a@example.com"}, giftCards=[{"id": "c", "updatedAt": new}]) is None
    assert changed(rows=[{"emailUpdatedAt": old, "cardUpdatedAt": new}]) == dt.date(2026, 1, 2)
