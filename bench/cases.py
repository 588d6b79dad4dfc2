"""Cases at 1,000 and at 1,000,000: the list, each filter, search, count, and what Today asks; on SQLite and PostgreSQL.
Prints the ratio of the medians (at most 1.5). One case in ten is open.

    python bench/cases.py [--cases 1000000] [--only sqlite|postgresql] [--runs 40]
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from history import SMALL, databases, line, load, medians

from portal.cases.facts import Right
from portal.cases.services.views import CaseFilter
from portal.cases.states import CaseState
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.identity import Role, User
from portal.storage.case_tables import Case, CaseDemand, CaseIdentifier
from portal.storage.months import months_after
from portal.storage.tables import Account, Merchant, utc_now

PEOPLE = 5
YEARS = 3
OPEN_ONE_IN = 10
WANTED = "wanted@example.com"
ENDED = ("answered", "answered", "answered", "closed", "refused")
OPEN = ("collecting", "collecting", "received", "identifying", "waiting_person")


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
    seal = portal.case_register.seal  # opening costs the same at any size: left out, as in history.py
    seal.values = lambda session, rows: ["someone@example.com" for _row in rows]  # type: ignore[method-assign]
    user = User(ids[0], merchant, "Bench", "agent0@shop.example", "Agent", Role.MANAGER, True, "UTC", origin="cli")
    return portal, user


def case_id(number: int) -> str:
    return f"{random.Random(number).getrandbits(128):032x}"


def cases_of(merchant: str, people: list[str], cases: int) -> Iterator[dict[str, Any]]:
    chance, now = random.Random(7), utc_now()
    for number in range(cases):
        is_open = number >= cases - cases // OPEN_ONE_IN
        days = 45 * (cases - number) / (cases // OPEN_ONE_IN) if is_open else 45 + 365 * YEARS * (1 - number / cases)
        at = now - dt.timedelta(days=days)
        ends = months_after(at.date(), 1)
        state = chance.choice(OPEN if is_open else ENDED)
        yield {
            "id": case_id(number), "merchant_id": merchant, "year": at.year, "number": number + 1,
            "reference": f"T-{number:08}", "reference_key": f"t-{number:08}", "profile": "EU", "calendar": "",
            "zone": "UTC", "language": "", "channel": "email", "received_at": None, "received_on": at.date(),
            "sealed_name": None, "subject_index": f"{chance.getrandbits(256):064x}", "state": state,
            "assignee": chance.choice(people) if number % 3 else None, "target_on": ends, "last_lawful_on": ends,
            "due_on": ends, "extended_to": None, "closed_at": None if is_open else at + dt.timedelta(days=9),
            "closed_as": "" if is_open else state, "destroy_facts_after": None,
        }  # fmt: skip


def demands_of(merchant: str, cases: int) -> Iterator[dict[str, Any]]:
    for number in range(cases):
        yield {
            "case_id": case_id(number), "demand": "erasure" if number % 10 == 0 else "access", "merchant_id": merchant,
            "outcome": "open", "decided_by": None, "decided_at": None, "code": "",
        }  # fmt: skip


def identifiers_of(merchant: str, index: str, cases: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(9)
    for number in range(cases):
        wanted = number % max(1, cases // 100) == 0
        yield {
            "id": f"{chance.getrandbits(128):032x}", "merchant_id": merchant, "case_id": case_id(number), "number": 1,
            "kind": "email", "sealed_value": b"x", "export_id": None,
            "value_index": index if wanted else f"{chance.getrandbits(256):064x}", "standing": "claimed",
            "added_by": None, "added_at": utc_now(),
        }  # fmt: skip


def questions(portal: Portal, user: User, cases: int) -> dict[str, Callable[[], object]]:
    """What a person does on Cases, and what Today asks."""
    register, today = portal.case_register, utc_now().date()
    middle = register.list(user).after
    soon = today + dt.timedelta(days=7)
    overdue, due = CaseFilter(due_until=today - dt.timedelta(days=1)), CaseFilter(due_since=today, due_until=soon)
    unsettled = CaseFilter(states=frozenset({CaseState.RECEIVED, CaseState.IDENTIFYING}), due_since=soon)

    def ask(wanted: CaseFilter, size: int = 50) -> Callable[[], object]:
        return lambda: register.list(user, wanted, size=size)

    return {
        "first page": ask(CaseFilter()),
        "next page": lambda: register.list(user, CaseFilter(), after=middle),
        "ended": ask(CaseFilter(ended=True)),
        "state: one": ask(CaseFilter(states=frozenset({CaseState.WAITING_PERSON}))),
        "state: one, ended": ask(CaseFilter(ended=True, states=frozenset({CaseState.REFUSED}))),
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
        "Today": lambda: [
            (register.count(user, wanted), register.list(user, wanted, size=10)) for wanted in (overdue, due, unsettled)
        ],
    }


def compare(name: str, fresh: Callable[[], str], cases: int, runs: int) -> float:
    sides = []
    for count in (SMALL, cases):
        started = time.perf_counter()
        sides.append(filled(fresh(), count))
        print(f"{name}: filled {count:,} cases in {time.perf_counter() - started:.0f} s", flush=True)
    asked = [questions(portal, user, n) for (portal, user), n in zip(sides, (SMALL, cases), strict=True)]
    small, large = medians(asked, runs)
    for portal, _ in sides:
        portal.stop()
    print(f"\n{name:<24}{f'{SMALL:,} cases':>14}{f'{cases:,} cases':>18}   ratio (at most 1.5)")
    for question in small:
        print(line(question, small[question], large[question]))
    return max(large[question] / small[question] for question in small)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--only", choices=["", "sqlite", "postgresql"], default="")
    given = parser.parse_args()
    worst = 0.0
    with databases(given.only) as found:
        for name, fresh in found.items():
            worst = max(worst, compare(name, fresh, given.cases, given.runs))
    print(f"worst ratio of a question: {worst:.2f} (at most 1.5)")


if __name__ == "__main__":
    main()
