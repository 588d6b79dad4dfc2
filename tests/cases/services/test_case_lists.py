"""The list of cases at any size: each filter gives what a look at every case gives, by a plan that reads one page."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Select, event, insert, select, text

from portal.cases.facts import Right
from portal.cases.services import calendar, query, redating
from portal.cases.services.merchant_rules import merchant_rules
from portal.cases.services.views import CaseFilter, CaseRow
from portal.cases.states import OPEN_STATES, CaseState
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.identity import Role, User
from portal.storage.case_tables import Case, CaseDemand, CaseIdentifier
from portal.storage.tables import Account, Export, ExportAsked, ExportFile, ExportResponse, new_id, utc_now

pytestmark = pytest.mark.keeps("SEC-43")

NOW = utc_now()
TODAY = NOW.date()
CASES = 6_000
OPEN_ONE_IN = 6
ENDED_STATES = frozenset(CaseState) - OPEN_STATES
RARE = CaseState.CLOSED_NOT_IDENTIFIED
TWO_OPEN = frozenset({CaseState.RECEIVED, CaseState.IDENTIFYING})
SOON = TODAY + dt.timedelta(days=7)


def name_of(wanted: CaseFilter) -> str:
    """The same in every process and on every day."""
    parts = [f"text {wanted.text!a}" if wanted.text else "", "mine" if wanted.mine else "", *sorted(wanted.states)]
    parts += ["ended" if wanted.ended else "", wanted.right or "", "since" if wanted.due_since else ""]
    return " ".join(filter(None, [*parts, "until" if wanted.due_until else ""])) or "all"


@dataclass
class Shelf:
    portal: Portal
    user: User
    rows: list[dict[str, Any]]
    erasure: set[str]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    url = request.getfixturevalue("new_postgres")() if request.param == "postgresql" else ""
    settings = Settings(data_dir=tmp_path_factory.mktemp("shelf"), mode="practice", database_url=url)
    portal = build_portal(settings)
    assert portal.db.engine.dialect.name == request.param
    merchant, other = portal.accounts.create_merchant("Shelf"), portal.accounts.create_merchant("Other")
    with portal.db.write() as session:
        accounts = [Account(merchant_id=merchant, email=f"a{n}@shop.example", role="agent") for n in range(3)]
        session.add_all(accounts)
        session.flush()
        people = [account.id for account in accounts]
        rows = [a_case(n, merchant if n % 10 else other, people) for n in range(CASES)]
        session.execute(insert(Case), rows)
        erasure = {row["id"] for row in rows[::7]}
        session.execute(
            insert(CaseDemand),
            [{"case_id": id, "demand": "erasure", "merchant_id": merchant, "outcome": "open"} for id in erasure],
        )
    if not portal.db.is_sqlite:
        with portal.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    user = User(people[0], merchant, "Shelf", "a0@shop.example", "A", Role.AGENT, True, "UTC", origin="cli")
    yield Shelf(portal, user, [row for row in rows if row["merchant_id"] == merchant], erasure)
    portal.stop()


def a_case(number: int, merchant: str, people: list[str]) -> dict[str, Any]:
    chance = random.Random(number)
    is_open = chance.randrange(OPEN_ONE_IN) == 0
    came = TODAY - dt.timedelta(days=chance.randrange(45) if is_open else chance.randrange(45, 900))
    closed = NOW - dt.timedelta(hours=chance.randrange(2_000)) if not is_open else None
    state = chance.choice(sorted(OPEN_STATES if is_open else ENDED_STATES - {RARE}))
    reference = f"{'REQ' if number % 2 else 'Fall'}-{number}"
    return {
        "id": f"{chance.getrandbits(128):032x}", "merchant_id": merchant, "year": came.year, "number": number + 1,
        "reference": reference, "reference_key": reference.casefold(), "profile": "EU", "zone": "UTC",
        "channel": "email", "received_on": came, "subject_index": f"{number:064x}",
        "state": RARE if number % 501 == 0 and not is_open else state, "assignee": chance.choice([*people, None]),
        "target_on": came, "last_lawful_on": came, "due_on": came + dt.timedelta(days=30), "closed_at": closed,
        "closed_as": "" if is_open else state,
    }  # fmt: skip


def by_looking_at_all(shelf: Shelf, wanted: CaseFilter) -> list[str]:
    def fits(row: dict[str, Any]) -> bool:
        return (
            (row["closed_at"] is not None) is wanted.ended
            and (not wanted.states or row["state"] in wanted.states)
            and (not wanted.mine or row["assignee"] == shelf.user.account_id)
            and (wanted.due_since is None or row["due_on"] >= wanted.due_since)
            and (wanted.due_until is None or row["due_on"] <= wanted.due_until)
            and (wanted.right is None or row["id"] in shelf.erasure)
            and row["reference_key"].startswith(wanted.text.casefold())
        )

    column = "closed_at" if wanted.ended else "due_on"
    found = sorted(filter(fits, shelf.rows), key=lambda row: (row[column], row["id"]), reverse=wanted.ended)
    return [row["id"] for row in found]


def walked(shelf: Shelf, wanted: CaseFilter, size: int) -> list[str]:
    """Every page, the last one too."""
    rows: list[CaseRow] = []
    after = None
    while True:
        page = shelf.portal.case_register.list(shelf.user, wanted, after=after, size=size)
        rows += page.rows
        if page.after is None:
            return [row.id for row in rows]
        assert len(page.rows) == size
        after = page.after


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize(
    "wanted",
    [
        CaseFilter(),
        CaseFilter(mine=True),
        CaseFilter(states=TWO_OPEN | {CaseState.ANSWERED, CaseState.REFUSED, RARE}),
        CaseFilter(states=frozenset({RARE, CaseState.COLLECTING}), mine=True),
        CaseFilter(due_since=TODAY - dt.timedelta(days=90), due_until=SOON),
        CaseFilter(right=Right.ERASURE),
        CaseFilter(text="REQ-"),  # more than are looked up one by one
        CaseFilter(text="req-31", states=TWO_OPEN | {CaseState.CLOSED}),
        CaseFilter(text="fall-", mine=True, states=TWO_OPEN | {CaseState.CLOSED, CaseState.WITHDRAWN}),
        CaseFilter(text="nobody@example.com"),
        CaseFilter(text="\x00"),
    ],
    ids=name_of,
)
def test_pages_give_what_a_look_at_every_case_gives(shelf: Shelf, wanted: CaseFilter, ended: bool) -> None:
    wanted = replace(wanted, ended=ended)
    expected = by_looking_at_all(shelf, wanted)
    assert walked(shelf, wanted, 97) == expected
    if not wanted.text:
        counted = shelf.portal.case_register.count(shelf.user, wanted)
        assert counted == min(len(expected), query.MOST_COUNTED + 1)


def test_cases_that_ended_in_the_same_moment_are_paged_once_each(shelf: Shelf) -> None:
    ends = [row["closed_at"] for row in shelf.rows if row["closed_at"]]
    wanted = CaseFilter(ended=True, states=frozenset({CaseState.ANSWERED}))
    assert len(set(ends)) < len(ends)
    assert walked(shelf, wanted, 3) == by_looking_at_all(shelf, wanted)


def test_persons_named_by_older_exports_are_read_at_once(shelf: Shelf) -> None:
    portal, user, mine = shelf.portal, shelf.user, CaseFilter(mine=True)
    wanted = by_looking_at_all(shelf, mine)[:8]
    with portal.db.write() as session:
        for number, case_id in enumerate(wanted):
            export_id = new_id()
            sealed = portal.history.seal.seal(user.merchant_id, export_id, "subject", f"{number}@example.com")
            export = Export(
                id=export_id, merchant_id=user.merchant_id, case_id=case_id, state="purged",
                requested_by=user.account_id, subject_index="", ask_index="", format="csv",
                asked=ExportAsked(subject_kind="email", sealed_subject=sealed), response=ExportResponse(),
                file=ExportFile(),
            )  # fmt: skip
            session.add(export)
            session.flush()
            named = {"merchant_id": user.merchant_id, "case_id": case_id, "export_id": export_id}
            session.add(CaseIdentifier(**named, number=1, kind="email", value_index=""))

    def statements(size: int) -> int:
        asked: list[str] = []

        def note(*given: Any) -> None:
            asked.append(given[2])

        event.listen(portal.db.engine, "before_cursor_execute", note)
        try:
            persons = [row.person for row in portal.case_register.list(user, mine, size=size).rows]
        finally:
            event.remove(portal.db.engine, "before_cursor_execute", note)
        assert persons == [f"{number}•••@example.com" for number in range(size)]
        return len(asked)

    assert statements(1) == statements(8)


# ------------------------------------------------------------------------------------------------ plans


def plans(shelf: Shelf, act: Callable[[], object], table: str = "cases") -> list[str]:
    """The plan of each statement over the table that `act` has run."""
    engine, asked = shelf.portal.db.engine, list[tuple[str, Any]]()

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        if re.search(rf"FROM \(?(SELECT .* FROM )?{table}\b", statement.replace("\n", " ")):
            asked.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if shelf.portal.db.is_sqlite else "EXPLAIN "
    with engine.connect() as connection:
        return [
            "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, given))
            for statement, given in asked
        ]


def reads_one_page(plan: str, index: str) -> bool:
    """It goes along the index in the page's order: nothing is sorted but what ended in the same moment."""
    whole = re.search(r"^( *-> +)?Sort  \(|B-TREE FOR ORDER BY|Seq Scan on cases|SCAN cases", plan, re.MULTILINE)
    return re.search(rf"\b{index}\b", plan) is not None and whole is None


BY_DUE, BY_STATE, BY_ASSIGNEE = "ix_cases_due", "ix_cases_state", "ix_cases_assignee"
LISTS = [
    (CaseFilter(), BY_DUE),
    (CaseFilter(due_until=TODAY), BY_DUE),
    (CaseFilter(due_since=TODAY, due_until=SOON), BY_DUE),
    (CaseFilter(states=frozenset({CaseState.WAITING_PERSON})), BY_STATE),
    (CaseFilter(states=TWO_OPEN, due_since=SOON), BY_STATE),
    (CaseFilter(mine=True), BY_ASSIGNEE),
    (CaseFilter(ended=True), BY_DUE),
    (CaseFilter(ended=True, states=frozenset({CaseState.REFUSED, RARE})), BY_STATE),
    (CaseFilter(ended=True, mine=True), BY_ASSIGNEE),
]


@pytest.mark.parametrize(("wanted", "index"), LISTS, ids=[name_of(wanted) for wanted, _index in LISTS])
def test_a_page_is_read_along_an_index(
    shelf: Shelf, wanted: CaseFilter, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, "MOST_COUNTED", 20)  # of some hundred: who wants all of them may sort them
    register, user = shelf.portal.case_register, shelf.user
    found = plans(shelf, lambda: register.list(user, wanted, size=5))
    after = register.list(user, wanted, size=5).after
    assert after is not None
    found += plans(shelf, lambda: register.list(user, wanted, after=after, size=5))
    found += plans(shelf, lambda: register.count(user, wanted))
    states = max(1, len(wanted.states))
    assert 2 * states < len(found) <= 3 * states
    assert [plan for plan in found if not reads_one_page(plan, index)] == []


def test_what_is_due_and_the_calendar_are_read_along_an_index(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "MOST_EVENTS", 20)
    due, user = shelf.portal.case_due, shelf.user
    after = due.within(user, 40, size=5).after
    secret = shelf.portal.case_calendar.new_address(user)
    found = plans(shelf, lambda: due.within(user, 40, after=after, size=5))
    found += plans(shelf, lambda: shelf.portal.case_calendar.by_token(secret))
    assert len(found) == 2
    assert [plan for plan in found if not reads_one_page(plan, BY_DUE)] == []


def test_what_a_text_names_is_read_by_its_key(shelf: Shelf) -> None:
    row = max((row for row in shelf.rows if row["closed_at"] is None), key=lambda row: row["number"])

    def search() -> None:
        shelf.portal.case_register.list(shelf.user, CaseFilter(text=row["reference"]))

    (looked_up, read) = plans(shelf, search)
    assert "ix_cases_reference" in looked_up
    assert ("sqlite_autoindex_cases_1" if shelf.portal.db.is_sqlite else "cases_pkey") in read
    assert BY_DUE not in read
    if shelf.portal.db.is_sqlite:  # PostgreSQL rightly reads all of a table that has a handful of rows
        assert "COVERING INDEX ix_case_identifiers_value" in plans(shelf, search, "case_identifiers")[0]


def test_a_batch_that_is_dated_anew_is_read_by_its_keys(shelf: Shelf) -> None:
    """As the merchant's open cases, SQLite would walk over all of those for each batch."""
    merchant = shelf.user.merchant_id
    ids = [row["id"] for row in shelf.rows if row["closed_at"] is None][:50]
    foreign_or_ended = [row["id"] for row in shelf.rows if row["closed_at"] is not None][:3]

    def act() -> None:
        with shelf.portal.db.read() as session:
            redating.calculated(session, merchant, [*ids, *foreign_or_ended], merchant_rules(session, merchant).of_case)

    (plan,) = plans(shelf, act)
    assert ("sqlite_autoindex_cases_1" if shelf.portal.db.is_sqlite else "cases_pkey") in plan


def test_a_month_in_figures_is_read_in_the_index_of_receipts(shelf: Shelf) -> None:
    zones, days, *of_months = plans(shelf, lambda: shelf.portal.case_figures.by_month(shelf.user, months=6))
    assert 6 < len(of_months) <= 2 * 6  # a median only where something was answered
    sqlite = shelf.portal.db.is_sqlite
    read, how = ([zones, days, *of_months], "COVERING INDEX ") if sqlite else (of_months, "")
    assert [plan for plan in read if f"{how}ix_cases_received" not in plan] == []
    assert "B-TREE FOR GROUP BY" not in zones


def test_a_plan_that_sorts_all_that_match_is_told_apart(shelf: Shelf) -> None:
    own = select(Case).where(Case.merchant_id == shelf.user.merchant_id, Case.closed_at.is_(None))
    by_reference = own.order_by(Case.reference, Case.id)
    several = own.where(Case.state.in_(sorted(TWO_OPEN))).order_by(*query.open_order())

    def ask(statement: Select[Any]) -> None:
        with shelf.portal.db.read() as session:
            session.execute(statement.limit(5)).all()

    for statement in (by_reference, several):
        (plan,) = plans(shelf, partial(ask, statement))
        assert not reads_one_page(plan, BY_STATE)
