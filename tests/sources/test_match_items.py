"""From records to what is decided, without a database: cards apart, one line for each owner, what was said before."""

from __future__ import annotations

import pytest

from portal.loyaltydog import UnreadableAnswer
from portal.people.graph import Mark, Record, Standing, known_of
from portal.preview import read
from portal.sources.whose import facts as facts_module
from portal.sources.whose.answers import of_cards, of_consent, of_export, of_members
from portal.sources.whose.codes import TRAITS, Decision, Item, MatchCode, codes_for
from portal.sources.whose.facts import Card, Facts, FoundRecord, Told, TooMany, as_facts, as_text
from portal.sources.whose.items import Answers, Decided, Pending, sort_case

ADA = known_of([(Mark.EMAIL, "ada@example.com", Standing.CLAIMED), (Mark.NAME, "Ada Fern", Standing.CLAIMED)])
CARDS = (
    b'[{"id": "k1", "cardNumber": "6006491111114431", "customerEmail": "ADA@example.com", "balance": "3.00"},'
    b' {"id": "k2", "cardNumber": "6006491111119999", "customerEmail": "ada@example.com"},'
    b' {"id": "k3", "cardNumber": "6006491111110000", "customerEmail": "ada@example.com", "customerName": "Tom Fern"},'
    b' {"id": "k4", "cardNumber": "6006491111110001", "customerEmail": "tom@example.com"}]'
)
EXPORT = (
    b'{"customer": {"id": "C-1", "email": "ada@example.com", "firstName": "Ada", "lastName": "Fern"},'
    b' "giftCards": [{"id": "k1", "cardNumber": "6006491111114431"}, {"id": "k9", "cardNumber": "6006491111117777"}]}'
)


def found(kind: Item, pending: tuple[Pending, ...]) -> list[Pending]:
    return [one for one in pending if one.item is kind]


def answers() -> Answers:
    searched = as_facts(as_text(of_cards([CARDS], ADA)), "s6")
    exported = as_facts(as_text(of_export(read(EXPORT, "json"), ADA)), "e1")
    return Answers({"s6": searched, "e1": exported}, frozenset({"e1"}), frozenset({"s6"}))


def test_cards_that_only_one_side_names_are_listed_each_apart() -> None:
    sort = sort_case(ADA, answers(), [])
    (lacking,) = found(Item.CARD_NOT_EXPORTED, sort.pending)
    (unfound,) = found(Item.CARD_NOT_FOUND, sort.pending)
    assert (lacking.values, lacking.origins) == (((Mark.LAST_FOUR, "6006491111119999"),), ("s6",))
    assert (unfound.values, unfound.origins) == (((Mark.LAST_FOUR, "6006491111117777"),), ("e1",))


def test_card_of_somebody_in_the_same_mailbox_is_missed_only_once_it_is_taken_in() -> None:
    before = sort_case(ADA, answers(), [])
    (shared,) = found(Item.SHARED_RECORD, before.pending)
    taken = sort_case(ADA, answers(), [Decided(Item.SHARED_RECORD, shared.key, Decision.IN)])
    assert len(found(Item.CARD_NOT_EXPORTED, taken.pending)) == 2 and not found(Item.SHARED_RECORD, taken.pending)


def test_without_a_search_or_without_an_export_no_card_is_missed() -> None:
    both = answers()
    for exports, searches in ((frozenset({"e1"}), frozenset[str]()), (frozenset[str](), frozenset({"s6"}))):
        sort = sort_case(ADA, Answers(both.facts, exports, searches), [])
        assert not {Item.CARD_NOT_EXPORTED, Item.CARD_NOT_FOUND} & {one.item for one in sort.pending}


def test_export_that_holds_nobody_lacks_every_card_of_the_search() -> None:
    both = answers()
    sort = sort_case(ADA, Answers({**both.facts, "e1": Facts()}, both.exports, both.searches), [])
    assert len(found(Item.CARD_NOT_EXPORTED, sort.pending)) == 2


def test_id_in_an_export_is_offered_as_it_is_written_and_parts_of_a_name_are_one() -> None:
    (line,) = found(Item.NEW_IDENTIFIER, sort_case(ADA, answers(), []).pending)
    assert line.values == ((Mark.CUSTOMER_ID, "C-1"),) and line.beside == ((Mark.EMAIL, "ada@example.com"),)


def test_record_with_a_refused_id_brings_nothing_more_and_with_a_refused_phone_it_does() -> None:
    page = b'[{"id": "m1", "email": "ada@example.com", "phone": "+44 20 7946 0111", "name": "Ada Fern"}]'
    members = Answers({"s3": of_members([page], ADA, "Club")})
    by_mark = {one.values[0][0]: one for one in sort_case(ADA, members, []).pending}
    assert set(by_mark) == {Mark.CUSTOMER_ID, Mark.PHONE}
    assert {one.told.program for one in by_mark.values()} == {"Club"}

    def left_after(mark: Mark) -> set[Mark]:
        refused = Decided(Item.NEW_IDENTIFIER, by_mark[mark].key, Decision.OUT)
        return {one.values[0][0] for one in sort_case(ADA, members, [refused]).pending}

    assert left_after(Mark.CUSTOMER_ID) == set()
    assert left_after(Mark.PHONE) == {Mark.CUSTOMER_ID}


def test_consent_links_its_id_to_what_it_was_asked_by() -> None:
    page = b'{"customerId": "C-1", "purposes": [], "consentedAt": "2026-01-01T00:00:00Z"}'
    (record,) = of_consent([page], ADA, (Mark.EMAIL, "ada@example.com")).records
    assert record.record.values == ((Mark.EMAIL, "ada@example.com"), (Mark.CUSTOMER_ID, "C-1"))


def test_records_of_others_are_not_kept_and_too_many_that_match_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    others = b",".join(b'{"id": "x%d", "email": "x%d@example.org"}' % (n, n) for n in range(900))
    assert of_members([b"[" + others + b"]"], ADA, "") == Facts()
    monkeypatch.setattr(facts_module, "MOST_RECORDS", 2)
    mine = b",".join(b'{"id": "x%d", "email": "ada@example.com"}' % n for n in range(3))
    with pytest.raises(TooMany):
        of_members([b"[" + mine + b"]"], ADA, "")
    with pytest.raises(UnreadableAnswer):
        of_cards([b"<html>"], ADA)


def test_facts_are_the_same_after_they_were_kept() -> None:
    record = Record(((Mark.EMAIL, "ada@example.com"), (Mark.NAME, "Ada")), "s1")
    facts = Facts((FoundRecord(record, Told("p", "3.00", "2026-01-01"), Card("k1", "44"), 7),), (Card("k2", ""),))
    assert as_facts(as_text(facts), "s1") == facts and "ada" not in repr(facts)


def test_every_item_can_be_decided_and_only_a_manager_takes_in_what_is_shared() -> None:
    assert all(codes_for(item) for item in Item)
    for code, traits in TRAITS.items():
        assert traits.manager is (Item.SHARED_RECORD in traits.items and traits.decision is Decision.IN), code
    assert MatchCode.NOT_THEIRS in codes_for(Item.SHARED_RECORD)
