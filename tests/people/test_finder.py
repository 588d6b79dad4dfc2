"""Looking a person up: what is found, who may be chosen, what is written down, and which case it led to."""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import delete, select

from portal.cases.facts import Channel, Right
from portal.cases.looked_up import SeveralPeople
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.errors import InputError, NotFound, NotPermitted
from portal.exports.form.request import parse_request
from portal.loyaltydog import Forbidden, LoyaltyDogError, ServerTrouble, UnreadableAnswer
from portal.people.finder import Chosen, Found
from portal.people.finding import Clue, ClueKind, Told
from portal.practice.invented.builder import build_world
from portal.storage.case_tables import CaseIdentifier, PersonLookup
from portal.storage.tables import AuditEntry, Export, Pace, utc_now
from portal.trail.lookups import LookupFilter

WORLD = build_world()
SHARED = "4708"  # the last four digits of cards of two customers
PROFESSOR = next(one for one in WORLD.customers.values() if one.email == "prof.edit.081@example.com")
HER_CARD = next(one for one in WORLD.cards.values() if one.customer_id == PROFESSOR.id and one.number.endswith(SHARED))
HOUR = dt.timedelta(hours=1)


def last_four(digits: str = SHARED) -> Clue:
    return Clue(ClueKind.LAST_FOUR, digits)


@pytest.fixture(autouse=True)
def rested(desk: Any) -> Iterator[None]:
    yield
    with desk.portal.db.write() as session:
        session.execute(delete(Pace))


@pytest.fixture
def two_found(desk: Any) -> Found:
    found: Found = desk.portal.person_finder.look_up(desk.user("sam"), last_four())
    assert len(found.candidates) == 2
    return found


def row_of(desk: Any, lookup_id: str) -> PersonLookup:
    with desk.portal.db.read() as session:
        row: PersonLookup = session.get_one(PersonLookup, lookup_id)
        session.expunge(row)
        return row


def entries(desk: Any, lookup_id: str) -> list[tuple[str, dict[str, Any]]]:
    with desk.portal.db.read() as session:
        found = select(AuditEntry).where(AuditEntry.object_id == lookup_id).order_by(AuditEntry.seq)
        return [(entry.action, entry.facts) for entry in session.scalars(found)]


def of(found: Found, customer_id: str) -> str:
    return next(one.key for one in found.candidates if one.customer_id == customer_id)


def case_of(chosen: Chosen | None, *lookups: str, email: str = "") -> NewCase:
    known = chosen.customer.identifiers if chosen else ((IdentifierKind.EMAIL, SecretStr(email)),)
    return NewCase(
        identifiers=known, rights=frozenset({Right.ACCESS}), channel=Channel.PHONE, lookups=lookups,
        found=chosen.customer.identifiers if chosen else (),
    )  # fmt: skip


def a_stranger() -> str:
    return f"person.{secrets.token_hex(6)}@example.com"


# Looking up ---------------------------------------------------------------------------------------------


def test_the_last_four_digits_bring_their_customers_along_masked(desk: Any, two_found: Found) -> None:
    (her,) = (one for one in two_found.candidates if one.customer_id == PROFESSOR.id)
    assert her.emails == (PROFESSOR.email,) and len(her.initials) < 12
    shown = repr(two_found)
    assert not any(secret in shown for secret in (PROFESSOR.email, PROFESSOR.id, HER_CARD.number))
    (card,) = (card for card in her.cards if card.id == HER_CARD.id)
    assert (card.last_four, card.program_id) == (SHARED, HER_CARD.program_id) and card.balance and card.last_change


def test_a_whole_number_finds_its_one_holder_and_is_kept_nowhere(desk: Any) -> None:
    found = desk.portal.person_finder.look_up(desk.user("sam"), Clue(ClueKind.CARD_NUMBER, HER_CARD.number))
    assert [one.customer_id for one in found.candidates] == [PROFESSOR.id]
    assert found.by == last_four()
    kept = f"{found} {dataclasses.asdict(found)} {entries(desk, found.lookup_id)} {vars(row_of(desk, found.lookup_id))}"
    assert HER_CARD.number not in kept
    assert row_of(desk, found.lookup_id).kind == "card_number"


def test_a_look_up_is_written_down_by_kind_and_count_without_its_value(desk: Any) -> None:
    found = desk.portal.person_finder.look_up(desk.user("sam"), Clue(ClueKind.EMAIL, PROFESSOR.email))
    cards = sum(len(one.cards) for one in found.candidates)
    assert entries(desk, found.lookup_id) == [("cards:search", {"kind": "email", "found": cards, "people": 1})]
    row = row_of(desk, found.lookup_id)
    assert (row.card_count, row.people_count, row.case_id) == (cards, 1, None)
    assert row.account_id == desk.user("sam").account_id


def test_a_name_and_what_else_the_search_does_not_know_is_never_sent(desk: Any) -> None:
    name = PROFESSOR.name.split()[0]
    for kind in ClueKind:
        for text in (name, "", "12", "a" * 400):
            with pytest.raises(InputError):
                desk.portal.person_finder.look_up(desk.user("sam"), Clue(kind, text))


def test_a_match_by_name_or_a_part_of_a_word_is_no_find(desk: Any) -> None:
    part = HER_CARD.number[4:8]  # stands within her card's number, as a name would in a name
    found = desk.portal.person_finder.look_up(desk.user("sam"), last_four(part))
    assert all(part in [card.last_four for card in one.cards] for one in found.candidates)
    assert PROFESSOR.id not in [one.customer_id for one in found.candidates]
    assert found.named_only > 0


def test_two_ids_of_one_email_stay_two_people(desk: Any) -> None:
    found = desk.portal.person_finder.look_up(desk.user("sam"), Clue(ClueKind.EMAIL, "sam@example.com"))
    ids = {one.customer_id for one in found.candidates}
    assert len(ids) == len(found.candidates)
    if len(ids) > 1:
        assert found.choosable([Clue(ClueKind.EMAIL, "sam@example.com")]) == ()


# Choosing -----------------------------------------------------------------------------------------------


def test_of_two_customers_none_is_chosen_without_a_second_fact(desk: Any, two_found: Found) -> None:
    for one in two_found.candidates:
        with pytest.raises(SeveralPeople):
            desk.portal.person_finder.choose(desk.user("sam"), two_found, [last_four()], one.key)
    assert row_of(desk, two_found.lookup_id).chosen_at is None


@pytest.mark.parametrize("kind", [ClueKind.EMAIL, ClueKind.PHONE, ClueKind.CUSTOMER_ID])
def test_a_second_fact_leaves_one_who_can_be_chosen(desk: Any, two_found: Found, kind: ClueKind) -> None:
    value = {"email": PROFESSOR.email.upper(), "phone": PROFESSOR.phone, "customer_id": PROFESSOR.id}[kind]
    clues, key = [last_four(), Clue(kind, value)], of(two_found, PROFESSOR.id)
    chosen = desk.portal.person_finder.choose(desk.user("sam"), two_found, clues, key)
    assert chosen.asked_by == (IdentifierKind.CUSTOMER_ID, SecretStr(PROFESSOR.id))
    assert entries(desk, two_found.lookup_id)[-1] == ("lookup:choose", {"people": 1})
    (other,) = (one.key for one in two_found.candidates if one.key != key)
    with pytest.raises(InputError):
        desk.portal.person_finder.choose(desk.user("sam"), two_found, clues, other)


def test_what_the_person_told_of_the_card_is_a_second_fact_where_it_differs(desk: Any, two_found: Found) -> None:
    key, balances = of(two_found, PROFESSOR.id), set()
    for one in two_found.candidates:
        balances |= {(one.key, card.balance) for card in one.cards if card.last_four == SHARED}
    assert len({balance for _key, balance in balances}) == len(balances), "the practice world tells them apart"
    chosen = desk.portal.person_finder.choose(desk.user("sam"), two_found, [last_four()], key, told=Told.BALANCE)
    assert chosen.customer.customer_id == PROFESSOR.id
    assert entries(desk, two_found.lookup_id)[-1] == ("lookup:choose", {"people": 2, "told": "balance"})


def test_nobody_is_chosen_of_an_answer_that_was_cut(desk: Any, two_found: Found) -> None:
    cut = dataclasses.replace(two_found, cut=True)
    with pytest.raises(SeveralPeople):
        desk.portal.person_finder.choose(
            desk.user("sam"), cut, [Clue(ClueKind.CUSTOMER_ID, PROFESSOR.id)], of(cut, PROFESSOR.id)
        )


# The case it led to -------------------------------------------------------------------------------------


def test_the_case_of_a_chosen_customer_is_noted_and_asks_by_their_id(desk: Any, two_found: Found) -> None:
    sam, clues = desk.user("sam"), [Clue(ClueKind.EMAIL, PROFESSOR.email)]
    chosen = desk.portal.person_finder.choose(sam, two_found, clues, of(two_found, PROFESSOR.id))
    opened = desk.portal.case_intake.open(sam, case_of(chosen, two_found.lookup_id))
    assert row_of(desk, two_found.lookup_id).case_id == opened.case_id
    assert entries(desk, two_found.lookup_id)[-1] == ("lookup:case", {"case": opened.case_id})
    with desk.portal.db.read() as session:
        rows = select(CaseIdentifier).where(CaseIdentifier.case_id == opened.case_id).order_by(CaseIdentifier.number)
        assert {row.standing for row in session.scalars(rows)} == {"found"}
    export_id = desk.portal.case_exports.ask(sam, opened.case_id, 1)
    asked = desk.portal.submissions.request_of(sam, export_id)
    assert asked.customer_id == SecretStr(PROFESSOR.id)
    with pytest.raises(NotFound):
        desk.portal.person_finder.choose(sam, two_found, clues, of(two_found, PROFESSOR.id))


def test_nothing_is_opened_or_sent_while_two_customers_fit(desk: Any, two_found: Found, shop: Any) -> None:
    sam, before = desk.user("sam"), desk.portal.case_register.count(desk.user())
    email = a_stranger()
    with pytest.raises(SeveralPeople):
        desk.portal.case_intake.open(sam, case_of(None, two_found.lookup_id, email=email))
    with pytest.raises(SeveralPeople):
        desk.portal.submissions.submit(sam, parse_request(email=email), lookups=[two_found.lookup_id])
    assert desk.portal.case_register.count(desk.user()) == before
    assert shop.posts() == 0
    with desk.portal.db.read() as session:
        assert session.scalar(select(Export.id).where(Export.reference == email)) is None
    assert row_of(desk, two_found.lookup_id).case_id is None


def test_a_later_look_up_that_was_chosen_from_settles_an_earlier_one(desk: Any, two_found: Found) -> None:
    sam, finder = desk.user("sam"), desk.portal.person_finder
    second = finder.look_up(sam, Clue(ClueKind.EMAIL, PROFESSOR.email))
    chosen = finder.choose(sam, second, [last_four()], of(second, PROFESSOR.id))
    opened = desk.portal.case_intake.open(sam, case_of(chosen, two_found.lookup_id, second.lookup_id))
    assert {row_of(desk, one.lookup_id).case_id for one in (two_found, second)} == {opened.case_id}


def test_an_export_of_a_chosen_customer_notes_its_case(desk: Any, two_found: Found) -> None:
    sam = desk.user("sam")
    chosen = desk.portal.person_finder.choose(
        sam, two_found, [Clue(ClueKind.PHONE, PROFESSOR.phone)], of(two_found, PROFESSOR.id)
    )
    request = parse_request(customer_id=chosen.customer.customer_id)
    export_id = desk.portal.submissions.submit(sam, request, force=True, lookups=[two_found.lookup_id])
    with desk.portal.db.read() as session:
        assert row_of(desk, two_found.lookup_id).case_id == session.get_one(Export, export_id).case_id


def test_somebody_elses_look_up_is_nobodys(desk: Any, two_found: Found) -> None:
    clues, key = [Clue(ClueKind.CUSTOMER_ID, PROFESSOR.id)], of(two_found, PROFESSOR.id)
    for stranger in (desk.user("maya", "two"), desk.user("maya")):
        with pytest.raises(NotFound):
            desk.portal.person_finder.choose(stranger, two_found, clues, key)
        for lookup_id in (two_found.lookup_id, "f" * 32):
            with pytest.raises(NotFound):
                desk.portal.case_intake.open(stranger, case_of(None, lookup_id, email=a_stranger()))
    assert row_of(desk, two_found.lookup_id).chosen_at is None


# Looked up without a case -------------------------------------------------------------------------------


def test_a_look_up_without_a_case_is_listed_after_an_hour_and_only_to_its_merchant(desk: Any) -> None:
    page, sam = desk.portal.lookups_without_case.page, desk.user("sam")
    with time_machine.travel(utc_now(), tick=False) as clock:
        alone = desk.portal.person_finder.look_up(sam, Clue(ClueKind.EMAIL, PROFESSOR.email))
        led = desk.portal.person_finder.look_up(sam, Clue(ClueKind.EMAIL, PROFESSOR.email))
        chosen = desk.portal.person_finder.choose(sam, led, [], led.candidates[0].key)
        desk.portal.case_intake.open(sam, case_of(chosen, led.lookup_id))
        assert alone.lookup_id not in [row.id for row in page(desk.user(), size=500).rows]
        clock.shift(HOUR + dt.timedelta(seconds=1))
        for reader in (desk.user(), desk.user("iris")):
            listed = page(reader, size=500)
            (row,) = (row for row in listed.rows if row.id == alone.lookup_id)
            assert (row.kind, row.people, row.chosen) == (ClueKind.EMAIL, 1, False)
            assert led.lookup_id not in [row.id for row in listed.rows]
            assert "@example.com" not in repr(listed).replace("@brookandbean.example.com", "")
        assert alone.lookup_id not in [row.id for row in page(desk.user("maya", "two"), size=500).rows]
        with pytest.raises(NotPermitted):
            page(sam)


def test_the_list_is_narrowed_by_person_and_day_and_turned_page_by_page(desk: Any) -> None:
    page, sam, maya = desk.portal.lookups_without_case.page, desk.user("sam"), desk.user()
    base = dt.datetime(2027, 3, 10, 12, tzinfo=dt.UTC)
    rows = [
        PersonLookup(
            merchant_id=sam.merchant_id, account_id=who.account_id, at=base + dt.timedelta(days=n), kind="phone"
        )
        for n, who in enumerate((sam, maya, sam, sam, maya))
    ]
    ids = [row.id for row in rows]
    with desk.portal.db.write() as session:
        session.add_all(rows)
    march = LookupFilter(since=base.date(), until=base.date() + dt.timedelta(days=30))
    with time_machine.travel(base + dt.timedelta(days=40), tick=False):
        seen, after = [], None
        while True:
            found = page(maya, march, after=after, size=2)
            assert found.count == 5
            seen += [row.id for row in found.rows]
            after = found.after
            if after is None:
                break
        assert seen == ids[::-1]
        of_sam = page(maya, dataclasses.replace(march, account_id=sam.account_id))
        assert [row.id for row in of_sam.rows] == [ids[3], ids[2], ids[0]]
        one_day = page(
            maya, LookupFilter(since=base.date() + dt.timedelta(days=1), until=base.date() + dt.timedelta(days=1))
        )
        assert [row.id for row in one_day.rows] == [ids[1]] and one_day.rows[0].people is None
    with desk.portal.db.write() as session:
        session.execute(delete(PersonLookup).where(PersonLookup.id.in_(ids)))


# LoyaltyDog in trouble ----------------------------------------------------------------------------------


@pytest.fixture
def answering(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[LoyaltyDogError], None]:
    def fail(error: LoyaltyDogError) -> None:
        def search(*_args: Any, **_named: Any) -> None:
            raise error

        monkeypatch.setattr("portal.loyaltydog.LoyaltyDog.search_cards", search)

    return fail


@pytest.mark.parametrize(
    "error", [Forbidden("HTTP 403", status=403), ServerTrouble("HTTP 500", status=500), UnreadableAnswer("odd")]
)
def test_a_look_up_that_fails_is_written_down_and_a_case_opens_without_it(
    desk: Any, answering: Callable[[LoyaltyDogError], None], error: LoyaltyDogError
) -> None:
    answering(error)
    sam, since = desk.user("sam"), utc_now()
    with pytest.raises(LoyaltyDogError):
        desk.portal.person_finder.look_up(sam, last_four())
    with desk.portal.db.read() as session:
        row = session.scalars(select(PersonLookup).where(PersonLookup.at >= since)).one()
        assert (row.card_count, row.people_count, row.kind) == (None, None, "last_four")
    assert entries(desk, row.id) == [("cards:search", {"kind": "last_four"})]
    assert desk.portal.case_intake.open(sam, case_of(None, email=a_stranger())).joined is False


def test_the_merchants_do_not_share_a_find(desk: Any) -> None:
    found = desk.portal.person_finder.look_up(desk.user("sam", "two"), last_four())
    assert PROFESSOR.id not in [one.customer_id for one in found.candidates]
    assert row_of(desk, found.lookup_id).merchant_id == desk.user("sam", "two").merchant_id
