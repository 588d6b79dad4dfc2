"""Parses and checks the export form before anything is sent.

`parse_request` serves the page and the command line, so that both give the same message for the same mistake. Rules:
exactly one of email and customer ID (LAW-23); a program or a card or neither, each a LoyaltyDog ObjectId; ``json`` or
``csv``. The customer ID is free text in this API (GDPRExportRequest.customerId is a plain string).
"""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from portal.errors import InputError, InputErrors
from portal.exports.form.email_faults import explain_email_error
from portal.storage.months import months_after

OBJECT_ID_LENGTH = 24
CUSTOMER_ID_MAX = 200
REFERENCE_MAX = 100
RECEIVED_YEARS = 5
FORMATS = ("json", "csv")
KNOWN_DOMAINS = (
    "gmail.com googlemail.com hotmail.com hotmail.co.uk outlook.com live.com msn.com yahoo.com yahoo.co.uk "
    "icloud.com me.com aol.com gmx.com gmx.de web.de t-online.de freenet.de orange.fr wanadoo.fr free.fr laposte.net "
    "libero.it virgilio.it tiscali.it telefonica.es ziggo.nl kpnmail.nl proton.me protonmail.com btinternet.com"
).split()
REAL_DOMAINS = (  # of other mail services: close to a known domain, and no slip
    "mail.com ymail.com email.com love.com protonmail.ch protonmail.me hotmail.no hotmail.ch hotmail.ca hotmail.com.br "
    "hotmail.com.au hotmail.com.ar outlook.com.br outlook.com.au yahoo.com.br yahoo.com.mx yahoo.com.au"
).split()


class ExportRequest(BaseModel):
    """A checked request. The personal parts are hidden in `repr`."""

    model_config = ConfigDict(frozen=True)

    email: SecretStr | None = None
    customer_id: SecretStr | None = None
    program_id: str | None = None
    program_name: str = ""
    card_id: SecretStr | None = None
    format: Literal["json", "csv"] = "json"
    reference: str = Field("", max_length=REFERENCE_MAX)
    received_on: dt.date | None = None

    @property
    def subject_kind(self) -> Literal["email", "customer_id"]:
        return "email" if self.email else "customer_id"

    @property
    def subject(self) -> str:
        chosen = self.email or self.customer_id
        assert chosen is not None
        return chosen.get_secret_value()


def parse_request(
    *,
    email: str | None = None,
    customer_id: str | None = None,
    program_id: str | None = None,
    card_id: str | None = None,
    format: str = "json",
    reference: str = "",
    received_on: dt.date | None = None,
    program_name: str = "",
    today: dt.date | None = None,
) -> ExportRequest:
    """Check everything at once. Raises InputErrors with one InputError a wrong field."""
    problems: list[InputError] = []

    def checked(make: object, *args: str) -> str | None:
        try:
            return make(*args)  # type: ignore[operator, no-any-return]  # one of the checkers below
        except InputError as problem:
            problems.append(problem)
            return None

    email, customer_id = (email or "").strip(), (customer_id or "").strip(" \t")
    program_id, card_id = (program_id or "").strip(), (card_id or "").strip()
    if email and customer_id:
        problems.append(InputError("Enter an email or a customer ID, not both.", field="email"))
    elif not email and not customer_id:
        problems.append(InputError("Enter the customer's email or customer ID.", field="email"))
    good_email = checked(check_email, email) if email else None
    good_customer = checked(check_customer_id, customer_id) if customer_id else None
    if program_id and card_id:
        problems.append(InputError("Choose a program or a card, not both.", field="card_id"))
    good_program = checked(check_object_id, program_id, "program_id", "Program ID") if program_id else None
    good_card = checked(check_object_id, card_id, "card_id", "Card ID") if card_id else None
    if format not in FORMATS:
        problems.append(InputError("Choose JSON or CSV as the format.", field="format"))
    reference = reference.strip()
    if len(reference) > REFERENCE_MAX:
        problems.append(InputError(f"Reference must be {REFERENCE_MAX} characters or less.", field="reference"))
    elif any(unicodedata.category(c) in ("Cc", "Cs") for c in reference):
        problems.append(InputError("Reference must be one line of text.", field="reference"))
    today = today or dt.datetime.now().astimezone().date()
    if received_on and received_on > today + dt.timedelta(days=1):
        problems.append(InputError("Received on must be today or earlier.", field="received_on"))
    elif received_on and received_on < earliest_receipt(today):
        problems.append(InputError("Received on must be within the last five years.", field="received_on"))
    if problems:
        raise InputErrors(problems)
    return ExportRequest(
        email=SecretStr(good_email) if good_email else None,
        customer_id=SecretStr(good_customer) if good_customer else None,
        program_id=good_program,
        program_name=program_name,
        card_id=SecretStr(good_card) if good_card else None,
        format="json" if format == "json" else "csv",
        reference=reference,
        received_on=received_on,
    )


def earliest_receipt(today: dt.date) -> dt.date:
    """Older days are slips of the keyboard."""
    return months_after(today, -12 * RECEIVED_YEARS)


def check_email(text: str) -> str:
    """The address as it will be sent. Raises InputError.

    A domain typed as A-labels (`xn--mller-kva`) is sent so: the vendor may hold it in that form alone.

    `test_environment` lets the reserved practice domains (RFC 2606) through: the vendor decides who
    exists, and no address is looked up in DNS from here.
    """
    # Not at the top: 20 ms that no start needs.
    from email_validator import EmailNotValidError, validate_email

    if "@" not in text:
        raise InputError("Enter the customer's email in full, like name@example.com.", field="email")
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        reason = explain_email_error(str(error), text)
        if not reason:
            raise InputError("Enter the customer's email like name@example.com.", field="email") from None
        raise InputError(
            f"Enter the customer's email like name@example.com. {reason}", field="email", detail="email refused"
        ) from None
    if "xn--" in text.rpartition("@")[2].lower():
        return f"{found.local_part}@{found.ascii_domain}"
    return found.normalized


def check_customer_id(text: str) -> str:
    if len(text) > CUSTOMER_ID_MAX:
        raise InputError(f"Customer ID must be {CUSTOMER_ID_MAX} characters or less.", field="customer_id")
    bad = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs")), None)
    if bad is not None:
        raise InputError(f"Customer ID must not hold control characters (found U+{ord(bad):04X}).", field="customer_id")
    return text


def check_object_id(text: str, field: str, thing: str) -> str:
    """A LoyaltyDog ObjectId: 24 characters of 0-9 and a-f. Says which character is wrong."""
    for place, char in enumerate(text, start=1):
        if char not in "0123456789abcdef":
            shown = repr(char)[1:-1] if char.isprintable() and char != " " else f"U+{ord(char):04X}"
            hint = " Use lower-case letters." if char.lower() in "abcdef" else ""
            raise InputError(
                f"{thing} must be 24 characters of 0-9 and a-f; character {place} is “{shown}”.{hint}", field=field
            )
    if len(text) != OBJECT_ID_LENGTH:
        raise InputError(f"{thing} must be 24 characters of 0-9 and a-f; this has {len(text)}.", field=field)
    return text


def suggested_email(email: str) -> str | None:
    """The address with its domain put right when it looks like a slip of a well-known one, else None."""
    local, at, domain = email.strip().rpartition("@")
    domain = domain.lower()
    if not at or not local or domain in KNOWN_DOMAINS or domain in REAL_DOMAINS:
        return None
    close = difflib.get_close_matches(domain, KNOWN_DOMAINS, n=1, cutoff=0.85)
    return f"{local}@{close[0]}" if close else None
