"""The way in as a browser sees it: proof of identity without losing what was typed, and TLS in front."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pyotp
import pytest
import trustme
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.conftest import PASSWORD, WAIT_MS, Demo, Desk, free_port, new_context
from tests.browser.scripted_portal import AGENT, Script, served

pytestmark = [pytest.mark.browser, pytest.mark.keeps("SEC-33")]
SMALL_FILE = b'{"email": "ada@example.com", "cards": []}'
SHORT_PROOF = "0.03"  # minutes: every act asks for the password again
ADDRESS = "https://api.shop.example"


class SecureDesk(Desk):
    """A desk whose portal stands behind TLS."""

    def open(self, path: str = "/") -> None:
        self.page.goto(f"https://localhost:{self.demo.port}{path}")
        self.settle()


def session_cookie(context: BrowserContext, name: str = "portal_session") -> str:
    return next(c["value"] for c in context.cookies() if c["name"] == name)


def sign_in_first_time(desk: Desk) -> None:
    """A manager's first sign-in: the second factor is set up on the way."""
    desk.open()
    desk.fill("Email", AGENT)
    desk.fill("Password", PASSWORD)
    desk.press("Sign in")
    secret = desk.page.get_by_test_id("stCode").first.inner_text().strip()
    desk.fill("6-digit code", pyotp.TOTP(secret).now())
    desk.press("Verify")
    desk.press("I have kept them")
    desk.heading("Today").wait_for()


def confirm(desk: Desk) -> None:
    desk.fill("Password or 6-digit code", PASSWORD)
    desk.press("Confirm")


@contextmanager
def tls_in_front(front: int, behind: int) -> Iterator[None]:
    """A byte-for-byte TLS terminator on loopback, as a reverse proxy would stand there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", front))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve(raw: socket.socket) -> None:
        with suppress(OSError), closing(context.wrap_socket(raw, server_side=True)) as client:  # noqa: SIM117
            with closing(socket.create_connection(("127.0.0.1", behind))) as server:
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join(timeout=30)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        listener.close()


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Desk]:
    script = Script({"json": SMALL_FILE})
    with served(script, tmp_path_factory.mktemp("way"), role="manager", PORTAL_STEP_UP_MINUTES=SHORT_PROOF) as portal:
        context, trouble = new_context(chromium)
        desk = Desk(portal, context.new_page(), trouble)
        sign_in_first_time(desk)
        yield desk
        found = trouble.unexpected()
        context.close()
        assert not found, found


@pytest.fixture
def portal_of_agent(tmp_path: Path) -> Iterator[Demo]:
    with served(Script({"json": SMALL_FILE}), tmp_path) as portal:
        yield portal


def test_a_proof_changes_the_cookie_and_keeps_what_was_typed(manager: Desk) -> None:
    context = manager.page.context
    manager.go("Settings")
    manager.page.wait_for_timeout(2_500)  # the proof of the sign-in grows too old
    before = session_cookie(context)
    manager.field("Base URL").fill(ADDRESS)
    manager.press("Save")
    with manager.page.expect_response(lambda r: "/auth/renew" in r.url) as renewal:
        confirm(manager)
    assert renewal.value.status == 200
    after = session_cookie(context)
    assert after != before
    expect(manager.field("Base URL")).to_have_value(ADDRESS, timeout=WAIT_MS)
    manager.go("Today")
    manager.reload()
    manager.heading("Today").wait_for()
    stolen = context.request.get(
        f"{manager.demo.origin}/exports/{'0' * 32}/file", headers={"cookie": f"portal_session={before}"}
    )
    assert stolen.status == 401
    assert session_cookie(context) == after


def test_another_tab_of_the_same_browser_goes_on_by_itself(manager: Desk) -> None:
    manager.trouble.expected.append(r"console: WebSocket .*")
    other = Desk(manager.demo, manager.page.context.new_page(), manager.trouble)
    other.open("/new_export")
    other.heading("New export").wait_for()
    other.field("Customer email").fill("half.typed@example.com")
    manager.go("Settings")
    manager.page.wait_for_timeout(2_500)
    manager.press("Save")
    confirm(manager)
    other.page.wait_for_timeout(6_000)  # the tab asks on its own every few seconds, and is cut off with the old value
    expect(other.field("Customer email")).to_have_value("half.typed@example.com", timeout=WAIT_MS)
    other.go("Past exports")
    manager.go("Past exports")


def test_behind_tls_the_cookie_is_host_bound_and_the_whole_way_works(tmp_path: Path, chromium: Browser) -> None:
    front = free_port()
    script = Script({"json": SMALL_FILE})
    options = {"PORTAL_PUBLIC_URL": f"https://localhost:{front}", "PORTAL_STEP_UP_MINUTES": SHORT_PROOF}
    with served(script, tmp_path, role="manager", **options) as portal, tls_in_front(front, portal.port):
        context, trouble = new_context(chromium, ignore_https_errors=True)
        desk = SecureDesk(Demo(portal.process, front, portal.practice_port, portal.folder), context.new_page(), trouble)
        sign_in_first_time(desk)
        cookies = {c["name"]: c for c in context.cookies()}
        assert set(cookies) >= {"__Host-portal", "__Host-portal-browser"}
        for name, cookie in cookies.items():
            assert cookie["secure"], name
            assert cookie["sameSite"] == "Strict", name
            assert not name.startswith("__Host-") or (cookie["httpOnly"] and cookie["path"] == "/")
        before = session_cookie(context, "__Host-portal")
        desk.go("Settings")
        desk.page.wait_for_timeout(2_500)
        desk.press("Save")
        confirm(desk)
        desk.page.wait_for_timeout(500)
        assert session_cookie(context, "__Host-portal") != before
        desk.reload()
        desk.press("Sign out")
        desk.heading("Sign in").wait_for()
        assert "__Host-portal" not in {c["name"] for c in context.cookies()}
        answer = context.request.get(f"https://localhost:{front}/")
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
        assert "server" not in answer.headers
        found = trouble.unexpected()
        context.close()
        assert not found, found


def test_a_link_to_a_page_leads_there_after_the_sign_in(portal_of_agent: Demo, chromium: Browser) -> None:
    context, trouble = new_context(chromium)
    desk = Desk(portal_of_agent, context.new_page(), trouble)
    desk.open("/past_exports")
    desk.fill("Email", AGENT)
    desk.fill("Password", PASSWORD)
    desk.click(desk.button("Sign in"))
    desk.heading("Past exports").wait_for()
    assert desk.page.url.endswith("/past_exports")
    desk.go("Your account")
    desk.fill("New password", "harbour-mustard-kite-38")
    desk.fill("The same once more", "harbour-mustard-kite-38")
    desk.press("Change password")
    desk.heading("Sign in").wait_for()
    desk.sees("Your password was changed. Sign in again with the new one.")
    found = trouble.unexpected()
    context.close()
    assert not found, found
