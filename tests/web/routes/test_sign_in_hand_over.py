from __future__ import annotations

from hashlib import sha256

import httpx
import pytest

from portal.identity.tickets import SIGN_OUT
from portal.web.gate.visit import browser_hash

pytestmark = pytest.mark.keeps("SEC-32", "SEC-33", "SEC-40")

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def browser(server):
    """A client that has fetched the nonce as the front end does."""
    with server.client(**{"sec_fetch_site": "same-origin"}) as client:
        client.get("/_stcore/host-config")
        yield client


def nonce_of(client: httpx.Client) -> str:
    return browser_hash(client.cookies["portal_browser"])


def start(client: httpx.Client, ticket: str, **headers: str) -> httpx.Response:
    return client.get("/auth/start", params={"ticket": ticket}, headers=headers)


def test_a_ticket_becomes_a_strict_http_only_session(server, browser) -> None:
    ticket = server.replica.tickets.issue_ticket(server.ids["agent@one"], browser=nonce_of(browser), method="password")
    answer = start(browser, ticket)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    made = [c for c in answer.headers.get_list("set-cookie") if c.startswith("portal_session=")]
    assert len(made) == 1
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {p.strip() for p in made[0].split(";")}
    user = server.replica.sessions.check_cookie(browser.cookies["portal_session"], touch=False).user
    assert user is not None
    assert user.email == "agent@one.example"
    assert user.origin == "127.0.0.1"


def test_a_replayed_or_stolen_ticket_gives_no_session(server, browser) -> None:
    ticket = server.replica.tickets.issue_ticket(server.ids["agent@one"], browser=nonce_of(browser))
    with server.client(**{"sec_fetch_site": "same-origin"}) as thief:
        thief.get("/_stcore/host-config")
        start(thief, ticket)
        assert "portal_session" not in thief.cookies
    start(browser, ticket)
    first = browser.cookies["portal_session"]
    answer = start(browser, ticket)
    assert not [c for c in answer.headers.get_list("set-cookie") if c.startswith("portal_session=")]
    assert browser.cookies["portal_session"] == first


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_a_link_from_elsewhere_does_not_sign_anyone_in(server, browser, site: str) -> None:
    ticket = server.replica.tickets.issue_ticket(server.ids["agent@one"], browser=nonce_of(browser))
    answer = start(browser, ticket, **{"sec-fetch-site": site})
    assert answer.status_code == 403
    assert "portal_session" not in browser.cookies
    assert start(browser, ticket).status_code == 303, "the refused visit must not have used the ticket up"


def test_a_planted_session_cookie_does_not_survive_the_sign_in(server, browser) -> None:
    planted = server.cookie("agent@two")
    browser.cookies.set("portal_session", planted, domain="127.0.0.1")
    ticket = server.replica.tickets.issue_ticket(server.ids["agent@one"], browser=nonce_of(browser))
    answer = start(browser, ticket)
    fresh = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("portal_session="))
    assert planted not in fresh
    assert server.replica.sessions.check_session(sha256(planted.encode()).hexdigest(), touch=False).ended == "replaced"


def test_an_unknown_ticket_goes_home_with_a_word_why(browser) -> None:
    for ticket in ("", "nonsense", "x" * 5000):
        answer = start(browser, ticket)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert any(c.startswith("portal_notice=ticket") for c in answer.headers.get_list("set-cookie"))


def test_signing_out_ends_the_session_and_takes_the_cookie(server, browser) -> None:
    start(browser, server.replica.tickets.issue_ticket(server.ids["agent@one"], browser=nonce_of(browser)))
    cookie = browser.cookies["portal_session"]
    session = sha256(cookie.encode()).hexdigest()
    ticket = server.replica.tickets.issue_ticket(
        server.ids["agent@one"], browser=nonce_of(browser), purpose=SIGN_OUT, session=session
    )
    answer = browser.get("/auth/sign-out", params={"ticket": ticket})
    assert answer.status_code == 303
    assert "portal_session" not in browser.cookies
    assert server.replica.sessions.check_session(session, touch=False).ended == "signed_out"


def test_nobody_is_signed_out_without_their_own_ticket(server, browser) -> None:
    start(browser, server.replica.tickets.issue_ticket(server.ids["agent@one"], browser=nonce_of(browser)))
    cookie = browser.cookies["portal_session"]
    for ticket in ("", "x", server.replica.tickets.issue_ticket(server.ids["agent@one"], browser=nonce_of(browser))):
        browser.get("/auth/sign-out", params={"ticket": ticket})
        assert server.replica.sessions.check_cookie(cookie, touch=False).user is not None


def test_a_forged_notice_says_nothing_on_the_sign_in_page(open_page) -> None:
    for notice, shown in (("signed_out", "signed_out"), ("<b>call-this-number</b>", "None")):
        with open_page(headers={"Cookie": f"portal_notice={notice}"}) as page:
            assert page.rerun().texts["ended"] == shown
