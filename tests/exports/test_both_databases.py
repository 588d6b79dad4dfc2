"""The heart of the export service, with many at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import audit
from portal.errors import NotFound
from portal.exports import AskedAlready, State, parse_request
from portal.exports.core import ledger
from portal.storage.tables import AuditEntry, Export, FileKey

pytestmark = pytest.mark.keeps("SEC-12", "SEC-14")


def together(count: int, act: Any) -> list[Any]:
    """Run `act` in that many threads at once; give what each returned or raised."""
    ready, answers = threading.Barrier(count), []

    def run() -> None:
        ready.wait()
        try:
            answers.append(act())
        except Exception as error:
            answers.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_an_export_is_asked_for_fetched_sealed_and_opened(desk: Any, shop: Any) -> None:
    view = desk.run(reference="Ü-7 日本", format="csv")
    assert (view.state, view.reference, view.verdict) == (State.READY, "Ü-7 日本", "one_person")
    assert len(desk.original(view.id)) == view.size_bytes
    assert shop.posts() == 1


def test_times_come_back_as_they_went_in(desk: Any) -> None:
    view = desk.run()
    for time in (view.requested_at, view.sent_at, view.accepted_at, view.collected_at, view.link_expires_at):
        assert time is not None and time.utcoffset() is not None and time.utcoffset().total_seconds() == 0
    assert view.requested_at <= view.sent_at <= view.accepted_at <= view.collected_at <= view.inspected_at


def test_many_submits_at_once_make_one_export_and_one_post(desk: Any, shop: Any) -> None:
    request = parse_request(email="queued@example.com", reference="together")
    answers = together(24, lambda: desk.portal.submissions.submit(desk.user("sam"), request))
    made = [a for a in answers if isinstance(a, str)]
    assert len(made) == 1
    assert {type(a) for a in answers} == {str, AskedAlready}
    assert {a.export_id for a in answers if isinstance(a, AskedAlready)} == set(made)
    desk.settled(made[0])
    assert shop.of("queued")["export_posts_valid"] == 1


def test_of_many_who_try_the_same_move_one_wins(desk: Any) -> None:
    view = desk.run("bad.gateway@example.com")
    with desk.portal.db.read() as session:
        seen = session.get_one(Export, view.id)
        session.expunge(seen)

    def close() -> bool:
        with desk.portal.db.write() as session:
            mine = session.merge(seen, load=False)  # as read before any of the others moved it
            return ledger.move(session, mine, State.FAILED, code="marked_not_sent")

    answers = together(8, close)
    assert sorted(answers) == [False] * 7 + [True]
    with desk.portal.db.read() as session:
        moves = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.object_id == view.id, AuditEntry.action == "export:state")
            .order_by(AuditEntry.seq)
        )
        assert [entry.facts["to"] for entry in moves] == ["sent", "unknown", "failed"]


def test_many_acts_at_once_make_one_unbroken_chain(desk: Any) -> None:
    merchant = desk.user("maya", "two").merchant_id

    def act() -> bool:
        with desk.portal.db.write() as session:
            audit.record(session, merchant, "system", "export:search")
        return True

    def length() -> int:
        with desk.portal.db.read() as session:
            own = AuditEntry.merchant_id == merchant
            return session.scalar(select(func.count()).select_from(AuditEntry).where(own)) or 0

    before = length()
    assert together(16, act) == [True] * 16
    assert length() == before + 16
    with desk.portal.db.read() as session:
        assert audit.verify_chain(session, merchant) == (before + 16, None)


def test_destroying_leaves_facts_only(desk: Any) -> None:
    view = desk.run()
    answers = together(4, lambda: desk.portal.retention.destroy(desk.user(), view.id))
    assert answers.count(None) == 1
    after = desk.portal.history.get(desk.user(), view.id)
    assert (after.state, after.sha256, after.holds_file) == (State.PURGED, view.sha256, False)
    with desk.portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(FileKey).where(FileKey.export_id == view.id)) == 0
    assert [name for name in desk.portal.blobs.names() if view.id in name] == []


def test_a_stranger_finds_nothing(desk: Any) -> None:
    view = desk.run()
    with pytest.raises(NotFound):
        desk.portal.history.get(desk.user("maya", "two"), view.id)


def test_a_wait_is_kept_and_ends(desk: Any, shop: Any) -> None:
    view = desk.run("busy@example.com")
    assert (view.state, view.attempt) == (State.READY, 2)
    assert shop.posts() == 2


def test_a_fetch_that_takes_its_turn_holds_no_request_up(desk: Any) -> None:
    """On PostgreSQL the two waited for each other's rows, found by the situations' walk."""
    if desk.portal.db.is_sqlite:
        pytest.skip("SQLite lets one writer in at a time")
    view = desk.run()
    asked: list[str] = []
    thread = threading.Thread(target=lambda: asked.append(desk.ask("queued@example.com")))
    with desk.portal.db.write() as session:
        desk.portal.vendor.may_fetch_now(session, session.get_one(Export, view.id))
        thread.start()
        thread.join(60)
        assert len(asked) == 1
    thread.join()
    desk.settled(asked[0])
