"""Each customer worth trying does what the list of situations says."""

import csv
import io
import time
from typing import Any

import httpx
import pytest

from portal.practice.behaviours import BEHAVIOURS
from portal.practice.invented.builder import build_world
from portal.practice.invented.columns import ROW_COLUMNS
from portal.practice.invented.situations import SITUATIONS


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_every_situation_has_a_behaviour_and_its_own_customer() -> None:
    played = {c.situation for c in build_world().customers.values() if c.situation}
    assert {s.key for s in SITUATIONS} - {"unknown_customer"} <= played == BEHAVIOURS.keys()
    assert len({s.email for s in SITUATIONS}) == len({s.customer_id for s in SITUATIONS}) == len(SITUATIONS)
    assert all(s.title[0].isupper() and s.what_happens.endswith(".") for s in SITUATIONS)


def test_the_list_is_served_without_a_bearer_and_marked_as_practice(practice: Any) -> None:
    with practice.client(None) as client:
        listed = client.get("/_practice/situations").json()
    assert [entry["key"] for entry in listed] == [s.key for s in SITUATIONS]
    assert all(entry["practice"] is True for entry in listed)
    wanted = {"key", "title", "what_happens", "email", "customer_id", "format", "merchant", "practice"}
    assert set(listed[0]) == wanted


def test_ordinary_customer_gets_a_nested_record_of_one_person(practice: Any) -> None:
    answer = practice.ask("ordinary")
    assert set(answer.json()) == {"exportId", "downloadUrl", "format", "requestedAt", "expiresAt", "status"}
    file = practice.fetch("ordinary", answer)
    assert file.headers["content-type"] == "application/json"
    record = file.json()
    assert record["exportId"] == answer.json()["exportId"]
    assert record["customer"]["email"] == "ada@example.com"
    assert {card["customerEmail"] for card in record["giftCards"]} == {"ada@example.com"}
    assert all(card["transactions"] for card in record["giftCards"])
    assert all(isinstance(card["balance"], str) and len(card["cardNumber"]) == 16 for card in record["giftCards"])


def test_asking_by_customer_id_finds_the_same_person(practice: Any) -> None:
    situation = practice.situation("ordinary")
    with practice.client() as client:
        body = {"customerId": situation.customer_id, "format": "json"}
        answer = client.post("/v2/giftcards/gdpr/export", json=body)
        assert client.get(answer.json()["downloadUrl"]).json()["customer"]["email"] == situation.email


def test_many_cards_customer_has_about_60_cards_and_900_transactions(practice: Any) -> None:
    cards = practice.file_of("many_cards").json()["giftCards"]
    assert len(cards) == 60
    assert 880 <= sum(len(card["transactions"]) for card in cards) <= 920


def test_flat_json_is_a_list_of_rows_that_name_customer_and_card(practice: Any) -> None:
    rows = practice.file_of("flat_json").json()
    assert rows
    assert {row["customerEmail"] for row in rows} == {"flat.list@example.com"}
    assert all(set(row) == set(ROW_COLUMNS) for row in rows)


def test_flat_csv_is_one_table(practice: Any) -> None:
    file = practice.file_of("flat_csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    rows = rows_of(file.text)
    assert rows
    assert {row["customerEmail"] for row in rows} == {"flat.csv@example.com"}


def test_stacked_csv_has_a_title_a_header_rows_and_a_blank_line_before_the_next_table(practice: Any) -> None:
    blocks = practice.file_of("stacked_csv").text.split("\r\n\r\n")
    titles = [block.split("\r\n", 1)[0] for block in blocks]
    assert titles == ["Customer", "Gift cards", "Transactions", "Consents"]
    tables = {block.split("\r\n", 1)[0]: rows_of(block.split("\r\n", 1)[1]) for block in blocks}
    assert tables["Customer"][0]["email"] == "stacked@example.com"
    assert {row["cardId"] for row in tables["Transactions"]} == {row["id"] for row in tables["Gift cards"]}


def test_semicolon_csv_starts_with_a_byte_order_mark(practice: Any) -> None:
    content = practice.file_of("semicolon_csv").content
    assert content.startswith(b"\xef\xbb\xbfcustomerId;customerEmail;")
    assert {row["customerEmail"] for row in rows_of(content.decode("utf-8-sig"), ";")} == {"semicolon@example.com"}


def test_tricky_text_holds_formulas_missing_value_words_and_leading_zeros(practice: Any) -> None:
    cards = practice.file_of("tricky_text").json()["giftCards"]
    messages = {card["customMessage"] for card in cards}
    assert {"=SUM(1+1)", "NA", "null", "007"} <= messages
    assert any("👩🏽‍🚀" in message for message in messages)
    assert any(card["cardNumber"].startswith("00") for card in cards)


@pytest.mark.parametrize(("format_", "lines"), [("json", 0), ("csv", 1)])
def test_none_found_gives_a_file_that_holds_nothing(practice: Any, format_: str, lines: int) -> None:
    file = practice.file_of("none_found", format_=format_)
    assert file.status_code == 200
    if format_ == "json":
        assert file.json() == {"customer": None, "giftCards": []}
    else:
        assert file.text.count("\r\n") == lines


def test_two_people_file_holds_the_whole_record_of_another_customer(practice: Any) -> None:
    record = practice.file_of("two_people").json()
    assert record["customer"]["email"] == "two.people@example.com"
    (other,) = record["mergedRecords"]
    assert other["customer"]["email"] != "two.people@example.com"
    assert other["giftCards"][0]["transactions"]
    rows = rows_of(practice.file_of("two_people", format_="csv").text)
    assert len({row["customerEmail"] for row in rows}) == 2


def test_slow_customer_is_answered_and_served_whole_in_the_end(practice: Any) -> None:
    file = practice.file_of("slow")
    assert file.json()["customer"]["email"] == "slow@example.com"
    assert int(file.headers["content-length"]) == len(file.content)


def test_rate_limited_customer_is_told_to_wait_once(practice: Any) -> None:
    turned_away = practice.ask("rate_limited")
    assert turned_away.status_code == 429
    assert turned_away.headers["retry-after"] == "1"
    time.sleep(1.05)
    assert practice.ask("rate_limited").status_code == 200
    counts = practice.counts()
    assert counts["export_posts"] == 2
    assert counts["exports_accepted"] == 1
    assert "retried_too_early" not in counts


def test_rate_limited_customer_who_does_not_wait_is_counted(practice: Any) -> None:
    practice.ask("rate_limited")
    assert practice.ask("rate_limited").status_code == 200
    assert practice.counts()["retried_too_early"] == 1


def test_rate_limited_customer_is_limited_again_after_the_reset_time(start_practice: Any) -> None:
    with start_practice("--retry-reset", "0.2") as practice:
        assert practice.ask("rate_limited").status_code == 429
        time.sleep(0.25)
        assert practice.ask("rate_limited").status_code == 429


def test_silent_rate_limit_gives_no_retry_after(practice: Any) -> None:
    turned_away = practice.ask("rate_limited_silent")
    assert turned_away.status_code == 429
    assert "retry-after" not in turned_away.headers
    assert practice.ask("rate_limited_silent").status_code == 200


def test_expired_link_is_past_its_expiry_when_handed_out(practice: Any) -> None:
    answer = practice.ask("expired")
    assert answer.json()["expiresAt"] < answer.json()["requestedAt"]
    assert practice.fetch("expired", answer).status_code == 410


def test_link_that_expires_soon_works_first_and_is_gone_later(practice: Any) -> None:
    answer = practice.ask("expires_soon")
    assert practice.fetch("expires_soon", answer).status_code == 200
    time.sleep(0.65)
    gone = practice.fetch("expires_soon", answer)
    assert gone.status_code == 410
    assert isinstance(gone.json()["detail"], str)


@pytest.mark.parametrize(("key", "status"), [("refused", 403), ("unknown_customer", 404)])
def test_refused_and_unknown_customers_are_answered_with_a_plain_detail(practice: Any, key: str, status: int) -> None:
    answer = practice.ask(key)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)
    assert practice.counts()["exports_accepted"] == 0


def test_input_that_is_not_accepted_is_answered_like_any_validation_error(practice: Any) -> None:
    answer = practice.ask("not_accepted")
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert error["loc"] == ["body", "customerEmail"]
    assert {"loc", "msg", "type", "input", "ctx"} == set(error)


def test_cut_off_download_promises_more_than_it_sends(practice: Any) -> None:
    answer = practice.ask("cut_off")
    with practice.client() as client, client.stream("GET", answer.json()["downloadUrl"]) as response:
        received = b""
        with pytest.raises(httpx.RemoteProtocolError):
            for chunk in response.iter_raw():
                received += chunk
        assert 0 < len(received) < int(response.headers["content-length"])


def test_server_error_comes_after_the_export_was_made(practice: Any) -> None:
    assert practice.ask("server_error").status_code == 502
    assert practice.counts()["by_situation"]["server_error"]["exports_accepted"] == 1


def test_no_answer_comes_although_the_export_was_made(practice: Any) -> None:
    with pytest.raises(httpx.ReadTimeout):
        practice.ask("no_answer", timeout=0.5)
    assert practice.counts()["by_situation"]["no_answer"]["exports_accepted"] == 1


def test_html_answer_is_a_web_page_with_status_200(practice: Any) -> None:
    answer = practice.ask("html_answer")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_incomplete_answer_lacks_the_export_id_and_the_link(practice: Any) -> None:
    answer = practice.ask("incomplete_answer")
    assert answer.status_code == 200
    assert {"exportId", "downloadUrl"}.isdisjoint(answer.json())


def test_queued_answer_has_a_link_that_works(practice: Any) -> None:
    answer = practice.ask("queued")
    assert answer.json()["status"] == "queued"
    assert practice.fetch("queued", answer).status_code == 200


def test_unlisted_host_link_points_away_from_both_hosts(practice: Any) -> None:
    assert practice.ask("unlisted_host").json()["downloadUrl"].startswith("https://files.unlisted.example/")


def test_relative_link_works_against_the_api_host(practice: Any) -> None:
    answer = practice.ask("relative_link")
    assert answer.json()["downloadUrl"].startswith("/v2/giftcards/gdpr/download?")
    assert practice.fetch("relative_link", answer).status_code == 200


def test_redirected_download_goes_on_to_the_second_host(practice: Any) -> None:
    redirect = practice.file_of("redirected")
    assert redirect.status_code == 302
    with practice.client(None) as client:
        file = client.get(redirect.headers["location"])
    assert file.json()["customer"]["email"] == "redirected@example.com"


def test_wrong_file_is_a_web_page(practice: Any) -> None:
    file = practice.file_of("wrong_file")
    assert file.status_code == 200
    assert file.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_large_file_comes_without_its_size_and_is_well_formed(practice: Any, format_: str) -> None:
    file = practice.file_of("large_file", format_=format_)
    assert "content-length" not in file.headers
    assert len(file.content) >= 200_000
    rows = file.json() if format_ == "json" else rows_of(file.text)
    assert {row["customerEmail"] for row in rows} == {"large.file@example.com"}


def test_same_address_belongs_to_another_person_at_the_other_merchant(practice: Any) -> None:
    found = {}
    for token in ("practice-token-merchant-one", "practice-token-merchant-two"):
        with practice.client(token) as client:
            body = {"customerEmail": "sam@example.com", "format": "json"}
            link = client.post("/v2/giftcards/gdpr/export", json=body).json()["downloadUrl"]
            file = client.get(link) if link.startswith(practice.base) else httpx.get(link, trust_env=False)
            found[token] = file.json()["customer"]["id"]
    assert len(set(found.values())) == 2


def test_customer_of_the_second_merchant_is_unknown_to_the_first(practice: Any) -> None:
    assert practice.file_of("other_merchant").json()["customer"]["email"] == "grace@example.com"
    with practice.client() as client:
        body = {"customerEmail": "grace@example.com", "format": "json"}
        assert client.post("/v2/giftcards/gdpr/export", json=body).status_code == 404
