"""Who may try again, and when (SEC-13)."""

import pytest

from portal.loyaltydog import (
    AddressRefused,
    ConnectionLost,
    Delivery,
    Forbidden,
    LoyaltyDogError,
    NoConnection,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Rejected,
    RetryDecision,
    ServerTrouble,
    TimedOut,
    TlsFailed,
    UnreadableAnswer,
    retry_export_post,
    retry_reads,
)

pytestmark = pytest.mark.keeps("SEC-13")

PASSING = [NoConnection, ConnectionLost, TimedOut, ServerTrouble, RateLimited]
LASTING = [NotAuthenticated, Forbidden, NotFound, Rejected, TlsFailed, UnreadableAnswer, AddressRefused]


@pytest.mark.parametrize("kind", PASSING)
def test_reads_are_repeated_twice_after_passing_trouble(kind: type[LoyaltyDogError]) -> None:
    assert [retry_reads(kind(), attempt).retry for attempt in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize("kind", LASTING)
def test_reads_are_not_repeated_when_the_answer_would_be_the_same(kind: type[LoyaltyDogError]) -> None:
    assert retry_reads(kind(), 1) == RetryDecision(False)


@pytest.mark.parametrize("kind", [*PASSING, *LASTING])
@pytest.mark.parametrize("delivery", ["unknown", "answered"])
def test_export_post_is_never_repeated_when_it_may_have_arrived(
    kind: type[LoyaltyDogError], delivery: Delivery
) -> None:
    expected = kind is RateLimited
    assert retry_export_post(kind(delivery=delivery), 1).retry is expected


@pytest.mark.parametrize(("kind", "repeated"), [(NoConnection, True), (TimedOut, True), (TlsFailed, False)])
def test_export_post_is_repeated_when_it_provably_never_left(kind: type[LoyaltyDogError], repeated: bool) -> None:
    assert retry_export_post(kind(delivery="never_sent"), 9).retry is repeated


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.0), (7.0, 7.0), (120.0, 120.0), (86400.0, 120.0), (-5.0, 0.0)])
def test_wait_is_what_the_vendor_asks_for_up_to_two_minutes(asked: float, waited: float) -> None:
    error = RateLimited(retry_after_seconds=asked)
    assert retry_reads(error, 1).after_seconds == waited
    assert retry_export_post(error, 1).after_seconds == waited


def test_wait_grows_and_spreads_when_the_vendor_says_nothing() -> None:
    waits = [retry_export_post(RateLimited(), attempt).after_seconds for attempt in (1, 2, 3, 4, 5, 6, 5000)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert retry_export_post(RateLimited(), 1, spread=1.0).after_seconds == 0.375
