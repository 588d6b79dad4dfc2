"""The guarded fetch on the wire."""

import base64
import hashlib
import os
import socket
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.loyaltydog import (
    AddressRefused,
    Connection,
    EmptyFile,
    EncodedBody,
    FetchPolicy,
    Forbidden,
    HostNotAllowed,
    LinkExpired,
    LoyaltyDogError,
    NotAuthenticated,
    RedirectRefused,
    ServerTrouble,
    TimedOut,
    TooLarge,
    TooSlow,
    Truncated,
    UnreadableAnswer,
    WrongMediaType,
    fetch_file,
)

pytestmark = pytest.mark.keeps("SEC-1", "SEC-2", "SEC-4", "SEC-5", "SEC-6", "SEC-7", "SEC-53")

BODY = b'{"cards":[' + b",".join(b'{"id":"%d"}' % number for number in range(20_000)) + b"]}"
API = "https://api.example.com"


def header_names(request: bytes) -> list[str]:
    return [row.split(b":")[0].decode().lower() for row in request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]]


def test_whole_file_arrives_with_its_hash_and_progress(serve: Any, http: Any, policy_for: Any) -> None:
    server = serve(http(200, BODY, X_Request_Id="req-9"))
    got: list[bytes] = []
    seen: list[tuple[int, int | None]] = []
    file = fetch_file(
        "/x?y=1'|%2f",
        policy_for(server),
        expected_format="json",
        sink=got.append,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert b"".join(got) == BODY and file.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (file.size, file.declared_length) == (len(BODY), len(BODY))
    assert (file.media_type, file.http_request_id) == ("application/json", "req-9")
    assert seen[-1] == (len(BODY), len(BODY)) and seen == sorted(seen)
    assert server.requests[0].startswith(b"GET /x?y=1'|%2f HTTP/1.1\r\n")


def test_digest_is_left_to_the_sink_when_it_is_not_asked_for(serve: Any, http: Any, policy_for: Any) -> None:
    got: list[bytes] = []
    server = serve(http(200, BODY))
    file = fetch_file("/x", policy_for(server), expected_format="json", sink=got.append, digest=False)
    assert (b"".join(got), file.sha256, file.size) == (BODY, None, len(BODY))


def test_chunked_file_arrives_whole(serve: Any, policy_for: Any) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:7], BODY[7:9000], BODY[9000:]))
    server = serve(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + chunks + b"0\r\n\r\n"
    )
    got: list[bytes] = []
    file = fetch_file("/x", policy_for(server), expected_format="json", sink=got.append)
    assert b"".join(got) == BODY and file.declared_length is None


def test_api_origin_gets_the_tokens_and_a_listed_host_gets_nothing(
    serve: Any, http: Any, connect: Any, policy_for: Any
) -> None:
    api, files = serve(http(200, BODY)), serve(http(200, BODY))
    policy = policy_for(api, allowed_hosts=(f"127.0.0.1:{files.port}",))
    connection = connect(api, merchant_token="m-1", customer_token="c-1")
    for address in ("/x", f"{files.base_url}/x?sig=1"):
        fetch_file(address, policy, expected_format="json", sink=lambda data: None, connection=connection)
    plain = ["host", "connection", "accept-encoding"]
    assert header_names(api.requests[0]) == [
        *plain,
        "authorization",
        "x-eposn-merchant-token",
        "x-eposn-customer-token",
    ]
    assert header_names(files.requests[0]) == plain


def test_connection_of_another_origin_lends_no_tokens(serve: Any, http: Any, connect: Any, policy_for: Any) -> None:
    api, other = serve(http(200, BODY)), serve(http(200, BODY))
    fetch_file("/x", policy_for(api), expected_format="json", sink=lambda data: None, connection=connect(other))
    assert "authorization" not in header_names(api.requests[0])


def test_netrc_and_proxies_of_the_machine_are_ignored(
    serve: Any, http: Any, policy_for: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    for name, value in {
        "HOME": str(tmp_path),
        "NETRC": str(tmp_path / ".netrc"),
        "HTTP_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    server = serve(http(200, BODY))
    fetch_file("/x", policy_for(server), expected_format="json", sink=lambda data: None)
    assert header_names(server.requests[0]) == ["host", "connection", "accept-encoding"]
    assert os.environ["HTTP_PROXY"]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://files.example.net/x", ()),
        ("https://files.example.net/x", ("example.net", "xfiles.example.net", "files.example.net:8443")),
        ("https://files.example.net:8443/x", ("files.example.net",)),
        ("https://sub.files.example.net/x", ("files.example.net",)),
        ("//files.example.net/x", ()),
        ("https://api.example.com:8443/x", ()),
        ("http://127.0.0.1:1/x", ("127.0.0.1:2", "127.0.0.1")),
    ],
)
def test_host_that_is_not_exactly_listed_is_refused_before_anything_is_asked(
    address: str, allowed: tuple[str, ...]
) -> None:
    asked: list[str] = []
    policy = FetchPolicy(API, allowed, allow_loopback_http=True)
    with pytest.raises(HostNotAllowed) as caught:
        fetch_file(
            address,
            policy,
            expected_format="json",
            sink=lambda data: None,
            resolver=lambda host, port: asked.append(host) or [],  # type: ignore[func-returns-value]
        )
    assert asked == [] and caught.value.host in address and "/x" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["", "ftp://files.example.net/", "file:///etc/passwd", "http://files.example.net/x", "blob:x"]
)
def test_other_schemes_are_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        fetch_file(address, FetchPolicy(API, ("files.example.net",)), expected_format="json", sink=lambda data: None)


def test_loopback_stays_closed_without_the_switch(serve: Any, http: Any) -> None:
    server = serve(http(200, BODY))
    policy = FetchPolicy(API, (f"127.0.0.1:{server.port}", f"localhost:{server.port}"))
    for address in (
        f"http://127.0.0.1:{server.port}/x",
        f"https://127.0.0.1:{server.port}/x",
        f"https://localhost:{server.port}/",
    ):
        with pytest.raises(AddressRefused):
            fetch_file(address, policy, expected_format="json", sink=lambda data: None)
    assert server.connections == 0


@pytest.mark.parametrize("answer", ["10.0.0.1", "127.0.0.1", "::1", "169.254.169.254", "64:ff9b::7f00:1"])
def test_listed_name_that_leads_inside_is_refused(answer: str) -> None:
    policy = FetchPolicy(API, ("files.example.net",), allow_loopback_http=True)
    with pytest.raises(AddressRefused):
        fetch_file(
            "https://files.example.net/x",
            policy,
            expected_format="json",
            sink=lambda data: None,
            resolver=lambda host, port: ["93.184.216.34", answer],
        )


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_redirects_are_refused_by_default(serve: Any, http: Any, policy_for: Any, status: int) -> None:
    server = serve(http(status, b"", Location="/y"))
    with pytest.raises(RedirectRefused):
        fetch_file("/x", policy_for(server), expected_format="json", sink=lambda data: None)
    assert len(server.requests) == 1


def test_one_allowed_redirect_reaches_a_listed_host_without_tokens(
    serve: Any, http: Any, connect: Any, policy_for: Any
) -> None:
    files = serve(http(200, BODY))
    api = serve(http(302, b"", Location=f"http://127.0.0.1:{files.port}/y"))
    policy = policy_for(api, allowed_hosts=(f"127.0.0.1:{files.port}",), max_redirects=1)
    file = fetch_file("/x", policy, expected_format="json", sink=lambda data: None, connection=connect(api))
    assert file.size == len(BODY)
    assert "authorization" in header_names(api.requests[0])
    assert "authorization" not in header_names(files.requests[0])


def test_storage_host_cannot_send_the_tokens_back_to_the_api(
    serve: Any, http: Any, connect: Any, policy_for: Any
) -> None:
    api = serve(http(200, BODY))
    files = serve(http(302, b"", Location=f"{api.base_url}/v2/anything"))
    policy = policy_for(api, allowed_hosts=(f"127.0.0.1:{files.port}",), max_redirects=1)
    fetch_file(f"{files.base_url}/x", policy, expected_format="json", sink=lambda data: None, connection=connect(api))
    assert "authorization" not in header_names(api.requests[0])


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://127.0.0.1:9/x", HostNotAllowed),
        ("https://169.254.169.254/latest", HostNotAllowed),
        ("http://169.254.169.254/latest", AddressRefused),
        ("file:///etc/passwd", AddressRefused),
        ("", RedirectRefused),
        ("/again", RedirectRefused),
    ],
)
def test_allowed_redirect_is_vetted_like_a_first_address(
    serve: Any, http: Any, policy_for: Any, location: str, kind: type[LoyaltyDogError]
) -> None:
    server = serve(http(302, b"", Location=location))
    with pytest.raises(kind):
        fetch_file("/x", policy_for(server, max_redirects=1), expected_format="json", sink=lambda data: None)


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "gzip, gzip", "GZIP", "x-unknown"])
def test_compressed_file_is_refused_unread(serve: Any, http: Any, policy_for: Any, encoding: str) -> None:
    with pytest.raises(EncodedBody):
        fetch_file(
            "/x", policy_for(serve(http(200, BODY, Content_Encoding=encoding))), expected_format="json", sink=fail
        )


def fail(data: bytes) -> None:
    raise AssertionError("nothing may reach the sink")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>Sign in</html>", "text/html"),
        (b"<!doctype html>" + b" " * 5000, "application/json"),
        (b"<?xml version='1.0'?><Error/>", "application/octet-stream"),
        (b"%PDF-1.7", ""),
        (b"id,name\n1,Kim\n", "text/csv"),
        (b"id,name\n1,Kim\n", ""),
        (b"{}", "text/html"),
    ],
)
def test_other_content_never_reaches_the_sink(
    serve: Any, http: Any, policy_for: Any, body: bytes, content_type: str
) -> None:
    with pytest.raises(WrongMediaType):
        fetch_file(
            "/x", policy_for(serve(http(200, body, Content_Type=content_type))), expected_format="json", sink=fail
        )


@pytest.mark.parametrize("answer", ["200 empty", "200 blank", "204"])
def test_empty_file_is_refused(serve: Any, http: Any, policy_for: Any, answer: str) -> None:
    server = serve(http(204 if answer == "204" else 200, b"\n" if answer == "200 blank" else b""))
    with pytest.raises(EmptyFile):
        fetch_file("/x", policy_for(server), expected_format="csv", sink=fail)


def test_declared_size_over_the_limit_is_refused_before_the_body(serve: Any, policy_for: Any) -> None:
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
    with pytest.raises(TooLarge):
        fetch_file("/x", policy_for(server, max_bytes=1000), expected_format="json", sink=fail)


def test_endless_body_is_cut_at_the_limit(serve: Any, policy_for: Any) -> None:
    def endless(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            line.sendall(b"1000\r\n" + b"[" * 4096 + b"\r\n")

    got: list[bytes] = []
    with pytest.raises(TooLarge):
        fetch_file("/x", policy_for(serve(endless), max_bytes=100_000), expected_format="json", sink=got.append)
    assert sum(map(len, got)) <= 100_000


def test_chunk_framing_alone_cannot_run_for_ever(serve: Any, policy_for: Any) -> None:
    def wasteful(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            line.sendall((b"1;" + b"x" * 2000 + b"\r\n[\r\n") * 20)

    with pytest.raises(TooLarge, match="on the wire"):
        fetch_file("/x", policy_for(serve(wasteful), max_bytes=100_000), expected_format="json", sink=lambda data: None)


@pytest.mark.parametrize("missing", [1, 100, len(BODY) - 1])
def test_file_that_ends_early_is_truncated(serve: Any, http: Any, policy_for: Any, missing: int) -> None:
    server = serve(http(200, BODY)[:-missing])
    with pytest.raises(Truncated):
        fetch_file("/x", policy_for(server), expected_format="json", sink=lambda data: None)


def test_chunked_file_without_its_end_is_truncated(serve: Any, policy_for: Any) -> None:
    server = serve(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n")
    with pytest.raises(Truncated):
        fetch_file("/x", policy_for(server), expected_format="json", sink=lambda data: None)


@pytest.mark.parametrize("late", [False, True])
def test_file_longer_than_declared_is_not_silently_shortened(serve: Any, policy_for: Any, late: bool) -> None:
    body = '{"name":"Zo\u00eb"}'.encode()

    def counts_characters(line: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body.decode())
        if late:
            line.sendall(head + body[:-1])
            time.sleep(0.05)
            line.sendall(body[-1:])
        else:
            line.sendall(head + body)

    with pytest.raises(Truncated, match="declared length"):
        fetch_file("/x", policy_for(serve(counts_characters)), expected_format="json", sink=lambda data: None)


def test_keep_alive_server_that_does_not_close_still_delivers(serve: Any, http: Any, policy_for: Any) -> None:
    release = threading.Event()

    def lingering(line: socket.socket) -> None:
        line.sendall(http(200, BODY))
        release.wait(5)

    server = serve(lingering)
    assert fetch_file("/x", policy_for(server), expected_format="json", sink=lambda data: None).size == len(BODY)
    release.set()


def test_dripping_body_is_too_slow(serve: Any, policy_for: Any) -> None:
    def drip(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            line.sendall(b"[")
            time.sleep(0.05)

    policy = policy_for(serve(drip), min_bytes_per_second=1000.0, min_rate_grace_seconds=0.3)
    with pytest.raises(TooSlow) as caught:
        fetch_file("/x", policy, expected_format="json", sink=lambda data: None)
    assert caught.value.retryable


def test_body_that_stops_is_too_slow_and_one_without_rate_times_out(serve: Any, policy_for: Any) -> None:
    release = threading.Event()

    def stop(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[[[")
        release.wait(5)

    with pytest.raises(TooSlow):
        fetch_file("/x", policy_for(serve(stop), min_rate_grace_seconds=0.2), expected_format="json", sink=fail)
    with pytest.raises(TimedOut):
        policy = policy_for(serve(stop), min_bytes_per_second=0.0, deadline_seconds=0.2)
        fetch_file("/x", policy, expected_format="json", sink=fail)
    release.set()


def test_slow_sink_does_not_count_as_a_slow_server(serve: Any, http: Any, policy_for: Any) -> None:
    policy = policy_for(serve(http(200, BODY)), min_bytes_per_second=1e9, min_rate_grace_seconds=0.3)
    file = fetch_file("/x", policy, expected_format="json", sink=lambda data: time.sleep(0.1))
    assert file.size == len(BODY)


@pytest.mark.parametrize(
    ("status", "own", "foreign"),
    [
        (401, NotAuthenticated, LinkExpired),
        (403, Forbidden, LinkExpired),
        (404, LinkExpired, LinkExpired),
        (410, LinkExpired, LinkExpired),
        (500, ServerTrouble, ServerTrouble),
    ],
)
def test_refusals_mean_different_things_from_the_api_and_from_storage(
    serve: Any, http: Any, policy_for: Any, status: int, own: type[LoyaltyDogError], foreign: type[LoyaltyDogError]
) -> None:
    server, api = serve(http(status, {"detail": "no"})), serve(http(200, b"[]"))
    with pytest.raises(own) as caught:
        fetch_file("/x", policy_for(server), expected_format="json", sink=fail)
    assert type(caught.value) is own
    with pytest.raises(foreign) as caught:
        fetch_file(
            f"{server.base_url}/x",
            policy_for(api, allowed_hosts=(f"127.0.0.1:{server.port}",)),
            expected_format="json",
            sink=fail,
        )
    assert type(caught.value) is foreign and caught.value.status == status


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(101)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(10_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
    ],
)
def test_answer_that_is_not_http_or_has_a_monstrous_head_is_unreadable(
    serve: Any, policy_for: Any, wire: bytes
) -> None:
    with pytest.raises(UnreadableAnswer):
        fetch_file("/x", policy_for(serve(wire)), expected_format="json", sink=fail)


def test_data_address_is_decoded_without_any_connection() -> None:
    policy, got = FetchPolicy(API), []
    for address in (
        "data:application/json;base64," + base64.b64encode(BODY).decode(),
        "DATA:application/json," + BODY.decode().replace('"', "%22"),
    ):
        got.clear()
        file = fetch_file(address, policy, expected_format="json", sink=got.append)
        assert b"".join(got) == BODY and file.sha256 == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("data:text/html,<p>", WrongMediaType),
        ("data:application/json,<p>", WrongMediaType),
        ("data:application/json,", EmptyFile),
        ("data:application/json;base64,@@@", AddressRefused),
        ("data:application/json", AddressRefused),
        ("data:application/json,[\u00e9]", AddressRefused),
        ("data:application/json," + "1" * 2000, TooLarge),
        ("data:application/json," + "%31" * 2000, TooLarge),
    ],
)
def test_data_address_meets_the_same_checks(address: str, kind: type[LoyaltyDogError]) -> None:
    with pytest.raises(kind):
        fetch_file(address, FetchPolicy(API, max_bytes=1000), expected_format="json", sink=lambda data: None)


@given(st.text(max_size=60) | st.text(alphabet="data:;,base64/%\u00e9=", max_size=60).map(lambda tail: "data:" + tail))
def test_any_address_is_fetched_or_refused(address: str) -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError

    try:
        fetch_file(address, FetchPolicy(API), expected_format="csv", sink=lambda data: None, resolver=nobody)
    except LoyaltyDogError as error:
        assert not error.detail or address not in error.detail or len(address) < 4


def test_trouble_of_the_sink_comes_through_unchanged(serve: Any, http: Any, policy_for: Any) -> None:
    def full(data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fetch_file("/x", policy_for(serve(http(200, BODY))), expected_format="json", sink=full)


@pytest.mark.parametrize(
    "options", [{"allowed_hosts": ("*",)}, {"allowed_hosts": ("https://x",)}, {"max_redirects": 2}, {"max_bytes": 0}]
)
def test_policy_that_makes_no_sense_cannot_be_made(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        FetchPolicy(API, **options)


def test_error_of_a_fetch_never_holds_the_address(serve: Any, http: Any, policy_for: Any) -> None:
    server = serve(http(403, {"detail": "sig-canary"}))
    with pytest.raises(LoyaltyDogError) as caught:
        fetch_file("/path-canary?sig=query-canary", policy_for(server), expected_format="json", sink=fail)
    error: BaseException | None = caught.value
    while error is not None:
        assert "canary" not in repr(error) + str(error)
        error = error.__cause__ or error.__context__
    assert Connection(API, "x").token == "x"
