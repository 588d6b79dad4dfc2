"""The step Send as people see it: an address the case does not know, slips in it, who waits for whom."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from portal.composition import Portal
from portal.delivery.kinds import CodeChannel, DeliveryWay
from portal.storage.answering.delivery_tables import Delivery
from tests.package.versions.conftest import collect, decide_all, recognise, save_profile
from tests.pages.conftest import Screen
from tests.sources.conftest import opened as opened

MakeScreen = Callable[..., Screen]
pytestmark = pytest.mark.keeps("MAIL-8")


@pytest.fixture
def case(desk: Any, opened: Callable[..., str]) -> str:
    """Of somebody of whom nothing is held, with an approved package."""
    save_profile(desk)
    made = opened(email=f"no.one.{secrets.token_hex(6)}@example.com")
    collect(desk, made)
    decide_all(desk, made)
    recognise(desk, made)
    sam = desk.user("sam")
    built = desk.portal.packages.build(sam, made)
    desk.portal.packages.approve(sam, made, built.id, built.sha256)
    return made


def prepared(desk: Any, case: str) -> str:
    """By Sam, to an address that the case does not know."""
    sam, deliveries = desk.user("sam"), desk.portal.deliveries
    package = deliveries.state(sam, case).package_id
    to = f"other.{secrets.token_hex(4)}@example.net"
    made = deliveries.prepare(
        sam, case, package, DeliveryWay.LINK, to=to, to_again=to, channel=CodeChannel.PHONE
    )  # fmt: skip
    return str(made.delivery_id)


def test_a_slip_in_a_typed_address_is_said_beside_it(
    desk: Any, screen: MakeScreen, portal: Portal, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(portal.outbox), "ready", property(lambda _outbox: True))
    page = screen("sam").go("Case", case=case)
    page.app.selectbox(key="send_way").set_value(DeliveryWay.LINK)
    page.run()
    page.app.selectbox(key="send_to").set_value("")
    page.run()
    page.app.text_input(key="send_typed").set_value("ann@gmial.com")
    page.run()
    assert "The domain is nearly a" in page.said("warning")
    assert "A colleague compares an address" in page.said("caption")


def test_who_typed_an_address_waits_and_a_colleague_compares(
    desk: Any, screen: MakeScreen, portal: Portal, case: str
) -> None:
    delivery = prepared(desk, case)
    own = screen("sam").go("Case", case=case)
    assert "a colleague compares it on this page first" in own.said("caption")
    compare = f"send_compare_{delivery}"
    assert compare not in {button.key for button in own.app.button}
    other = screen("maya").go("Case", case=case)
    assert compare in {button.key for button in other.app.button}
    assert compare not in {button.key for button in screen("iris").go("Case", case=case).app.button}


def test_what_did_not_arrive_stands_on_today_of_its_merchant_alone(
    desk: Any, screen: MakeScreen, portal: Portal, case: str
) -> None:
    delivery = prepared(desk, case)
    with portal.db.write() as session:
        session.get_one(Delivery, delivery).mailing.mail_state = "refused"
    own = screen("sam").go("Today")
    assert f"task-{delivery}" in {button.key for button in own.app.button}
    other = screen("maya", "two").go("Today")
    assert f"task-{delivery}" not in {button.key for button in other.app.button}


def test_a_locked_link_asks_for_another_proof_of_the_person(
    desk: Any, screen: MakeScreen, portal: Portal, case: str
) -> None:
    delivery, proof = prepared(desk, case), "identity_code_send"
    assert proof not in {button.key for button in screen("maya").go("Case", case=case).app.button}
    with portal.db.write() as session:
        session.get_one(Delivery, delivery).state = "locked"
    page = screen("maya").go("Case", case=case)
    assert proof in {button.key for button in page.app.button}
    assert "Recognise the person again" in page.said("caption")
