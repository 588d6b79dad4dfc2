"""Addresses the portal never connects to (SEC-3); Python 3.11 calls many of them global."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.loyaltydog.denied_networks import deny_reason, is_loopback

pytestmark = pytest.mark.keeps("SEC-3")

DENIED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "2620:4f:8000::1",
    "3ffe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
    "e000::1",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:a00:1",
]

ALLOWED = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "198.17.0.1",
    "198.20.0.1",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2606:4700::1",
    "2a00:1450::1",
    "2001:4860:4860::8888",
    "2400::1",
    "2606:4700::5efe:808:808",
]


@pytest.mark.parametrize("address", DENIED)
def test_private_special_and_wrapped_addresses_are_denied(address: str) -> None:
    assert deny_reason(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_public_addresses_are_open(address: str) -> None:
    assert deny_reason(address) is None


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f.1", "2130706433", "1.2.3.4.5", "good.example", "[::1]"]
)
def test_text_that_is_no_address_is_denied(text: str) -> None:
    assert deny_reason(text) == "not an IP address"


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_never_opens_what_was_denied(address: object) -> None:
    plain = deny_reason(str(address))
    assert (deny_reason(f"::ffff:{address}") is None) == (plain is None)
    assert (deny_reason(f"64:ff9b::{address}") is None) == (plain is None)
    assert deny_reason(f"::{address}") is not None


def test_loopback_is_known_in_every_spelling() -> None:
    assert all(is_loopback(text) for text in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"))
    assert not any(is_loopback(text) for text in ("128.0.0.1", "::2", "localhost", "0.0.0.0", ""))
