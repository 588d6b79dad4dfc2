"""SEC-33: a proof of identity changes the cookie's value; whoever holds the old one is out at once."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from portal.web.gate.visit import browser_hash

pytestmark = pytest.mark.keeps("SEC-33")

SAME = {"sec-fetch-site": "same-origin", "sec-fetch-dest": "image"}


@pytest.fixture
def browser(server) -> Iterator[httpx.Client]:
    """A signed-in browser: its nonce and its session cookie in one jar."""
    with server.client(**{"sec_fetch_site": "same-origin"}) as client:
        client.get("/_stcore/host-config")
        ticket = server.replica.tickets.issue_ticket(server.ids["agent@one"], browser=nonce_of(client))
        client.get("/auth/start", params={"ticket": ticket})
        yield client


def nonce_of(client: httpx.Client) -> str:
    return browser_hash(client.cookies["portal_browser"])


def value_of(client: httpx.Client) -> str:
    return str(client.cookies["portal_session"])


def prove(server, client: httpx.Client, socket: str = "") -> str:
    user = server.replica.sessions.check_cookie(value_of(client), touch=False).user
    return server.replica.step_up.confirm_identity(user, server.password, browser=nonce_of(client), socket=socket)


def fetch(client: httpx.Client, ticket: str, **headers: str) -> httpx.Response:
    return client.get("/auth/renew", params={"ticket": ticket}, headers=SAME | headers)


def test_a_proof_changes_the_cookie_value_and_keeps_the_session(server, browser) -> None:
    old = value_of(browser)
    before = server.replica.sessions.check_cookie(old, touch=False).user
    answer = fetch(browser, prove(server, browser))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["cache-control"] == "no-store"
    made = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("portal_session="))
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {p.strip() for p in made.split(";")}
    new = value_of(browser)
    assert new != old
    assert server.replica.sessions.check_cookie(old, touch=False).user is None
    after = server.replica.sessions.check_cookie(new, touch=False).user
    assert (after.session_hash, after.account_id) == (before.session_hash, before.account_id)
    assert after.proof_at > before.proof_at


def test_until_the_browser_has_fetched_it_no_cookie_opens_the_session(server, browser) -> None:
    ticket = prove(server, browser)
    assert server.replica.sessions.check_cookie(value_of(browser), touch=False).user is None
    assert server.replica.sessions.check_cookie(f"renewing:{ticket}", touch=False).user is None
    assert browser.get("/register.csv").status_code in {401, 403}
    fetch(browser, ticket)
    assert server.replica.sessions.check_cookie(value_of(browser), touch=False).user is not None


def test_a_renewal_works_once_and_only_in_the_browser_that_proved(server, browser) -> None:
    ticket = prove(server, browser)
    with server.client() as thief:
        thief.get("/_stcore/host-config")
        assert fetch(thief, ticket).status_code == 403
        assert "portal_session" not in thief.cookies
    assert fetch(browser, ticket).status_code == 200
    now = value_of(browser)
    assert fetch(browser, ticket).status_code == 403
    assert value_of(browser) == now


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_another_site_cannot_fetch_it(server, browser, site: str) -> None:
    assert fetch(browser, prove(server, browser), **{"sec-fetch-site": site}).status_code == 403


def test_a_renewal_of_a_session_that_ended_meanwhile_gives_nothing(server, browser) -> None:
    user = server.replica.sessions.check_cookie(value_of(browser), touch=False).user
    ticket = prove(server, browser)
    server.replica.sessions.end_session(user.session_hash)
    assert fetch(browser, ticket).status_code == 403


def test_after_a_proof_only_its_page_keeps_the_old_cookie_value(server, browser, open_page) -> None:
    old = value_of(browser)
    with open_page(old) as proving, open_page(old) as thief:
        socket = proving.rerun().texts["socket"]
        assert thief.rerun().texts["socket"] != socket
        fetch(browser, prove(server, browser, socket))
        assert proving.rerun().texts["who"] == "agent@one.example"
        with pytest.raises(ConnectionClosed) as closed:
            thief.rerun()
        assert closed.value.rcvd.code == 1008
    with open_page(old) as again:
        assert again.rerun().texts["who"] == "nobody"
    with open_page(value_of(browser)) as page:
        assert page.rerun().texts["who"] == "agent@one.example"


def test_another_tab_goes_on_with_the_new_cookie_value(server, browser, open_page) -> None:
    with open_page(value_of(browser)) as tab:
        mark = tab.rerun().texts["mark"]
        fetch(browser, prove(server, browser, "another"))
        with pytest.raises(ConnectionClosed):
            tab.rerun()
    with open_page(value_of(browser), resume=tab.session_id) as resumed:
        resumed.rerun()
    assert resumed.texts["mark"] == mark


def test_a_visitor_cannot_name_a_socket(server, browser, open_page) -> None:
    with open_page(value_of(browser)) as page:
        socket = page.rerun().texts["socket"]
        with open_page(value_of(browser), headers={"X-Portal-Socket": socket}) as liar:
            assert liar.rerun().texts["socket"] != socket


def test_an_idle_page_with_the_old_cookie_value_is_closed(server, browser, open_page) -> None:
    with open_page(value_of(browser)) as proving, open_page(value_of(browser)) as silent:
        socket = proving.rerun().texts["socket"]
        silent.rerun()
        fetch(browser, prove(server, browser, socket))
        with pytest.raises(ConnectionClosed):
            while silent.socket.recv(timeout=15):
                pass
        assert proving.rerun().texts["who"] == "agent@one.example"
