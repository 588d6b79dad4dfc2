"""A credential goes to the address it was given for: what a merchant types never gets another's token."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete

from portal.config import LOYALTYDOG_TOKENS, Settings
from portal.errors import InputErrors, NotConfigured
from portal.exports.core.vendor import Vendor
from portal.loyaltydog import LoyaltyDogError
from portal.storage.tables import Account, AuditEntry, Merchant

pytestmark = pytest.mark.keeps("SEC-46", "SEC-41")

ENVIRONMENT = {f"{name}": SecretStr(f"environment-{name}") for name in LOYALTYDOG_TOKENS}


@contextlib.contextmanager
def server(heard: list[dict[str, str]]) -> Iterator[str]:
    """Somebody's server: keeps the headers of each request, answers 403."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({k.lower(): v for k, v in self.headers.items()})
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.fixture
def heard() -> list[dict[str, str]]:
    return []


@pytest.fixture
def hostile(heard: list[dict[str, str]]) -> Iterator[str]:
    with server(heard) as base:
        yield base


@pytest.fixture
def save(desk: Any) -> Iterator[Callable[..., None]]:
    """Save merchant one's settings as its manager; put back afterwards."""
    maya = desk.user("maya")
    now = desk.portal.connection.merchant_settings(maya)
    columns = ("api_url", *(f"sealed_{name}" for name in LOYALTYDOG_TOKENS))
    with desk.portal.db.read() as session:
        merchant = session.get_one(Merchant, maya.merchant_id)
        before = {name: getattr(merchant, name) for name in columns}

    def put(**changes: Any) -> None:
        wanted: dict[str, Any] = {
            "api_url": now.api_url, "tokens": {}, "download_hosts": "\n".join(now.download_hosts),
            "retention_days": now.retention_days, "time_zone": now.time_zone, "requests_per_minute": None,
        }  # fmt: skip
        desk.portal.connection.save_settings(maya, **(wanted | changes))

    yield put
    with desk.portal.db.write() as session:
        merchant = session.get_one(Merchant, maya.merchant_id)
        for name, value in before.items():
            setattr(merchant, name, value)


def asked(desk: Any, heard: list[dict[str, str]], settings: Settings) -> dict[str, str]:
    """The headers of one call for merchant one under `settings`."""
    vendor = Vendor(settings, desk.portal.sealer)
    with desk.portal.db.read() as session:
        access = vendor.access(session, desk.user("maya").merchant_id)
    with pytest.raises(LoyaltyDogError):
        vendor.client(access.connection).whoami()
    return heard.pop()


def credentials_in(headers: dict[str, str]) -> list[str | None]:
    return [headers.get(name) for name in ("authorization", "x-eposn-merchant-token", "x-eposn-customer-token")]


def loopback(desk: Any, **changes: Any) -> Settings:
    return desk.portal.settings.model_copy(update={"allow_loopback_http": True, **changes})


def test_saved_tokens_are_all_sent_to_the_address_they_were_saved_with(
    desk: Any, save: Callable[..., None], hostile: str, heard: list[dict[str, str]]
) -> None:
    save(api_url=hostile, tokens={"api_token": "mine", "merchant_token": "m-1", "customer_token": "c-1"})
    assert credentials_in(asked(desk, heard, loopback(desk))) == ["Bearer mine", "m-1", "c-1"]
    assert desk.portal.connection.merchant_settings(desk.user("maya")).saved == frozenset(LOYALTYDOG_TOKENS)


def test_environment_tokens_never_reach_an_address_that_a_merchant_typed(
    desk: Any, save: Callable[..., None], hostile: str, heard: list[dict[str, str]]
) -> None:
    save(api_url=hostile, tokens={"api_token": "mine"})
    headers = asked(desk, heard, loopback(desk, **ENVIRONMENT))
    assert credentials_in(headers) == ["Bearer mine", None, None]
    assert "environment" not in repr(headers)


def test_the_environment_token_is_not_used_for_a_typed_address_without_a_token(
    desk: Any, save: Callable[..., None], hostile: str, heard: list[dict[str, str]]
) -> None:
    save(api_url=hostile, forget=["api_token"])
    with pytest.raises(NotConfigured), desk.portal.db.read() as session:
        Vendor(loopback(desk, **ENVIRONMENT), desk.portal.sealer).access(session, desk.user("maya").merchant_id)
    assert heard == []


def test_environment_tokens_serve_no_merchant_where_there_are_two(
    desk: Any, save: Callable[..., None], hostile: str, heard: list[dict[str, str]]
) -> None:
    save(api_url=hostile, tokens={"api_token": "mine"})
    headers = asked(desk, heard, loopback(desk, api_url=hostile, **ENVIRONMENT))
    assert credentials_in(headers) == ["Bearer mine", None, None]


def test_environment_tokens_go_to_the_environments_address_for_one_merchant(
    new_desk: Any, hostile: str, heard: list[dict[str, str]]
) -> None:
    with new_desk(workers=False) as alone:
        other = alone.user("maya", "two").merchant_id
        with alone.portal.db.write() as session:
            for table in (Account, AuditEntry):
                session.execute(delete(table).where(table.merchant_id == other))
            session.execute(delete(Merchant).where(Merchant.id == other))
        headers = asked(alone, heard, loopback(alone, api_url=hostile, **ENVIRONMENT))
    assert credentials_in(headers) == [
        "Bearer environment-api_token", "environment-merchant_token", "environment-customer_token",
    ]  # fmt: skip


def test_a_new_address_asks_for_every_saved_token_again(desk: Any, save: Callable[..., None], hostile: str) -> None:
    save(tokens={"merchant_token": "m-1"})
    with pytest.raises(InputErrors) as caught:
        save(api_url=hostile)
    assert [problem.field for problem in caught.value.problems] == ["api_token", "merchant_token"]
    save(api_url=hostile, tokens={"api_token": "new"}, forget=["merchant_token"])
    assert desk.portal.connection.merchant_settings(desk.user("maya")).saved == {"api_token"}


def test_a_removed_token_is_gone_and_the_trail_says_which(desk: Any, save: Callable[..., None]) -> None:
    save(tokens={"customer_token": "c-1"})
    save(forget=["customer_token"])
    with desk.portal.db.read() as session:
        merchant = session.get_one(Merchant, desk.user("maya").merchant_id)
        assert merchant.sealed_customer_token is None
    last = desk.portal.trail.entries(desk.user("maya")).rows[0]
    assert last.action == "merchant:settings" and last.facts["changed"] == ["customer_token"]


@pytest.mark.parametrize("name", LOYALTYDOG_TOKENS)
def test_a_token_that_cannot_be_sent_is_refused_beside_its_field(save: Callable[..., None], name: str) -> None:
    with pytest.raises(InputErrors) as caught:
        save(tokens={name: "two words"})
    assert [problem.field for problem in caught.value.problems] == [name]
