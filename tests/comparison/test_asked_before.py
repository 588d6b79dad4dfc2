"""Who asked before is told with what came of it and what changed since, also when the files are gone (CASE-6)."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, select

from portal.audit.reading import rows_of, seqs_about
from portal.cases.facts import Right
from portal.cases.services.intake import IdentifierKind
from portal.comparison.differences import differences
from portal.comparison.files import Wanted, wanted_files
from portal.comparison.keeping import PURPOSE
from portal.comparison.retention import forget_merchant
from portal.comparison.views import Change
from portal.composition import build_portal
from portal.config import Settings
from portal.errors import NotFound
from portal.exports.core.download import DocumentKind
from portal.operations import backup, reindexing
from portal.storage.case_tables import Case
from portal.storage.tables import CaseFingerprints, Export, FileKey, Merchant, utc_now
from portal.vault import rotation
from portal.vault.files import FilePlace

pytestmark = pytest.mark.keeps("SEC-26")
FIRST = [
    {"id": "t1", "amount": 10, "note": "canary-note"},
    {"id": "t2", "amount": 20, "note": ""},
    {"id": "t3", "amount": 30, "note": ""},
]
LATER = [FIRST[0], {**FIRST[1], "amount": 20.0}, *({"id": f"n{n}", "amount": n, "note": ""} for n in range(12))]
CHANGED = {Change.TRANSACTIONS: 12, Change.CHANGED: 1, Change.GONE: 1}


def put(desk: Any, export_id: str, transactions: list[dict[str, Any]]) -> None:
    """Let the export's file hold these, as if LoyaltyDog had sent it."""
    sealed, data = desk.portal.sealed, json.dumps({"transactions": transactions}).encode()
    with desk.portal.db.write() as session:
        row = session.get_one(Export, export_id)
        place = FilePlace(row.merchant_id, row.id, f"{row.merchant_id}/{row.id}-{secrets.token_hex(4)}")
        key = sealed.new_key(place)
        with sealed.sealing(place, key) as writer:
            writer.write(data)
        session.execute(delete(FileKey).where(FileKey.export_id == export_id))
        session.flush()
        session.add(
            FileKey(export_id=row.id, blob_name=place.blob_name, merchant_id=row.merchant_id, sealed_keyset=key)
        )
        row.file.blob_name, row.file.sha256, row.file.size_bytes = place.blob_name, writer.sha256, writer.size_bytes


def ask(desk: Any, email: str, transactions: list[dict[str, Any]], *, merchant: str = "one") -> Any:
    """An export in a case, with such a file. Gives its view."""
    view = desk.run(email, by=desk.user("maya", merchant))
    put(desk, view.id, transactions)
    return view


@pytest.fixture
def person(desk: Any) -> Iterator[str]:
    """Ada; all her cases are ended after the test, and their fingerprints gone."""
    email = "ada@example.com"
    yield email
    with desk.portal.db.write() as session:
        for case in session.scalars(select(Case)):
            case.state, case.closed_at = "closed", case.closed_at or utc_now()
            case.received_on -= dt.timedelta(days=500)
            case.destroy_facts_after = utc_now()
        session.execute(delete(CaseFingerprints))


@pytest.fixture
def twice(desk: Any, person: str) -> tuple[Any, Any]:
    """The export of an answered case, and that of the case which the person's next request is."""
    first = ask(desk, person, FIRST)
    desk.portal.answers.record_sent(desk.user(), first.id, "email")
    again = ask(desk, person, LATER)
    assert again.case_id != first.case_id
    return first, again


def kept(desk: Any, case_id: str) -> int:
    with desk.portal.db.read() as session:
        return len(session.scalars(select(CaseFingerprints).where(CaseFingerprints.case_id == case_id)).all())


def since(desk: Any, export: Any, who: str = "sam") -> Any:
    return desk.portal.asked_before.since(desk.user(who), export.case_id)


def test_who_asks_again_is_told_what_was_sent_and_what_changed(desk: Any, twice: tuple[Any, Any]) -> None:
    first, again = twice
    found = since(desk, again)
    (earlier,) = found.earlier
    assert (earlier.id, earlier.state.value, earlier.answered_on) == (first.case_id, "answered", earlier.received_on)
    with desk.portal.db.read() as session:
        sha256 = session.get_one(Export, first.id).file.sha256
    assert [(copy.copy, copy.sha256) for copy in earlier.sent] == [("original", sha256)]
    assert (found.compared_with, dict(found.changes)) == (earlier, CHANGED)
    assert since(desk, first).count == 0


def test_it_is_told_when_the_earlier_file_is_destroyed(desk: Any, twice: tuple[Any, Any]) -> None:
    first, again = twice
    desk.portal.fingerprints.take_missing(60)
    desk.portal.retention.destroy(desk.user(), first.id)
    assert dict(since(desk, again).changes) == CHANGED
    desk.portal.retention.destroy(desk.user(), again.id)
    assert dict(since(desk, again).changes) == CHANGED


def test_it_is_told_no_more_when_the_facts_time_is_over(desk: Any, twice: tuple[Any, Any]) -> None:
    first, again = twice
    assert dict(since(desk, again).changes) == CHANGED
    with desk.portal.db.write() as session:
        session.get_one(Case, first.case_id).destroy_facts_after = utc_now()
    desk.portal.fingerprints.forget_due()  # the desk's worker may be first
    assert (kept(desk, first.case_id), kept(desk, again.case_id)) == (0, 1)
    found = since(desk, again)
    assert (found.count, found.tables) == (1, None)
    assert kept(desk, first.case_id) == 0
    with desk.portal.db.read() as session:
        merchant = desk.user().merchant_id
        acts = rows_of(session, merchant, seqs_about(session, merchant, [first.case_id]))
    (entry,) = (act for act in acts if act.action == "fingerprints:destroy")
    assert entry.facts == {"files": 1, "reason": "retention"}


def test_an_open_case_keeps_them_however_long_ago_it_came(desk: Any, twice: tuple[Any, Any]) -> None:
    first, again = twice
    since(desk, again)
    with desk.portal.db.write() as session:
        session.get_one(Case, again.case_id).received_on -= dt.timedelta(days=5 * 366)
    desk.portal.fingerprints.forget_due()
    assert (kept(desk, first.case_id), kept(desk, again.case_id)) == (1, 1)


def test_what_a_killed_process_left_out_is_made_up_for_once(desk: Any, twice: tuple[Any, Any]) -> None:
    fingerprints = desk.portal.fingerprints
    fingerprints.take_missing(60)
    with desk.portal.db.write() as session:
        session.execute(delete(CaseFingerprints))
    fingerprints.take_missing(60)
    assert fingerprints.take_missing(60) == 0
    assert [kept(desk, export.case_id) for export in twice] == [1, 1]


def test_of_two_processes_at_one_file_the_first_ones_are_kept(desk: Any, twice: tuple[Any, Any]) -> None:
    fingerprints, case_id = desk.portal.fingerprints, twice[1].case_id
    with desk.portal.db.read() as session:
        wanted = wanted_files(session, cases=[case_id])
    fingerprints._take_all(wanted, float("inf"))
    assert fingerprints._take_all(wanted, float("inf")) == 0
    assert kept(desk, case_id) == 1


def test_a_file_that_is_destroyed_meanwhile_leaves_no_fingerprints(desk: Any, twice: tuple[Any, Any]) -> None:
    first = twice[0]
    with desk.portal.db.read() as session:
        file = session.get_one(Export, first.id).file
        wanted = [Wanted(Export, first.id, file.sha256)]
    desk.portal.retention.destroy(desk.user(), first.id)
    with desk.portal.db.write() as session:
        session.execute(delete(CaseFingerprints))
    assert desk.portal.fingerprints._take_all(wanted, float("inf")) == 0
    assert kept(desk, first.case_id) == 0


def test_a_file_that_was_fetched_anew_replaces_the_former_ones(desk: Any, twice: tuple[Any, Any]) -> None:
    again = twice[1]
    assert since(desk, again).changes[Change.TRANSACTIONS] == 12
    put(desk, again.id, FIRST)
    assert (dict(since(desk, again).changes), kept(desk, again.case_id)) == ({}, 1)


def test_a_file_that_waits_for_a_manager_has_none(desk: Any, person: str) -> None:
    held = desk.run(person)
    put(desk, held.id, FIRST)
    for state, wanted in (("ready", 1), ("attention", 0)):
        with desk.portal.db.write() as session:
            session.execute(delete(CaseFingerprints))
            session.get_one(Export, held.id).state = state
        desk.portal.fingerprints.take_small([held.case_id])
        assert kept(desk, held.case_id) == wanted
    with desk.portal.db.read() as session:
        assert wanted_files(session, cases=[held.case_id]) == []


def test_the_same_person_at_another_merchant_is_another(desk: Any, twice: tuple[Any, Any]) -> None:
    _first, again = twice
    stranger = desk.user("maya", "two")
    theirs = ask(desk, "sam@example.com", LATER, merchant="two")  # the practice merchant knows nobody twice
    assert desk.portal.asked_before.since(stranger, theirs.case_id).count == 0
    known = [(IdentifierKind.EMAIL, SecretStr("ada@example.com"))]
    assert desk.portal.asked_before.before_opening(stranger, known, frozenset({Right.ACCESS})).count == 0
    with pytest.raises(NotFound):
        desk.portal.asked_before.since(stranger, again.case_id)
    desk.portal.fingerprints.take_missing(60)
    with desk.portal.db.read() as session:
        ((ours,), (other,)) = (
            desk.portal.fingerprints.of_case(session, one) for one in (again.case_id, theirs.case_id)
        )
    assert not set(ours.tables[0].by_row()) & set(other.tables[0].by_row())
    assert not ours.tables[0].by_id().keys() & other.tables[0].by_id().keys()
    assert differences([ours], [other]) is None
    with desk.portal.db.read() as session:
        secrets_of_one_person = {
            desk.portal.sealer.derived_key(
                PURPOSE, "ada@example.com", merchant_id=row.id, wrapped_keyset=row.sealed_index_keyset
            )
            for row in session.scalars(select(Merchant))
        }
    assert len(secrets_of_one_person) == 2


def test_it_is_told_before_a_case_is_opened(desk: Any, twice: tuple[Any, Any], person: str) -> None:
    def told(kind: IdentifierKind, value: str, right: Right) -> Any:
        known = ((kind, SecretStr(value)),)
        return desk.portal.asked_before.before_opening(desk.user("sam"), known, frozenset({right}))

    assert told(IdentifierKind.EMAIL, f" {person.upper()} ", Right.ACCESS).count == 1
    assert told(IdentifierKind.EMAIL, person, Right.ERASURE).count == 0
    assert told(IdentifierKind.EMAIL, "nobody@example.com", Right.ACCESS).count == 0
    assert told(IdentifierKind.LAST_FOUR, person, Right.ACCESS).count == 0


def test_fingerprints_are_compared_after_the_index_keys_were_changed(desk: Any, twice: tuple[Any, Any]) -> None:
    first, again = twice
    portal = desk.portal
    portal.fingerprints.take_small([first.case_id])
    portal.retention.destroy(desk.user(), first.id)
    reindexing.add_index_keys(portal.db, portal.sealer)
    reindexing.use_newest_index_keys(portal.db, portal.sealer)
    reindexing.drop_index_keys(portal.db, portal.sealer)
    assert dict(since(desk, again).changes) == CHANGED


def test_a_new_master_key_writes_the_wrapped_key_anew(desk: Any, twice: tuple[Any, Any]) -> None:
    portal = desk.portal
    since(desk, twice[1])
    portal.master.make_primary(portal.master.add_key())
    assert rotation.reseal(portal.db, portal.master, portal.sealer) > 0
    assert portal.master.primary_id in rotation.uses(portal.db)
    assert rotation.count_unopenable(portal.db, portal.sealer, portal.master)["case_fingerprints.sealed_keyset"] == 0
    assert dict(since(desk, twice[1]).changes) == CHANGED


def test_a_backup_brings_fingerprints_back_but_not_a_removed_merchants(
    desk: Any, twice: tuple[Any, Any], tmp_path: Path
) -> None:
    portal, again = desk.portal, twice[1]
    since(desk, again)
    backup.create(portal.db, portal.blobs, tmp_path / "copy", None, portal.master)
    settings = Settings(data_dir=tmp_path / "new", mode="practice")
    settings.keyset_file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    shutil.copy(portal.settings.keyset_file, settings.keyset_file)
    fresh = build_portal(settings)
    try:
        checked = backup.check_files(tmp_path / "copy", None, fresh.master)
        backup.restore(fresh.db, fresh.blobs, checked, settings.destruction_list)
        user = fresh.accounts.user_for_account("sam@brookandbean.example.com", origin="cli")
        assert dict(fresh.asked_before.since(user, again.case_id).changes) == CHANGED
        with fresh.db.write() as session:
            assert forget_merchant(session, user.merchant_id, actor="cli", origin="cli") == 2
        with fresh.db.read() as session:
            assert session.scalars(select(CaseFingerprints.file_id)).all() == []
    finally:
        fresh.stop()


@pytest.mark.keeps("LAW-19")
def test_a_person_is_told_that_fingerprints_are_kept(desk: Any, twice: tuple[Any, Any], person: str) -> None:
    since(desk, twice[1])
    told = desk.portal.person_records.about_person(desk.user(), person=person, kind=DocumentKind.JSON)
    document = json.loads(b"".join(told.chunks))
    kept_rows = {case["request"]: case["rows_kept_as_fingerprints"] for case in document["cases"]}
    assert [kept_rows[since(desk, twice[1]).earlier[0].name]] == [len(FIRST)]
    assert "To tell what changed when you ask again" in [act["purpose"] for act in document["done"]]


def test_nothing_of_a_row_is_in_the_database(desk: Any, twice: tuple[Any, Any]) -> None:
    since(desk, twice[1])
    with desk.portal.db.read() as session:
        rows = session.scalars(select(CaseFingerprints)).all()
        stored = b"".join(row.content + row.sealed_keyset for row in rows)
    assert len(rows) >= 2 and b"canary" not in stored and b"transactions" not in stored


def test_the_answers_of_sources_are_compared_as_well(
    desk: Any, person: str, wait_for: Callable[..., None]
) -> None:  # fmt: skip
    export = desk.run(person)
    desk.portal.case_sources.collect(desk.user(), export.case_id)
    wait_for(lambda: not desk.portal.case_sources.lines(desk.user(), export.case_id).running, "all sources ended")
    desk.portal.fingerprints.take_missing(60)
    with desk.portal.db.read() as session:
        families = {one.origin.family for one in desk.portal.fingerprints.of_case(session, export.case_id)}
    assert {"cards", "loyalty_data", "card_consent"} <= families
