"""Card numbers are as good as cash: seeing them, and any copy with them, needs a reason, on wish a second person."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.audit.reading import rows_of, seqs_about
from portal.errors import NotFound, NotPermitted, StateConflict, StepUpNeeded
from portal.exports.core.download import FileKind
from portal.exports.files.card_access import CardNumbersShut
from portal.exports.files.card_codes import CardReason
from portal.identity import User
from portal.merchants.removal import revoke_access
from portal.preview.card_masking import without_card_numbers
from portal.preview.card_numbers import card_columns, is_hidden
from portal.storage.tables import CardRequest, Export, Merchant, utc_now

pytestmark = pytest.mark.keeps("SEC-41")

HOLDERS = ("ada", "many.cards", "flat.list", "flat.csv", "stacked", "semicolon", "tricky.text", "sam")
"""Practice people with cards whose files may be opened by anyone."""
LOST = CardReason.LOST_CARD
HOUR = dt.timedelta(hours=1)


def on_the_web(user: User, session: str = "a") -> User:
    return dataclasses.replace(user, origin="192.0.2.31", session_hash=session * 64, proof_at=utc_now())


def two_needed(desk: Any, merchant: str = "one", *, needed: bool = True) -> None:
    with desk.portal.db.write() as session:
        found = desk.user("maya", merchant).merchant_id
        session.execute(update(Merchant).where(Merchant.id == found).values(cards_need_two=needed))


@pytest.fixture
def sam(desk: Any) -> User:
    return on_the_web(desk.user("sam"))


@pytest.fixture
def maya(desk: Any) -> User:
    return on_the_web(desk.user("maya"), "b")


@pytest.fixture
def export_id(desk: Any) -> str:
    return str(desk.run("ada@example.com").id)


@pytest.fixture
def second(desk: Any) -> Iterator[None]:
    """The merchant wants a second person."""
    two_needed(desk)
    yield
    two_needed(desk, needed=False)


def acts(desk: Any, export_id: str) -> list[tuple[str, dict[str, Any]]]:
    maya = desk.user()
    with desk.portal.db.read() as session:
        rows = rows_of(session, maya.merchant_id, seqs_about(session, maya.merchant_id, [export_id]))
        return [(row.action, dict(row.facts)) for row in rows if row.action.startswith(("cards:", "export:reveal"))]


def original(desk: Any, user: User, export_id: str) -> bytes:
    return b"".join(desk.portal.files.open_file(user, export_id).chunks)


def copy(desk: Any, user: User, export_id: str, kind: FileKind) -> bytes:
    """All text of a copy in which everybody is kept; of a workbook, that of its parts."""
    desk.keep_everybody_else(export_id)
    data = b"".join(desk.portal.files.open_file(user, export_id, kind).chunks)
    if kind is not FileKind.XLSX:
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return b"\n".join(package.read(name) for name in package.namelist())


def secrets_of(desk: Any, user: User, export_id: str) -> set[str]:
    """What stands in the hidden cells of a file; of codes only those that no other text is equal to by chance."""
    tables = desk.portal.files.open_preview(user, export_id).tables
    cells = {
        str(row[at])
        for table in tables
        for at, held in card_columns(table).items()
        for _, row in table.iterate()
        if is_hidden(held, row[at])
    }
    return {cell for cell in cells if len(cell) > 6}


def test_with_a_reason_the_numbers_are_shown_for_an_hour(
    desk: Any, sam: User, export_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = desk.portal.card_access
    before = access.state(sam, export_id)
    assert before.holds_numbers and not before.shown and not before.needs_two
    assert access.ask(sam, export_id, LOST)
    until = access.state(sam, export_id).granted_until
    assert until is not None and abs(until - utc_now() - HOUR) < dt.timedelta(minutes=1)
    assert original(desk, sam, export_id)
    assert acts(desk, export_id) == [
        ("cards:ask", {"reason": "lost_card", "second": False}), ("export:reveal", {"what": "card numbers"}),
    ]  # fmt: skip
    monkeypatch.setattr("portal.exports.files.card_access.utc_now", lambda: utc_now() + HOUR)
    assert not access.state(sam, export_id).shown
    with pytest.raises(CardNumbersShut):
        original(desk, sam, export_id)


def test_a_grant_is_of_one_person_and_one_file(desk: Any, sam: User, maya: User, export_id: str) -> None:
    access, other = desk.portal.card_access, desk.run("ada@example.com").id
    access.ask(sam, export_id, LOST)
    assert not access.state(sam, other).shown
    assert not access.state(maya, export_id).shown
    with pytest.raises(CardNumbersShut) as caught:
        original(desk, maya, export_id)
    assert caught.value.next_step == "Say why on the preview."


def test_a_grant_ends_with_the_session_and_with_the_role(desk: Any, sam: User, export_id: str) -> None:
    access = desk.portal.card_access
    access.ask(sam, export_id, LOST)
    assert not access.holds_grant(dataclasses.replace(sam, session_hash="c" * 64), export_id)
    promoted = dataclasses.replace(desk.user("maya"), account_id=sam.account_id, session_hash=sam.session_hash)
    assert not access.holds_grant(promoted, export_id)
    assert access.holds_grant(sam, export_id)


def test_asking_twice_while_they_are_shown_changes_nothing(desk: Any, sam: User, export_id: str) -> None:
    access = desk.portal.card_access
    access.ask(sam, export_id, LOST)
    until = access.state(sam, export_id).granted_until
    assert access.ask(sam, export_id, CardReason.AUTHORITY)
    assert access.state(sam, export_id).granted_until == until


@pytest.mark.usefixtures("second")
def test_a_second_person_allows_it(desk: Any, sam: User, maya: User, export_id: str) -> None:
    access = desk.portal.card_access
    assert not access.ask(sam, export_id, LOST)
    asked = access.state(sam, export_id)
    assert not asked.shown and asked.waiting is not None and asked.deciders
    with pytest.raises(CardNumbersShut):
        original(desk, sam, export_id)
    (waiting,) = [one for one in access.waiting(maya) if one.export_id == export_id]
    assert access.state(maya, export_id).to_decide == (waiting,)
    assert (waiting.by, waiting.reason) == (desk.user("sam").name, LOST)
    access.allow(maya, waiting.id)
    assert original(desk, sam, export_id)
    assert not access.state(maya, export_id).shown  # who allows sees nothing by it
    assert [action for action, _ in acts(desk, export_id)] == ["cards:ask", "cards:allow", "export:reveal"]
    with pytest.raises(StateConflict):
        access.refuse(maya, waiting.id)


@pytest.mark.usefixtures("second")
def test_a_grant_that_was_allowed_belongs_to_the_session_that_uses_it(
    desk: Any, sam: User, maya: User, export_id: str
) -> None:
    access = desk.portal.card_access
    access.ask(sam, export_id, LOST)
    access.allow(maya, access.state(maya, export_id).to_decide[0].id)
    later = dataclasses.replace(sam, session_hash="c" * 64)  # has signed in again since
    assert access.state(later, export_id).shown
    assert not access.state(sam, export_id).shown


@pytest.mark.usefixtures("second")
def test_who_is_refused_is_told_by_whom_and_may_ask_again(desk: Any, sam: User, maya: User, export_id: str) -> None:
    access = desk.portal.card_access
    access.ask(sam, export_id, LOST)
    with pytest.raises(StateConflict):
        access.ask(sam, export_id, LOST)
    access.refuse(maya, access.state(maya, export_id).to_decide[0].id)
    told = access.state(sam, export_id)
    assert told.refused_by == maya.name and told.waiting is None and not told.shown
    assert not access.ask(sam, export_id, CardReason.DISPUTE)
    assert access.state(sam, export_id).refused_by == ""


@pytest.mark.usefixtures("second")
def test_nobody_decides_what_they_asked_themselves(desk: Any, maya: User, export_id: str) -> None:
    access = desk.portal.card_access
    with pytest.raises(StateConflict, match="no second person"):
        access.ask(maya, export_id, LOST)
    with desk.portal.db.write() as session:
        row = CardRequest(
            merchant_id=maya.merchant_id, export_id=export_id, asked_by=maya.account_id, role="manager",
            reason="dispute", state="waiting",
        )  # fmt: skip
        session.add(row)
        session.flush()
        request_id = row.id
    assert request_id not in [one.id for one in access.waiting(maya)]
    for act in (access.allow, access.refuse):
        with pytest.raises(NotPermitted):
            act(maya, request_id)


@pytest.mark.usefixtures("second")
def test_allowing_needs_a_managers_fresh_proof(desk: Any, sam: User, maya: User, export_id: str) -> None:
    access = desk.portal.card_access
    access.ask(sam, export_id, LOST)
    request_id = access.state(sam, export_id).waiting.id
    with pytest.raises(NotPermitted):
        access.allow(sam, request_id)
    with pytest.raises(StepUpNeeded):
        access.allow(dataclasses.replace(maya, proof_at=None), request_id)
    with pytest.raises(StepUpNeeded):
        access.ask(dataclasses.replace(sam, proof_at=None), export_id, LOST)
    with pytest.raises(NotPermitted):
        access.ask(on_the_web(desk.user("iris")), export_id, LOST)


def test_another_merchants_setting_requests_and_files_are_out_of_reach(desk: Any, sam: User, export_id: str) -> None:
    access, hostile = desk.portal.card_access, on_the_web(desk.user("maya", "two"), "d")
    two_needed(desk, "two")
    try:
        assert access.ask(sam, export_id, LOST)  # theirs says nothing about ours
    finally:
        two_needed(desk, "two", needed=False)
    two_needed(desk)
    try:
        other = str(desk.run("ada@example.com").id)
        access.ask(sam, other, LOST)
        request_id = access.state(sam, other).waiting.id
        for act in (access.allow, access.refuse):
            with pytest.raises(NotFound):
                act(hostile, request_id)
        for act in (access.state, access.holds_grant):
            with pytest.raises(NotFound):
                act(hostile, other)
        with pytest.raises(NotFound):
            access.ask(hostile, other, LOST)
        assert request_id not in [one.id for one in access.waiting(hostile)]
    finally:
        two_needed(desk, needed=False)


def test_a_request_that_waits_gives_way_once_nobody_needs_to_allow(desk: Any, sam: User, export_id: str) -> None:
    access = desk.portal.card_access
    two_needed(desk)
    access.ask(sam, export_id, LOST)
    two_needed(desk, needed=False)
    assert access.ask(sam, export_id, LOST)
    assert access.state(sam, export_id).waiting is None


def test_grants_go_with_the_file_and_with_the_merchant(desk: Any, sam: User, maya: User) -> None:
    def kept() -> list[CardRequest]:
        with desk.portal.db.read() as session:
            return list(session.scalars(select(CardRequest).where(CardRequest.export_id.in_(ids))))

    ids = [str(desk.run("ada@example.com").id) for _ in range(2)]
    for one in ids:
        desk.portal.card_access.ask(sam, one, LOST)
    desk.portal.retention.destroy(maya, ids[0])
    assert [row.export_id for row in kept()] == [ids[1]]
    with pytest.raises(StateConflict):
        desk.portal.card_access.ask(sam, ids[0], LOST)

    class Enough(Exception):
        pass

    with pytest.raises(Enough), desk.portal.db.write() as session:
        revoke_access(session, sam.merchant_id, origin="cli")
        assert session.scalars(select(CardRequest).where(CardRequest.merchant_id == sam.merchant_id)).all() == []
        raise Enough  # the other tests need the merchant


def test_a_file_without_numbers_needs_no_reason(desk: Any, sam: User) -> None:
    view = desk.run("empty@example.com")
    assert view.holds_cards is False
    assert desk.portal.card_access.state(sam, view.id).shown
    assert original(desk, sam, view.id)
    with pytest.raises(StateConflict):
        desk.portal.card_access.ask(sam, view.id, LOST)


def test_a_file_that_was_not_judged_counts_as_one_with_numbers(desk: Any, sam: User) -> None:
    view = desk.run("empty@example.com")
    with desk.portal.db.write() as session:
        session.get_one(Export, view.id).file.holds_cards = None
    with pytest.raises(CardNumbersShut):
        original(desk, sam, view.id)


@pytest.mark.parametrize("email", HOLDERS)
@pytest.mark.parametrize("format", ["json", "csv"])
def test_no_copy_and_no_preview_holds_a_number_in_full(desk: Any, sam: User, email: str, format: str) -> None:
    export_id = desk.run(f"{email}@example.com", format=format).id
    secrets = secrets_of(desk, sam, export_id)
    assert secrets
    preview = desk.portal.files.open_preview(sam, export_id)
    shown = without_card_numbers(preview)
    seen = json.dumps([[t.name, t.columns, t.rows()] for t in shown.tables], default=str)
    raw = "".join(shown.raw_page(page) for page in range(shown.raw_pages))
    copies = [copy(desk, sam, export_id, kind).decode() for kind in (FileKind.CSV, FileKind.XLSX)]
    assert not [one for one in secrets for text in (seen, raw, *copies) if one in text]
    desk.portal.card_access.ask(sam, export_id, LOST)
    for kind in (FileKind.CSV, FileKind.XLSX):
        text = copy(desk, sam, export_id, kind).decode()
        assert all(one in text for one in secrets)


def test_no_kind_of_copy_holds_a_number_until_the_second_person_allows(
    desk: Any, sam: User, maya: User, export_id: str, second: None
) -> None:
    numbers = secrets_of(desk, sam, export_id)
    assert numbers and not desk.portal.card_access.ask(sam, export_id, LOST)

    def held(kind: FileKind) -> bool | None:
        """Does the copy hold each number, or none? None where it is refused."""
        try:
            text = copy(desk, sam, export_id, kind).decode()
        except CardNumbersShut:
            return None
        found = [one in text for one in numbers]
        assert len(set(found)) == 1, kind
        return found[0]

    waiting = {kind: held(kind) for kind in FileKind}
    assert waiting.pop(FileKind.ORIGINAL) is None and not any(waiting.values())
    (request,) = [one for one in desk.portal.card_access.waiting(maya) if one.export_id == export_id]
    desk.portal.card_access.allow(maya, request.id)
    assert all(held(kind) for kind in FileKind)


def test_the_trail_says_how_the_numbers_stood_in_a_copy(desk: Any, sam: User, export_id: str) -> None:
    copy(desk, sam, export_id, FileKind.CSV)
    desk.portal.card_access.ask(sam, export_id, LOST)
    copy(desk, sam, export_id, FileKind.CSV)
    with desk.portal.db.read() as session:
        rows = rows_of(session, sam.merchant_id, seqs_about(session, sam.merchant_id, [export_id]))
    told = [(row.action, row.facts["cards"]) for row in rows if "cards" in row.facts]
    assert told == [
        ("export:download", "masked"), ("export:handed_out", "masked"),
        ("export:download", "full"), ("export:handed_out", "full"),
    ]  # fmt: skip
