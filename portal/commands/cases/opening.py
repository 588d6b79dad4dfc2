"""`cases open`: a request that came in becomes a case, or a follow-up in the person's open one."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from pydantic import SecretStr

from portal.cases.facts import Channel, LateEntry, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.commands.cases.given import DAY, As, AsJson, options_named, value_of
from portal.commands.cases.told import as_json, row_line, row_values
from portal.commands.current_user import acting_user, opened_portal
from portal.commands.printing import print_lines
from portal.errors import InputError, InputErrors


def open_case(
    channel: Annotated[Channel, typer.Option(help="how the request came")],
    rights: Annotated[list[Right], typer.Option(help="what the person asks for; may be given again")],
    email: Annotated[str, typer.Option(help="the customer's email; - reads it from standard input")] = "",
    customer_id: Annotated[str, typer.Option("--customer-id", help="the customer's ID at LoyaltyDog, or -")] = "",
    phone: Annotated[str, typer.Option(help="a phone number, or -")] = "",
    card: Annotated[str, typer.Option(help="a card's id, or -")] = "",
    member_id: Annotated[str, typer.Option("--member-id", help="the ID of a loyalty membership, or -")] = "",
    last_four: Annotated[str, typer.Option("--last-four", help="the last four digits of a card, or -")] = "",
    name: Annotated[str, typer.Option(help="the person's name, or -")] = "",
    received_on: Annotated[
        dt.datetime | None, typer.Option(formats=DAY, help="when it came; today if not said")
    ] = None,
    late_entry: Annotated[LateEntry | None, typer.Option(help="why it is entered more than three days later")] = None,
    letter_dated: Annotated[dt.datetime | None, typer.Option(formats=DAY, help="the date on a letter")] = None,
    arrived_where: Annotated[str, typer.Option(help="where it came: a mailbox, a branch")] = "",
    reference: Annotated[str, typer.Option(help="your ticket number")] = "",
    language: Annotated[str, typer.Option(help="the person's language: de, en, …")] = "",
    regime: Annotated[str, typer.Option(help="the rules that apply (docs/cases.md), else the merchant's")] = "",
    calendar: Annotated[str, typer.Option(help="whose days off count: DE, DE-BY, GB-ENG")] = "",
    account: As = None,
    json_: AsJson = False,
) -> None:
    """Open a case, or note a follow-up in the person's open one.

    Each `-` takes one line of standard input, in the order email, customer ID, phone, card, member ID, last four, name.
    """
    given = (
        (IdentifierKind.EMAIL, value_of(email, "email")),
        (IdentifierKind.CUSTOMER_ID, value_of(customer_id, "customer_id")),
        (IdentifierKind.PHONE, value_of(phone, "phone")),
        (IdentifierKind.CARD_ID, value_of(card, "card")),
        (IdentifierKind.MEMBER_ID, value_of(member_id, "member_id")),
        (IdentifierKind.LAST_FOUR, value_of(last_four, "last_four")),
    )
    called = value_of(name, "name")
    if late_entry is LateEntry.NOT_ASKED:
        raise InputErrors([InputError("Say why this is entered later than it came.", field="late_entry")])
    new = NewCase(
        identifiers=tuple((kind, SecretStr(value.strip())) for kind, value in given if value.strip()),
        rights=frozenset(rights),
        channel=channel,
        received_on=received_on.date() if received_on else None,
        late_entry=late_entry,
        reference=reference.strip(),
        name=SecretStr(called) if called else None,
        arrived_where=arrived_where,
        letter_dated=letter_dated.date() if letter_dated else None,
        language=language,
        profile=regime.strip(),
        calendar=calendar.strip(),
    )
    with opened_portal() as portal:
        user = acting_user(portal, account)
        with options_named(identifiers="email"):
            opened = portal.case_intake.open(user, new)
        row = portal.case_register.show(user, opened.case_id).row
    said = as_json({**row_values(row), "joined": opened.joined}) if json_ else row_line(row)
    print_lines([said if json_ or not opened.joined else f"{said}  (was open already)"])
