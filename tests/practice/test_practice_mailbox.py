"""The practice merchant's mailbox takes every mail and shows it as text; what a mail says is never run."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.keeps("MAIL-11")


@pytest.fixture
def box(shop: Any) -> Any:
    health = httpx.get(f"{shop.base}/_practice/health", trust_env=False).json()

    def send(subject: str, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "privacy@portal.example", "ada@example.com", subject
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", health["mail_port"], timeout=20) as server:
            server.send_message(mail, from_addr="bounces+x@portal.example")

    return send


def page(shop: Any, path: str) -> httpx.Response:
    return httpx.get(f"{shop.base}/_practice/{path}", trust_env=False)


def test_a_mail_is_listed_and_its_link_can_be_clicked(shop: Any, box: Any) -> None:
    box("Your privacy request 2026-0042", "Open this:\n\nhttps://portal.example/r/abc-DEF_1.\n")
    (mail,) = page(shop, "mails.json").json()
    assert (mail["to"], mail["mail_from"]) == ("ada@example.com", "bounces+x@portal.example")
    assert "Your privacy request 2026-0042" in page(shop, "mails").text
    shown = page(shop, f"mails/{mail['number']}").text
    assert '<a href="https://portal.example/r/abc-DEF_1"' in shown
    assert "everybody here is invented" in shown


def test_what_a_mail_says_is_text(shop: Any, box: Any) -> None:
    box("<script>alert(1)</script>", "<img src=x onerror=alert(1)> https://a.example/\"onclick='x' javascript:alert(1)")
    (mail,) = page(shop, "mails.json").json()
    for shown in (page(shop, "mails"), page(shop, f"mails/{mail['number']}")):
        assert "<script>alert" not in shown.text and "<img" not in shown.text
        assert 'href="javascript:' not in shown.text
        assert "default-src 'none'" in shown.headers["Content-Security-Policy"]


def test_an_empty_mailbox_says_so_and_a_wrong_number_is_not_found(shop: Any) -> None:
    assert "No mail has come yet" in page(shop, "mails").text
    assert page(shop, "mails/1").status_code == 404
