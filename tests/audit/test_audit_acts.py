"""Every act leaves its entry; an act whose entry cannot be written does not happen."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

import pytest
from sqlalchemy import func, select, text

from portal.audit import AuditUnavailable
from portal.errors import PortalError
from portal.exports import State, parse_request
from portal.exports.core.download import FileKind
from portal.exports.files.card_codes import CardReason, RequestState
from portal.identity import User
from portal.loyaltydog import LoyaltyDogError
from portal.people.finding import Clue, ClueKind
from portal.storage.tables import AuditEntry, CardRequest, Export, utc_now
from portal.trail.evidence import About

pytestmark = pytest.mark.keeps("SEC-49", "SEC-51")

PASSWORD = "violet-tractor-pond-91"


def entries(desk: Any, action: str) -> list[AuditEntry]:
    with desk.portal.db.read() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq)))


def sent(desk: Any, user: User) -> str:
    """An export whose answer was sent."""
    export_id: str = desk.run().id
    desk.portal.answers.record_sent(user, export_id, "email")
    return export_id


def cards_asked_for(desk: Any, export_id: str) -> str:
    """A request of a colleague's that waits for a second person."""
    sam = desk.user("sam")
    with desk.portal.db.write() as session:
        row = CardRequest(
            merchant_id=sam.merchant_id, export_id=export_id, asked_by=sam.account_id, role=sam.role,
            reason=CardReason.DISPUTE, state=RequestState.WAITING,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


ACTS: dict[str, Callable[[Any, User, str], object]] = {
    "export:submit": lambda d, u, e: d.ask("bea@example.com", by=u),
    "export:view": lambda d, u, e: d.portal.files.open_preview(u, e),
    "export:reveal": lambda d, u, e: d.portal.history.reveal(u, e),
    "export:download": lambda d, u, e: d.original(e, by=u),
    "export:list_download": lambda d, u, e: list(d.portal.register.register_csv(u).chunks),
    "export:calendar_download": lambda d, u, e: d.portal.register.expiries_ics(u),
    "export:search": lambda d, u, e: d.portal.files.note_file_search(u, e),
    "history:search": lambda d, u, e: d.portal.history.note_search(u, "ada@example.com"),
    "cards:search": lambda d, u, e: d.portal.person_finder.look_up(u, Clue(ClueKind.EMAIL, "ada@example.com")),
    "api:test": lambda d, u, e: d.portal.connection.test_connection(u),
    "audit:verify": lambda d, u, e: d.portal.trail.verify_trail(u),
    "audit:export": lambda d, u, e: d.portal.trail.export_trail(u),
    "audit:evidence": lambda d, u, e: d.portal.evidence.document(u, About(export_id=e)),
    "audit:about_person": lambda d, u, e: d.portal.person_records.about_person(u, e),
    "account:create": lambda d, u, e: d.portal.accounts.invite(
        u, email="new@shop.example", name="New", role="agent", password="harbour-mustard-kite-38"
    ),
    "export:handed_out": lambda d, u, e: list(d.portal.files.open_file(u, e, FileKind.CSV).chunks),
    "answer:sent": lambda d, u, e: d.portal.answers.record_sent(u, e, "post"),
    "answer:acknowledged": lambda d, u, e: d.portal.answers.record_acknowledged(u, sent(d, u)),
    "answer:extended": lambda d, u, e: d.portal.answers.record_extended(u, d.run().id, "complexity", "Dear customer."),
    "answer:refused": lambda d, u, e: d.portal.answers.record_refused(u, d.run().id, "excessive", "Dear customer."),
    "answer:closed": lambda d, u, e: d.portal.answers.record_closed(u, d.run().id, "no_request"),
    "answer:taken_back": lambda d, u, e: d.portal.answers.take_back_answer(u, sent(d, u)),
    "cards:ask": lambda d, u, e: d.portal.card_access.ask(u, d.run().id, CardReason.DISPUTE),
    "cards:allow": lambda d, u, e: d.portal.card_access.allow(u, cards_asked_for(d, e)),
    "cards:refuse": lambda d, u, e: d.portal.card_access.refuse(u, cards_asked_for(d, e)),
    "export:destroy": lambda d, u, e: d.portal.retention.destroy(u, e),
}


@pytest.fixture(scope="module")
def ready(desk: Any) -> str:
    view = desk.run("ada@example.com")
    assert view.state is State.READY
    desk.decide_as_proposed(view.id)
    return str(view.id)


@pytest.mark.parametrize("action", ACTS)
def test_an_act_leaves_who_what_when_from_where_and_nothing_personal(desk: Any, ready: str, action: str) -> None:
    user = dataclasses.replace(desk.user(), origin="192.0.2.9", proof_at=utc_now())
    before = len(entries(desk, action))
    ACTS[action](desk, user, ready)
    found = entries(desk, action)[before:]
    assert len(found) == 1
    entry = found[0]
    assert (entry.actor, entry.origin, entry.merchant_id) == (user.account_id, "192.0.2.9", user.merchant_id)
    assert entry.at.endswith("+00:00")
    assert not re.search(r"\bada\b|@", str(entry.facts))  # a word of its own: a hash may hold these letters too
    if action.startswith("export:") and action not in ("export:submit", "export:list_download",
                                                       "export:calendar_download"):  # fmt: skip
        assert entry.object_id == ready


def test_every_state_an_export_went_through_is_in_the_trail(desk: Any) -> None:
    view = desk.run("ada@example.com")
    with desk.portal.db.read() as session:
        rows = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.object_id == view.id, AuditEntry.action == "export:state")
            .order_by(AuditEntry.seq)
        )
        walk = [(row.facts["from"], row.facts["to"]) for row in rows]
    assert walk == [("requested", "sent"), ("sent", "accepted"), ("accepted", "collected"), ("collected", "ready")]


def test_a_sign_in_refused_and_a_good_one_are_both_written_down(desk: Any) -> None:
    email = "maya@brookandbean.example.com"
    with pytest.raises(PortalError):
        desk.portal.password_sign_in.check_password(email, "not-the-password-at-all", address="192.0.2.77")
    desk.portal.sessions.start_session(desk.user().account_id, method="password", address="192.0.2.78",
                                       second_factor=False)  # fmt: skip
    assert "192.0.2.77" in {e.origin for e in entries(desk, "session:refused")}
    assert "192.0.2.78" in {e.origin for e in entries(desk, "session:start")}


BLOCKED: dict[str, Callable[[Any, User, str], object]] = {
    "asking": lambda d, u, e: d.portal.submissions.submit(u, parse_request(email="cy@example.com"), force=True),
    "looking": ACTS["export:view"],
    "revealing": ACTS["export:reveal"],
    "downloading": ACTS["export:download"],
    "destroying": ACTS["export:destroy"],
    "answering": lambda d, u, e: d.portal.answers.record_refused(u, e, "excessive", "Dear customer."),
    "listing": ACTS["export:list_download"],
    "inviting": lambda d, u, e: d.portal.accounts.invite(
        u, email="newer@shop.example", name="New", role="agent", password="harbour-mustard-kite-38"
    ),
}


@pytest.fixture(scope="module")
def mute(desk: Any, ready: str) -> str:
    """A ready export of its own."""
    return str(desk.run("ada@example.com").id)


@pytest.mark.parametrize("what", BLOCKED)
def test_nothing_is_done_or_shown_while_the_trail_cannot_be_written(desk: Any, mute: str, what: str) -> None:
    user = dataclasses.replace(desk.user(), proof_at=utc_now())
    with desk.portal.db.write() as session:
        before = session.scalar(select(func.count()).select_from(Export))
        session.execute(
            text("CREATE TRIGGER mute BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'no audit'); END")
        )
    try:
        with pytest.raises(AuditUnavailable) as refused:
            BLOCKED[what](desk, user, mute)
    finally:
        with desk.portal.db.write() as session:
            session.execute(text("DROP TRIGGER mute"))
    assert "audit trail cannot be written" in refused.value.message
    with desk.portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Export)) == before
    view = desk.portal.history.get(user, mute)
    assert view.state is State.READY and view.destroyed_at is None


def test_a_refused_look_up_at_loyaltydog_is_written_down_too(
    new_desk: Callable[..., AbstractContextManager[Any]],
) -> None:
    with new_desk(workers=False) as away:
        from portal.storage.tables import Merchant

        with away.portal.db.write() as session:
            for merchant in session.scalars(select(Merchant)):
                merchant.api_url = "http://127.0.0.1:9"
        with suppress(PortalError, LoyaltyDogError):
            away.portal.connection.test_connection(away.user())
        assert entries(away, "api:test")[-1].facts["outcome"] == "failed"
