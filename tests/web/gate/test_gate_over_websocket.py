from __future__ import annotations

import time
from hashlib import sha256
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus

from portal.identity.sessions import end_account_sessions
from portal.storage.tables import LoginSession
from portal.web.gate.limits import SocketLimits

pytestmark = pytest.mark.keeps("SEC-32", "SEC-52")


def handshake_refused(open_page, **how: object) -> int:
    with pytest.raises(InvalidStatus) as refused, open_page(**how):
        pass
    return int(refused.value.response.status_code)


def end_sessions(server: Any, person: str, because: str) -> None:
    with server.replica.db.write() as db:
        end_account_sessions(db, server.ids[person], because, actor="system", origin="")


def test_a_socket_with_the_cookie_is_that_person(server, open_page) -> None:
    with open_page(server.cookie("agent@one")) as page:
        assert page.rerun().texts["who"] == "agent@one.example"


def test_a_socket_without_the_cookie_is_nobody(open_page) -> None:
    with open_page() as page:
        assert page.rerun().texts["who"] == "nobody"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null", None])
def test_another_or_missing_origin_is_refused(server, open_page, origin: str | None) -> None:
    assert handshake_refused(open_page, cookie=server.cookie("agent@one"), origin=origin) == 403


def test_another_host_is_refused(server, open_page) -> None:
    assert handshake_refused(open_page, cookie=server.cookie("agent@one"), host="evil.example") == 403


def test_no_other_path_takes_a_socket(server, open_page) -> None:
    for path in ("/", "/_stcore/agent/mcp", "/stream", "/_stcore/stream/x"):
        assert handshake_refused(open_page, cookie=server.cookie("agent@one"), path=path) == 403


def test_forged_identity_headers_make_nobody_somebody(server, open_page) -> None:
    live = sha256(server.cookie("manager@one").encode()).hexdigest()
    forged = {
        "X-Portal-Session": live,
        "x-portal-account": server.ids["manager@one"],
        "X-PORTAL-ROLE": "manager",
    }
    with open_page(headers=forged) as page:
        page.rerun()
    assert page.texts["who"] == "nobody"
    assert page.texts["forged"] == "None"


def test_scripts_never_see_our_cookies(server, open_page) -> None:
    cookie = server.cookie("agent@one")
    with open_page(headers={"Cookie": f"portal_session={cookie}; portal_browser=x; theirs=1"}) as page:
        assert page.rerun().texts["cookies"] == "['theirs']"
        assert cookie not in page.drawn


def test_nobody_resumes_a_signed_in_persons_session(server, open_page) -> None:
    with open_page(server.cookie("agent@one")) as alice:
        alice.rerun()
    for cookie in ("", server.cookie("agent@two"), server.cookie("agent@one")):
        with open_page(cookie, resume=alice.session_id) as thief:
            thief.rerun()
        assert thief.session_id != alice.session_id
        assert thief.texts["mark"] != alice.texts["mark"]


def test_the_same_login_does_resume_after_a_cut_line(server, open_page) -> None:
    """Without this, the test above could pass because nothing ever resumes."""
    cookie = server.cookie("agent@one")
    with open_page(cookie) as before:
        before.rerun()
    with open_page(cookie, resume=before.session_id) as after:
        after.rerun()
    assert after.texts["mark"] == before.texts["mark"]


def test_no_anonymous_socket_resumes_another(server, open_page) -> None:
    with open_page() as first:
        first.rerun()
    with open_page(resume=first.session_id) as second:
        second.rerun()
    assert second.texts["mark"] != first.texts["mark"]


def test_a_live_session_cannot_be_taken_over_either(server, open_page) -> None:
    with open_page(server.cookie("manager@one")) as alice:
        alice.rerun()
        with open_page(resume=alice.session_id) as thief:
            assert thief.rerun().texts["mark"] != alice.texts["mark"]
        assert alice.rerun().texts["who"] == "manager@one.example"


def test_a_revoked_session_is_cut_at_its_next_message(server, open_page) -> None:
    cookie = server.cookie("agent@one")
    with open_page(cookie) as page:
        page.rerun()
        end_sessions(server, "agent@one", "disabled")
        with pytest.raises(ConnectionClosed) as closed:
            page.rerun()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    with open_page(cookie, resume=page.session_id) as after:
        after.rerun()
    assert after.texts["who"] == "nobody"
    assert after.texts["ended"] == "disabled"
    assert after.texts["mark"] != page.texts


def test_an_idle_page_of_an_ended_session_is_closed_others_stay(server, open_page) -> None:
    with open_page(server.cookie("agent@one")) as silent, open_page(server.cookie("agent@two")) as other:
        silent.rerun(), other.rerun()
        end_sessions(server, "agent@one", "role_changed")
        with pytest.raises(ConnectionClosed) as closed:
            while silent.socket.recv(timeout=15):
                pass
        assert closed.value.rcvd.code == 1008
        assert other.rerun().texts["who"] == "agent@two.example"


def test_a_persons_act_keeps_the_session_and_a_timer_does_not(server, open_page) -> None:
    cookie = server.cookie("agent@one")
    row = sha256(cookie.encode()).hexdigest()

    def backdate(seconds: int) -> object:
        import datetime as dt

        with server.database.write() as db:
            session = db.get_one(LoginSession, row)
            session.last_seen_at = session.created_at - dt.timedelta(seconds=seconds)
            return session.last_seen_at

    def last_seen() -> object:
        with server.database.read() as db:
            return db.get_one(LoginSession, row).last_seen_at

    with open_page(cookie) as page:
        before = backdate(120)
        page.rerun(automatic=True)
        assert last_seen() == before
        page.rerun()
        assert last_seen() > before  # type: ignore[operator]
        backdate(15 * 60)
        with pytest.raises(ConnectionClosed):
            page.rerun()


@pytest.mark.keeps("ASVS-4.1.3", "ASVS-15.3.4")
def test_an_address_header_is_not_believed_without_a_trusted_proxy(open_page) -> None:
    with open_page(headers={"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.2"}) as page:
        assert page.rerun().texts["address"] == "127.0.0.1"


def test_an_anonymous_message_above_64_kib_is_cut_off(open_page) -> None:
    with open_page() as page:
        page.rerun()
        page.socket.send(b"x" * (64 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            for _ in range(50):
                page.socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize("rubbish", [b"\xff" * 40, b"", b"\x0a\x00"])
def test_rubbish_on_a_socket_harms_nobody_else(server, open_page, rubbish: bytes) -> None:
    with open_page(server.cookie("agent@one")) as page:
        page.rerun()
        page.socket.send(rubbish)
        time.sleep(0.05)
    with open_page(server.cookie("agent@one")) as other:
        assert other.rerun().texts["who"] == "agent@one.example"


def test_a_fault_in_a_page_shows_a_reference_and_nothing_else(server, open_page) -> None:
    with open_page(server.cookie("agent@one")) as page:
        page.rerun(query="fail=1")
    assert "Something went wrong on our side" in page.drawn
    for leak in ("canary", "ValueError", "Traceback", "script_for_tests.py:"):
        assert leak not in page.drawn


def test_a_signed_in_flood_ends_its_socket_but_not_the_session(server, open_page) -> None:
    cookie, beat = server.cookie("agent@one"), BackMsg(app_heartbeat=True).SerializeToString()
    with open_page(cookie) as page, pytest.raises(ConnectionClosed) as closed:
        for _ in range(3 * int(SocketLimits().member_messages.burst)):
            page.socket.send(beat)
        while True:
            page.socket.recv(timeout=20)
    if closed.value.rcvd is not None:  # else the connection broke before the close frame was read
        assert closed.value.rcvd.code == 1008
    with open_page(cookie) as page:
        assert page.rerun().texts["who"] == "agent@one.example"
