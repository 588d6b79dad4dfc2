"""Addresses that parsers disagree on are not read at all (SEC-1)."""

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from portal.loyaltydog import AddressRefused, normalise_base_url, parse_host_entry
from portal.loyaltydog.addresses import parse_address, resolve_address

pytestmark = pytest.mark.keeps("SEC-1", "SEC-10")

REFUSED = [
    "",
    " ",
    "good.example",
    "good.example:443/x",
    "//good.example/x",
    "/x",
    "http://good.example/",
    "HTTP://good.example/",
    "ftp://good.example/",
    "file:///etc/passwd",
    "gopher://good.example/",
    "javascript:alert(1)",
    "ws://good.example/",
    "https:/good.example/",
    "https:good.example/",
    "https:///good.example/",
    "https://",
    "https:///",
    "https://?x",
    "https:// good.example/",
    "https://good.example /",
    " https://good.example/",
    "https://good.example/\n",
    "https://good.example/\r\nX: y",
    "https://good.example/a b",
    "https://good.example/\x00",
    "https://good.example/\x7f",
    "https://good.example/\u00e9",
    "https://g\u043e\u043ed.example/",
    "https://good\uff0eexample/",
    "https://good\u3002example/",
    "https://good.example\u2044@evil.example/",
    "https://evil.example\\.good.example/",
    "https://good.example\\@evil.example/",
    "https://good.example/\\evil.example",
    "https:\\\\good.example/",
    "https://user@good.example/",
    "https://user:pass@good.example/",
    "https://@good.example/",
    "https://good.example@evil.example/",
    "https://good.example%2eevil.example/",
    "https://good.example%00.evil.example/",
    "https://%67ood.example/",
    "https://good.example#@evil.example/",
    "https://good.example/#fragment",
    "https://good.example:/",
    "https://good.example:0/",
    "https://good.example:0443/",
    "https://good.example:65536/",
    "https://good.example:443443/",
    "https://good.example:-1/",
    "https://good.example:+443/",
    "https://good.example:4 43/",
    "https://good.example:443:443/",
    "https://good.example:\u0664\u0664\u0663/",
    "https://good.example./",
    "https://.good.example/",
    "https://good..example/",
    "https://-good.example/",
    "https://good-.example/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 127 + "example/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.1.1/",
    "https://127.0.0.01/",
    "https://256.0.0.1/",
    "https://1.2.3/",
    "https://good.example.0x/",
    "https://[::1/",
    "https://::1/",
    "https://[::1]x/",
    "https://[::1]:/",
    "https://[fe80::1%25eth0]/",
    "https://[v1.good]/",
    "https://[good.example]/",
    "https://good.example/../x",
    "https://good.example/a/./x",
    "https://good.example/" + "a" * 8192,
]

ACCEPTED = [
    ("https://good.example", ("https", "good.example", 443), "/"),
    ("https://good.example/", ("https", "good.example", 443), "/"),
    ("HTTPS://Good.Example/", ("https", "good.example", 443), "/"),
    ("https://good.example:443/x", ("https", "good.example", 443), "/x"),
    ("https://good.example:8443/x?y=z", ("https", "good.example", 8443), "/x?y=z"),
    ("https://good.example?y=z", ("https", "good.example", 443), "/?y=z"),
    ("https://xn--bcher-kva.example/", ("https", "xn--bcher-kva.example", 443), "/"),
    ("https://good.example/a%20b?sig=a%2Fb%3D'&x=..", ("https", "good.example", 443), "/a%20b?sig=a%2Fb%3D'&x=.."),
    (
        "https://good.example/x?next=https://evil.example/@",
        ("https", "good.example", 443),
        "/x?next=https://evil.example/@",
    ),
    ("https://my_bucket.s3.example/x", ("https", "my_bucket.s3.example", 443), "/x"),
    ("https://good.example/" + "a" * 8000, ("https", "good.example", 443), "/" + "a" * 8000),
    ("https://93.184.216.34/x", ("https", "93.184.216.34", 443), "/x"),
    ("https://[2606:2800:0220:0001::1]:8443/x", ("https", "2606:2800:220:1::1", 8443), "/x"),
]


@pytest.mark.parametrize("text", REFUSED)
def test_reader_refuses_an_address_another_parser_could_read_differently(text: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        parse_address(text)
    assert caught.value.delivery == "never_sent"
    assert "good" not in str(caught.value), "the refusal must not quote the address"


@pytest.mark.parametrize(("text", "origin", "target"), ACCEPTED)
def test_reader_takes_an_address_apart_without_changing_path_or_query(
    text: str, origin: tuple[str, str, int], target: str
) -> None:
    address = parse_address(text)
    assert (address.origin, address.target) == (origin, target)


@given(
    st.text(alphabet="abz019.-:@/\\%[]?#x \u00e9", max_size=30).map(lambda tail: "https://" + tail)
    | st.from_regex(r"\Ahttps://[a-z0-9.@:\\/%-]{1,20}\Z")
)
def test_every_accepted_address_means_the_same_host_to_three_other_parsers(text: str) -> None:
    try:
        address = parse_address(text)
    except AddressRefused:
        return
    others = {str(urlsplit(text).hostname), httpx.URL(text).host, str(parse_url(text).host)}
    assert {other.strip("[]").lower() for other in others} == {address.host}
    assert (urlsplit(text).port or 443) == address.port


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]"])
def test_plain_http_opens_for_loopback_literals_only_when_allowed(host: str) -> None:
    assert parse_address(f"http://{host}:8000/x", allow_loopback_http=True).port == 8000
    with pytest.raises(AddressRefused):
        parse_address(f"http://{host}:8000/x")


@pytest.mark.parametrize("host", ["good.example", "10.0.0.1", "0.0.0.0", "localhost.example", "app.localhost", "[::2]"])
def test_plain_http_stays_closed_for_other_hosts_even_when_loopback_is_allowed(host: str) -> None:
    with pytest.raises(AddressRefused):
        parse_address(f"http://{host}/x", allow_loopback_http=True)


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("/v2/x?y=1", "api.example.com", "/v2/x?y=1"),
        ("v2/x", "api.example.com", "/v2/x"),
        ("https://files.example.net/x", "files.example.net", "/x"),
        ("//files.example.net/x", "files.example.net", "/x"),
        ("/x//evil.example", "api.example.com", "/x//evil.example"),
    ],
)
def test_relative_addresses_belong_to_the_api_and_network_paths_do_not(text: str, origin: str, target: str) -> None:
    address = resolve_address(text, "https://api.example.com")
    assert (address.host, address.target) == (origin, target)


@pytest.mark.parametrize(
    "text", ["", "?x=1", "#x", "javascript:1", "mailto:kim@example.com", "/../x", "\\\\evil.example\\x"]
)
def test_resolver_refuses_what_is_neither_absolute_nor_a_path(text: str) -> None:
    with pytest.raises(AddressRefused):
        resolve_address(text, "https://api.example.com")


@pytest.mark.parametrize("tail", ["", "/", "/v2", "/v2/", "/api", "/api/", "/api/v2", "/api/v2/"])
def test_every_documented_base_url_becomes_the_same_origin(tail: str) -> None:
    assert normalise_base_url(f" https://API.example.com{tail} ") == "https://api.example.com"
    assert normalise_base_url(f"https://api.example.com:8443{tail}") == "https://api.example.com:8443"


@pytest.mark.parametrize("tail", ["/v1", "/v2/giftcards", "/api/v2?x=1", "?x", "/admin", "/v2//"])
def test_base_url_with_another_path_is_refused(tail: str) -> None:
    with pytest.raises(AddressRefused):
        normalise_base_url(f"https://api.example.com{tail}")


def test_host_entries_are_hosts_and_ports_and_nothing_more() -> None:
    assert parse_host_entry("Files.example.net") == ("files.example.net", None)
    assert parse_host_entry("files.example.net:8443") == ("files.example.net", 8443)
    assert parse_host_entry("[::1]:9000") == ("::1", 9000)
    for text in ("", "https://files.example.net", "*.example.net", ".example.net", "files.example.net/x", "a b"):
        with pytest.raises(ValueError):
            parse_host_entry(text)
