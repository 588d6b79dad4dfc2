"""Whose a record is: a table of pairs, and what must hold for any records (2.2, ANS-2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.people.classes import RecordClass, Sorted, is_related, sort_records
from portal.people.graph import PROVING, Known, Mark, Node, Record, Standing, known_of, looks_alike, node_of

C, M, S = RecordClass, Mark, Standing
ADA = {M.EMAIL: "ada@example.com", M.PHONE: "+44 20 7946 0958", M.NAME: "Ada Fern"}
Said = dict[Mark, str]


def email(text: str, **more: str) -> Said:
    return {M.EMAIL: text, **{M(mark): value for mark, value in more.items()}}


def known(said: Said) -> Known:
    return known_of((mark, value, S.PROVED) for mark, value in said.items())


def record(said: Said) -> Record:
    return Record(tuple(said.items()))


def sort_one(said: Said, held: Said) -> Sorted:
    return sort_records(known(said), [record(held)])[0]


ID, CARD, FOUR, PHONE, NAME = M.CUSTOMER_ID, M.CARD_ID, M.LAST_FOUR, M.PHONE, M.NAME
OTHER_PHONE = "+44 20 7946 0111"
PAIRS: list[tuple[Said, Said, RecordClass]] = [
    # Emails: one form, nothing folded.
    (email("ada@example.com"), email("ada@example.com"), C.SAME),
    (email("ada@example.com"), email(" ADA@Example.COM\n"), C.SAME),
    (email("rémi@example.com"), email("re\u0301mi@example.com"), C.SAME),
    (email("ada@müller.example"), email("ada@xn--mller-kva.example"), C.SAME),
    (email("ada@example.com"), email("ada\u200b@example.com"), C.SAME),
    (email("a.b@gmail.com"), email("ab@gmail.com"), C.OTHER),
    (email("ada+shop@example.com"), email("ada@example.com"), C.OTHER),
    (email("straße@example.com"), email("strasse@example.com"), C.OTHER),
    (email("ada@example.com"), email("ada@example.org"), C.OTHER),
    (email("ada@example.com"), email("аda@example.com"), C.OTHER),
    (email("ada@example.com"), email("ada@mail.example.com"), C.OTHER),
    (email("ada"), email("ada"), C.OTHER),
    (email(""), email(""), C.OTHER),
    # Ids: exact.
    ({ID: "c-1"}, {ID: "c-1"}, C.SAME),
    ({ID: "c-1"}, {ID: "C-1"}, C.OTHER),
    ({ID: "c-1"}, {ID: "c-10"}, C.OTHER),
    ({ID: "0012"}, {ID: "12"}, C.OTHER),
    ({ID: "c-1"}, {CARD: "c-1"}, C.OTHER),
    ({CARD: "k-1"}, {CARD: "k-1"}, C.SAME),
    ({CARD: "k-1"}, {CARD: "k-1", ID: "c-1"}, C.LINKED),
    # What is new and contradicts nothing.
    (email("ada@example.com"), email("ada@example.com", customer_id="c-1"), C.LINKED),
    (email("ada@example.com", customer_id="c-1"), email("ada@example.com", customer_id="c-2"), C.LINKED),
    ({ID: "c-1", **ADA}, {ID: "c-1", M.EMAIL: "ada.new@example.org", NAME: "Ada Fern"}, C.LINKED),
    (ADA, {**ADA, PHONE: OTHER_PHONE}, C.LINKED),
    (ADA, {**ADA, NAME: "Fern, Ada"}, C.SAME),
    (ADA, {**ADA, NAME: "Ms Ada Maria Fern", ID: "c-1"}, C.LINKED),
    (ADA, {**ADA, NAME: "Ada Mills"}, C.SAME),
    (ADA, email("ada@example.com"), C.SAME),
    (ADA, {**ADA, NAME: "", ID: "c-1"}, C.LINKED),
    # A contradiction beats a match.
    (ADA, email("ada@example.com", name="Tom Fern", phone=OTHER_PHONE), C.SHARED),
    (ADA, {**ADA, NAME: "Tom Fern"}, C.SHARED),
    (ADA, email("ada@example.com", name="Ada Mills", phone=OTHER_PHONE), C.SHARED),
    (ADA, email("ada@example.com", phone=OTHER_PHONE), C.SHARED),
    (ADA, email("ada@example.com", name="Fern", phone=OTHER_PHONE), C.SHARED),
    ({ID: "c-1", NAME: "Ada Fern"}, {ID: "c-1", NAME: "Corner Shop"}, C.SHARED),
    ({CARD: "k-1", **ADA}, {CARD: "k-1", M.EMAIL: "tom@example.com"}, C.SHARED),
    # A phone is a second proof only.
    ({PHONE: "+44 20 7946 0958"}, {PHONE: "00442079460958"}, C.SHARED),
    (ADA, {PHONE: "+442079460958", NAME: "Ada Fern"}, C.SHARED),
    (ADA, {PHONE: "+44 20 7946 0958", M.EMAIL: "tom@example.com"}, C.SHARED),
    (ADA, {PHONE: "020 7946 0958"}, C.OTHER),
    ({PHONE: "12345"}, {PHONE: "12345"}, C.OTHER),
    # Names and last four digits prove nothing.
    (ADA, {NAME: "ADA FERN", M.EMAIL: "other@example.com", PHONE: OTHER_PHONE}, C.NAME_ONLY),
    (ADA, {NAME: "Tom Fern"}, C.OTHER),
    ({FOUR: "4431"}, {FOUR: "4431", M.EMAIL: "tom@example.com"}, C.NAME_ONLY),
    ({FOUR: "4431"}, {FOUR: "4432"}, C.OTHER),
    ({FOUR: "4431", PHONE: "+44 20 7946 0958"}, {FOUR: "4431", PHONE: "+44 20 7946 0958"}, C.SHARED),
]


@pytest.mark.parametrize(("said", "held", "wanted"), PAIRS)
def test_pair_has_the_class(said: Said, held: Said, wanted: RecordClass) -> None:
    assert sort_one(said, held).is_class is wanted


def test_a_phone_in_national_form_is_the_known_one_in_the_merchants_country() -> None:
    person = known_of(((mark, value, S.PROVED) for mark, value in ADA.items()), "GB")
    held = Record(tuple({**ADA, PHONE: "020 7946 0958"}.items()), country="GB")
    (found,) = sort_records(person, [held])
    assert found.is_class is C.SAME and held.written(Node(PHONE, "442079460958")) == "020 7946 0958"


def test_linked_record_brings_each_new_identifier_as_written() -> None:
    found = sort_one(ADA, {**ADA, ID: " C-7 ", PHONE: OTHER_PHONE, CARD: "k-1"})
    assert [(node.mark, found.record.written(node)) for node in found.new] == [(ID, "C-7"), (PHONE, OTHER_PHONE)]


def test_one_mailbox_with_two_people_is_shared_when_no_name_is_known() -> None:
    people = [email("us@example.com", name=name, customer_id=name) for name in ("Rosa Fern", "Tom Fern")]
    sorts = sort_records(known(email("us@example.com")), [record(one) for one in people])
    assert [one.is_class for one in sorts] == [C.SHARED, C.SHARED]


def test_in_a_shared_mailbox_the_proved_id_tells_whose_is_whose() -> None:
    people = [email("us@example.com", name=name, customer_id=name) for name in ("Rosa Fern", "Tom Fern")]
    sorts = sort_records(known(email("us@example.com", customer_id="Rosa Fern")), [record(one) for one in people])
    assert [one.is_class for one in sorts] == [C.SAME, C.SHARED]


def test_address_of_a_shop_with_very_many_names_is_shared() -> None:
    people = [record(email("till@example.com", name=f"Given{n} Sur{n}")) for n in range(300)]
    assert {one.is_class for one in sort_records(known(email("till@example.com")), people)} == {C.SHARED}


def test_namesake_at_the_address_of_a_shop_is_no_more_the_person_than_the_others() -> None:
    people = [record(email("till@example.com", name=f"Given{n} Sur{n}")) for n in range(5)]
    sorts = sort_records(known(email("till@example.com", name="Given1 Sur1", customer_id="c-1")), people)
    assert {one.is_class for one in sorts} == {C.SHARED}
    mine = record(email("till@example.com", name="Given1 Sur1", customer_id="c-1"))
    knows = known(email("till@example.com", name="Given1 Sur1", customer_id="c-1"))
    assert sort_records(knows, [*people, mine])[-1].is_class is C.SAME


def test_claimed_identifiers_count_only_while_nothing_is_proved() -> None:
    claimed = (M.EMAIL, "ada@example.com", S.CLAIMED)
    found, struck = (M.PHONE, OTHER_PHONE, S.FOUND), (M.CUSTOMER_ID, "c-9", S.STRUCK)
    assert {node.mark for node in known_of([claimed, found, struck]).nodes} == {M.EMAIL, M.PHONE}
    assert {node.mark for node in known_of([claimed, found, (M.CUSTOMER_ID, "c-1", S.PROVED)]).nodes} == {ID, PHONE}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("a.b@gmail.com", "ab@gmail.com", True),
        ("ada+shop@example.com", "ada@example.com", True),
        ("ada@example.com", "ada@example.com", False),
        ("ada@example.com", "ada@example.org", False),
    ],
)
def test_dots_and_plus_tags_are_suggested_and_never_matched(one: str, other: str, alike: bool) -> None:
    found = sort_one(email(one), email(other))
    assert looks_alike(one, other) is looks_alike(other, one) is alike is bool(found.alike)
    assert found.is_class is (C.SAME if one == other else C.OTHER)


VALUES = {
    M.EMAIL: ["ada@example.com", "ADA@example.com", "tom@example.com", "a.da@example.com"],
    M.PHONE: ["+44 20 7946 0958", "00442079460958", "+44 20 7946 0111"],
    M.CUSTOMER_ID: ["c-1", "c-2", "C-1"],
    M.CARD_ID: ["k-1", "k-2"],
    M.LAST_FOUR: ["4431", "9999"],
    M.NAME: ["Ada Fern", "Fern, Ada", "Ada Mills", "Tom Fern", "A. Fern", "Fern"],
}
said = st.fixed_dictionaries({}, optional={mark: st.sampled_from(values) for mark, values in VALUES.items()})
records = st.lists(said.map(record), max_size=6)


@given(said.map(known), records, st.randoms())
def test_order_of_records_does_not_matter(person: Known, held: list[Record], random: object) -> None:
    mixed = list(range(len(held)))
    random.shuffle(mixed)  # type: ignore[attr-defined]
    there, again = sort_records(person, held), sort_records(person, [held[place] for place in mixed])
    assert [there[place] for place in mixed] == again


@given(said.map(known), records)
def test_unrelated_record_changes_no_class(person: Known, held: list[Record]) -> None:
    stranger = record({M.EMAIL: "x@example.org", M.PHONE: "+1 202 555 0000", M.CUSTOMER_ID: "x", M.NAME: "Xu Yang"})
    assert sort_records(person, [stranger, *held])[1:] == sort_records(person, held)


@given(said.map(known), records)
def test_record_without_a_common_identifier_is_never_the_persons(person: Known, held: list[Record]) -> None:
    for one in sort_records(person, held):
        if one.is_class in (C.SAME, C.LINKED):
            assert any(node.mark in PROVING for node in one.record.nodes & person.nodes)
        if not is_related(person, one.record):
            assert one.is_class is C.OTHER and not one.alike


@given(said, records)
def test_wholly_other_name_beats_every_match(person: Said, held: list[Record]) -> None:
    knows = known({**person, M.NAME: "Ada Fern"})
    for one in sort_records(knows, [Record((*held_one.values, (M.NAME, "Xu Yang"))) for held_one in held]):
        if not one.record.keys(M.NAME) - {"Xu Yang"}:
            assert one.is_class not in (C.SAME, C.LINKED)


@given(st.sampled_from(M), st.text(max_size=60), st.text(max_size=60))
def test_any_text_makes_a_node_or_none(mark: Mark, one: str, other: str) -> None:
    node = node_of(mark, one)
    assert node is None or node_of(mark, node.key) == node
    assert sort_one({mark: one}, {mark: other}).is_class in C
