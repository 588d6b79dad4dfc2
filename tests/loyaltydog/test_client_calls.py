"""The client on the wire: what it sends, how often, and what it makes of the answer."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from portal.loyaltydog import (
    AddressRefused,
    Connection,
    ConnectionLost,
    ErasureAsk,
    ExportAsk,
    Forbidden,
    Gone,
    LoyaltyDog,
    LoyaltyDogError,
    NoConnection,
    NotAuthenticated,
    NotFound,
    RateLimited,
    RedirectRefused,
    Rejected,
    ServerTrouble,
    SubscriptionInactive,
    TimedOut,
    UnreadableAnswer,
)

pytestmark = pytest.mark.keeps("SEC-2", "SEC-7", "SEC-13")

EMAIL = "kim.canary@example.com"
ASK = ExportAsk("json", customer_email=EMAIL, program_id="5eb7cf5a86d9755df3a6c593")
CARDS = "/v2/giftcards/programs"
USER = {"id": "u1", "email": "owner@example.com", "new": 1}


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *rows = head.decode("ascii").split("\r\n")
    return first, {name.lower(): value for name, value in (row.split(": ", 1) for row in rows)}, body


def test_export_request_sends_exactly_what_is_documented(serve: Any, http: Any, connect: Any, export_body: Any) -> None:
    server = serve(http(200, export_body, X_Request_Id="vendor-1"))
    answer = LoyaltyDog(connect(server, merchant_token="m-1", customer_token="c-1")).request_export(ASK)
    first, headers, body = parts(server.requests[0])
    assert first == "POST /v2/giftcards/gdpr/export?programId=5eb7cf5a86d9755df3a6c593 HTTP/1.1"
    assert json.loads(body) == {"format": "json", "customerEmail": EMAIL}
    assert len(headers.pop("x-request-id")) == 32 and headers.pop("content-length") == str(len(body))
    assert headers == {
        "host": f"127.0.0.1:{server.port}",
        "connection": "close",
        "accept-encoding": "identity",
        "accept": "application/json",
        "user-agent": "loyaltydog-privacy-portal",
        "content-type": "application/json",
        "authorization": "Bearer token-canary-1",
        "x-eposn-merchant-token": "m-1",
        "x-eposn-customer-token": "c-1",
    }
    assert (answer.export_id, answer.request_id, answer.meaning) == ("exp-1", "vendor-1", "ready")


@pytest.mark.parametrize(
    ("status", "kind", "delivery"),
    [
        (400, Rejected, "answered"),
        (401, NotAuthenticated, "answered"),
        (402, SubscriptionInactive, "answered"),
        (403, Forbidden, "answered"),
        (404, NotFound, "answered"),
        (409, Rejected, "answered"),
        (410, Gone, "answered"),
        (418, Rejected, "answered"),
        (422, Rejected, "answered"),
        (429, RateLimited, "answered"),
        (408, TimedOut, "unknown"),
        (500, ServerTrouble, "unknown"),
        (502, ServerTrouble, "unknown"),
        (503, ServerTrouble, "unknown"),
        (504, ServerTrouble, "unknown"),
        (302, RedirectRefused, "unknown"),
        (204, UnreadableAnswer, "unknown"),
        (200, UnreadableAnswer, "unknown"),
    ],
)
def test_export_post_is_sent_once_whatever_status_comes_back(
    serve: Any, http: Any, connect: Any, status: int, kind: type[LoyaltyDogError], delivery: str
) -> None:
    server = serve(http(status, {"detail": f"about {EMAIL}"} if status != 204 else b"", Location="/v2/other"))
    with pytest.raises(kind) as caught:
        LoyaltyDog(connect(server)).request_export(ASK)
    error = caught.value
    assert type(error) is kind and (error.delivery, error.status) == (delivery, status)
    assert len(server.requests) == 1
    assert error.request_id == parts(server.requests[0])[1]["x-request-id"]
    assert EMAIL not in str(error) + repr(error)


@pytest.mark.parametrize("cut", [0, 1, 12, 40, 80])
def test_cut_answer_leaves_it_unknown_whether_the_export_was_made(
    serve: Any, http: Any, connect: Any, cut: int
) -> None:
    server = serve(http(200, {"exportId": "e"})[:cut])
    with pytest.raises(ConnectionLost) as caught:
        LoyaltyDog(connect(server)).request_export(ASK)
    assert caught.value.delivery == "unknown" and len(server.requests) == 1


def test_silent_vendor_ends_in_a_time_out_within_the_total_deadline(serve: Any, connect: Any) -> None:
    release = threading.Event()
    server = serve(lambda line: release.wait(5))
    with pytest.raises(TimedOut) as caught:
        LoyaltyDog(connect(server, timeout_seconds=0.3)).request_export(ASK)
    release.set()
    assert caught.value.delivery == "unknown" and len(server.requests) == 1


def test_dripping_head_cannot_outlast_the_total_deadline(serve: Any, connect: Any) -> None:
    def drip(line: socket.socket) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 500:
            line.sendall(bytes([byte]))
            time.sleep(0.02)

    with pytest.raises(TimedOut):
        LoyaltyDog(connect(serve(drip), timeout_seconds=0.3)).request_export(ASK)


def test_refused_connection_was_provably_never_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    connection = Connection(f"http://127.0.0.1:{port}", "t", allow_loopback_http=True)
    with pytest.raises(NoConnection) as caught:
        LoyaltyDog(connection).request_export(ASK)
    assert caught.value.delivery == "never_sent"


def unresolvable(host: str, port: int) -> list[str]:
    raise OSError("no such name")


def stuck(host: str, port: int) -> list[str]:
    time.sleep(2)
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("resolver", "kind"),
    [
        (unresolvable, NoConnection),
        (lambda host, port: [], NoConnection),
        (stuck, TimedOut),
        (lambda host, port: ["127.0.0.1"], AddressRefused),
        (lambda host, port: ["93.184.216.34", "10.0.0.1"], AddressRefused),
        (lambda host, port: ["169.254.169.254"], AddressRefused),
        (lambda host, port: ["not an address"], AddressRefused),
    ],
)
def test_name_that_leads_nowhere_good_was_provably_never_sent(
    resolver: Callable[[str, int], list[str]], kind: type[LoyaltyDogError]
) -> None:
    connection = Connection("https://api.example.com", "t", timeout_seconds=0.2)
    with pytest.raises(kind) as caught:
        LoyaltyDog(connection, resolver=resolver).request_export(ASK)
    assert caught.value.delivery == "never_sent"


def test_name_is_resolved_once_and_the_connection_goes_to_the_checked_address(
    serve: Any, http: Any, connect: Any
) -> None:
    server = serve(http(200, USER))
    asked: list[tuple[str, int]] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    connection = Connection(f"http://localhost:{server.port}", "t", allow_loopback_http=True)
    assert LoyaltyDog(connection, resolver=rebinding).whoami().id == "u1"
    assert asked == [("localhost", server.port)]
    with pytest.raises(AddressRefused):
        LoyaltyDog(connection, resolver=rebinding).whoami()


def test_second_address_is_tried_when_the_first_refuses(serve: Any, http: Any) -> None:
    server = serve(http(200, USER))
    connection = Connection(f"http://localhost:{server.port}", "t", allow_loopback_http=True)
    api = LoyaltyDog(connection, resolver=lambda host, port: ["127.0.0.99", "127.0.0.1"])
    assert api.whoami().id == "u1"


def test_reads_are_repeated_after_trouble_and_wait_as_told(serve: Any, http: Any, connect: Any) -> None:
    turns = iter([http(503, b"", Retry_After="3"), b"", http(200, USER)])
    server = serve(lambda line: line.sendall(next(turns)))
    waits: list[float] = []
    assert LoyaltyDog(connect(server, timeout_seconds=9.0), sleep=waits.append).whoami().email == "owner@example.com"
    assert len(server.requests) == 3
    assert waits[0] == 3.0 and 0.5 < waits[1] <= 1.0


def test_reads_give_up_after_two_repeats_and_say_that_nothing_changed(serve: Any, http: Any, connect: Any) -> None:
    server = serve(http(502, b"<html>"))
    with pytest.raises(ServerTrouble) as caught:
        LoyaltyDog(connect(server), sleep=lambda seconds: None).programs()
    assert len(server.requests) == 3 and "Nothing was changed" in caught.value.next_step


def test_reads_do_not_wait_longer_than_the_call_may_take(serve: Any, http: Any, connect: Any) -> None:
    server = serve(http(429, b"", Retry_After="60"))
    waits: list[float] = []
    with pytest.raises(RateLimited) as caught:
        LoyaltyDog(connect(server), sleep=waits.append).whoami()
    assert (waits, len(server.requests), caught.value.retry_after_seconds) == ([], 1, 60.0)


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_reads_are_not_repeated_after_a_plain_no(serve: Any, http: Any, connect: Any, status: int) -> None:
    server = serve(http(status, {"detail": "no"}))
    with pytest.raises(LoyaltyDogError):
        LoyaltyDog(connect(server)).whoami()
    assert len(server.requests) == 1


def test_sign_in_sends_neither_bearer_nor_merchant_tokens(serve: Any, http: Any, connect: Any) -> None:
    server = serve(http(200, {"mfaPending": True, "pendingToken": "p-1", "accessToken": None}))
    api = LoyaltyDog(connect(server, merchant_token="m-1"))
    pending = api.sign_in("owner@example.com", "pass word&1")
    assert pending.mfa_pending and pending.pending_token is not None
    api.verify_mfa(pending.pending_token.get_secret_value(), "123456", pending_field="pending", code_field="otp")
    form, code = (parts(request) for request in server.requests)
    assert form[0] == "POST /v2/token HTTP/1.1" and code[0] == "POST /v2/token/mfa-verify HTTP/1.1"
    assert form[2] == b"grant_type=password&username=owner%40example.com&password=pass+word%261"
    assert json.loads(code[2]) == {"pending": "p-1", "otp": "123456"}
    assert not {"authorization", "x-eposn-merchant-token"} & (form[1].keys() | code[1].keys())


@pytest.mark.parametrize("status", [400, 401, 422])
def test_wrong_password_reads_the_same_whatever_status_the_vendor_chose(
    serve: Any, http: Any, connect: Any, status: int
) -> None:
    with pytest.raises(LoyaltyDogError) as caught:
        LoyaltyDog(connect(serve(http(status, {"detail": "Bad credentials"})))).sign_in("a@example.com", "b")
    assert caught.value.message == "LoyaltyDog did not accept this user name and password."
    assert caught.value.turn == "you"


def test_call_without_a_token_is_never_sent(serve: Any, http: Any) -> None:
    server = serve(http(200, USER))
    with pytest.raises(NotAuthenticated) as caught:
        LoyaltyDog(Connection(server.base_url, "", allow_loopback_http=True)).whoami()
    assert caught.value.delivery == "never_sent" and server.connections == 0


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (
            lambda api: api.search_cards("a b&c", program_id="p/1"),
            f"GET {CARDS}/p%2F1/search?q=a%20b%26c&page=1&limit=50",
        ),
        (lambda api: api.search_cards("x", page=2), f"GET {CARDS}/search?q=x&page=2&limit=50"),
        (
            lambda api: api.cards(status="active", positive_balance=True),
            f"GET {CARDS}/cards?status=active&positive_balance=true&page=1&limit=50",
        ),
        (lambda api: api.cards(program_id="p1"), f"GET {CARDS}/p1/cards?page=1&limit=50"),
        (
            lambda api: api.card("p1", "c1", include_transactions=True),
            f"GET {CARDS}/p1/cards/c1?include_transactions=true",
        ),
        (lambda api: api.card_transactions("p1", "c1"), f"GET {CARDS}/p1/cards/c1/transactions?page=1&limit=50"),
        (
            lambda api: api.find_consent(email="a+b@example.com"),
            "GET /v2/giftcards/gdpr/consent/lookup?customerEmail=a%2Bb%40example.com",
        ),
        (lambda api: api.consent("c 1"), "GET /v2/giftcards/gdpr/consent/c%201"),
        (
            lambda api: api.audit_logs(actions=["a", "b"], subject_id="s"),
            "GET /v2/giftcards/audit-logs?subjectId=s&action=a&action=b&page=1&limit=50",
        ),
        (
            lambda api: api.erase(ErasureAsk(customer_id="c1", card_id="k1")),
            "POST /v2/giftcards/gdpr/erasure?cardId=k1",
        ),
    ],
)
def test_each_call_goes_to_its_documented_place(serve: Any, http: Any, connect: Any, act: Any, line: str) -> None:
    server = serve(http(404, {"detail": "no"}))
    with pytest.raises(NotFound):
        act(LoyaltyDog(connect(server)))
    assert parts(server.requests[0])[0] == line + " HTTP/1.1"


@pytest.mark.keeps("ASVS-1.2.2")
@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_id_that_would_change_the_path_is_never_sent(serve: Any, http: Any, connect: Any, segment: str) -> None:
    server = serve(http(200, {}))
    with pytest.raises(ValueError):
        LoyaltyDog(connect(server)).consent(segment)
    assert server.connections == 0


@pytest.mark.parametrize("token", ["a b", "a\nb", "a\r\nX-Evil: 1", "t\u00f6ken", "\x00"])
def test_token_that_could_split_a_header_is_refused_without_being_quoted(token: str) -> None:
    with pytest.raises(ValueError) as caught:
        Connection("https://api.example.com", token)
    assert token not in str(caught.value)


def test_repr_of_a_connection_hides_its_tokens() -> None:
    connection = Connection("https://api.example.com/api/v2/", " tok-1 ", "tok-2", "tok-3")
    assert "tok-" not in repr(connection) + repr(LoyaltyDog(connection))
    assert (connection.base_url, connection.token) == ("https://api.example.com", "tok-1")


def test_nothing_personal_reaches_the_log_even_at_debug(
    serve: Any, http: Any, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(http(200, [], X_Secret="answer-canary"))
    LoyaltyDog(connect(server)).search_cards(EMAIL)
    assert "canary" not in caplog.text and "token" not in caplog.text


def test_one_client_serves_many_threads(serve: Any, http: Any, connect: Any) -> None:
    server = serve(http(200, USER))
    api = LoyaltyDog(connect(server))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: api.whoami().id, range(24)))
    assert found == ["u1"] * 24 and len(server.requests) == 24


def test_environment_proxies_are_ignored(serve: Any, http: Any, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert LoyaltyDog(connect(serve(http(200, USER)))).whoami().id == "u1"
