"""`cases retention`: how long cases that have ended are kept, shown or set."""

from __future__ import annotations

from typing import Annotated

import typer

from portal.commands.cases.given import As, AsJson, options_named, words_of
from portal.commands.cases.told import as_json
from portal.commands.current_user import acting_user, opened_portal
from portal.commands.printing import print_lines
from portal.errors import InputError, InputErrors


def retention(
    months: Annotated[int | None, typer.Option(help="after a case ended")] = None,
    reason: Annotated[str, typer.Option(metavar="FILE", help="why so long, in UTF-8; - is standard input")] = "",
    account: As = None,
    json_: AsJson = False,
) -> None:
    """Say how long notes, letters and fingerprints of ended cases are kept, or set it: for managers, with --months and
    --reason."""
    words = words_of(reason, "reason") if reason else ""
    if words and months is None:
        raise InputErrors([InputError("Say how many months.", field="months")])
    moved = 0
    with opened_portal() as portal:
        user = acting_user(portal, account)
        if months is not None:
            with options_named():
                moved = portal.case_retention.save(user, months=months, reason=words)
        now = portal.case_retention.show(user)
    values = {"months": now.months, "reason": now.reason, "cases_moved": moved}
    print_lines([as_json(values) if json_ else f"{now.months} months. {now.reason}".rstrip()])
