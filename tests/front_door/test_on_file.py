"""An address that was proved counts as the address on file once a record of LoyaltyDog holds it, and not before; on
both pairs of stores."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from portal.front_door.settings import put_door
from portal.storage.answering.mail_tables import MailSender
from tests.front_door.conftest import Doorway
from tests.sources.conftest import PATIENCE_SECONDS, settle_on

KNOWN = "zh.010@example.org"  # a customer with little money on cards, which would ask for a second proof
RELAY = {"mail_host": "127.0.0.1", "mail_port": 9, "mail_security": "plain", "mail_from": "privacy@portal.example"}


@pytest.fixture(scope="module", params=["sqlite-folder", "postgresql-s3"])
def desk(request: pytest.FixtureRequest, new_desk: Any) -> Iterator[Any]:
    places = {}
    if request.param == "postgresql-s3":
        fresh = {"database_url": "new_postgres", "blob_url": "new_bucket"}
        places = {setting: request.getfixturevalue(maker)() for setting, maker in fresh.items()}
    with new_desk(**places, **RELAY) as opened:
        yield opened


def methods(portal: Any, user: Any, case: str) -> list[str]:
    return [fact.codes["method"] for fact in portal.case_register.show(user, case).facts if fact.kind == "identity"]


def test_a_held_address_settles_who_asks_and_an_unknown_one_does_not(desk: Any) -> None:
    portal, sam = desk.portal, desk.user("sam")
    portal.outbox.start = lambda mail_id: None  # a mail stays queued
    doorway = Doorway(portal, merchants={"one": sam.merchant_id})
    with portal.db.write() as session:
        if session.get(MailSender, sam.merchant_id) is None:
            session.add(
                MailSender(merchant_id=sam.merchant_id, reply_to="desk@one.example", updated_by=sam.account_id)
            )  # fmt: skip
        put_door(session, doorway.desk.seal, sam.merchant_id, is_open=True, name="shop-one", by="system")
    house, found, settled = portal.door_housekeeping, {}, {}
    for email in (KNOWN, "no.one.at.all@example.com"):
        doorway.proved(email)
        case = doorway.case_of(email)
        house.run_housekeeping()
        assert not portal.case_register.show(sam, case).recognition.settled
        portal.case_sources.collect(sam, case)
        settle_on(desk, case)
        end = time.monotonic() + (PATIENCE_SECONDS if email == KNOWN else 1)
        while time.monotonic() < end and len(methods(portal, sam, case)) < 2:
            house.run_housekeeping()  # lines that follow from an answer are not shown yet, and may still be fetched
            time.sleep(0.1)
        found[email] = methods(portal, sam, case)
        settled[email] = portal.case_register.show(sam, case).recognition.settled
    assert found == {KNOWN: ["address_code", "email_code"], "no.one.at.all@example.com": ["address_code"]}
    assert settled == {KNOWN: True, "no.one.at.all@example.com": False}
