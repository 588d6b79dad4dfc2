"""A mail as bytes: text and plain HTML, nothing from outside, headers that keep machines from answering (MAIL-5)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from portal.delivery.mail.contents import Draft, LetterMail
from portal.delivery.mail.words import spoken
from portal.identifiers import domain_key
from portal.letters.engine import one_line

TOKEN_BYTES = 16
_PARAGRAPHS = re.compile(r"\n\s*\n")
_TEMPLATES = Environment(
    loader=PackageLoader("portal.delivery.mail"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True)
class Bodies:
    """What a mail says, twice."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Envelope:
    """Who sends to whom, apart from the words. `to` has its domain as A-labels."""

    mail_from: str
    to: str
    message_id: str
    at: dt.datetime


def new_token() -> str:
    """128 random bits in lower case: mail servers may lower a local part."""
    return secrets.token_hex(TOKEN_BYTES)


def token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_message_id(mail_from: str) -> str:
    """Random, and without the case's id."""
    return f"<{secrets.token_hex(TOKEN_BYTES)}@{domain_key(mail_from.rpartition('@')[2])}>"


def bounce_address(bounce_to: str, token: str) -> str:
    """``bounce+TOKEN@host``: the address that says which mail came back (VERP)."""
    local, _at, domain = bounce_to.rpartition("@")
    return f"{local}+{token}@{domain_key(domain)}"


def on_the_wire(address: str) -> str:
    """The address with its domain as A-labels."""
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain_key(domain)}"


def bodies(draft: Draft, language: str) -> Bodies:
    contents = draft.contents
    if isinstance(contents, LetterMail):
        subject = one_line(contents.subject)
        paragraphs = [part.strip().splitlines() for part in _PARAGRAPHS.split(contents.text.strip())]
        html = contents.html or _TEMPLATES.get_template("letter.html").render(
            subject=subject, paragraphs=paragraphs, language=language
        )
        return Bodies(subject, contents.text.strip() + "\n", html)
    mail = spoken(contents, language, draft.display_name)
    text = _TEMPLATES.get_template("mail.txt").render(mail=mail)
    return Bodies(mail.subject, text.strip() + "\n", _TEMPLATES.get_template("mail.html").render(mail=mail))


def message(draft: Draft, envelope: Envelope, language: str) -> bytes:
    """The bytes to be sent; the same for the same mail. Raises ValueError for what can be no header."""
    said = bodies(draft, language)
    made = EmailMessage(policy=SMTP if (envelope.to + draft.reply_to.rpartition("@")[0]).isascii() else SMTPUTF8)
    made["From"] = _named(draft.display_name, envelope.mail_from)
    made["To"] = _named("", envelope.to)
    if draft.reply_to:
        made["Reply-To"] = _named("", draft.reply_to)
    made["Subject"] = said.subject
    made["Date"] = envelope.at.astimezone(dt.UTC)
    made["Message-ID"] = envelope.message_id
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(said.text, cte="quoted-printable")
    made.add_alternative(said.html, subtype="html", cte="quoted-printable")
    made["Content-Language"] = language
    made.set_boundary(f"=_{hashlib.sha256(envelope.message_id.encode()).hexdigest()[:40]}")
    return made.as_bytes()


def _named(display_name: str, address: str) -> Address:
    local, _at, domain = on_the_wire(address).rpartition("@")
    return Address(one_line(display_name), local, domain)
