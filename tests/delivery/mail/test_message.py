"""What a mail says, in which headers, and that nobody's words get into another place of it."""

from __future__ import annotations

import datetime as dt
import email
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.delivery.mail.contents import (
    AnswerMail,
    CodeMail,
    Contents,
    DoorCodeMail,
    DoorLapsedMail,
    DoorMessageMail,
    DoorReceiptMail,
    ElsewhereMail,
    IdentityCodeMail,
    LetterMail,
    ReminderMail,
    TestMail,
    draft_of,
    from_json,
    to_json,
)
from portal.delivery.mail.message import Envelope, bodies, bounce_address, message, new_message_id, on_the_wire
from portal.language import LANGUAGES

pytestmark = pytest.mark.keeps("MAIL-4", "MAIL-5", "MAIL-6")

GOLDEN = Path(__file__).parent / "golden"
LINK = "https://portal.example/r/" + "k" * 43
ENDS = dt.date(2026, 6, 5)
AT = dt.datetime(2026, 5, 1, 9, 30, tzinfo=dt.UTC)
KINDS: dict[str, Contents] = {
    "answer": AnswerMail("2026-0042", LINK, ENDS, "privacy@shop.example"),
    "reminder": ReminderMail("2026-0042", LINK, ENDS, ""),
    "code": CodeMail("2026-0042", "314 159", 10),
    "code_of_days": CodeMail("2026-0042", "314 159", 14 * 24 * 60),
    "identity_code": IdentityCodeMail("2026-0042", "314159", 10),
    "elsewhere": ElsewhereMail("2026-0042"),
    "door_code": DoorCodeMail("314159", 10),
    "door_receipt": DoorReceiptMail("2026-0042", LINK),
    "door_message": DoorMessageMail("2026-0042", LINK),
    "door_lapsed": DoorLapsedMail(14),
    "test": TestMail(),
}
ENVELOPE = Envelope("privacy@portal.example", "ada@example.com", "<abc@portal.example>", AT)


def made(
    contents: Contents, language: str = "en", *, name: str = "Kaffee & Söhne", envelope: Envelope = ENVELOPE
) -> bytes:
    draft = draft_of(contents, token="f" * 32, display_name=name, reply_to="privacy@shop.example")
    return message(draft, envelope, language)


def read(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def part(mail: EmailMessage, kind: str) -> str:
    found: Any = mail.get_body((kind,))
    return str(found.get_content())


def text_of(contents: Contents, language: str) -> str:
    said = bodies(draft_of(contents, token="t", display_name="Kaffee & Söhne", reply_to=""), language)
    return f"{said.subject}\n\n{said.text}".rstrip("\n")


def golden(name: str) -> dict[str, str]:
    parts = re.split(r"^== (\w\w)\n", (GOLDEN / f"{name}.txt").read_text(encoding="utf-8"), flags=re.M)[1:]
    return {code: text.rstrip("\n") for code, text in zip(*[iter(parts)] * 2, strict=True)}


@pytest.mark.parametrize("name", KINDS)
def test_each_mail_reads_in_each_language_as_it_is_kept(name: str) -> None:
    """`python -m tests.delivery.mail.test_message` writes them anew."""
    assert {code: text_of(KINDS[name], code) for code in LANGUAGES} == golden(name)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", KINDS)
def test_both_parts_of_a_mail_say_the_same(name: str, language: str) -> None:
    mail = read(made(KINDS[name], language))
    text = " ".join(part(mail, "plain").split())
    html = re.sub(r"<head>.*</head>|<[^>]+>", " ", part(mail, "html"), flags=re.S).replace("&amp;", "&")
    assert " ".join(html.split()) == text
    assert mail["Content-Language"] == language


def test_headers_keep_machines_from_answering_and_name_one_recipient() -> None:
    mail = read(made(KINDS["answer"]))
    assert str(mail["Auto-Submitted"]) == "auto-generated"
    assert str(mail["X-Auto-Response-Suppress"]) == "All"
    assert str(mail["Reply-To"]) == "privacy@shop.example"
    assert mail["From"].addresses[0].display_name == "Kaffee & Söhne"
    assert mail["From"].addresses[0].addr_spec == "privacy@portal.example"
    assert mail["Cc"] is None and mail["Bcc"] is None
    assert mail["Subject"] == "Your privacy request 2026-0042"


def test_the_html_part_loads_nothing_from_outside() -> None:
    for contents in KINDS.values():
        html = part(read(made(contents)), "html")
        assert not re.search(r"<(img|script|link|style|iframe|form)|src=|url\(", html)
        assert set(re.findall(r'href="([^"]*)"', html)) <= {LINK}


def test_the_same_mail_is_the_same_bytes() -> None:
    assert made(KINDS["answer"]) == made(KINDS["answer"])


def test_a_line_is_never_too_long_for_a_server() -> None:
    long = LetterMail("Your privacy request 2026-0042", "", "word " * 3000)
    assert max(map(len, made(long).split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "hostile", ["Shop\r\nBcc: eve@example.com", "Shop\nSubject: other", "\u202eShop\x00", 'A" <a@b.example>']
)
def test_no_name_of_a_merchant_makes_a_header(hostile: str) -> None:
    mail = read(made(KINDS["answer"], name=hostile))
    assert mail["Bcc"] is None
    assert mail.get_all("Subject") == ["Your privacy request 2026-0042"]
    assert [one.addr_spec for one in mail["From"].addresses] == ["privacy@portal.example"]


def test_no_subject_of_a_letter_makes_a_header() -> None:
    mail = read(made(LetterMail("Yours\r\nBcc: eve@example.com", "", "text")))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Yours Bcc: eve@example.com"


@given(name=st.text(max_size=80), reference=st.text(max_size=40), code=st.text(max_size=20))
def test_whatever_is_filled_in_the_headers_stay_ours(name: str, reference: str, code: str) -> None:
    try:
        raw = made(CodeMail(reference, code, 10), name=name)
    except (ValueError, UnicodeError):
        return  # refused as a whole; nothing is sent
    mail = read(raw)
    assert sorted(set(mail.keys())) == sorted(
        ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
         "MIME-Version", "Content-Type", "Content-Language"]
    )  # fmt: skip
    assert [one.addr_spec for one in mail["To"].addresses] == ["ada@example.com"]


def test_what_a_merchant_wrote_is_text_in_the_html_part() -> None:
    html = part(read(made(KINDS["answer"], name="<script>alert(1)</script>")), "html")
    assert "<script" not in html and "&lt;script&gt;" in html


def test_addresses_go_out_as_servers_know_them() -> None:
    assert on_the_wire("ada@bücher.example") == "ada@xn--bcher-kva.example"
    assert bounce_address("bounces@bücher.example", "ff") == "bounces+ff@xn--bcher-kva.example"
    foreign = Envelope("p@portal.example", "用户@example.com", "<a@b>", AT)
    assert "\r\nTo: 用户@example.com\r\n".encode() in made(KINDS["test"], envelope=foreign)


def test_a_message_id_is_random_and_says_nothing() -> None:
    one, other = new_message_id("privacy@portal.example"), new_message_id("privacy@portal.example")
    assert one != other and re.fullmatch(r"<[0-9a-f]{32}@portal\.example>", one)


@pytest.mark.parametrize("contents", [*KINDS.values(), LetterMail("s", "", "t")])
def test_contents_are_read_back_as_they_were_written(contents: Contents) -> None:
    draft = draft_of(contents, token="t", display_name="n", reply_to="r@shop.example")
    assert from_json(to_json(draft)) == draft
    assert from_json(to_json(draft)).contents == contents


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, contents in KINDS.items():
        found = "".join(f"== {code}\n{text_of(contents, code)}\n\n" for code in LANGUAGES)
        (GOLDEN / f"{name}.txt").write_text(found.rstrip("\n") + "\n", encoding="utf-8")
