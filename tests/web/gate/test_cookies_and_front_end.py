from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from portal.config import Settings
from portal.web.gate import cookies
from portal.web.gate.access import Access, access_of
from portal.web.gate.headers import security_headers
from portal.web.streamlit import front_end, gate_headers, options, page_run
from portal.web.streamlit.client_messages import ClientMessage, parse_client_message
from portal.web.streamlit.shell import shell

pytestmark = pytest.mark.keeps("SEC-31", "SEC-33", "SEC-44")


def names(tmp_path: Path, url: str = "") -> cookies.CookieNames:
    return cookies.CookieNames.of(Settings(data_dir=tmp_path, public_url=url))


def test_https_gives_host_bound_secure_cookies(tmp_path: Path) -> None:
    ours = names(tmp_path, "https://privacy.shop.example")
    header = ours.set(ours.session, "value")
    assert header.startswith("__Host-portal=value; Path=/;")
    assert "Secure" in header
    assert "Domain" not in header


def test_loopback_http_gives_a_plain_name(tmp_path: Path) -> None:
    ours = names(tmp_path)
    assert ours.session == "portal_session"
    assert "Secure" not in ours.set(ours.session, "value")


def test_streamlits_own_cookie_is_tightened() -> None:
    theirs = "_streamlit_xsrf=2|abc; Path=/; SameSite=Lax"
    assert cookies.harden(theirs, secure=True) == "_streamlit_xsrf=2|abc; Path=/; SameSite=Strict; Secure"


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "portal_session"]), st.from_regex(r"[A-Za-z0-9]{0,5}", fullmatch=True))
    )
)
def test_a_name_given_twice_is_read_as_absent(pairs: list[tuple[str, str]]) -> None:
    header = "; ".join(f"{k}={v}" for k, v in pairs)
    found = cookies.read(header)
    for name, _ in pairs:
        times = sum(1 for k, _ in pairs if k == name)
        assert (name in found) == (times == 1)


@given(st.text(max_size=200))
def test_no_cookie_header_hides_ours_from_the_filter(header: str) -> None:
    left = cookies.without(header + "; portal_session=secret", frozenset({"portal_session"}))
    assert "portal_session" not in cookies.read(left)


@given(st.text(max_size=60), st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "get", "TRACE"]))
def test_only_listed_addresses_are_ever_open(path: str, method: str) -> None:
    place = access_of(method, "/" + path)
    if place is Access.SHELL:
        assert re.fullmatch(r"/[A-Za-z0-9_-]{0,64}", "/" + path)
    if place in {Access.SHELL, Access.FRONT_END, Access.HEALTH, Access.SIGN_IN}:
        assert method in {"GET", "HEAD"}


@pytest.mark.parametrize(
    "page",
    [
        "<html></html>",
        "<script>one()</script><script>two()</script>",
        "<script src='a.js'></script>",
        "<script>one()</script><img onerror=alert(1)>",
    ],
)
def test_an_unknown_front_end_stops_the_start(page: str) -> None:
    with pytest.raises(front_end.UnknownFrontEnd):
        front_end.inline_script_hash(page)


def test_the_policy_names_the_page_script_and_nothing_inline(tmp_path: Path) -> None:
    policy = security_headers(Settings(data_dir=tmp_path))["content-security-policy"]
    script = next(p for p in policy.split("; ") if p.startswith("script-src"))
    assert script == f"script-src 'self' '{front_end.inline_script_hash(shell(front_end.index_html()))}'"


def test_https_alone_is_told_to_stay_on_https(tmp_path: Path) -> None:
    secure = security_headers(Settings(data_dir=tmp_path, public_url="https://privacy.shop.example"))
    assert secure["strict-transport-security"].startswith("max-age=31536000")
    assert "strict-transport-security" not in security_headers(Settings(data_dir=tmp_path))


def test_streamlit_still_has_the_parts_the_bridge_leans_on() -> None:
    from starlette.datastructures import Headers
    from streamlit import config
    from streamlit.web.server.starlette.starlette_websocket import _parse_subprotocols, gather_user_info

    message = ForwardMsg()
    message.auth_redirect.url = "/auth/start?ticket=x"
    assert message.WhichOneof("type") == "auth_redirect"
    before = config.get_option("server.trustedUserHeaders")
    try:
        gate_headers.trust_gate_headers()
        told = gather_user_info(Headers({gate_headers.SESSION_HEADER: "s", gate_headers.ACCOUNT_HEADER: "a"}))
    finally:
        config.set_option("server.trustedUserHeaders", before, where_defined=options.UNSET)
    assert (told["session_hash"], told["account_id"], told["ended"]) == ("s", "a", None)
    assert _parse_subprotocols(Headers({"sec-websocket-protocol": "streamlit,x,y"})) == ("streamlit", "x", "y")


def test_a_timer_is_no_act_and_neither_is_rubbish() -> None:
    act, timer = BackMsg(), BackMsg()
    act.rerun_script.query_string = ""
    timer.rerun_script.is_auto_rerun, timer.rerun_script.fragment_id = True, "live"
    assert parse_client_message(act.SerializeToString()) == ClientMessage(act=True, run=True)
    assert parse_client_message(timer.SerializeToString()) == ClientMessage(tick="live", run=True)
    assert parse_client_message(b"\xff\xff\xff") is None
    assert parse_client_message(b"") == ClientMessage(allowed=False)


@pytest.mark.parametrize("url", ["https://evil.example", "//evil.example", "javascript:alert(1)", ""])
def test_the_browser_is_only_ever_sent_to_our_own_paths(url: str) -> None:
    with pytest.raises(ValueError, match="own paths"):
        page_run.redirect_browser(url)
