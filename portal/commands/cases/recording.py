"""`cases note`, `extend`, `refuse`, `close`: what is recorded in a case, by the services that the page calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated

import typer

from portal.cases.facts import ClosingReason, ExtensionReason, RefusalReason, Right
from portal.commands.cases.given import DAY, As, AsJson, Named, case_id_of, options_named, words_of
from portal.commands.cases.told import as_json, row_line, row_values
from portal.commands.current_user import acting_user, opened_portal
from portal.commands.printing import print_lines
from portal.composition import Portal
from portal.identity import User

OneRight = Annotated[Right | None, typer.Option("--right", help="one of the things asked for; else all of them")]
Letter = Annotated[str, typer.Option(metavar="FILE", help="the letter as it went out, in UTF-8; - is standard input")]


def note(
    case: Named,
    text: Annotated[str, typer.Option(metavar="FILE", help="the note, in UTF-8; - is standard input")] = "-",
    account: As = None,
    json_: AsJson = False,
) -> None:
    """Add a note for colleagues. It is kept sealed."""
    words = words_of(text, "text")
    _recorded(case, account, json_, lambda portal, user, case_id: portal.case_file.note(user, case_id, words))


def extend(
    case: Named,
    reason: Annotated[ExtensionReason, typer.Option(help="why it takes longer")],
    letter: Letter,
    until: Annotated[dt.datetime | None, typer.Option(formats=DAY, help="the day told; else the last allowed")] = None,
    account: As = None,
    json_: AsJson = False,
) -> None:
    """Record that the person was told of more time, and why."""
    words, day = words_of(letter, "letter"), until.date() if until else None
    _recorded(
        case, account, json_,
        lambda portal, user, case_id: portal.case_file.extend(user, case_id, reason, words, until=day),
    )  # fmt: skip


def refuse(
    case: Named,
    reason: Annotated[RefusalReason, typer.Option(help="why the request is refused")],
    letter: Letter,
    right: OneRight = None,
    account: As = None,
    json_: AsJson = False,
) -> None:
    """Record that the person was told that the request is refused, and why. For managers."""
    words = words_of(letter, "letter")
    _recorded(
        case, account, json_,
        lambda portal, user, case_id: portal.case_file.refuse(user, case_id, reason, words, right=right),
    )  # fmt: skip


def close(
    case: Named,
    reason: Annotated[ClosingReason, typer.Option(help="why nothing is left to do")],
    right: OneRight = None,
    account: As = None,
    json_: AsJson = False,
) -> None:
    """Close a case: no answer is needed, or it has ended and nothing is left to do. One demand of several is closed
    with --right; `done` says then that it was carried out."""
    _recorded(
        case, account, json_, lambda portal, user, case_id: portal.case_file.close(user, case_id, reason, right=right)
    )  # fmt: skip


def _recorded(named: str, account: str | None, json_: bool, record: Callable[[Portal, User, str], None]) -> None:
    """Record, then print the case as it stands."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, named)
        with options_named():
            record(portal, user, case_id)
        row = portal.case_register.show(user, case_id).row
    print_lines([as_json(row_values(row)) if json_ else row_line(row)])
