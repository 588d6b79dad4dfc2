"""A case's sources from the first press to the settled checklist, against the practice merchant."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from portal import audit
from portal.cases.facts import ClosingReason
from portal.cases.services.ledger import CaseNeeded
from portal.errors import NotFound, NotPermitted, StateConflict
from portal.practice.invented.loyalty import ONLY_CARDS, ONLY_LOYALTY, SHARED_PHONE
from portal.practice.invented.people import LOGGED, MAILBOX, PAGE_THREE
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.ledger import place_of
from portal.sources.views import SourceLine, SourceList
from portal.storage.answering.source_tables import CaseSource, SourceKey, SourcePage
from portal.storage.tables import Merchant, utc_now

K, S = SourceKind, SourceState
ADA = "ada@example.com"


def of(found: SourceList, kind: SourceKind, program: str = "") -> SourceLine:
    (line,) = [line for line in found.lines if line.kind is kind and program in ("", line.program)]
    return line


@pytest.fixture
def token(desk: Any) -> Any:
    """Give merchant one another token, and the old one back."""
    with desk.portal.db.read() as session:
        merchant_id = desk.user().merchant_id
        was = session.get_one(Merchant, merchant_id).sealed_api_token

    def change(value: str) -> None:
        from portal.exports.core.vendor_credentials import seal_saved

        with desk.portal.db.write() as session:
            merchant = session.get_one(Merchant, merchant_id)
            merchant.sealed_api_token = seal_saved(desk.portal.sealer, merchant_id, "api_token", value)

    yield change
    with desk.portal.db.write() as session:
        session.get_one(Merchant, merchant_id).sealed_api_token = was


def test_everything_is_asked_and_a_program_that_refuses_is_named(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    before = httpx.get(f"{shop.base}/_practice/digest", trust_env=False).json()
    case_id = opened(email=ADA)
    sources = desk.portal.case_sources
    planned = sources.lines(desk.user(), case_id)
    assert (planned.to_ask, planned.collected, planned.settled) == (True, False, False)
    assert sources.collect(desk.user("sam"), case_id) == 4
    found = settle(case_id)
    assert of(found, K.CARDS_BY_EMAIL).state is S.FETCHED and of(found, K.CARDS_BY_EMAIL).row_count
    members = {line.program: line for line in found.lines if line.kind is K.MEMBERS}
    assert (members["Coffee Club"].state, members["Coffee Club"].row_count) == (S.FETCHED, 1)
    assert members["Barista course"].state is S.EMPTY
    refused = members["Tea Club"]
    assert (refused.state, refused.status, refused.again) == (S.REFUSED, 403, True) and refused.problem
    assert of(found, K.LOYALTY_DATA, "Coffee Club").state is S.FETCHED
    assert {line.state for line in found.lines if line.kind is K.LOYALTY_CONSENT} <= {S.FETCHED, S.EMPTY}
    assert of(found, K.CARD_CONSENT).state is S.FETCHED
    assert of(found, K.CARDS_FOUND).state is S.FETCHED and of(found, K.CARDS_FOUND).row_count == 3
    assert {line.state for line in found.lines if line.kind is K.VENDOR_LOG} == {S.FETCHED}
    assert (found.settled, found.nothing_held, found.to_ask) == (False, False, False)
    assert sources.collect(desk.user(), case_id) == 0 and shop.posts() == 1
    after = httpx.get(f"{shop.base}/_practice/digest", trust_env=False).json()
    assert before == after, "a look changed the vendor's world (ANS-6)"


def test_six_hundred_members_are_read_to_the_end_and_only_the_persons_is_taken(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    case_id = opened(email=ADA, phone="+44 20 7946 0123")
    desk.portal.case_sources.collect(desk.user(), case_id)
    regulars = [line for line in settle(case_id).lines if (line.kind, line.program) == (K.MEMBERS, "Morning Regulars")]
    by_email, by_phone = sorted(regulars, key=lambda line: line.asked_by)
    assert (by_email.state, by_email.pages, by_email.row_count, by_email.doubtful_count) == (S.FETCHED, 3, 1, 1)
    assert by_phone.pages == 3 and by_phone.row_count == 1
    with desk.portal.db.read() as session:
        pages = session.scalars(
            select(SourcePage).where(SourcePage.source_id == by_email.id).order_by(SourcePage.number)
        ).all()
    assert [page.item_count for page in pages] == [250, 250, 100]
    assert by_email.size_bytes == sum(page.size_bytes for page in pages)
    assert by_email.sha256 == hashlib.sha256("".join(f"{page.sha256}\n" for page in pages).encode()).hexdigest()


def test_who_stands_on_the_third_page_is_found_there(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    case_id = opened(email=PAGE_THREE)
    desk.portal.case_sources.collect(desk.user(), case_id)
    found = settle(case_id)
    assert of(found, K.CARDS_BY_EMAIL).state is S.EMPTY and of(found, K.CARD_CONSENT).state is S.EMPTY
    members = of(found, K.MEMBERS, "Morning Regulars")
    assert (members.state, members.pages, members.row_count) == (S.FETCHED, 3, 1)
    assert of(found, K.LOYALTY_DATA).program == "Morning Regulars" and of(found, K.LOYALTY_DATA).state is S.FETCHED


def test_a_family_mailbox_stops_the_file_of_two_and_names_both_memberships(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    case_id = opened(email=MAILBOX)
    desk.portal.case_sources.collect(desk.user(), case_id)
    found = settle(case_id)
    assert of(found, K.CARDS_BY_EMAIL).state is S.FAILED, "two people: a manager's turn"
    assert of(found, K.MEMBERS, "Coffee Club").row_count == 2
    clubs = [line for line in found.lines if (line.kind, line.program) == (K.LOYALTY_DATA, "Coffee Club")]
    assert [line.state for line in clubs] == [S.FETCHED, S.FETCHED]


def test_two_hundred_and_thirty_looks_are_two_pages_of_the_log(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    case_id = opened(email=LOGGED)
    desk.portal.case_sources.collect(desk.user(), case_id)
    logs = [line for line in settle(case_id).lines if line.kind is K.VENDOR_LOG]
    longest = max(logs, key=lambda line: line.row_count or 0)
    assert (longest.state, longest.pages) == (S.FETCHED, 2) and (longest.row_count or 0) >= 230


def test_every_answer_is_kept_as_it_came(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    case_id = opened(email=ADA)
    desk.portal.case_sources.collect(desk.user(), case_id)
    line = of(settle(case_id), K.LOYALTY_DATA, "Coffee Club")
    with desk.portal.db.read() as session:
        row = session.get_one(CaseSource, line.id)
        page = session.get_one(SourcePage, (line.id, 1))
        key = session.get_one(SourceKey, (line.id, page.blob_name))
        member = desk.portal.case_sources.seal.opened(row, "member")
        place = place_of(row, page.blob_name)
    kept = desk.portal.sealed.read_all(
        place, key.sealed_keyset, sha256=line.sha256, size_bytes=line.size_bytes
    )  # fmt: skip
    url = f"{shop.base}/v2/loyalty/programs/{row.program_id}/customers/{member}/export"
    asked = httpx.get(url, headers={"Authorization": "Bearer practice-token-merchant-one"}, trust_env=False)
    assert kept == asked.content


def test_a_person_with_cards_alone_and_one_with_loyalty_alone(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    cards, loyalty = opened(email=ONLY_CARDS), opened(email=ONLY_LOYALTY)
    for case_id in (cards, loyalty):
        desk.portal.case_sources.collect(desk.user(), case_id)
    clubs = {"Coffee Club", "Morning Regulars"}
    states = Counter(line.state for line in settle(cards).lines if line.kind is K.MEMBERS and line.program in clubs)
    assert states == {S.EMPTY: 2}
    found = settle(loyalty)
    assert of(found, K.CARDS_BY_EMAIL).state is S.EMPTY
    assert of(found, K.LOYALTY_DATA).program == "Coffee Club" and of(found, K.LOYALTY_DATA).state is S.FETCHED


def test_a_phone_two_people_share_beside_another_email_is_doubtful_and_not_fetched(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    case_id = opened(email="rosa.fern@example.com", phone=SHARED_PHONE)
    desk.portal.case_sources.collect(desk.user(), case_id)
    found = settle(case_id)
    by_phone = [line for line in found.lines if line.program == "Coffee Club" and line.asked_by[0] == "phone"]
    assert [(line.row_count, line.doubtful_count) for line in by_phone] == [(1, 1)]
    assert len([line for line in found.lines if line.kind is K.LOYALTY_DATA]) == 1


def test_with_a_customer_id_alone_what_cannot_be_asked_says_why(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    case_id = opened(customer_id="5eed00000000000000000001")
    desk.portal.case_sources.collect(desk.user(), case_id)
    found = settle(case_id)
    members = of(found, K.MEMBERS)
    assert members.state is S.NOT_APPLICABLE and members.problem
    assert of(found, K.CARDS_BY_ID).state is S.FETCHED and of(found, K.VENDOR_LOG).state is S.FETCHED
    assert found.settled_count == len(found.lines) and not found.nothing_held
    assert found.uncompared == 2 and not found.settled, "nobody has looked whose records these are"


def test_the_log_that_a_role_may_not_see_is_named_and_asked_again_with_a_better_token(
    desk: Any, shop: Any, opened: Any, settle: Any, token: Any
) -> None:
    case_id = opened(customer_id="5eed00000000000000000003")
    token("practice-token-cashier")
    desk.portal.case_sources.collect(desk.user(), case_id)
    found = settle(case_id)
    log = of(found, K.VENDOR_LOG)
    assert (log.state, log.status) == (S.REFUSED, 403) and "MERCHANT_STAFF" in log.problem
    assert of(found, K.CARD_CONSENT).state is S.REFUSED and not found.settled
    token("practice-token-merchant-one")
    desk.portal.unanswered_sources.retry(desk.user("sam"), case_id, log.id)
    again = of(settle(case_id), K.VENDOR_LOG)
    assert (again.state, again.attempt, again.problem) == (S.EMPTY, 2, "")
    with pytest.raises(StateConflict):
        desk.portal.unanswered_sources.retry(desk.user("sam"), case_id, log.id)


def test_no_case_no_question(desk: Any, shop: Any, opened: Any) -> None:
    sources, case_id = desk.portal.case_sources, opened(email=ADA)
    desk.portal.case_file.close(desk.user(), case_id, ClosingReason.NO_REQUEST)
    for without in (case_id, ""):
        with pytest.raises(CaseNeeded):
            sources.collect(desk.user(), without)
        with pytest.raises(CaseNeeded):
            desk.portal.unanswered_sources.retry(desk.user(), without, "f" * 32)
    with pytest.raises(NotFound):
        sources.collect(desk.user("maya", "two"), case_id)
    with pytest.raises(NotPermitted):
        sources.collect(desk.user("iris"), case_id)
    assert shop.posts() == 0
    with desk.portal.db.read() as session:
        assert session.scalars(select(CaseSource).where(CaseSource.case_id == case_id)).all() == []


def test_another_merchant_sees_neither_list_nor_source(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    ours, theirs = opened(email=ADA), opened("two", email="grace@example.com")
    desk.portal.case_sources.collect(desk.user(), ours)
    refused = next(line for line in settle(ours).lines if line.state is S.REFUSED)
    stranger = desk.user("maya", "two")
    for case_id in (ours, theirs):
        with pytest.raises(NotFound):
            desk.portal.unanswered_sources.retry(stranger, case_id, refused.id)
    with pytest.raises(NotFound):
        desk.portal.case_sources.lines(stranger, ours)


def test_each_move_leaves_an_entry_without_anything_personal(desk: Any, shop: Any, opened: Any, settle: Any) -> None:
    case_id = opened(email=ADA)
    desk.portal.case_sources.collect(desk.user(), case_id)
    found = settle(case_id)
    with desk.portal.db.read() as session:
        entries = audit.entries_about(session, desk.user().merchant_id, case_id)
    last = {e.facts["source"]: e.facts["to"] for e in entries if e.action == "source:state"}
    assert last == {line.id: line.state.value for line in found.lines if line.id}
    assert [e.facts["count"] for e in entries if e.action == "source:collect"] == [3]
    assert not any("ada@" in str(e.facts).lower() for e in entries)


def test_past_its_time_the_answer_is_destroyed_and_the_facts_stay(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    case_id = opened(email=ADA)
    desk.portal.case_sources.collect(desk.user(), case_id)
    line = of(settle(case_id), K.LOYALTY_DATA, "Coffee Club")
    with desk.portal.db.write() as session:
        row = session.get_one(CaseSource, line.id)
        assert row.file.destroy_after is not None and row.file.destroy_after > utc_now()
        row.file.destroy_after = utc_now() - dt.timedelta(seconds=1)
        blob = session.get_one(SourcePage, (line.id, 1)).blob_name
    desk.portal.source_retention.run_housekeeping()
    after = of(desk.portal.case_sources.lines(desk.user(), case_id), K.LOYALTY_DATA, "Coffee Club")
    assert after.destroyed_at is not None and after.state is S.FETCHED
    assert (after.size_bytes, after.sha256, after.row_count) == (line.size_bytes, line.sha256, line.row_count)
    with desk.portal.db.read() as session:
        assert session.get(SourceKey, (line.id, blob)) is None
    assert blob not in desk.portal.sealed._blobs.names()
    assert blob in desk.portal.settings.destruction_list.read_text()


def test_the_sweep_leaves_the_files_of_sources_and_takes_keys_that_nobody_uses(
    desk: Any, shop: Any, opened: Any, settle: Any
) -> None:
    case_id = opened(email=ADA)
    desk.portal.case_sources.collect(desk.user(), case_id)
    line = of(settle(case_id), K.CARD_CONSENT)
    merchant_id = desk.user().merchant_id
    with desk.portal.db.write() as session:
        session.add(SourceKey(source_id=line.id, blob_name="stray", merchant_id=merchant_id, sealed_keyset=b"x"))
    assert desk.portal.source_retention.sweep(dt.timedelta(seconds=-5)) == 1
    desk.portal.retention.sweep(dt.timedelta(seconds=-5))
    with desk.portal.db.read() as session:
        blob = session.get_one(SourcePage, (line.id, 1)).blob_name
        assert session.get(SourceKey, (line.id, "stray")) is None
    assert blob in desk.portal.sealed._blobs.names()
