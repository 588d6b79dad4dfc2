"""`cases list`, `cases show`, `cases due`: how cases stand. Persons are masked, and `due` says nothing of them."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from portal.cases.services.due import DueCase
from portal.cases.services.views import CaseFilter, CaseRow
from portal.cases.states import CaseState
from portal.commands.cases.given import DAY, As, AsJson, Named, case_id_of, value_of
from portal.commands.cases.told import as_json, due_line, due_values, row_line, row_values, view_lines, view_values
from portal.commands.current_user import acting_user, opened_portal
from portal.commands.printing import print_lines
from portal.composition import Portal
from portal.identity import User

PAGE = 500


def list_cases(
    text: Annotated[str, typer.Option(help="an email, ID or number of the person; - reads it from input")] = "",
    mine: Annotated[bool, typer.Option("--mine", help="those given to the account that acts")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="those that have ended; else those that are open")] = False,
    state: Annotated[list[CaseState] | None, typer.Option(help="in this state; may be given again")] = None,
    due_until: Annotated[dt.datetime | None, typer.Option(formats=DAY, help="due on that day or before")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="at most this many, soonest due first")] = 200,
    account: As = None,
    json_: AsJson = False,
) -> None:
    """List cases, soonest due first; with --json one object a line."""
    wanted = CaseFilter(
        text=value_of(text, "text"),
        mine=mine,
        ended=ended,
        states=frozenset(state or ()),
        due_until=due_until.date() if due_until else None,
    )
    with opened_portal() as portal:
        rows = _listed(portal, acting_user(portal, account), wanted, limit)
        print_lines(as_json(row_values(row)) if json_ else row_line(row) for row in rows)


def _listed(portal: Portal, user: User, wanted: CaseFilter, limit: int) -> Iterator[CaseRow]:
    after: tuple[dt.date, str] | None = None
    while limit > 0:
        page = portal.case_register.list(user, wanted, after=after, size=min(PAGE, limit))
        yield from page.rows
        limit, after = limit - len(page.rows), page.after
        if after is None:
            return


def show(case: Named, account: As = None, json_: AsJson = False) -> None:
    """Show one case: its dates and why, and what is recorded."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        view = portal.case_register.show(user, case_id_of(portal, user, case))
        since = portal.asked_before.since(user, view.row.id)
    print_lines([as_json(view_values(view, since))] if json_ else view_lines(view, since))


def due(
    within: Annotated[int, typer.Option(min=0, max=3650, help="days from today")] = 7,
    fail_if_overdue: Annotated[bool, typer.Option("--fail-if-overdue", help="exit status 1 if one is")] = False,
    account: As = None,
    json_: AsJson = False,
) -> None:
    """Say which open cases are due within some days or overdue; with --json one object a line. No personal data."""
    overdue = 0
    with opened_portal() as portal:
        user = acting_user(portal, account)

        def counted() -> Iterator[DueCase]:
            nonlocal overdue
            for case in _due(portal, user, within):
                overdue += case.overdue
                yield case

        print_lines(as_json(due_values(case)) if json_ else due_line(case) for case in counted())
    if fail_if_overdue and overdue:
        print(f"Overdue: {overdue}.", file=sys.stderr)
        raise typer.Exit(1)


def _due(portal: Portal, user: User, within: int) -> Iterator[DueCase]:
    after: tuple[dt.date, str] | None = None
    while True:
        page = portal.case_due.within(user, within, after=after, size=PAGE)
        yield from page.rows
        after = page.after
        if after is None:
            return
