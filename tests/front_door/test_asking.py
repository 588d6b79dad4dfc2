"""A person asks for themselves, types the code that was mailed, and has a case and a page of their own."""

from __future__ import annotations

import datetime as dt

import pytest

from portal.delivery.mail.contents import DoorReceiptMail
from portal.delivery.recipient import LinkEnded, NotACode, NotOpened, WrongCode
from portal.errors import InputErrors, NotFound, TryLater
from portal.front_door import checking
from portal.front_door.views import MineKind, Where
from portal.storage.case_tables import Case
from portal.storage.tables import DoorRequest
from tests.front_door.conftest import ADDRESSES, Doorway


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_typed_code_makes_a_case_received_when_the_person_asked(doorway: Doorway) -> None:
    email, before = doorway.email(), len(doorway.cases())
    token = doorway.ask(email, note="The card with the blue bean.")
    assert len(doorway.cases()) == before  # nothing yet
    assert doorway.mine(token).kind is MineKind.WAITING and doorway.mine(token).mailed
    doorway.later(email, days=3)
    doorway.desk.send_code(token, address=next(ADDRESSES))
    with pytest.raises(NotACode):
        doorway.enter(token, "12345")
    with pytest.raises(WrongCode):
        doorway.enter(token, other(doorway.code(email)))
    entered = doorway.enter(token, doorway.code(email))
    page = doorway.mine(entered.token, entered.cookie)
    assert (page.kind, page.where, page.opened) == (MineKind.PROVED, Where.RECEIVED, True)
    assert [one.text for one in page.messages] == ["The card with the blue bean."]
    assert doorway.mine(entered.token).messages == ()  # the link alone shows nothing that was written
    assert doorway.mine(token).kind is MineKind.UNKNOWN  # the page of the code is dead
    (case,) = doorway.cases()[before:]
    assert (case.channel, case.id) == ("form", doorway.case_of(email))
    assert case.received_on == (dt.datetime.now(dt.UTC) - dt.timedelta(days=3)).date() == page.received_on
    assert case.received_at is not None and page.due_on == case.due_on
    assert doorway.methods(case.id) == ["address_code"]
    recognition = doorway.portal.case_register.show(doorway.user(), case.id).recognition
    assert not recognition.settled  # a mailbox of one's own has everybody: a record has to hold it
    receipt = doorway.mails(email)[-1]
    assert isinstance(receipt, DoorReceiptMail) and receipt.link.endswith(f"/mine/{entered.token}")
    with pytest.raises(WrongCode):
        doorway.enter(entered.token, doorway.code(email))  # a code works once
    assert {"case:open", "case:identity", "door:proved", "message:write"} <= set(doorway.entries(case.id))


def test_the_same_again_joins_the_open_case_and_another_demand_or_person_does_not(doorway: Doorway) -> None:
    email, before = doorway.email(), len(doorway.cases())
    first = doorway.mine(doorway.proved(email)[0]).reference
    assert doorway.mine(doorway.proved(f"{email[0].upper()}{email[1:]}")[0]).reference == first
    doorway.later(email, hours=2)
    assert doorway.mine(doorway.proved(email, demand="erasure")[0]).reference != first
    assert doorway.mine(doorway.proved(doorway.email())[0]).reference != first
    assert len(doorway.cases()) == before + 3
    with doorway.portal.db.write() as session:
        session.get_one(Case, doorway.cases()[before].id).closed_at = dt.datetime.now(dt.UTC)
    doorway.later(email, hours=2)
    assert doorway.mine(doorway.proved(email)[0]).reference != first  # that one has ended


def test_a_form_that_is_sent_twice_is_one_request(doorway: Doorway) -> None:
    email = doorway.email()
    form = doorway.form()
    tokens = {doorway.ask(email, form=form) for _ in range(3)}
    assert len(tokens) == 1 and len(doorway.mails(email)) == 1
    assert doorway.ask(doorway.email(), form=form) not in tokens  # a mistyped address was mended
    doorway.ask(doorway.email(), form=form)
    with pytest.raises(InputErrors):
        doorway.ask(doorway.email(), form=form)  # a program that keeps one form
    assert doorway.ask(email, form=form) in tokens


def test_a_form_is_refused_without_losing_it(doorway: Doorway) -> None:
    email, soon, old = doorway.email(), doorway.form(age=1), doorway.form(age=13 * 3600)
    wrong = {
        "demand": {"demand": "everything"}, "note": {"note": "x" * 1001}, "trap": {"trap": "https://spam.example"},
        "form": {"form": soon},
    }  # fmt: skip
    for field, given in wrong.items():
        with pytest.raises(InputErrors) as refused:
            doorway.ask(email, **given)
        assert [one.field for one in refused.value.problems] == [field]
    for form in ("", old, doorway.form("two"), doorway.form().replace(".", ",")):
        with pytest.raises(InputErrors):
            doorway.ask(email, form=form)
    with pytest.raises(InputErrors):
        doorway.ask("no address")
    with pytest.raises(NotFound):
        doorway.desk.ask("shop-three", doorway.asking(email), address=next(ADDRESSES))
    assert doorway.mails(email) == []


def test_five_wrong_codes_kill_it_and_three_an_hour_are_mailed(doorway: Doorway) -> None:
    email = doorway.email()
    token = doorway.ask(email)
    right = doorway.code(email)
    for _ in range(5):
        with pytest.raises(WrongCode):
            doorway.enter(token, other(right))
    with pytest.raises(WrongCode):
        doorway.enter(token, right)
    assert not doorway.mine(token).mailed
    doorway.ask(email)  # another request of the same address counts with it
    doorway.desk.send_code(token, address=next(ADDRESSES))
    with pytest.raises(TryLater):
        doorway.desk.send_code(token, address=next(ADDRESSES))
    kept = doorway.ask(email)  # taken all the same; its code comes when there is room again
    assert doorway.mine(kept).kind is MineKind.WAITING and not doorway.mine(kept).mailed
    assert len(doorway.mails(email)) == 3


def test_a_code_works_for_ten_minutes(doorway: Doorway) -> None:
    email = doorway.email()
    token = doorway.ask(email)
    doorway.later(email, minutes=11)
    with pytest.raises(WrongCode):
        doorway.enter(token, doorway.code(email))
    doorway.desk.send_code(token, address=next(ADDRESSES))
    assert doorway.enter(token, doorway.code(email)).token != token


def test_another_merchants_page_and_form_open_nothing(doorway: Doorway) -> None:
    email = doorway.email()
    one, two = doorway.ask(email), doorway.ask(email, "two")
    code = doorway.code(email)
    with pytest.raises(WrongCode):
        doorway.enter(one, code)  # it was mailed for the other one's
    entered = doorway.enter(two, code)
    assert doorway.mine(entered.token).merchant == "Shop two"
    token, cookie = doorway.proved(doorway.email())
    with pytest.raises(NotOpened):
        doorway.desk.write(token, entered.cookie, "hello", address="203.0.113.1")
    with pytest.raises(LinkEnded):
        doorway.desk.write("x" * 43, cookie, "hello", address="203.0.113.1")
    for case in doorway.cases("two"):
        with pytest.raises(NotFound):
            doorway.portal.case_messages.of_case(doorway.user(), case.id)


def test_one_address_is_slowed_down_and_others_are_not(doorway: Doorway) -> None:
    with pytest.raises(TryLater):
        for _ in range(30):
            doorway.ask(doorway.email(), address="192.0.2.55")
    assert doorway.mine(doorway.ask(doorway.email())).kind is MineKind.WAITING


def test_where_too_many_wait_nothing_is_taken_and_the_asker_is_told(
    doorway: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "MOST_AN_HOUR", 0)
    with pytest.raises(TryLater):
        doorway.ask(doorway.email())


def test_sealed_columns_hold_nothing_readable(doorway: Doorway) -> None:
    email = doorway.email()
    doorway.proved(email, note="marmalade")
    row = doorway.request(email)
    assert email.encode() not in (row.sealed_email or b"") and row.sealed_note is None
    with doorway.portal.db.read() as session:
        raw = str([list(line) for line in session.execute(DoorRequest.__table__.select())])
    assert "marmalade" not in raw and email not in raw
