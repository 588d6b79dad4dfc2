"""Twelve sources of one case, from the press of the button to the last one settled; and with the worker killed.

The vendor is a process of its own that answers every question in 50 ms and counts what arrives. The sources: gift
cards by email (a POST and a file), the list of programs, cards by search, the gift cards' consent, the person in four
programs, of the one membership its data, its consents and its log, and the portal's own records, for which nobody is
asked: twelve requests.

Reference, in the same run and turn about, "the vendor's own time": the same twelve requests by bare httpx on one kept
connection, one after the other, none before its slot in the rate that the portal is allowed, nothing read or written.
So it holds the vendor's answers and the vendor's pace, and no work of ours. Measured at two rates: the edge's
(300 in 10 s, of which the portal uses 0.8; a burst of 30 covers one case) and a merchant's own of 600 a minute.

Then the worker is ended by SIGKILL when so many requests have arrived, and started again. `lost` counts sources that
are missing or still under way at the end, `repeated` the POSTs beyond one a case, as the vendor counted them.

    .venv/bin/python bench/complete_answer.py [--runs 15] [--kills 11]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests" / "crash"))

import httpx  # noqa: E402
from house import House  # noqa: E402
from pydantic import SecretStr  # noqa: E402
from sqlalchemy import func, select, update  # noqa: E402

from portal.cases.facts import Channel, Right  # noqa: E402
from portal.cases.services.intake import IdentifierKind, NewCase  # noqa: E402
from portal.composition import Portal  # noqa: E402
from portal.exports.core import rate_limit  # noqa: E402
from portal.exports.core.states import RUNNING as RUNNING_EXPORTS  # noqa: E402
from portal.practice.settings import MERCHANT_ONE_TOKEN  # noqa: E402
from portal.sources.kinds import RUNNING, TRAITS, SourceState  # noqa: E402
from portal.storage.answering.source_tables import CaseSource  # noqa: E402
from portal.storage.tables import Export, ExportResponse, Merchant, utc_now  # noqa: E402

ANSWER_SECONDS = 0.05
PROGRAMS = ("club", "tea", "books", "bakery")
MEMBER = "member-1"
SOURCES, REQUESTS = 12, 12
KEPT = SOURCES - 1  # the portal's own records are a line without a row
A_MINUTE = 600
PAUSE_SECONDS = 1.5  # between turns, so that a burst is free again
AGENT = "maya@brookandbean.example.com"


# The vendor --------------------------------------------------------------------------------------


class Vendor(BaseHTTPRequestHandler):
    """Answers after `ANSWER_SECONDS`; `/counts` at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    posts: ClassVar[Counter[str]] = Counter()
    arrived = 0
    lock = threading.Lock()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        email = str(body["customerEmail"])
        with self.lock:
            Vendor.posts[email] += 1
            Vendor.arrived += 1
        now = dt.datetime.now(dt.UTC)
        time.sleep(ANSWER_SECONDS)
        self._say(
            200,
            {
                "exportId": f"exp-{email}",
                "format": "json",
                "status": "completed",
                "requestedAt": now.isoformat(),
                "expiresAt": (now + dt.timedelta(hours=48)).isoformat(),
                "downloadUrl": f"http://{self.headers['Host']}/files/{email.encode().hex()}",
            },
        )

    def do_GET(self) -> None:
        if self.path == "/counts":
            self._say(200, {"posts": Vendor.posts, "arrived": Vendor.arrived})
            return
        with self.lock:
            Vendor.arrived += 1
        time.sleep(ANSWER_SECONDS)
        self._say(*_answer(self.path))

    def _say(self, status: int, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


def _answer(path: str) -> tuple[int, object]:
    place, _, query = path.partition("?")
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    last = place.rpartition("/")[2]
    if place.startswith("/files/"):
        email = bytes.fromhex(last).decode()
        return 200, {"customer": {"email": email}, "giftCards": [{"customerEmail": email, "balance": "1.10"}] * 20}
    if last == "programs":
        return 200, [{"id": name, "name": name.title()} for name in PROGRAMS]
    if last == "customers":
        mine = "/club/" in place
        return 200, [{"id": MEMBER, "email": asked["email"], "name": "Invented"}] if mine else []
    if last == "search":
        return 200, {"cards": [], "total": 0}
    if last == "export":
        return 200, {"customer": {"id": MEMBER}, "loyalty": {"points": 120}}
    if last == "consents":
        return 200, [{"consentType": "marketing_email", "granted": True}]
    if last == "audit-logs":
        return 200, {"items": [], "total": 0, "page": 1, "pages": 0, "limit": 200}
    return 404, {"detail": "none"}


def serve() -> None:
    """The vendor, until standard input ends."""
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


@contextmanager
def vendor() -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, __file__, "--vendor"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate("")


def counts(port: int) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"http://127.0.0.1:{port}/counts", trust_env=False).json()
    return found


# The vendor's own time ---------------------------------------------------------------------------


def bare(client: httpx.Client, email: str, limit: rate_limit.Limit) -> float:
    """Seconds of the twelve requests alone, each in its slot."""
    member = f"/v2/loyalty/programs/{PROGRAMS[0]}/customers/{MEMBER}"
    ask = {"format": "json", "customerEmail": email}
    gets = [
        "/v2/loyalty/programs",
        f"/v2/giftcards/programs/search?q={email}&page=1&limit=250",
        f"/v2/giftcards/gdpr/consent/lookup?customerEmail={email}",
        *(f"/v2/loyalty/programs/{name}/customers?email={email}&page=1&limit=250" for name in PROGRAMS),
        f"{member}/export?format=json",
        f"{member}/consents",
        f"/v2/giftcards/audit-logs?subjectId={MEMBER}&page=1&limit=200",
    ]
    started = time.perf_counter()
    link = client.post("/v2/giftcards/gdpr/export", json=ask).json()["downloadUrl"]
    for number, path in enumerate([link, *gets], 2):
        slot = started + max(0, number - 1 - limit.burst) * limit.interval
        time.sleep(max(0.0, slot - time.perf_counter()))
        client.get(path).read()
    return time.perf_counter() - started


# The portal --------------------------------------------------------------------------------------


def opened(portal: Portal, email: str) -> str:
    user = portal.accounts.user_for_account(AGENT, origin="cli")
    known = ((IdentifierKind.EMAIL, SecretStr(email)),)
    new = NewCase(identifiers=known, rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL)
    return str(portal.case_intake.open(user, new).case_id)


def collected(portal: Portal, case_id: str) -> float:
    """Seconds from the press to the last source settled, by the times of their own rows."""
    user = portal.accounts.user_for_account(AGENT, origin="cli")
    started = utc_now()
    portal.case_sources.collect(user, case_id)
    while (ended := _ended(portal, case_id)) is None:
        time.sleep(0.05)
    lines = portal.case_sources.lines(user, case_id).lines
    wrong = [(line.kind.value, line.state.value) for line in lines if not TRAITS[line.state].settled]
    if wrong or len(lines) != SOURCES:
        raise SystemExit(f"{len(lines)} sources, not settled: {wrong}")
    return (ended - started).total_seconds()


def _ended(portal: Portal, case_id: str) -> dt.datetime | None:
    with portal.db.read() as session:
        rows = session.execute(
            select(CaseSource.state, CaseSource.settled_at).where(CaseSource.case_id == case_id)
        ).all()
        exports = session.execute(select(Export.state, Export.inspected_at).where(Export.case_id == case_id)).all()
    ends = [at for _state, at in (*rows, *exports)]
    running = any(state in RUNNING for state, _at in rows) or not exports or any(at is None for at in ends)
    return None if running else max(ends)


def measured(port: int, a_minute: int | None, runs: int) -> tuple[float, float, float]:
    """Medians of the vendor's own time, of the portal's, and of its time on a core, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "house")
        house.furnish(port)
        portal = house.portal
        with portal.db.write() as session:
            session.execute(update(Merchant).values(requests_per_minute=a_minute))
            merchant = session.scalars(select(Merchant.id)).first()
            limits = rate_limit._limits(session, str(merchant), rate_limit.EDGE_REQUESTS)
        slowest = max(limits, key=lambda limit: limit.interval)
        portal.start_workers("cli")
        headers = {"authorization": f"Bearer {MERCHANT_ONE_TOKEN}"}
        alone, whole, cores = [], [], []
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
                for number in range(runs + 1):
                    alone.append(bare(client, f"bare.{a_minute}.{number}@example.com", slowest))
                    case_id = opened(portal, f"case.{a_minute}.{number}@example.com")
                    time.sleep(PAUSE_SECONDS)
                    on_a_core = time.process_time()
                    whole.append(collected(portal, case_id))
                    cores.append(time.process_time() - on_a_core)
        finally:
            house.close()
    # The first turn warms both sides up.
    return statistics.median(alone[1:]), statistics.median(whole[1:]), statistics.median(cores[1:])


# Killed ------------------------------------------------------------------------------------------


def killed(port: int, after: int) -> tuple[int, int, int]:
    """Ends the worker when `after` requests have arrived and starts it again. Sources lost, POSTs repeated, and
    sources that a person has to ask again."""
    email = f"killed.{after}@example.com"
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "house")
        house.furnish(port)
        before = counts(port)["arrived"]
        with house.process(collect=email) as process:
            while counts(port)["arrived"] < before + after and process.poll() is None:
                time.sleep(0.002)
            process.kill()
            process.communicate()
        if process.returncode != -9:
            raise SystemExit(f"the worker ended by itself, {process.returncode}, before request {after}")
        if house.run() != 0:
            raise SystemExit("the worker that was started again failed")
        with house.portal.db.read() as session:
            sources = [SourceState(one) for one in session.scalars(select(CaseSource.state))]
            exports = list(session.execute(select(Export.state, ExportResponse.accepted_at).join(Export.response)))
            running = sum(state in RUNNING for state in sources) + sum(state in RUNNING_EXPORTS for state, _ in exports)
            cases = session.scalar(select(func.count(func.distinct(CaseSource.case_id))))
        asked_again = sum(TRAITS[state].again for state in sources) + sum(at is None for _state, at in exports)
        house.close()
    lost = KEPT - len(sources) - len(exports) + running
    assert cases == 1
    return lost, counts(port)["posts"].get(email, 0) - 1, asked_again


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--kills", type=int, default=REQUESTS, help="how many of the twelve requests to be killed at")
    parser.add_argument("--vendor", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.vendor:
        serve()
        return
    figures: dict[str, float] = {}
    with vendor() as port:
        for name, a_minute in (("edge", None), ("merchant", A_MINUTE)):
            reference, ours, cpu = measured(port, a_minute, options.runs)
            figures |= {f"{name}_ratio": round(ours / reference, 3), f"{name}_cpu_ms": round(cpu * 1000)}
            print(
                f"{SOURCES} sources, {REQUESTS} requests, {name}'s rate: "
                f"the vendor's own time {reference * 1000:.0f} ms, portal {ours * 1000:.0f} ms, "
                f"{ours / reference:.2f} x (at most 1.3); of the portal's, {cpu * 1000:.0f} ms on a core",
                flush=True,
            )
        step = max(1, REQUESTS // max(1, options.kills))
        ends = {after: killed(port, after) for after in range(1, REQUESTS + 1, step)} if options.kills else {}
    for after, (lost, repeated, again) in ends.items():
        print(
            f"killed at request {after:>2}: lost {lost}, POSTs repeated {repeated}, for a person to ask again {again}"
        )
    lost, repeated, again = (sum(one[place] for one in ends.values()) for place in range(3))
    print(json.dumps({**figures, "kills": len(ends), "lost": lost, "repeated": repeated, "asked_again": again}))


if __name__ == "__main__":
    os.environ.pop("PORTAL_DATA_DIR", None)
    main()
