"""The clock of a case: cases a second on one core, against the naive way of the same two first days.

    python bench/cases_clock.py [--cases 100000]

Reference: `dateutil.relativedelta` for the month and `holidays` for the next working day, asked as their documents show
it (one list a country kept, a day looked up in it), without steps, pauses, more time or a second date. Both take the
EU's vectors of tests/cases in turn, in the same run; processor time, best of three.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import holidays
from dateutil.relativedelta import relativedelta

from portal.cases.clock import Law, clock_of, laws_of, parse_events
from portal.cases.clock.events import Event

VECTORS = Path(__file__).resolve().parents[1] / "tests" / "cases" / "clock" / "vectors.csv"
Case = tuple[tuple[Law, ...], dt.date, tuple[Event, ...]]


def rows() -> list[dict[str, str]]:
    with VECTORS.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def cases(chosen: list[dict[str, str]]) -> list[Case]:
    made = []
    for row in chosen:
        received = dt.date.fromisoformat(row["received_on"])
        made.append((laws_of(row["regime"], row["calendar"]), received, parse_events(row["events"], received, None)))
    return made


def naive_lists(chosen: list[dict[str, str]]) -> list[tuple[dt.date, holidays.HolidayBase]]:
    lists = {}
    for name in {row["calendar"] for row in chosen}:
        country, _, region = name.partition("-")
        lists[name] = holidays.country_holidays(country, subdiv=region or None)
    return [(dt.date.fromisoformat(row["received_on"]), lists[row["calendar"]]) for row in chosen]


def naive(received: dt.date, off: holidays.HolidayBase) -> tuple[dt.date, dt.date]:
    end = last = received + relativedelta(months=1)
    while last.weekday() >= 5 or last in off:
        last += dt.timedelta(days=1)
    return end, last


def rate(act: Callable[[], int], count: int) -> float:
    """Cases a second of processor time."""
    act()  # lists are read once a process
    best = 0.0
    for _ in range(3):
        done, started = 0, time.process_time()
        while done < count:
            done += act()
        best = max(best, done / (time.process_time() - started))
    return best


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=100_000)
    count = parser.parse_args().cases
    every = rows()
    of_eu = [row for row in every if row["regime"] == "EU" and row["calendar"]]
    all_cases, eu_cases, plain = cases(every), cases(of_eu), naive_lists(of_eu)

    def clocks(chosen: list[Case]) -> Callable[[], int]:
        return lambda: len([clock_of(*case) for case in chosen])

    ours_all, ours_eu = rate(clocks(all_cases), count), rate(clocks(eu_cases), count)
    reference = rate(lambda: len([naive(*one) for one in plain]), count)
    print(f"clock(), all vectors          {ours_all:10,.0f} a second")
    print(f"clock(), the EU's             {ours_eu:10,.0f} a second")
    print(f"relativedelta and holidays    {reference:10,.0f} a second, first period only")
    print(json.dumps({"a_second": round(ours_all), "times_naive": round(ours_eu / reference, 2)}))


if __name__ == "__main__":
    main()
