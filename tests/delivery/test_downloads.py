"""Downloads: cut at any place they cost nothing, two at once, three in all, a day's grace, then closed (DLV-7)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.delivery import fetching
from portal.delivery.kinds import DeliveryState
from portal.delivery.recipient import LinkEnded
from portal.errors import SealBroken, TryLater
from portal.storage.answering.delivery_tables import Delivery, DeliveryFetch
from portal.storage.tables import CasePackage, utc_now
from tests.delivery.conftest import ADDRESS, Given

pytestmark = pytest.mark.keeps("DLV-7")
SMALL = 64


@pytest.fixture
def small_chunks(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a large package is: many chunks."""
    whole = desk.portal.sealed.chunks

    def cut(place: Any, key: bytes) -> Any:
        for chunk in whole(place, key):
            for start in range(0, len(chunk), SMALL):
                yield chunk[start : start + SMALL]

    monkeypatch.setattr(desk.portal.sealed, "chunks", cut)


def take(given: Given, token: str, cookie: str, share: float, start: int = 0) -> bytes:
    """Read so much of it, then hang up."""
    fetched = given.recipient.fetch(token, cookie, start, address=ADDRESS)
    got = b""
    for chunk in fetched.chunks:
        got += chunk
        if start + len(got) >= share * fetched.size_bytes:
            break
    fetched.chunks.close()
    return got


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_cut_download_counts_for_nothing_and_goes_on(given: Given, small_chunks: None, share: float) -> None:
    delivery, token, cookie = given.opened()
    first = take(given, token, cookie, share)
    view = given.view(delivery)
    assert (view.downloads_left, view.state) == (3, DeliveryState.OPENED)
    with given.desk.portal.db.read() as session:
        reached = session.scalars(select(DeliveryFetch.reached).where(DeliveryFetch.delivery_id == delivery)).one()
    fetched = given.recipient.fetch(token, cookie, reached, of=view.sha256, address=ADDRESS)
    assert fetched.start == reached
    rest = b"".join(fetched.chunks)
    assert hashlib.sha256(first[:reached] + rest).hexdigest() == view.sha256
    assert given.view(delivery).downloads_left == 2


def test_two_run_at_once_and_a_third_waits(given: Given, small_chunks: None) -> None:
    _delivery, token, cookie = given.opened()
    running = [given.recipient.fetch(token, cookie, address=ADDRESS) for _ in range(2)]
    for one in running:
        next(one.chunks)
    with pytest.raises(TryLater):
        given.recipient.fetch(token, cookie, address=ADDRESS)
    running[0].chunks.close()
    assert b"".join(given.recipient.fetch(token, cookie, address=ADDRESS).chunks)


def test_a_download_of_a_dead_process_blocks_no_other_for_long(given: Given) -> None:
    import datetime as dt

    delivery, token, cookie = given.opened()
    for _ in range(2):
        given.recipient.fetch(token, cookie, address=ADDRESS)
    with given.desk.portal.db.write() as session:
        for row in session.scalars(select(DeliveryFetch).where(DeliveryFetch.delivery_id == delivery)):
            row.beat_at = utc_now() - dt.timedelta(minutes=2)
    assert given.recipient.fetch(token, cookie, address=ADDRESS)


def test_a_day_after_the_first_whole_download_the_link_closes(given: Given, at: Callable[..., None]) -> None:
    delivery, token, cookie = given.opened()
    b"".join(given.recipient.fetch(token, cookie, address=ADDRESS).chunks)
    at(delivery, hours=23)
    given.desk.portal.delivery_retention.run_housekeeping()
    assert given.recipient.files(token, cookie).open
    at(delivery, hours=2)
    assert not given.recipient.files(token, cookie).open
    with pytest.raises(LinkEnded):
        given.recipient.fetch(token, cookie, address=ADDRESS)
    given.desk.portal.delivery_retention.run_housekeeping()
    assert given.view(delivery).state is DeliveryState.CLOSED


def test_taken_back_in_the_middle_the_stream_breaks_off(
    given: Given, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "BEAT_SECONDS", 0.0)
    delivery, token, cookie = given.opened()
    fetched = given.recipient.fetch(token, cookie, address=ADDRESS)
    got = next(fetched.chunks)
    given.deliveries.take_back(given.user(), given.case, delivery)
    with pytest.raises(fetching.TakenBack):
        for chunk in fetched.chunks:
            got += chunk
    assert len(got) < fetched.size_bytes and given.view(delivery).completed_at is None


def test_a_changed_seal_gives_no_first_byte_and_costs_nothing(given: Given) -> None:
    delivery, token, cookie = given.opened()
    with given.desk.portal.db.write() as session:
        session.get_one(CasePackage, given.package).sha256 = "0" * 64
    with pytest.raises(SealBroken):
        given.recipient.fetch(token, cookie, address=ADDRESS)
    with given.desk.portal.db.read() as session:
        assert session.scalars(select(DeliveryFetch.beat_at).where(DeliveryFetch.delivery_id == delivery)).one() is None
    assert given.view(delivery).downloads_left == 3


class Killed(BaseException):
    """Stands for SIGKILL: nothing that follows runs."""


@pytest.mark.parametrize("label", ["delivery.queued", "delivery.opened", "delivery.last_byte", "delivery.not_theirs"])
def test_a_kill_leaves_rows_facts_and_counters_in_line(
    given: Given, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = given.desk.portal

    def die(passed: str) -> None:
        if passed == label:
            raise Killed

    for service in (portal.deliveries, portal.recipient, portal.recipient.fetching):
        monkeypatch.setattr(service, "checkpoint", die)
    with pytest.raises(Killed):
        _delivery, token, code = given.sent()
        cookie = given.recipient.try_code(token, code, address=ADDRESS).cookie
        b"".join(given.recipient.fetch(token, cookie, address=ADDRESS).chunks)
        given.recipient.not_mine(token, cookie, address=ADDRESS)
    with portal.db.read() as session:
        row = session.scalars(select(Delivery).where(Delivery.case_id == given.case)).one()
    facts, expected = given.facts(), EXPECTED[label]
    assert (row.state, facts, row.completed) == expected
    assert given.post.started == ([] if label == "delivery.queued" else [given.post.mails[0].id])


EXPECTED: dict[str, tuple[str, list[str], int]] = {
    "delivery.queued": ("code_told", [], 0),
    "delivery.opened": ("opened", ["answered", "opened"], 0),
    "delivery.last_byte": ("opened", ["answered", "opened"], 0),
    "delivery.not_theirs": ("revoked", ["answered", "opened", "fetched", "not_theirs", "bounced"], 1),
}
