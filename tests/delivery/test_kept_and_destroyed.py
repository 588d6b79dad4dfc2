"""Reminders, what a backup brings back, and what a removed merchant leaves: on both pairs of stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.delivery.kinds import CodeChannel, DeliveryState
from portal.delivery.mail.limits import TooManyMails
from portal.delivery.views import PageKind
from portal.merchants.removal import remove_merchant
from portal.operations import backup
from portal.storage.answering.delivery_tables import Delivery, DeliveryVisit
from tests.delivery.conftest import ADDRESS, Given
from tests.sources.test_kept_and_brought_back import restored

At = Callable[..., None]


def mailed(given: Given, delivery: str) -> list[str]:
    """The tokens of the links that were mailed for it."""
    return [one.contents.link.rpartition("/")[2] for one in given.post.mails if one.delivery_id == delivery]


@pytest.mark.keeps("DLV-10")
def test_a_person_is_reminded_after_three_days_and_after_seven_until_they_open_it(
    given: Given, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_house = given.desk.portal.delivery_retention.run_housekeeping
    delivery, first, code = given.sent()
    opened, _token, _cookie = given.opened()
    silent = given.prepare(remind=False).delivery_id
    given.deliveries.told(given.user(), given.case, silent, CodeChannel.PHONE)
    given.deliveries.send(given.user(), given.case, silent)
    given.mail_becomes(silent, "accepted")
    late, _first, _code = given.sent()
    at(late, days=8)  # nothing ran for days

    def after(days: float) -> int:
        for one in (delivery, opened, silent):
            at(one, days=days)
        keep_house()
        keep_house()
        return len(mailed(given, delivery))

    assert [after(2.9), after(0.2), after(3.8), after(0.2), after(5)] == [1, 2, 2, 3, 3]
    assert [len(mailed(given, one)) for one in (opened, silent, late)] == [1, 1, 2]
    assert given.view(delivery).mail_state == "accepted"
    tokens = mailed(given, delivery)
    assert len(set(tokens)) == 3 and tokens[0] == first
    assert {given.recipient.page(token).kind for token in tokens} == {PageKind.CODE}
    assert given.recipient.try_code(tokens[-1], code, address=ADDRESS)

    waiting, _token, _code = given.sent()
    at(waiting, days=3)
    queue = given.post.queue
    monkeypatch.setattr(given.post, "queue", lambda *_, **__: (_ for _ in ()).throw(TooManyMails(wait_seconds=60)))
    keep_house()  # ends as usual
    monkeypatch.setattr(given.post, "queue", queue)
    keep_house()
    assert len(mailed(given, waiting)) == 2


@pytest.mark.keeps("SEC-55", "DLV-6")
def test_a_backup_brings_a_link_back_that_opens_with_its_code_and_gives_the_file(given: Given, tmp_path: Path) -> None:
    portal, keys = given.desk.portal, tmp_path / "keys"
    delivery, token, code = given.sent()
    backup.create(portal.db, portal.blobs, tmp_path / "backup", keys, portal.master)
    new = restored(portal, tmp_path, keys)
    try:
        assert new.recipient.page(token).delivery_id == delivery
        cookie = new.recipient.try_code(token, code, address=ADDRESS).cookie
        fetched = new.recipient.fetch(token, cookie, address=ADDRESS)
        assert len(b"".join(fetched.chunks)) == fetched.size_bytes
        assert fetched.sha256 == given.view(delivery).sha256
    finally:
        new.stop()
    assert given.view(delivery).state is DeliveryState.SENT  # the restored portal is another one


@pytest.mark.keeps("LAW-17", "SEC-55")
def test_a_removed_merchants_links_and_addresses_are_gone_and_no_backup_brings_them_back(
    given: Given, tmp_path: Path
) -> None:
    portal, keys = given.desk.portal, tmp_path / "keys"
    live, token, _cookie = given.opened()
    back, _token, _code = given.sent()
    given.deliveries.take_back(given.user(), given.case, back)
    backup.create(portal.db, portal.blobs, tmp_path / "backup", keys, portal.master)
    remove_merchant(portal.retention, given.user().merchant_id)
    assert remains(portal, (live, back)) == []
    assert portal.recipient.page(token).kind is PageKind.ENDED
    new = restored(portal, tmp_path, keys)
    try:
        assert remains(new, (live, back)) == []
        assert new.recipient.page(token).kind is PageKind.ENDED
    finally:
        new.stop()


def remains(portal: Any, deliveries: tuple[str, ...]) -> list[str]:
    """What is left of links, codes and addresses."""
    with portal.db.read() as session:
        rows = [session.get_one(Delivery, one) for one in deliveries]
        found = [row.id for row in rows if row.state != DeliveryState.REVOKED]
        found += ["address" for row in rows if row.mailing.sealed_to is not None]
        found += ["code" for row in rows if row.code.sealed_code_key or row.code.code_prf or row.code.mail_code_prf]
        visits = select(func.count()).select_from(DeliveryVisit).where(DeliveryVisit.delivery_id.in_(deliveries))
        return found + ["visit"] * (session.scalar(visits) or 0)
