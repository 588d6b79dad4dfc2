"""Sources run on both pairs of stores, as exports do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from portal.cases.facts import Channel, ClosingReason, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.errors import InputError
from portal.sources.views import SourceList
from tests.exports.conftest import desk as desk

PATIENCE_SECONDS = 90


def open_on(desk: Any, merchant: str = "one", **known: str) -> str:
    """Open a case known by these: `email=…, phone=…, customer_id=…`."""
    identifiers = tuple((IdentifierKind(kind), SecretStr(value)) for kind, value in known.items())
    new = NewCase(identifiers=identifiers, rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL)
    case = desk.portal.case_intake.open(desk.user("maya", merchant), new)
    assert not case.joined
    return str(case.case_id)


def settle_on(desk: Any, case_id: str, merchant: str = "one") -> SourceList:
    """Wait until nothing of a case goes on by itself."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        found: SourceList = desk.portal.case_sources.lines(desk.user("maya", merchant), case_id)
        if not found.running:
            return found
        assert time.monotonic() < end, [(line.kind, line.state) for line in found.lines if line.running]
        time.sleep(0.05)


def collect_on(desk: Any, **known: str) -> str:
    """A case whose sources have all ended."""
    case_id = open_on(desk, **known)
    desk.portal.case_sources.collect(desk.user(), case_id)
    settle_on(desk, case_id)
    return case_id


@pytest.fixture
def opened(desk: Any) -> Iterator[Callable[..., str]]:
    """`open_on` this portal. The case is closed after the test, so that the next one's is another."""
    cases: list[tuple[str, str]] = []

    def opening(merchant: str = "one", **known: str) -> str:
        cases.append((merchant, open_on(desk, merchant, **known)))
        return cases[-1][1]

    yield opening
    for merchant, case_id in cases:
        with contextlib.suppress(InputError):  # closed by the test
            desk.portal.case_file.close(desk.user("maya", merchant), case_id, ClosingReason.NO_REQUEST)


@pytest.fixture
def settle(desk: Any) -> Callable[..., SourceList]:
    """`settle_on` this portal."""
    return lambda case_id, merchant="one": settle_on(desk, case_id, merchant)
