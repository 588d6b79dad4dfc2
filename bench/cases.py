"""Cases at 1,000 and at 1,000,000: the list, each filter, search, count, and what Today asks; on SQLite and PostgreSQL.
Prints the ratio of the medians (at most 1.5) and the rows that each gave, as many on both sides; then the figures by
month, which read every case of their months, against one bare pass over the same rows.

    python bench/cases.py [--cases 1000000] [--only sqlite|postgresql] [--runs 40]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from history import SMALL, databases, line, load, medians
from sqlalchemy import func, select

from portal.cases.facts import Right
from portal.cases.services.views import CaseFilter, CasePage, Place
from portal.cases.states import CaseState
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.identity import Role, User
from portal.storage.case_tables import Case, CaseDemand, CaseFact, CaseIdentifier
from portal.storage.months import months_after
from portal.storage.tables import Account, Merchant, utc_now

PEOPLE = 5
YEARS = 3
OPEN_ONE_IN, OPEN_AT_LEAST = 10, 500  # so that 1,000 cases fill a page of each question as well
OPEN_DAYS = 45
EXTENDED_ONE_IN, LATE_ONE_IN = 20, 2_000
RARE = 120
WANTED_CASES = 60
WANTED = "wanted@example.com"
ENDED = ("answered", "answered", "answered", "closed", "refused")
OPEN = ("collecting", "collecting", "received", "identifying", "waiting_person")
DAY = dt.timedelta(days=1)


def filled(url: str, cases: int) -> tuple[Portal, User]:
    """A portal whose first merchant has so many cases, received over three years; the open ones are the newest."""
    folder = Path(tempfile.mkdtemp())
    portal = build_portal(Settings(data_dir=folder, mode="practice", database_url=url))
    merchant = portal.accounts.create_merchant("Bench")
    with portal.db.write() as session:
        people = [Account(merchant_id=merchant, email=f"agent{n}@shop.example", role="manager") for n in range(PEOPLE)]
        session.add_all(people)
        session.flush()
        ids = [account.id for account in people]
        keyset = session.get_one(Merchant, merchant).sealed_index_keyset
    index = portal.sealer.index(WANTED, merchant_id=merchant, wrapped_keyset=keyset)
    load(portal.db, cases_of(merchant, ids, cases), Case)
    load(portal.db, demands_of(merchant, cases), CaseDemand)
    load(portal.db, identifiers_of(merchant, index, cases), CaseIdentifier)
    load(portal.db, facts_of(merchant, cases), CaseFact)
    seal = portal.case_register.seal  # opening costs the same at any size: left out, as in history.py
    seal.values = lambda session, rows: ["someone@example.com" for _row in rows]  # type: ignore[method-assign]
    user = User(ids[0], merchant, "Bench", "agent0@shop.example", "Agent", Role.MANAGER, True, "UTC", origin="cli")
    return portal, user


def case_id(number: int) -> str:
    return f"{(number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"


def received(number: int, cases: int, now: dt.datetime) -> tuple[bool, dt.datetime]:
    """Whether it is open, and when it came: open ones in the last weeks, the others evenly over the years before."""
    opens = max(OPEN_AT_LEAST, cases // OPEN_ONE_IN)
    left = cases - number
    if left <= opens:
        return True, now - DAY * (OPEN_DAYS * left / opens)
    return False, now - DAY * (OPEN_DAYS + 365 * YEARS * (left - opens) / (cases - opens))


def is_extended(number: int) -> bool:
    return number % EXTENDED_ONE_IN == 1


def is_late(number: int) -> bool:
    return number % LATE_ONE_IN == 1


def ended_at(number: int, at: dt.datetime) -> dt.datetime:
    if is_late(number):
        return dt.datetime.combine(months_after(at.date(), 3), dt.time(12), tzinfo=dt.UTC) + DAY
    return at + DAY * (40 if is_extended(number) else 9 + number % 20)


def cases_of(merchant: str, people: list[str], cases: int) -> Iterator[dict[str, Any]]:
    chance, now = random.Random(7), utc_now()
    for number in range(cases):
        is_open, at = received(number, cases, now)
        month = months_after(at.date(), 1)
        until = months_after(at.date(), 3) if is_extended(number) and not is_open else None
        rare = not is_open and number % max(1, cases // RARE) == 0
        state = "withdrawn" if rare else chance.choice(OPEN if is_open else ENDED)
        state = "answered" if is_late(number) and not is_open else state
        yield {
            "id": case_id(number), "merchant_id": merchant, "year": at.year, "number": number + 1,
            "reference": f"T-{number:08}", "reference_key": f"t-{number:08}", "profile": "EU", "calendar": "",
            "zone": "Europe/Berlin", "language": "", "channel": "email", "received_at": None, "received_on": at.date(),
            "sealed_name": None, "subject_index": f"{chance.getrandbits(256):064x}", "state": state,
            "assignee": chance.choice(people) if number % 3 else None, "target_on": month, "last_lawful_on": month,
            "due_on": until or month, "extended_to": until, "closed_at": None if is_open else ended_at(number, at),
            "closed_as": "" if is_open else state, "destroy_facts_after": None,
        }  # fmt: skip


def facts_of(merchant: str, cases: int) -> Iterator[dict[str, Any]]:
    """Of those that were answered late: the only ones whose clock the figures calculate."""
    now = utc_now()
    for number in filter(is_late, range(cases)):
        is_open, at = received(number, cases, now)
        answer = (
            []
            if is_open
            else [("extended", at + DAY, {"reason": "complexity"}), ("answered", ended_at(number, at), {})]
        )
        for place, (kind, when, codes) in enumerate([("received", at, {"channel": "email"}), *answer], 1):
            yield {
                "id": f"{case_id(number)[2:]}{place:02}", "merchant_id": merchant, "case_id": case_id(number),
                "number": place, "kind": kind, "at": when, "told_on": None, "recorded_at": when, "recorded_by": None,
                "codes": codes, "sealed_text": None, "takes_back": None,
            }  # fmt: skip


def demands_of(merchant: str, cases: int) -> Iterator[dict[str, Any]]:
    for number in range(cases):
        yield {
            "case_id": case_id(number), "demand": "erasure" if number % 8 == 0 else "access", "merchant_id": merchant,
            "outcome": "open", "decided_by": None, "decided_at": None, "code": "",
        }  # fmt: skip


def identifiers_of(merchant: str, index: str, cases: int) -> Iterator[dict[str, Any]]:
    chance, now = random.Random(9), utc_now()
    ended = cases - max(OPEN_AT_LEAST, cases // OPEN_ONE_IN)
    for number in range(cases):
        wanted = number < ended and number % (ended // WANTED_CASES) == 0
        yield {
            "id": f"{chance.getrandbits(128):032x}", "merchant_id": merchant, "case_id": case_id(number), "number": 1,
            "kind": "email", "sealed_value": b"x", "export_id": None,
            "value_index": index if wanted else f"{chance.getrandbits(256):064x}", "standing": "claimed",
            "added_by": None, "added_at": now,
        }  # fmt: skip


def halfway(portal: Portal, user: User, *, ended: bool) -> Place:
    """The place of the case in the middle of all pages."""
    column = Case.closed_at if ended else Case.due_on
    which = Case.closed_at.is_not(None) if ended else Case.closed_at.is_(None)
    with portal.db.read() as session:
        own = select(column, Case.id).where(Case.merchant_id == user.merchant_id, which)
        count = session.scalar(select(func.count()).select_from(own.subquery())) or 0
        at, found = session.execute(own.order_by(column, Case.id).offset(count // 2).limit(1)).one()
        return at, found


def questions(portal: Portal, user: User, cases: int) -> dict[str, Callable[[], list[CasePage]]]:
    """What a person does on Cases, and what Today asks."""
    register, today = portal.case_register, utc_now().date()
    soon = today + dt.timedelta(days=7)
    overdue, due = CaseFilter(due_until=today - DAY), CaseFilter(due_since=today, due_until=soon)
    unsettled = CaseFilter(states=frozenset({CaseState.RECEIVED, CaseState.IDENTIFYING}), due_since=soon)

    def ask(wanted: CaseFilter, after: Place | None = None) -> Callable[[], list[CasePage]]:
        return lambda: [register.list(user, wanted, after=after)]

    def on_today() -> list[CasePage]:
        for wanted in (overdue, due, unsettled):
            register.count(user, wanted)
        return [register.list(user, wanted, size=10) for wanted in (overdue, due, unsettled)]

    ended = CaseFilter(ended=True)
    return {
        "first page": ask(CaseFilter()),
        "next page": ask(CaseFilter(), register.list(user).after),
        "page halfway": ask(CaseFilter(), halfway(portal, user, ended=False)),
        "ended": ask(ended),
        "ended, halfway": ask(ended, halfway(portal, user, ended=True)),
        "state: one": ask(CaseFilter(states=frozenset({CaseState.WAITING_PERSON}))),
        "state: one, ended": ask(CaseFilter(ended=True, states=frozenset({CaseState.REFUSED}))),
        "state: rare, ended": ask(CaseFilter(ended=True, states=frozenset({CaseState.WITHDRAWN}))),
        "state: two": ask(CaseFilter(states=frozenset({CaseState.RECEIVED, CaseState.IDENTIFYING}))),
        "mine": ask(CaseFilter(mine=True)),
        "mine, ended": ask(CaseFilter(mine=True, ended=True)),
        "overdue": ask(overdue),
        "due within 7 days": ask(due),
        "asks for erasure": ask(CaseFilter(right=Right.ERASURE)),
        "search: email": ask(CaseFilter(text=WANTED, ended=True)),
        "search: nobody": ask(CaseFilter(text="nobody@example.com")),
        "search: number": ask(CaseFilter(text=f"{today.year}-{cases:04}")),
        "search: reference": ask(CaseFilter(text=f"t-{cases - 3:08}")),
        "search: broad prefix": ask(CaseFilter(text="T-0")),
        "Today": on_today,
    }


def rows_of(pages: list[CasePage]) -> int:
    return sum(len(page.rows) for page in pages)


def figures_by_month(portal: Portal, user: User, runs: int) -> tuple[float, float]:
    """Medians, in turn: the figures of twelve months, and a bare pass over the rows they come from; seconds."""
    months = portal.case_figures.by_month(user)
    first = months[-1].month
    bare = select(func.count(Case.closed_at)).where(Case.merchant_id == user.merchant_id, Case.received_on >= first)

    def once() -> None:
        with portal.db.read() as session:
            session.scalar(bare)

    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for taken, act in zip(times, (lambda: portal.case_figures.by_month(user), once), strict=True):
            started = time.perf_counter()
            act()
            taken.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])


def compare(name: str, fresh: Callable[[], str], cases: int, runs: int) -> dict[str, float]:
    sides = []
    for count in (SMALL, cases):
        started = time.perf_counter()
        sides.append(filled(fresh(), count))
        print(f"{name}: filled {count:,} cases in {time.perf_counter() - started:.0f} s", flush=True)
    asked = [questions(portal, user, n) for (portal, user), n in zip(sides, (SMALL, cases), strict=True)]
    gave = [{question: rows_of(act()) for question, act in side.items()} for side in asked]
    if gave[0] != gave[1]:
        raise SystemExit(f"not as many rows on both sides: {gave}")
    small, large = medians(asked, runs)
    ours, bare = figures_by_month(*sides[1], max(3, runs // 10))
    for portal, _ in sides:
        portal.stop()
    print(f"\n{name:<24}{f'{SMALL:,} cases':>14}{f'{cases:,} cases':>18}   ratio (at most 1.5)")
    for question in small:
        print(line(question, small[question], large[question]) + f"  ({gave[0][question]} rows)")
    print(f"{'figures by month':<24}{ours * 1000:32,.0f} ms   {ours / bare:.1f} times a bare pass over their rows\n")
    worst = max(large[question] / small[question] for question in small)
    return {"worst_ratio": round(worst, 2), "months_ms": round(ours * 1000), "months_ratio": round(ours / bare, 1)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--only", choices=["", "sqlite", "postgresql"], default="")
    given = parser.parse_args()
    figures: dict[str, float] = {}
    with databases(given.only) as found:
        for name, fresh in found.items():
            for figure, value in compare(name, fresh, given.cases, given.runs).items():
                figures[figure] = max(value, figures.get(figure, value))
    figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"worst ratio of a question: {figures['worst_ratio']:.2f} (at most 1.5)")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
