"""Shared by the tests of the clock: a case in one line, and the vectors."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.cases.clock import Clock, House, clock_of, laws_of, parse_events

VECTORS = Path(__file__).with_name("vectors.csv")


def rows() -> list[dict[str, str]]:
    with VECTORS.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


@pytest.fixture(scope="session")
def reckon() -> Callable[..., Clock]:
    """`reckon("EU", "DE", "2026-03-05", "identity_asked=2026-03-06")`."""

    def made(regime: str, calendar: str, received: str, events: str = "", house: House | None = None) -> Clock:
        on = dt.date.fromisoformat(received)
        return clock_of(laws_of(regime, calendar), on, parse_events(events, on, None), house or House())

    return made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vector" in metafunc.fixturenames:
        metafunc.parametrize("vector", rows(), ids=lambda row: row["id"])
