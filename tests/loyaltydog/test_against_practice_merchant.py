"""Every operation against the practice merchant as a separate process, over real sockets."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest

from portal.loyaltydog import (
    Connection,
    ConnectionLost,
    ConsentAsk,
    ErasureAsk,
    ExportAnswer,
    ExportAsk,
    FetchedFile,
    FetchPolicy,
    Forbidden,
    HostNotAllowed,
    LinkExpired,
    LoyaltyDog,
    LoyaltyDogError,
    NotAuthenticated,
    NotFound,
    RateLimited,
    RedirectRefused,
    Rejected,
    ServerTrouble,
    TimedOut,
    Truncated,
    UnreadableAnswer,
    WrongMediaType,
    fetch_file,
    retry_export_post,
)
from portal.practice.invented.situations import SITUATIONS, Situation
from portal.practice.settings import MERCHANT_ONE_TOKEN, MERCHANT_TWO_TOKEN, PRACTICE_PASSWORD, TOTP_SECRET

ROOT = Path(__file__).resolve().parents[2]
TOKENS = {"one": MERCHANT_ONE_TOKEN, "two": MERCHANT_TWO_TOKEN}
FAILS_ON_ASKING: dict[str, tuple[type[LoyaltyDogError], str]] = {
    "refused": (Forbidden, "answered"),
    "unknown_customer": (NotFound, "answered"),
    "not_accepted": (Rejected, "answered"),
    "server_error": (ServerTrouble, "unknown"),
    "no_answer": (TimedOut, "unknown"),
    "html_answer": (UnreadableAnswer, "unknown"),
    "incomplete_answer": (UnreadableAnswer, "unknown"),
    "rate_limited": (RateLimited, "answered"),
    "rate_limited_silent": (RateLimited, "answered"),
}
FAILS_ON_FETCHING: dict[str, type[LoyaltyDogError]] = {
    "expired": LinkExpired,
    "cut_off": Truncated,
    "unlisted_host": HostNotAllowed,
    "redirected": RedirectRefused,
    "wrong_file": WrongMediaType,
}


@dataclass(frozen=True)
class Practice:
    base: str
    files: str

    def connection(self, merchant: str = "one", token: str | None = None) -> Connection:
        return Connection(self.base, token or TOKENS[merchant], allow_loopback_http=True, timeout_seconds=2.0)

    def fetch(self, address: str, situation: Situation, **options: int) -> FetchedFile:
        policy = FetchPolicy(self.base, (self.files,), allow_loopback_http=True, deadline_seconds=10.0, **options)
        connection = self.connection(situation.merchant)
        return fetch_file(
            address, policy, expected_format=situation.format, sink=lambda data: None, connection=connection
        )


@pytest.fixture(scope="module")
def practice() -> Iterator[Practice]:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        port, download_port = first.getsockname()[1], second.getsockname()[1]
    waits = {"slow": 0.1, "drip": 0.1, "silence": 5}
    options = [text for name, value in waits.items() for text in (f"--{name}-seconds", str(value))]
    command = [sys.executable, "-m", "portal.practice", "--port", str(port), "--download-port", str(download_port)]
    process = subprocess.Popen(
        [*command, *options, "--retry-after", "1", "--large-bytes", "300000"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert "ready" in process.stderr.readline()
        yield Practice(f"http://127.0.0.1:{port}", f"127.0.0.1:{download_port}")
    finally:
        process.terminate()
        process.communicate(timeout=10)


def ask_of(situation: Situation) -> ExportAsk:
    return ExportAsk(situation.format, customer_email=situation.email)


def export(practice: Practice, situation: Situation) -> ExportAnswer:
    return LoyaltyDog(practice.connection(situation.merchant)).request_export(ask_of(situation))


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.key)
def test_each_practice_situation_ends_as_its_row_says(practice: Practice, situation: Situation) -> None:
    if situation.key in FAILS_ON_ASKING:
        kind, delivery = FAILS_ON_ASKING[situation.key]
        with pytest.raises(kind) as caught:
            export(practice, situation)
        assert caught.value.delivery == delivery and caught.value.request_id
        assert situation.email not in str(caught.value)
        assert retry_export_post(caught.value, 1).retry is (kind is RateLimited)
        return
    answer = export(practice, situation)
    assert answer.export_id and answer.clock_skew_seconds is not None and abs(answer.clock_skew_seconds) < 60
    address = answer.download_url.get_secret_value()
    if situation.key in FAILS_ON_FETCHING:
        with pytest.raises(FAILS_ON_FETCHING[situation.key]):
            practice.fetch(address, situation)
    else:
        assert practice.fetch(address, situation).size > 0


def situation_of(key: str) -> Situation:
    return next(situation for situation in SITUATIONS if situation.key == key)


def test_redirected_download_arrives_when_one_redirect_is_allowed(practice: Practice) -> None:
    situation = situation_of("redirected")
    address = export(practice, situation).download_url.get_secret_value()
    assert practice.fetch(address, situation, max_redirects=1).size > 0


def test_file_can_be_asked_for_by_export_id(practice: Practice) -> None:
    situation = situation_of("ordinary")
    answer = export(practice, situation)
    address = LoyaltyDog(practice.connection()).download_address(ask_of(situation), answer.export_id)
    by_id = practice.fetch(address, situation)
    assert by_id.sha256 == practice.fetch(answer.download_url.get_secret_value(), situation).sha256


def test_rate_limited_export_works_after_the_wait_that_was_asked_for(practice: Practice) -> None:
    situation = situation_of("rate_limited")
    for attempt in range(1, 4):
        try:
            assert export(practice, situation).meaning == "ready"
            return
        except RateLimited as error:
            decision = retry_export_post(error, attempt)
            assert decision.retry and decision.after_seconds <= 1.0
    pytest.fail("still rate limited")


def test_token_names_its_user_and_a_wrong_one_is_refused(practice: Practice) -> None:
    assert LoyaltyDog(practice.connection()).whoami().email.endswith("example.com")
    with pytest.raises(NotAuthenticated) as caught:
        LoyaltyDog(practice.connection(token="wrong")).whoami()
    assert caught.value.turn == "manager"


def test_cards_are_listed_searched_and_read_with_their_transactions(practice: Practice) -> None:
    api = LoyaltyDog(practice.connection())
    programs = api.programs()
    page = api.search_cards(situation_of("many_cards").email, limit=5)
    card = page.items[0]
    assert len(page.items) == 5 and card.program_id in {program.id for program in programs}
    assert card.program_id and len(api.cards(program_id=card.program_id, limit=3).items) == 3
    whole = api.card(card.program_id, card.id, include_transactions=True)
    listed = api.card_transactions(card.program_id, card.id)
    assert {entry.id for entry in whole.transactions} == {entry.id for entry in listed}
    assert isinstance(whole.balance, str)


def test_other_merchants_program_is_refused(practice: Practice) -> None:
    foreign = LoyaltyDog(practice.connection("two")).programs()[0]
    with pytest.raises((Forbidden, NotFound)):
        LoyaltyDog(practice.connection("one")).search_cards("a", program_id=foreign.id)


def test_sign_in_with_and_without_a_second_factor(practice: Practice) -> None:
    api = LoyaltyDog(Connection(practice.base, "", allow_loopback_http=True))
    plain = api.sign_in("owner@brookandbean.example.com", PRACTICE_PASSWORD)
    assert plain.access_token is not None and not plain.mfa_pending
    pending = api.sign_in("owner-mfa@brookandbean.example.com", PRACTICE_PASSWORD)
    assert pending.mfa_pending and pending.access_token is None and pending.pending_token is not None
    whole = api.verify_mfa(pending.pending_token.get_secret_value(), pyotp.TOTP(TOTP_SECRET).now())
    assert whole.access_token is not None
    connection = practice.connection(token=whole.access_token.get_secret_value())
    assert LoyaltyDog(connection).whoami().email == "owner-mfa@brookandbean.example.com"
    with pytest.raises(NotAuthenticated):
        api.sign_in("owner@brookandbean.example.com", "wrong")


def test_consent_is_written_read_and_found(practice: Practice) -> None:
    api = LoyaltyDog(practice.connection())
    situation = situation_of("many_cards")
    written = api.write_consent(situation.customer_id, ConsentAsk(("marketing",)))
    assert "marketing" in written.purposes
    assert api.consent(situation.customer_id).purposes == written.purposes
    assert api.find_consent(email=situation.email).purposes == written.purposes
    assert api.create_consent(ConsentAsk(("analytics",), customer_email=situation.email)).customer_id
    with pytest.raises(NotFound):
        api.find_consent(email="stranger@example.com")


def test_audit_log_is_read_by_page(practice: Practice) -> None:
    page = LoyaltyDog(practice.connection()).audit_logs(limit=3)
    assert page.limit == 3 and page.total >= len(page.items) > 0
    assert all(entry.timestamp.tzinfo is not None for entry in page.items)


def test_erasure_answers_with_the_cards_it_touched(practice: Practice) -> None:
    answer = LoyaltyDog(practice.connection()).erase(ErasureAsk(customer_id=situation_of("stacked_csv").customer_id))
    assert answer.request_id and answer.status and answer.affected_cards


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_loyalty_export_is_fetched_under_the_same_guard(practice: Practice, kind: str) -> None:
    api = LoyaltyDog(practice.connection())
    got: list[bytes] = []
    for program in api.programs():
        try:
            file = api.loyalty_customer_export(
                program.id,
                situation_of("ordinary").customer_id,
                format="json" if kind == "json" else "csv",
                sink=got.append,
            )
        except LinkExpired:
            continue
        assert file.size == len(b"".join(got)) > 0
        return
    pytest.fail("no program knows the customer")


def test_stopped_merchant_is_reported_as_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        base = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(LoyaltyDogError) as caught:
        LoyaltyDog(Connection(base, "t", allow_loopback_http=True)).request_export(ExportAsk("json", customer_id="c"))
    assert caught.value.delivery == "never_sent" and not isinstance(caught.value, ConnectionLost)
