"""How much the portal adds to one export: submit to `ready`, against the same POST and GET done bare.

Reference, in the same run and turn about: httpx POST, httpx GET, pandas.read_json, nothing written.
The practice merchant runs as a process and answers in 50 ms. Prints the median of each and the ratio.

    .venv/bin/python bench/export_overhead.py [--runs 30]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
import pandas as pd  # noqa: E402

from portal.composition import build_portal  # noqa: E402
from portal.config import Settings  # noqa: E402
from portal.exports import State, parse_request  # noqa: E402
from portal.practice.settings import MERCHANT_ONE_TOKEN  # noqa: E402
from portal.practice_start import seed_practice  # noqa: E402

LATENCY_MS = 50
CUSTOMER = "many.cards@example.com"
WANTED_BYTES = 100_000


def practice(port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.practice", "--port", str(port), "--latency-ms", str(LATENCY_MS)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{port}/_practice/health", timeout=1)
            return process
        except httpx.HTTPError:
            time.sleep(0.05)
    raise SystemExit("the practice merchant did not start")


def scope_near_100_kb(client: httpx.Client) -> str:
    """The program of the customer whose export is nearest to 100 KB."""
    sizes = {}
    for program in client.get("/v2/loyalty/programs").json():
        sizes[program["id"]] = len(bare(client, program["id"])[1])
    return min(sizes, key=lambda program: abs(sizes[program] - WANTED_BYTES))


def bare(client: httpx.Client, program: str) -> tuple[float, bytes]:
    """Seconds and body of the job without a portal: POST, GET, read_json."""
    started = time.perf_counter()
    answer = client.post(
        "/v2/giftcards/gdpr/export",
        params={"programId": program},
        json={"format": "json", "customerEmail": CUSTOMER},
    ).json()
    same_origin = answer["downloadUrl"].startswith(str(client.base_url).rstrip("/"))
    body = (client if same_origin else httpx).get(answer["downloadUrl"]).content
    pd.read_json(io.BytesIO(json.dumps(json.loads(body)["giftCards"]).encode()))
    return time.perf_counter() - started, body


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--port", type=int, default=18650)
    options = parser.parse_args()
    server = practice(options.port)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(mode="practice", data_dir=Path(folder))
        portal = build_portal(settings)
        seed_practice(portal, options.port)
        portal.start_workers("cli")
        user = portal.accounts.user_for_account("sam@brookandbean.example.com", origin="cli")
        headers = {"authorization": f"Bearer {MERCHANT_ONE_TOKEN}"}
        client = httpx.Client(base_url=f"http://127.0.0.1:{options.port}", headers=headers)
        try:
            program = scope_near_100_kb(client)
            request = parse_request(email=CUSTOMER, program_id=program, format="json")
            alone, whole, size = [], [], 0
            for _ in range(options.runs + 2):
                seconds, _ = bare(client, program)
                alone.append(seconds)
                started = time.perf_counter()
                export = portal.submissions.submit(user, request, force=True)
                while (view := portal.history.get(user, export)).running:
                    time.sleep(0.002)
                whole.append(time.perf_counter() - started)
                if view.state is not State.READY or view.size_bytes is None:
                    raise SystemExit(f"ended {view.state}: {view.problem_code}")
                size = view.size_bytes
            alone, whole = alone[2:], whole[2:]  # the first turns warm both sides up
        finally:
            client.close()
            portal.stop()
            server.terminate()
            server.wait()
    reference, ours = statistics.median(alone), statistics.median(whole)
    print(f"export of {size:,} bytes, vendor answering in {LATENCY_MS} ms, median of {options.runs}")
    print(f"bare httpx + pandas  {reference * 1000:7.1f} ms")
    print(f"portal, to ready     {ours * 1000:7.1f} ms")
    print(f"ratio                {ours / reference:7.2f}  (at most 3)")


if __name__ == "__main__":
    os.environ.pop("PORTAL_DATA_DIR", None)
    main()
