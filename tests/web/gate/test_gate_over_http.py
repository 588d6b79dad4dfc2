from __future__ import annotations

import re
from hashlib import sha256

import httpx
import pytest
from sqlalchemy import text

from portal.web.gate.access import SCRIPT_PATHS
from portal.web.streamlit.components import OUR_SCRIPTS, SCRIPTS
from portal.web.streamlit.front_end import index_html
from portal.web.streamlit.shell import shells

pytestmark = pytest.mark.keeps("SEC-23", "SEC-31", "SEC-40", "SEC-41", "SEC-44")

CLOSED = [
    "/media/0123456789abcdef.csv",
    "/media",
    "/component/anything/index.html",
    "/app/static/file.txt",
    "/_stcore/metrics",
    "/_stcore/agent/openapi.json",
    "/_stcore/agent/mcp",
    "/_stcore/upload_file/session/file",
    "/_stcore/allowed-message-origins",
    "/_stcore/script-health-check",
    "/_stcore/bidi-components/x",
    "/_stcore/bidi-components/portal.desktop_note/",
    "/_stcore/bidi-components/portal.desktop_note/other.js",
    "/_stcore/bidi-components/portal.desktop_note/../desktop_note.py",
    "/auth/login",
    "/auth/logout",
    "/oauth2callback",
]
PROTECTED = ["/exports/list.csv", f"/exports/{'0' * 32}/file", "/some/new/route", "/a/b"]
OPEN = ["/", "/new_export", "/preview", "/past_exports", "/healthz", "/readyz", "/favicon.png"]
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def shell() -> str:
    """What everybody is given at a page's address."""
    return shells(index_html())["en"].decode()


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("signed_in", [False, True])
def test_nobody_reaches_what_streamlit_would_serve_to_anybody(server, path: str, signed_in: bool) -> None:
    with server.client(server.cookie("manager@one") if signed_in else "") as client:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            assert client.request(method, path).status_code == 403


@pytest.mark.parametrize("path", PROTECTED)
def test_an_unlisted_address_needs_a_session(server, path: str) -> None:
    with server.client() as client:
        assert client.get(path).status_code == 401
    with server.client("A" * 43) as client:
        assert client.get(path).status_code == 401


def test_every_route_the_application_has_is_shut_unless_listed(server) -> None:
    """The crawl of SEC-31: paths come from the live route table, so that a new route is denied until listed."""
    from streamlit.web.server.starlette import App

    from portal.asgi import SCRIPT, app_options
    from portal.runtime import get_portal
    from portal.web.gate.access import Access, access_of

    application = App(SCRIPT, **app_options(get_portal))._build_starlette_app()
    listed = {"/healthz", "/readyz", "/auth/start", "/auth/sign-out", "/auth/oidc", "/auth/oidc/callback"}
    listed |= {"/auth/renew", "/auth/language", "/_stcore/health", "/_stcore/host-config"}
    of_a_link = {"/r/{token}", "/r/{token}/files"}
    where_people_ask = {"/ask/{name}", "/mine/{token}"}
    seen = set()
    for route in application.routes:
        path = getattr(route, "path", "")
        if not path or path == "/_stcore/stream":
            continue
        seen.add(path)
        example = path.replace("{export_id}", "0" * 32).replace("{path:path}", "x").replace("{", "").replace("}", "")
        if path in of_a_link:
            assert access_of("GET", example) is Access.RECIPIENT
        elif path in where_people_ask:
            assert access_of("GET", example) is Access.FRONT_DOOR
        elif path not in listed:
            assert access_of("GET", example) in {Access.SHUT, Access.MEMBERS}, path
    assert seen > listed, "the crawl must have seen our routes and Streamlit's"


def test_the_gate_lets_through_exactly_the_scripts_of_our_components() -> None:
    assert {f"/_stcore/bidi-components/{name}/{file}" for name, file in SCRIPTS.items()} == SCRIPT_PATHS


@pytest.mark.parametrize("path", sorted(SCRIPT_PATHS))
def test_our_scripts_are_served_to_signed_in_people_by_get_only(server, path: str) -> None:
    with server.client() as anonymous:
        assert anonymous.get(path).status_code == 401
    with server.client(server.cookie("agent@one")) as client:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] in {"text/javascript", "application/javascript"}
        assert answer.headers["cache-control"] == "no-store"
        assert answer.text == (OUR_SCRIPTS / path.rpartition("/")[2]).read_text(encoding="utf-8")
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            assert client.request(method, path).status_code == 403


@pytest.mark.parametrize("path", OPEN)
def test_the_data_free_parts_are_open(server, path: str) -> None:
    with server.client() as client:
        assert client.get(path).status_code == 200


def test_every_page_address_gives_the_same_empty_shell(server) -> None:
    with server.client(server.cookie("agent@one")) as signed_in, server.client() as anonymous:
        shells = {c.get(p).text for c in (signed_in, anonymous) for p in ("/", "/preview?export=1", "/whatever")}
    assert shells == {shell()}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", ""])
def test_another_host_name_is_refused(server, host: str) -> None:
    with server.client() as client:
        for path in ("/", "/_stcore/host-config", "/auth/start?ticket=x", "/static/x.js"):
            assert client.get(path, headers={"host": host}).status_code == 421


def test_loopback_names_are_accepted(server) -> None:
    with server.client() as client:
        for name in ("127.0.0.1", "localhost", "[::1]"):
            assert client.get("/", headers={"host": f"{name}:{server.port}"}).status_code == 200


@pytest.mark.parametrize("path", [*OPEN, *PROTECTED, *CLOSED, "/static/nothing.js"])
def test_every_answer_carries_the_security_headers(server, path: str) -> None:
    with server.client() as client:
        answer = client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'unsafe" not in policy
    assert "server" not in answer.headers
    assert "camera=()" in answer.headers["permissions-policy"]
    if not path.startswith("/static/"):
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.keeps("ASVS-3.4.2")
@pytest.mark.parametrize(
    "path", [*OPEN, *PROTECTED, *CLOSED, "/_stcore/host-config", "/_stcore/health", "/static/x.js"]
)
def test_no_answer_lets_another_site_read_it(server, path: str) -> None:
    with server.client(server.cookie("manager@one")) as client:
        for origin in ("https://evil.example", "null", server.origin):
            allowed = client.get(path, headers={"origin": origin}).headers.get("access-control-allow-origin")
            assert allowed in {None, server.origin}


@pytest.mark.keeps("ASVS-4.1.1")
@pytest.mark.parametrize("path", [*OPEN, *PROTECTED, *CLOSED, "/_stcore/host-config", "/manifest.json"])
def test_every_answer_says_what_it_is_and_in_which_letters(server, path: str) -> None:
    with server.client() as client:
        answer = client.get(path)
    kind = answer.headers.get("content-type", "")
    assert kind or not answer.content
    assert not kind.startswith("text/") or "charset=utf-8" in kind.lower()


def test_only_hashed_bundles_may_be_cached(server) -> None:
    bundle = re.search(r"\./(static/js/index\.[^\"]+\.js)", index_html())
    assert bundle is not None
    with server.client() as client:
        assert "immutable" in client.get(f"/{bundle[1]}").headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/static/../asgi.py", "/static/%2e%2e/asgi.py", "//evil.example", "/static/..%5casgi.py"]
)
def test_no_path_trick_leaves_the_open_parts(server, path: str) -> None:
    with server.client() as client:
        request = client.build_request("GET", server.origin)
        request.url = httpx.URL(server.origin).copy_with(raw_path=path.encode())
        answer = client.send(request)
    assert answer.status_code in {400, 401, 403, 404}
    assert "import" not in answer.text


@pytest.mark.keeps("ASVS-13.4.4")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/preview", "/healthz", "/auth/start", "/auth/sign-out", "/_stcore/health"])
def test_open_addresses_only_read(server, method: str, path: str) -> None:
    with server.client() as client:
        assert client.request(method, path).status_code == 403


@pytest.mark.keeps("ASVS-13.4.4")
def test_nobody_gets_their_own_request_back_by_trace(server) -> None:
    cookie = server.cookie("manager@one")
    with server.client(cookie) as client:
        for path in (f"/exports/{'0' * 32}/file", "/exports/list.csv", "/static/x.js"):
            answer = client.request("TRACE", path, headers={"origin": server.origin, "sec-fetch-site": "same-origin"})
            assert answer.status_code in {403, 405}
            assert cookie not in answer.text


@pytest.mark.keeps("ASVS-13.4.1", "ASVS-13.4.3")
@pytest.mark.parametrize("path", ["/static/", "/static/js/", "/static", "/.git/config", "/.git/HEAD", "/.streamlit/"])
def test_no_folder_is_listed_and_no_source_control_is_served(server, path: str) -> None:
    with server.client(server.cookie("manager@one")) as client:
        answer = client.get(path, follow_redirects=True)
    empty = answer.status_code == 200 and answer.text in {shell(), index_html()}  # a page's address, whatever its name
    assert empty or answer.status_code in {401, 403, 404}
    assert "[core]" not in answer.text
    assert "ref: refs/" not in answer.text
    assert "index.html" not in answer.text.replace(shell(), "").replace(index_html(), "")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "null"},
        {},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_a_cross_site_post_goes_nowhere_even_with_the_cookie(server, headers: dict[str, str]) -> None:
    with server.client(server.cookie("manager@one")) as client:
        assert client.post(f"/exports/{'0' * 32}/file", headers=headers).status_code == 403


def test_a_copied_cookie_dies_with_its_session(server) -> None:
    cookie = server.cookie("agent@one")
    path = f"/exports/{'0' * 32}/file"
    with server.client(cookie) as thief:
        assert thief.get(path).status_code == 404
        server.replica.sessions.end_session(sha256(cookie.encode()).hexdigest())
        assert thief.get(path).status_code == 401


@pytest.mark.parametrize("who", ["agent", "manager", "auditor"])
def test_another_merchants_file_and_none_at_all_are_the_same_page(server, who: str) -> None:
    with server.client(server.cookie(f"{who}@one")) as client:
        foreign = client.get(f"/exports/{server.exports['two']}/file")
        absent = client.get(f"/exports/{'0' * 32}/file")
    assert (foreign.status_code, foreign.text) == (absent.status_code, absent.text)
    assert foreign.status_code == 404


@pytest.mark.parametrize(("who", "status"), [("agent", 409), ("manager", 409), ("auditor", 403)])
def test_the_role_decides_who_may_download_a_file(server, who: str, status: int) -> None:
    """409: allowed, but this export has no file yet. The auditor may not have it at all."""
    with server.client(server.cookie(f"{who}@one")) as client:
        assert client.get(f"/exports/{server.exports['one']}/file").status_code == status


def test_asking_for_headers_only_is_no_download(server) -> None:
    with server.client(server.cookie("agent@one")) as client:
        assert client.head("/exports/list.csv").status_code == 405


def test_the_register_holds_only_ones_own_merchants_exports(server) -> None:
    with server.client(server.cookie("auditor@one")) as client:
        register = client.get("/exports/list.csv")
    assert register.status_code == 200
    assert "attachment" in register.headers["content-disposition"]
    assert server.exports["two"] not in register.text


@pytest.mark.keeps("ASVS-4.1.3")
def test_a_header_cannot_stand_in_for_the_cookie(server) -> None:
    live = sha256(server.cookie("manager@one").encode()).hexdigest()
    with server.client(X_Portal_Session=live, X_Portal_Account=server.ids["manager@one"]) as client:
        assert client.get("/exports/list.csv").status_code == 401


@pytest.mark.keeps("ASVS-15.3.7")
def test_a_cookie_given_twice_counts_as_none(server) -> None:
    cookie = server.cookie("agent@one")
    with server.client() as client:
        answer = client.get(
            "/exports/list.csv", headers={"cookie": f"portal_session={'B' * 43}; portal_session={cookie}"}
        )
    assert answer.status_code == 401


def test_the_nonce_cookie_is_set_once_and_httponly(server) -> None:
    with server.client() as client:
        first = client.get("/_stcore/host-config").headers.get_list("set-cookie")
        ours = [c for c in first if c.startswith("portal_browser=")]
        assert len(ours) == 1
        assert "HttpOnly" in ours[0]
        assert "SameSite=Strict" in ours[0]
        again = client.get("/_stcore/host-config")
        assert not [c for c in again.headers.get_list("set-cookie") if c.startswith("portal_browser=")]
        assert not [c for c in client.get("/").headers.get_list("set-cookie") if c.startswith("portal_")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_replace_the_nonce_of_a_running_sign_in(server, site: str) -> None:
    """Opened from there, the address is asked for without the Strict cookie, and a new one would be kept."""
    with server.client(sec_fetch_site=site, sec_fetch_mode="navigate") as client:
        assert "set-cookie" not in client.get("/_stcore/host-config").headers


@pytest.mark.keeps("SEC-52")
@pytest.mark.parametrize("path", ["/", "/preview", "/exports/list.csv"])
def test_whoever_comes_while_the_sessions_cannot_be_read_is_told_so(server, path: str) -> None:
    cookie = server.cookie("manager@one")
    with server.database.write() as session:
        session.execute(text("ALTER TABLE login_sessions RENAME TO away"))
    try:
        with server.client(cookie) as client:
            answer = client.get(path, headers={"accept-language": "en"})
        with server.client() as client:
            assert client.get("/healthz").status_code == 200
    finally:
        with server.database.write() as session:
            session.execute(text("ALTER TABLE away RENAME TO login_sessions"))
    assert answer.status_code == 503
    assert "The portal cannot reach its database." in answer.text and "Reference:" in answer.text
    assert "login_sessions" not in answer.text
    with server.client(cookie) as client:
        assert client.get(path).status_code == 200
