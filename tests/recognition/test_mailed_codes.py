"""A code mailed to the address on file: the right one settles it; wrong, old, used and dead ones do not."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, text

from portal.cases.facts import IdentityMethod, IdentityResult, Right
from portal.delivery.giving.needs import needs_of
from portal.errors import InputError, NotFound, NotPermitted, TryLater
from portal.recognition.mail_codes import CodeStanding, IdentityCodeOver, WrongIdentityCode
from portal.storage.answering.recognition_tables import IdentityCode
from portal.storage.case_tables import Case
from portal.vault import rotation
from tests.recognition.conftest import Room

pytestmark = pytest.mark.keeps("LAW-5")


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def standing(room: Room, case: str) -> CodeStanding:
    return room.portal.identity_codes.state(room.user(), case).standing


def test_the_right_code_is_the_proof_once_and_nothing_else_is_kept(room: Room) -> None:
    case, codes = room.case(email="canary.code@example.com"), room.portal.identity_codes
    assert standing(room, case) is CodeStanding.NONE and not room.settled(case)
    code = room.mail(case)
    assert standing(room, case) is CodeStanding.OPEN and not room.settled(case)
    codes.check(room.user(), case, f" {code[:3]}-{code[3:]} ")
    assert room.settled(case) and room.facts(case) == [{"method": "email_code", "result": "proved"}]
    assert room.entries(case)[-4:-1] == ["mail:queue", "identity:code_mailed", "case:state"]
    with pytest.raises(IdentityCodeOver):
        codes.check(room.user(), case, code)
    with room.portal.db.read() as session:
        rows = [str(row) for row in session.execute(text("SELECT * FROM identity_codes"))]
        rows += [str(row) for row in session.execute(text("SELECT * FROM case_facts"))]
        rows += [str(row) for row in session.execute(text("SELECT * FROM audit_entries"))]
    assert not any(re.search(rf"(?<!\w){code}(?!\w)", row) or "canary.code" in row for row in rows)


def test_five_wrong_codes_kill_it_and_each_of_them_counts(room: Room) -> None:
    case, codes = room.case(), room.portal.identity_codes
    code = room.mail(case)
    for typed in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        with pytest.raises(InputError):
            codes.check(room.user(), case, typed)
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongIdentityCode):
            codes.check(room.user(), case, wrong(code))
        assert codes.state(room.user(), case).tries_left == left
    with pytest.raises(IdentityCodeOver):
        codes.check(room.user(), case, wrong(code))
    assert standing(room, case) is CodeStanding.LOCKED
    with pytest.raises(IdentityCodeOver):
        codes.check(room.user(), case, code)
    assert not room.settled(case) and room.facts(case) == []
    assert room.entries(case).count("identity:code_wrong") == 5
    codes.check(room.user(), case, room.mail(case))
    assert room.settled(case)


def test_a_code_lives_ten_minutes_and_a_new_one_replaces_it(room: Room) -> None:
    case, codes = room.case(), room.portal.identity_codes
    first = room.mail(case)
    second = room.mail(case)
    if first != second:
        with pytest.raises(WrongIdentityCode):
            codes.check(room.user(), case, first)
    room.later(case, minutes=10)
    assert standing(room, case) is CodeStanding.OVER
    with pytest.raises(IdentityCodeOver):
        codes.check(room.user(), case, second)
    assert not room.settled(case)


def test_three_codes_an_hour_are_mailed_and_the_fourth_waits(room: Room) -> None:
    case = room.case()
    for _ in range(3):
        room.mail(case)
    with pytest.raises(TryLater) as waits:
        room.mail(case)
    assert 3000 < waits.value.wait_seconds <= 3600 and len(room.mailed(case)) == 3
    room.later(case, hours=1)
    room.mail(case)


def test_a_code_of_one_case_opens_no_other(room: Room) -> None:
    one, other = room.case(), room.case()
    code, others = room.mail(one), room.mail(other)
    if code != others:
        with pytest.raises(WrongIdentityCode):
            room.portal.identity_codes.check(room.user(), other, code)
    foreign, codes = room.user(shop="two"), room.portal.identity_codes
    address = room.addresses(one)[0]
    for act in (
        lambda: codes.state(foreign, one), lambda: codes.send(foreign, one, address),
        lambda: codes.check(foreign, one, code),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotPermitted):
        codes.check(room.user("auditor"), one, code)
    with pytest.raises(InputError):
        codes.send(room.user(), other, address)  # another case's address


def test_who_names_more_than_an_address_proves_that_mailbox_only(room: Room) -> None:
    """An own address beside somebody else's card: no code goes out before a record holds both."""
    case = room.case(email="impostor@example.com", customer_id="64b000000000000000000001")
    state = room.portal.identity_codes.state(room.user(), case)
    assert (state.ready, state.emails, state.addresses) == (True, True, ())
    with room.portal.db.read() as session:
        ids = session.execute(text("SELECT id FROM case_identifiers WHERE case_id = :case"), {"case": case})
        addresses = [row[0] for row in ids]
    for one in addresses:
        with pytest.raises(InputError):
            room.portal.identity_codes.send(room.user(), case, one)
    assert room.mailed(case) == []


def test_erasure_waits_for_a_proof_of_another_kind(room: Room) -> None:
    case = room.case(Right.ACCESS, Right.ERASURE)
    room.portal.identity_codes.check(room.user(), case, room.mail(case))
    view = room.portal.case_register.show(room.user(), case)
    assert not view.recognition.settled and "Erasure" in view.recognition.missing[0].words
    with room.portal.db.read() as session:
        needs = needs_of(session, session.get_one(Case, case), None)
    assert [need.code for need in needs] == ["identity", "package"]
    file = room.portal.case_file
    file.record_identity(room.user(), case, IdentityMethod.REPLY, IdentityResult.PROVED)
    assert not room.settled(case)  # the same mailbox again
    file.record_identity(room.user(), case, IdentityMethod.CALLBACK, IdentityResult.PROVED)
    assert room.settled(case)
    with pytest.raises(InputError):
        file.record_identity(room.user(), case, IdentityMethod.EMAIL_CODE, IdentityResult.PROVED)


def test_the_key_of_a_code_is_sealed_anew_with_the_master_key_and_the_code_still_opens(room: Room) -> None:
    case, portal = room.case(), room.portal
    code = room.mail(case)

    def sealed() -> bytes:
        with portal.db.read() as session:
            return (
                session.scalars(select(IdentityCode.sealed_code_key).where(IdentityCode.case_id == case)).one() or b""
            )

    before, newest = sealed(), portal.master.add_key()
    portal.master.make_primary(newest)
    rotation.reseal(portal.db, portal.master, portal.sealer)
    assert rotation.key_id_of(before) != newest == rotation.key_id_of(sealed())
    assert rotation.count_unopenable(portal.db, portal.sealer, portal.master) == {}
    with pytest.raises(WrongIdentityCode):
        portal.identity_codes.check(room.user(), case, wrong(code))
    portal.identity_codes.check(room.user(), case, code)
    assert room.settled(case)
