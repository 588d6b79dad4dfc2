"""The step Identity where no code can be mailed: no mail is set up, or the mail came back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.delivery.mail.kinds import FAILED
from portal.storage.answering.mail_tables import Mail, MailSender
from tests.pages.conftest import Screen

pytestmark = pytest.mark.keeps("LAW-5")


def test_without_mail_and_after_a_failed_one_the_screen_says_so_and_offers_other_ways(
    desk: Any, screen: Callable[..., Screen], monkeypatch: pytest.MonkeyPatch
) -> None:
    portal, sam = desk.portal, desk.user("sam")
    address = f"person.{secrets.token_hex(6)}@example.com"
    new = NewCase(((IdentifierKind.EMAIL, SecretStr(address)),), frozenset({Right.ACCESS}), Channel.EMAIL)
    case = portal.case_intake.open(sam, new).case_id
    relay = portal.outbox._relay
    monkeypatch.setattr(portal.outbox, "_relay", None)
    agent = screen("sam").go("Case", case=case)
    assert "the portal sends no mail yet." in agent.said("caption")
    ways = agent.app.selectbox(key="case_method")
    assert "A code sent to the address on file" not in ways.options and "In person, document seen" in ways.options

    monkeypatch.setattr(portal.outbox, "_relay", relay)
    monkeypatch.setattr(portal.outbox, "start", lambda _mail_id: None)
    with portal.db.write() as session:
        session.merge(MailSender(merchant_id=sam.merchant_id, reply_to="desk@shop.example", updated_by=sam.account_id))
    agent.go("Case", case=case)
    agent.press("Mail a code")
    assert "Code that the person tells you" in {field.label for field in agent.app.text_input}
    for state in FAILED:
        with portal.db.write() as session:
            session.execute(update(Mail).where(Mail.case_id == case).values(state=state.value))
        agent.go("Case", case=case)
        assert "The mail did not arrive. Choose another way." in agent.said("warning")
        assert "Code that the person tells you" not in {field.label for field in agent.app.text_input}
        assert "Mail a new code" in {button.label for button in agent.app.button}
    with portal.db.write() as session:
        session.execute(update(Mail).where(Mail.case_id == case).values(state="refused", next_try_at=None))
