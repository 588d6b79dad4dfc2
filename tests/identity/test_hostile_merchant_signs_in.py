"""Two merchants, one of them hostile: a server that its manager names speaks for nobody of the other."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
import pytest

from portal.config import Settings
from portal.errors import PortalError
from portal.identity import Role, SignInRefused, VendorPending, VendorSignedIn
from portal.storage.engine import Database
from portal.storage.tables import LoginSession, Merchant
from tests.identity.services import Services

pytestmark = pytest.mark.keeps("SEC-38", "SEC-41", "ASVS-6.3.4")

VICTIM, ACCOMPLICE = "boss@one.example", "thief@two.example"
HERE, SECRET = "203.0.113.5", "the-victims-own-loyaltydog-password"


@dataclass
class Liar:
    """A server that says yes to everything. `owner`: whom it calls the token's owner; `asks_code`: it asks for one."""

    owner: str = VICTIM
    asks_code: bool = False
    base_url: str = ""
    heard: list[str] = field(default_factory=list)

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("/mfa-verify"):
            return {"accessToken": "liars-token", "tokenType": "bearer"}
        if path.endswith("/token") and self.asks_code:
            return {"mfaPending": True, "pendingToken": "half"}
        return {"accessToken": "liars-token", "tokenType": "bearer", "id": "5" * 24, "email": self.owner}


@contextlib.contextmanager
def listening(liar: Liar) -> Iterator[Liar]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            liar.heard.append(f"{self.command} {self.path} {body.decode(errors='replace')}")
            said = liar.answer(self.path) if self.command == "POST" else liar.answer("/whoami")
            content = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    liar.base_url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def liar() -> Iterator[Liar]:
    with listening(Liar()) as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, allow_loopback_http=True, answer_seconds=10)


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.identity.factors.loyaltydog_sign_in.REFUSED_STEP_SECONDS", 0.01)


@pytest.fixture
def portal(identity: Services, people: Any, database: Database, liar: Liar) -> Services:
    """The victim is a manager invited at shop one; shop two's manager saved the liar's address."""
    invite(identity, people, VICTIM, "one")
    invite(identity, people, ACCOMPLICE, "two")
    address_of(database, people, "two", liar.base_url)
    return identity


def invite(identity: Services, people: Any, email: str, shop: str) -> str:
    return identity.accounts.invite(
        people.user("manager", shop), email=email, name="", role=Role.MANAGER, password=None, method="loyaltydog"
    )


def address_of(database: Database, people: Any, shop: str, url: str) -> None:
    with database.write() as db:
        db.get_one(Merchant, people.merchants[shop]).api_url = url


def signed_in(portal: Services, email: str) -> VendorPending | VendorSignedIn | None:
    try:
        return portal.loyaltydog_sign_in.vendor_sign_in(email, SECRET, address=HERE)
    except PortalError:
        return None


def test_the_liar_does_not_open_the_victims_account(portal: Services, database: Database) -> None:
    assert signed_in(portal, VICTIM) is None
    with database.read() as db:
        assert db.query(LoginSession).count() == 0


def test_the_victims_password_never_reaches_the_other_merchants_server(portal: Services, liar: Liar) -> None:
    """Shop two alone has saved an address: it is not the address of people of shop one."""
    signed_in(portal, VICTIM)
    signed_in(portal, "nobody@elsewhere.example")
    assert liar.heard == []


def test_the_accomplice_does_not_become_the_victim(portal: Services, liar: Liar, trail: Callable[[str], Any]) -> None:
    """The liar is asked for its own merchant's person, and answers with the victim's email."""
    assert signed_in(portal, ACCOMPLICE) is None
    assert liar.heard, "the server was asked"
    assert trail("session:refused")[-1].facts["reason"] == "other_owner"


def test_the_liar_opens_its_own_merchants_account_without_a_factor(portal: Services, liar: Liar, people: Any) -> None:
    liar.owner, liar.asks_code = ACCOMPLICE, True
    pending = signed_in(portal, ACCOMPLICE)
    assert isinstance(pending, VendorPending)
    found = portal.loyaltydog_sign_in.vendor_code(pending, "000000", address=HERE)
    assert (found.account.merchant_id, found.second_factor) == (people.merchants["two"], False)
    assert found.account.second_factor == "enrol", "the merchant's own policy holds"


def test_a_lying_servers_code_does_not_replace_an_enrolled_factor(
    portal: Services, liar: Liar, people: Any, database: Database
) -> None:
    liar.owner, liar.asks_code = ACCOMPLICE, True
    account = known_account(portal, liar)
    enrolment = portal.second_factor.new_totp(account)
    portal.second_factor.confirm_totp(account, enrolment, pyotp.TOTP(enrolment.secret).now(), address=HERE)
    assert known_account(portal, liar).second_factor == "code"


def known_account(portal: Services, liar: Liar) -> Any:
    pending = signed_in(portal, ACCOMPLICE)
    assert isinstance(pending, VendorPending)
    return portal.loyaltydog_sign_in.vendor_code(pending, "000000", address=HERE).account


def test_a_pending_sign_in_works_for_its_own_person_only(portal: Services, liar: Liar) -> None:
    liar.asks_code = True
    pending = signed_in(portal, ACCOMPLICE)
    assert isinstance(pending, VendorPending)
    with pytest.raises(SignInRefused):  # the liar names the victim as the owner
        portal.loyaltydog_sign_in.vendor_code(pending, "000000", address=HERE)


def test_invited_and_other_addresses_are_refused_alike(
    portal: Services, liar: Liar, people: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words, next step, and the time: one waits for a server that answers late, the other for nobody."""
    step = 1.0
    monkeypatch.setattr("portal.identity.factors.loyaltydog_sign_in.REFUSED_STEP_SECONDS", step)
    honest = liar.answer
    monkeypatch.setattr(liar, "answer", lambda path: time.sleep(0.2) or honest(path))
    said, took = set(), []
    for email in (ACCOMPLICE, "nobody@elsewhere.example"):
        began = time.monotonic()
        with pytest.raises(SignInRefused) as refused:
            portal.loyaltydog_sign_in.vendor_sign_in(email, SECRET, address=HERE)
        took.append((time.monotonic() - began) / step)
        said.add((refused.value.message, refused.value.next_step, refused.value.code))
    assert len(said) == 1
    assert all(steps % 1 >= 0.999 or steps % 1 < 0.4 for steps in took), f"not a whole number of steps: {took}"


@pytest.mark.parametrize("email", [VICTIM, ACCOMPLICE, "nobody@elsewhere.example"])
def test_each_try_is_charged_whoever_is_invited(portal: Services, email: str) -> None:
    tries = 0
    with pytest.raises(PortalError) as last:
        while tries < 20:
            tries += 1
            try:
                portal.loyaltydog_sign_in.vendor_sign_in(email, SECRET, address=HERE)
            except SignInRefused:
                continue
    assert last.value.code == "try_later" and tries <= 8
