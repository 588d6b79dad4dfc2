"""Starts the practice merchant as a real process, with its waits shortened, and talks to it over HTTP."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.practice.invented.situations import SITUATIONS, Situation
from portal.practice.settings import MERCHANT_ONE_TOKEN, MERCHANT_TWO_TOKEN

REPOSITORY = Path(__file__).resolve().parents[2]
SHORT_WAITS = (
    *("--slow-seconds", "0.2"),
    *("--drip-seconds", "0.2"),
    *("--silence-seconds", "30"),
    *("--retry-after", "1"),
    *("--expires-soon", "0.6"),
    *("--large-bytes", "200000"),
)
TOKENS = {"one": MERCHANT_ONE_TOKEN, "two": MERCHANT_TWO_TOKEN}


@dataclass(frozen=True)
class Practice:
    """A running practice merchant."""

    base: str
    process: subprocess.Popen[str]

    def client(self, token: str | None = MERCHANT_ONE_TOKEN, timeout: float = 10) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Reading the certificate store would take longer than the calls.
        return httpx.Client(base_url=self.base, headers=headers, timeout=timeout, trust_env=False, verify=False)

    def situation(self, key: str) -> Situation:
        return next(situation for situation in SITUATIONS if situation.key == key)

    def ask(self, key: str, *, format_: str | None = None, timeout: float = 10, **query: str) -> httpx.Response:
        """POST the export of a situation's customer."""
        situation = self.situation(key)
        body = {"customerEmail": situation.email, "format": format_ or situation.format}
        with self.client(TOKENS[situation.merchant], timeout) as client:
            return client.post("/v2/giftcards/gdpr/export", json=body, params=query)

    def fetch(self, key: str, answer: httpx.Response) -> httpx.Response:
        """Fetch the file behind an answer, with the bearer on the API host only."""
        url = httpx.URL(self.base).join(answer.json()["downloadUrl"])
        token = TOKENS[self.situation(key).merchant] if str(url).startswith(self.base) else None
        with self.client(token) as client:
            return client.get(url)

    def file_of(self, key: str, *, format_: str | None = None, **query: str) -> httpx.Response:
        """Ask and fetch."""
        return self.fetch(key, self.ask(key, format_=format_, timeout=10, **query))

    def counts(self) -> dict[str, Any]:
        with self.client(None) as client:
            found: dict[str, Any] = client.get("/_practice/counts").json()
            return found


@contextlib.contextmanager
def run_practice(*options: str) -> Iterator[Practice]:
    command = [sys.executable, "-m", "portal.practice", "--port", "0", *SHORT_WAITS, *options]
    process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("practice merchant ready on http://127.0.0.1:"), line + process.stderr.read()
        yield Practice(line.split()[-1], process)
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture(scope="session")
def running_practice() -> Iterator[Practice]:
    with run_practice() as practice:
        yield practice


@pytest.fixture
def practice(running_practice: Practice) -> Practice:
    """The session's practice merchant, with everything forgotten that earlier tests did to it."""
    with running_practice.client(None) as client:
        client.post("/_practice/reset").raise_for_status()
    return running_practice


@pytest.fixture(scope="session")
def start_practice() -> Callable[..., contextlib.AbstractContextManager[Practice]]:
    """Start one more practice merchant with options of one's own."""
    return run_practice
