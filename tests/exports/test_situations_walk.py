"""The whole walk over each practice situation: where it ends, what is said, how often LoyaltyDog was asked.

All customers are asked for at once, by a real worker, from a real practice merchant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from portal.exports import State
from portal.practice.invented.situations import SITUATIONS
from portal.practice.settings import MERCHANT_ONE_TOKEN
from portal.storage.tables import Export, FileKey

pytestmark = pytest.mark.keeps("LAW-8", "SEC-13")


class End(NamedTuple):
    state: State
    code: str = ""
    posts: int = 1
    downloads: int = 1


READY = End(State.READY)
ENDS: dict[str, End] = {
    "ordinary": READY,
    "many_cards": READY,
    "flat_json": READY,
    "flat_csv": READY,
    "stacked_csv": READY,
    "semicolon_csv": READY,
    "tricky_text": READY,
    "none_found": READY,
    "two_people": End(State.ATTENTION, "other_person"),
    "slow": READY,
    "rate_limited": End(State.READY, posts=2),
    "rate_limited_silent": End(State.READY, posts=2),
    "expired": End(State.EXPIRED, "expired_unfetched", downloads=0),
    "expires_soon": End(State.EXPIRED, "expired_unfetched", downloads=0),
    "refused": End(State.REJECTED, "forbidden", downloads=0),
    "unknown_customer": End(State.REJECTED, "not_found", posts=0, downloads=0),
    "not_accepted": End(State.REJECTED, "rejected", downloads=0),
    "cut_off": End(State.FAILED, "truncated", downloads=3),
    "server_error": End(State.UNKNOWN, "server_trouble", downloads=0),
    "no_answer": End(State.UNKNOWN, "timed_out", downloads=0),
    "html_answer": End(State.UNKNOWN, "unreadable_answer", downloads=0),
    "incomplete_answer": End(State.UNKNOWN, "unreadable_answer", downloads=0),
    "queued": READY,
    "unlisted_host": End(State.FAILED, "host_not_allowed", downloads=0),
    "relative_link": READY,
    "redirected": End(State.FAILED, "redirect_refused", downloads=0),
    "wrong_file": End(State.FAILED, "wrong_media_type"),
    "large_file": READY,
    "same_address": READY,
}
TURNS = {"", "you", "manager", "loyaltydog", "nobody"}


@pytest.fixture(scope="module")
def walked(desk: Any, running_shop: Any) -> Iterator[dict[str, Any]]:
    """Every situation's export at its end, all asked for at once; the counts of the merchant under ``counts``."""
    running_shop.forget()
    wanted = [s for s in SITUATIONS if s.merchant == "one"]
    assert {s.key for s in wanted} == set(ENDS), "a situation was added or taken away"
    portal = desk.portal
    patient = portal.vendor._settings
    asked = {s.key: desk.ask(s.email, format=s.format) for s in wanted if s.key != "no_answer"}
    seen = {key: desk.settled(export_id) for key, export_id in asked.items()}
    # Alone, with a short answer time: beside the others a busy machine could run out of it.
    portal.vendor._settings = patient.model_copy(update={"answer_seconds": 1.0})
    seen["no_answer"] = desk.run("no.answer@example.com")
    portal.vendor._settings = patient
    yield {**seen, "counts": running_shop.counts()}


@pytest.mark.parametrize("key", ENDS)
def test_a_situation_ends_where_it_should(walked: dict[str, Any], key: str) -> None:
    assert (walked[key].state, walked[key].problem_code) == (ENDS[key].state, ENDS[key].code)


@pytest.mark.parametrize("key", ENDS)
def test_loyaltydog_is_asked_exactly_as_often_as_is_right(walked: dict[str, Any], key: str) -> None:
    counted = walked["counts"]["by_situation"].get(key, {})
    assert counted.get("export_posts_valid", 0) == ENDS[key].posts
    assert counted.get("downloads", 0) == ENDS[key].downloads
    assert counted.get("retried_too_early", 0) == 0


def test_no_post_is_left_uncounted(walked: dict[str, Any]) -> None:
    told = sum(end.posts for end in ENDS.values()) + 1  # and the one for a customer nobody knows
    assert walked["counts"]["export_posts"] == told
    assert walked["counts"].get("presigned_with_credentials", 0) == 0


@pytest.mark.parametrize("key", [key for key, end in ENDS.items() if end.state is not State.READY])
def test_whatever_went_wrong_is_said_in_plain_sentences(walked: dict[str, Any], key: str) -> None:
    view = walked[key]
    for words in (view.problem, view.next_step):
        assert words.endswith((".", "?"))
        assert words[0].isupper() and len(words) >= 10
        assert not any(odd in words for odd in ("HTTP", "{", "<", "Error", "Exception", "@", "http://", "None"))
    assert view.turn in TURNS - {""}


@pytest.mark.parametrize("key", [key for key, end in ENDS.items() if end.state is State.READY])
def test_a_ready_export_says_nothing_went_wrong(walked: dict[str, Any], key: str) -> None:
    view = walked[key]
    assert (view.problem, view.next_step, view.turn, view.retry_at) == ("", "", "", None)
    assert view.verdict == ("nobody" if key == "none_found" else "one_person")
    assert view.fetched_bytes == view.expected_bytes == view.size_bytes
    assert view.link_expires_at and view.destroy_after and view.sent_at <= view.accepted_at <= view.collected_at


@pytest.mark.parametrize("key", [key for key, end in ENDS.items() if end.state is State.READY and key != "large_file"])
def test_a_ready_file_is_the_vendors_very_bytes(desk: Any, walked: dict[str, Any], key: str, running_shop: Any) -> None:
    view = walked[key]
    with desk.portal.db.read() as session:
        url = desk.portal.history.seal.open(session.get_one(Export, view.id), "download_url")
    if url.startswith("/"):
        url = running_shop.base + url
    headers = {"Authorization": f"Bearer {MERCHANT_ONE_TOKEN}"} if url.startswith(running_shop.base) else {}
    original = httpx.get(url, headers=headers, trust_env=False).raise_for_status().content
    desk.may_see_cards(view.id)
    download = desk.portal.files.open_file(desk.user(), view.id)
    kept = b"".join(download.chunks)
    assert kept == original
    assert view.sha256 == hashlib.sha256(original).hexdigest()
    assert download.size == view.size_bytes == len(original)
    assert download.file_name.endswith(f".{view.format}") and "@" not in download.file_name


def test_a_large_file_arrives_whole_although_its_size_was_not_told(desk: Any, walked: dict[str, Any]) -> None:
    view = walked["large_file"]
    kept = desk.original(view.id)
    assert len(kept) == view.size_bytes >= 1_200_000
    assert hashlib.sha256(kept).hexdigest() == view.sha256


@pytest.mark.parametrize("key", [key for key, end in ENDS.items() if end.state not in (State.READY, State.ATTENTION)])
def test_nothing_is_kept_of_a_file_that_was_not_taken(desk: Any, walked: dict[str, Any], key: str) -> None:
    view = walked[key]
    with desk.portal.db.read() as session:
        assert session.query(FileKey).where(FileKey.export_id == view.id).count() == 0
    assert [name for name in desk.portal.blobs.names() if view.id in name] == []
    assert (view.size_bytes, view.sha256, view.holds_file, view.can_open) == (None, "", False, False)


def test_a_word_of_status_nobody_knows_is_kept_and_not_believed(walked: dict[str, Any]) -> None:
    assert walked["queued"].vendor_status == "queued"


def test_a_link_dead_on_arrival_is_noted(walked: dict[str, Any]) -> None:
    assert walked["expired"].notes == ["expires_before_requested"]


def test_a_customer_of_the_other_merchant_is_not_found_by_this_one(desk: Any, walked: dict[str, Any]) -> None:
    assert desk.run("grace@example.com").problem_code == "not_found"
    found = desk.run("grace@example.com", by=desk.user("maya", "two"))
    assert found.state is State.READY


def test_the_same_address_at_two_merchants_is_two_customers(desk: Any, walked: dict[str, Any]) -> None:
    hers = desk.user("maya", "two")
    other = desk.run("sam@example.com", by=hers)
    ours = desk.original(walked["same_address"].id)
    theirs = desk.original(other.id, by=hers)
    assert json.loads(ours)["customer"] != json.loads(theirs)["customer"]


def test_a_customer_is_found_by_id_too(desk: Any, running_shop: Any, walked: dict[str, Any]) -> None:
    ada = next(s for s in SITUATIONS if s.key == "ordinary")
    by_id = desk.run("", customer_id=ada.customer_id)
    assert (by_id.state, by_id.verdict, by_id.subject_kind) == (State.READY, "one_person", "customer_id")
    one = json.loads(desk.original(by_id.id))
    other = json.loads(desk.original(walked["ordinary"].id))
    assert one["giftCards"] == other["giftCards"]


def test_a_program_and_a_card_narrow_the_file(desk: Any, walked: dict[str, Any]) -> None:
    def cards(export_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(desk.original(export_id))["giftCards"]
        return found

    everything = cards(walked["many_cards"].id)
    assert len({card["programId"] for card in everything}) > 1
    one_program = everything[0]["programId"]
    by_program = desk.run("many.cards@example.com", program_id=one_program, program_name="Gifts")
    narrowed = cards(by_program.id)
    assert 0 < len(narrowed) < len(everything)
    assert {card["programId"] for card in narrowed} == {one_program}
    by_card = desk.run("many.cards@example.com", card_id=everything[0]["id"])
    assert [card["id"] for card in cards(by_card.id)] == [everything[0]["id"]]
    assert (by_program.scope, by_card.scope) == ("Gifts", f"Card …{everything[0]['id'][-4:]}")
    assert by_card.has_card and everything[0]["id"] not in repr(by_card)
