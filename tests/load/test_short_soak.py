"""Tabs that come and go leave nothing behind: thousands of connects against the real application under uvicorn.

No timings; what is asserted is the memory of the serving process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random

import pytest

from bench.load import Tally, day
from bench.servers import Server, portal
from bench.signing_in import sign_in
from bench.wire import Tab, TabError

MIB = 1024 * 1024
CYCLES = 1_500
WARM_CYCLES = 200
AT_ONCE = 20
GROWTH_MIB = 40.0
"""Tabs of 0.3 MiB each that stayed would be 450."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with portal(60, STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL="1") as running:
        yield running


async def come_and_go(server: Server, cookie: str, cycles: int) -> None:
    """Sockets opened and closed; every tenth draws its page first."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            tab = Tab(server.origin, cookie=cookie)
            await (tab.open() if number % 10 == 0 else tab.connect())
            await tab.close()

    await asyncio.gather(*(one(number) for number in range(cycles)))


def test_thousands_of_tabs_that_come_and_go_leave_memory_level(server: Server) -> None:
    async def soak() -> tuple[int, int]:
        cookie = await sign_in(server.origin)
        await come_and_go(server, cookie, WARM_CYCLES)
        await asyncio.sleep(2)
        before = server.memory()
        await come_and_go(server, cookie, CYCLES)
        await asyncio.sleep(2)
        return before, server.memory()

    before, after = asyncio.run(soak())
    assert (after - before) / MIB < GROWTH_MIB
    assert server.alive()


def test_a_person_does_a_days_work_without_an_error(server: Server) -> None:
    """Every step of `bench/load.py think`, so that the harness knows the screens."""

    async def whole_day() -> Tally:
        tab, tally = Tab(server.origin, cookie=await sign_in(server.origin), live=True), Tally()
        await tab.open()
        for screen, act in day(server, tab, Random(2)):  # this seed also asks for an export
            await tally.step(screen, act())
        await tab.close()
        return tally

    tally = asyncio.run(whole_day())
    assert not tally.errors
    assert "new export: submit" in tally.seconds
    assert "preview: search" in tally.seconds


def test_a_page_that_is_not_there_is_an_error_of_the_harness(server: Server) -> None:
    async def wrong() -> None:
        tab = Tab(server.origin, cookie=await sign_in(server.origin))
        await tab.open()
        try:
            await tab.go("no_such_page")
        finally:
            await tab.close()

    with pytest.raises(TabError, match="no page"):
        asyncio.run(wrong())
