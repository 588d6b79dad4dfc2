"""A flood of the page on which people ask for themselves: junk forms for a minute, real people between them who ask,
get their code by mail and type it. A signed-in person works beside both; the reference is their clicks before.

    python bench/front_door.py [--junk 10000] [--seconds 60] [--people 10] [--addresses 1000]

Junk is of four kinds in turn: with the field filled in that people do not see, without what a form brings along, with a
forged one, and with a kept one of our own, over and over. None waits for a code, so none can type one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench.seeding import seed  # noqa: E402
from bench.servers import Server, free_port, portal, wait_until_warm  # noqa: E402
from bench.signing_in import sign_in  # noqa: E402
from bench.wire import Tab  # noqa: E402

ASK = "/ask/brook-and-bean"
CLICKS = 8
TYPING_SECONDS = 4.0
MAIL_SECONDS = 60.0
FORM = re.compile(r'name="form" value="([^"]+)"')
CODE = re.compile(r"\b(\d{6})\b")


async def http(
    origin: str, method: str, path: str, address: str, fields: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Status, `Location`, body; one connection a request."""
    host = origin.partition("//")[2]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.rpartition(":")[2]))
    body = urlencode(fields or {})
    heads = [
        f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", f"X-Forwarded-For: {address}",
        "Sec-Fetch-Site: same-origin", "Origin: null", "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]  # fmt: skip
    writer.write("\r\n".join([*heads, "", body]).encode())
    answer = (await reader.read()).decode(errors="replace")
    writer.close()
    head, _, text = answer.partition("\r\n\r\n")
    location = re.search(r"(?im)^location: (\S+)", head)
    return int(head.split(" ")[1]), location[1] if location else "", text


def asked(email: str, form: str, **more: str) -> dict[str, str]:
    return {"demand": "copy", "email": email, "note": "", "form": form, "website": "", "language": "en"} | more


async def junk(origin: str, count: int, seconds: float, addresses: int, kept: str) -> Counter[int]:
    """Evenly over the time, whatever the answers take."""
    forged = f"{kept[:-1]}{'0' if kept[-1] != '0' else '1'}"
    kinds = ({"website": "https://spam.example"}, {"form": ""}, {"form": forged}, {})
    told: Counter[int] = Counter()

    async def one(number: int) -> None:
        address = f"10.{50 + number % addresses // 250}.7.{number % addresses % 250 + 1}"
        fields = asked(f"junk.{number}@example.com", kept) | kinds[number % len(kinds)]
        try:
            told[(await http(origin, "POST", ASK, address, fields))[0]] += 1
        except (OSError, IndexError, ValueError):
            told[0] += 1

    begun, running = time.perf_counter(), []
    for number in range(count):
        wait = begun + number * seconds / count - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        running.append(asyncio.create_task(one(number)))
    await asyncio.gather(*running)
    return told


async def patiently(
    tries: Counter[str], origin: str, method: str, path: str, address: str, fields: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """As a person with a browser: what breaks off is tried again after a second, and counted."""
    for _ in range(5):
        try:
            return await http(origin, method, path, address, fields)
        except (OSError, IndexError, ValueError):
            tries["again"] += 1
            await asyncio.sleep(1.0)
    return 0, "", ""


async def person(origin: str, mailbox: str, number: int, after: float, tries: Counter[str]) -> str:
    """Where it ended; `in` is the end that counts."""
    await asyncio.sleep(after)
    email, address = f"real.{number}@example.com", f"10.99.1.{number + 1}"
    status, _, page = await patiently(tries, origin, "GET", ASK, address)
    form = FORM.search(page)
    if status != 200 or form is None:
        return f"form {status}"
    await asyncio.sleep(TYPING_SECONDS)
    status, mine, _ = await patiently(tries, origin, "POST", ASK, address, asked(email, form[1]))
    if status != 303:
        return f"asked {status}"
    end = time.perf_counter() + MAIL_SECONDS
    while time.perf_counter() < end:
        await asyncio.sleep(1.0)
        _, _, mails = await http(mailbox, "GET", "/_practice/mails.json", address)
        start = mails.find("[")
        found = [mail for mail in json.loads(mails[start : mails.rfind("]") + 1]) if mail["to"] == email]
        code = CODE.search(found[-1]["text"]) if found else None
        if code is not None:
            status, _, _ = await patiently(tries, origin, "POST", mine, address, {"code": code[1]})
            return "in" if status == 303 else f"code {status}"
    return "no mail"


async def measure(server: Server, mailbox: str, options: argparse.Namespace) -> dict[str, Any]:
    tab = Tab(server.origin, cookie=await sign_in(server.origin), live=True)
    await tab.open()
    quiet = [await tab.go("past_exports" if number % 2 else "new_export") for number in range(CLICKS + 4)][4:]
    kept = FORM.search((await http(server.origin, "GET", ASK, "10.99.2.1"))[2])
    assert kept is not None, "the practice merchant's page is shut"
    step = options.seconds / max(options.people, 1)
    tries: Counter[str] = Counter()
    people = [
        asyncio.create_task(person(server.origin, mailbox, number, number * step, tries))
        for number in range(options.people)
    ]
    busy, begun = server.cpu_seconds(), time.perf_counter()
    flood = asyncio.create_task(junk(server.origin, options.junk, options.seconds, options.addresses, kept[1]))
    beside: list[float] = []
    while not flood.done():
        beside.append(await tab.go("past_exports" if len(beside) % 2 else "new_export"))
        await asyncio.sleep(0.2)
    busy, seconds = server.cpu_seconds() - busy, time.perf_counter() - begun
    told, ends = await flood, Counter(await asyncio.gather(*people))
    await tab.close()
    return {
        "bench": "front_door",
        "junk": options.junk,
        "junk_answers": {str(status): count for status, count in sorted(told.items())},
        "people": options.people,
        "people_in": ends["in"],
        "people_lost": options.people - ends["in"],
        "people_ends": dict(ends),
        "people_tried_again": tries["again"],
        "click_ratio": round(statistics.median(beside) / statistics.median(quiet), 2),
        "core_share": round(busy / seconds, 2),
        "core_ms_a_form": round(busy * 1000 / options.junk, 2),
        "click_quiet_ms": round(statistics.median(quiet) * 1000),
    }


def cases(folder: Path) -> int:
    """Those that came from the page."""
    database = folder / "data" / "portal.sqlite3"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as open_database:
        return int(open_database.execute("select count(*) from cases where channel = 'form'").fetchone()[0])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--junk", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--addresses", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-front-door-") as name:
        folder = Path(name)
        seed(folder / "data", free_port(), 60)
        with portal(0, folder=folder) as server:
            wait_until_warm(server)
            mailbox = re.search(r"(http://127\.0\.0\.1:\d+)/_practice/mails", server.log.read_text())
            assert mailbox is not None, "the demo says where its mailbox is"
            found = asyncio.run(measure(server, mailbox[1], options))
            found["cases"] = cases(folder)
            found["junk_cases"] = found["cases"] - found["people_in"]
        print(json.dumps(found))


if __name__ == "__main__":
    main()
