"""The guarded fetch with what storage hosts are known to send: odd headers, redirects, errors, long links."""

from typing import Any

import pytest

from portal.loyaltydog import AddressRefused, EncodedBody, FetchPolicy, HostNotAllowed, LinkExpired, fetch_file

pytestmark = pytest.mark.keeps("SEC-1", "SEC-4", "SEC-6", "SEC-16")

BODY = b'{"cards":[{"id":"1"}]}'
API = "https://api.example.com"


def fail(data: bytes) -> None:
    raise AssertionError("nothing may reach the sink")


@pytest.mark.parametrize("encoding", "identity utf-8 UTF-8 aws-chunked none binary aws-chunked,".split())
def test_words_that_name_no_compression_leave_the_bytes_as_they_are(
    serve: Any, http: Any, policy_for: Any, encoding: str
) -> None:
    server, got = serve(http(200, BODY, Content_Encoding=encoding)), list[bytes]()
    fetch_file("/x", policy_for(server), expected_format="json", sink=got.append)
    assert b"".join(got) == BODY


def test_an_upload_whose_framing_was_left_in_is_refused(serve: Any, http: Any, policy_for: Any) -> None:
    body = b"a;chunk-signature=" + b"0" * 64 + b"\r\n[1,2,3,4]\n\r\n0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n"
    with pytest.raises(EncodedBody):
        fetch_file(
            "/x",
            policy_for(serve(http(200, body, Content_Encoding="aws-chunked"))),
            expected_format="json",
            sink=fail,
        )


@pytest.mark.parametrize(
    ("here", "location", "asked"),
    [
        ("/a/b/x?sig=1", "y", "/a/b/y"),
        ("/a/b/x?sig=1", "../y?sig=2", "/a/y?sig=2"),
        ("/a/b/x?sig=1", "?sig=2", "/a/b/x?sig=2"),
        ("/a/b/x", "/y", "/y"),
        ("/a/b/x", " /y ", "/y"),
        ("/a/b/x", "y:z", None),
        ("/a/b/x", "//evil.example/y", None),
        ("/a/b/x", "\\\\evil.example/y", None),
        ("/a/b/x", "@evil.example/y", "/a/b/@evil.example/y"),
    ],
)
def test_a_relative_redirect_is_read_against_the_address_that_sent_it(
    serve: Any, policy_for: Any, http: Any, here: str, location: str, asked: str | None
) -> None:
    answers = iter([http(302, b"", Location=location), http(200, BODY)])
    server = serve(lambda line: line.sendall(next(answers)))
    if asked is None:
        with pytest.raises((AddressRefused, HostNotAllowed)):
            fetch_file(here, policy_for(server, max_redirects=1), expected_format="json", sink=fail)
        assert len(server.requests) == 1
    else:
        fetch_file(here, policy_for(server, max_redirects=1), expected_format="json", sink=lambda data: None)
        assert [request.split(b" ")[1].decode() for request in server.requests] == [here, asked]


@pytest.mark.parametrize("around", ["{} ", "\n{}", "\t{}\r\n"])
def test_white_space_around_a_link_is_left_out(serve: Any, http: Any, policy_for: Any, around: str) -> None:
    server = serve(http(200, BODY))
    for link in ("/x?sig=1", f"{server.base_url}/x?sig=1"):
        fetch_file(around.format(link), policy_for(server), expected_format="json", sink=lambda data: None)
    assert all(request.startswith(b"GET /x?sig=1 HTTP/1.1\r\n") for request in server.requests)


EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>ExpiredToken</Code>'
    b"<Message>The provided token has expired.</Message></Error>"
)


@pytest.mark.parametrize("own", [True, False])
def test_a_storage_error_with_400_is_an_expired_link(serve: Any, http: Any, policy_for: Any, own: bool) -> None:
    files = serve(http(400, EXPIRED, Content_Type="application/xml"))
    api = files if own else serve(http(200, b"[]"))
    policy = policy_for(api, allowed_hosts=(f"127.0.0.1:{files.port}",))
    with pytest.raises(LinkExpired) as caught:
        fetch_file(f"{files.base_url}/x", policy, expected_format="json", sink=fail)
    assert caught.value.status == 400 and "Check what you entered" not in caught.value.next_step


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://api.example.com/" + "a" * 8200, "It is longer than 8192 characters."),
        ("https://api.example.com/a b", "It holds a space, a control character or a letter outside ASCII."),
        ("ftp://api.example.com/a", "It does not begin with https."),
        ("https://u:p@api.example.com/a", "It holds a user name."),
        ("https://2130706433/a", "Its host is a short or odd way to write an IP address."),
        ("https://api.example.com/a#b", "It holds a # sign."),
        ("data:nonsense", "It carries the file in itself and cannot be read."),
    ],
)
def test_the_reason_why_an_address_is_refused_is_told(address: str, reason: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        fetch_file(address, FetchPolicy(API), expected_format="json", sink=fail)
    assert caught.value.message == f"{AddressRefused.message} {reason}"


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/csv; charset=Windows-1250", "windows-1250"),
        ('text/csv; header=present; charset="iso-8859-2"', "iso-8859-2"),
        ("text/csv", None),
        ("text/csv; charset=", None),
        ("text/csv; charset=no way", "no"),
        ("text/csv; charset=a@example.com", None),
    ],
)
def test_the_answers_charset_is_told(
    serve: Any, http: Any, policy_for: Any, content_type: str, charset: str | None
) -> None:
    server = serve(http(200, b"a,b\n1,2\n", Content_Type=content_type))
    assert fetch_file("/x", policy_for(server), expected_format="csv", sink=lambda data: None).charset == charset
