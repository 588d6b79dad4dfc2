"""From an approved package to the file on the person's device: link, code, proof, and all that may go wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.cases.facts import IdentityMethod, IdentityResult
from portal.delivery.giving.preparing import Wish, address_of
from portal.delivery.kinds import AddressFrom, CodeChannel, DeliveryState, DeliveryWay
from portal.delivery.mail.contents import ElsewhereMail
from portal.delivery.recipient import LinkEnded, NotACode, NotOpened, WrongCode
from portal.delivery.views import PageKind
from portal.errors import InputError, NotFound, NotPermitted, StateConflict, StepUpNeeded, TryLater
from portal.storage.answering.delivery_tables import DeliveryLink
from portal.storage.case_tables import Case
from portal.storage.tables import AuditEntry, CasePackage, utc_now
from tests.delivery.conftest import ADDRESS, Given

pytestmark = pytest.mark.keeps(
    "DLV-2", "DLV-3", "DLV-4", "DLV-5", "DLV-6", "DLV-8", "DLV-9", "DLV-11", "DLV-13", "MAIL-8", "LAW-15",
    "LAW-25", "SEC-41",
)  # fmt: skip
At = Callable[..., None]
WRONG = "ABCDE-FGH12"


def test_a_link_and_its_code_bring_the_very_package_and_the_proof(given: Given) -> None:
    delivery, token, code = given.sent()
    assert given.state() == "answered"
    page = given.recipient.page(token)
    assert (page.kind, page.delivery_id) == (PageKind.CODE, delivery)
    opened = given.recipient.try_code(token, code.lower().replace("-", " "), address=ADDRESS, agent="Firefox/140")
    files = given.recipient.files(token, opened.cookie)
    fetched = given.recipient.fetch(token, opened.cookie, address=ADDRESS)
    content = b"".join(fetched.chunks)
    view = given.view(delivery)
    assert hashlib.sha256(content).hexdigest() == files.sha256 == view.sha256
    assert len(content) == files.size_bytes and files.file_name.endswith(".zip")
    assert (view.state, view.downloads_left) == (DeliveryState.COMPLETED, 2)
    assert given.facts() == ["answered", "opened", "fetched"]


def test_only_hashes_of_token_and_code_are_kept(given: Given) -> None:
    delivery, token, code = given.sent()
    with given.desk.portal.db.read() as session:
        (link,) = session.scalars(select(DeliveryLink).where(DeliveryLink.delivery_id == delivery))
        assert link.token_sha256 == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) == 43 and code.replace("-", "") not in repr(given.view(delivery))


def test_nothing_is_sent_before_the_code_was_told_another_way(given: Given) -> None:
    made, sam = given.prepare(), given.user()
    with pytest.raises(StateConflict, match="prepared"):
        given.deliveries.send(sam, given.case, made.delivery_id)
    with pytest.raises(InputError):
        given.deliveries.told(sam, given.case, made.delivery_id, CodeChannel.SAME_MAILBOX)
    with pytest.raises(InputError):
        given.deliveries.told(sam, given.case, made.delivery_id, CodeChannel.SECOND_EMAIL, code_to=given.email.upper())
    assert given.post.mails == []


def test_a_check_that_fails_after_preparing_stops_the_sending(given: Given) -> None:
    made = given.prepare()
    given.deliveries.told(given.user(), given.case, made.delivery_id, CodeChannel.PHONE)
    given.desk.portal.case_file.record_identity(
        given.user(), given.case, IdentityMethod.CALLBACK, IdentityResult.FAILED
    )
    with pytest.raises(StateConflict) as refused:
        given.deliveries.send(given.user(), given.case, made.delivery_id)
    assert refused.value.detail == "identity" and given.post.mails == []


def test_another_address_than_the_one_on_file_needs_a_second_person(given: Given) -> None:
    other = {"to": "somewhere.else@example.com", "to_again": "somewhere.else@example.com"}
    made = given.prepare(**other)
    given.deliveries.told(given.user(), given.case, made.delivery_id, CodeChannel.PHONE)
    with pytest.raises(StateConflict, match="address"):
        given.deliveries.send(given.user(), given.case, made.delivery_id)
    with pytest.raises(NotPermitted):
        given.deliveries.confirm_address(given.user(), given.case, made.delivery_id)
    given.deliveries.confirm_address(given.user("maya"), given.case, made.delivery_id)
    given.deliveries.send(given.user(), given.case, made.delivery_id)
    answer, notice = given.post.mails[-2:]
    assert answer.to == other["to"] and notice.to == given.email
    assert isinstance(notice.contents, ElsewhereMail), "who is on file is told, and gets no link"


def test_an_address_named_beside_somebody_elses_card_is_not_on_file(desk: Any, opened: Callable[..., str]) -> None:
    """Before a record of LoyaltyDog holds both: else the answer would go to a stranger, with no second look."""
    case = opened(email="impostor@example.com", customer_id="64b000000000000000000001")
    assert desk.portal.deliveries.state(desk.user(), case).addresses == ()
    with desk.portal.db.read() as session:
        wish = Wish(DeliveryWay.LINK, "impostor@example.com", "impostor@example.com", channel=CodeChannel.PHONE)
        row = session.get_one(Case, case)
        assert address_of(session, row, wish, desk.portal.deliveries.case_seal)[1] is AddressFrom.TYPED


def test_an_address_is_typed_twice_or_the_cases_own(given: Given) -> None:
    with pytest.raises(InputError):
        given.prepare(to_again="other@example.com")
    known = given.deliveries.state(given.user(), given.case).addresses
    made = given.prepare(to="", to_again="", known_address=known[0].id)
    assert given.deliveries.address(given.user(), given.case, made.delivery_id) == given.email


def test_a_code_by_the_same_mailbox_needs_a_manager(given: Given) -> None:
    with pytest.raises(NotPermitted):
        given.prepare(CodeChannel.SAME_MAILBOX)
    assert given.prepare(CodeChannel.SAME_MAILBOX, "maya").code == ""


def test_the_same_mailbox_gets_a_code_only_when_asked_on_the_page(given: Given) -> None:
    delivery, token, _code = given.sent(CodeChannel.SAME_MAILBOX)
    assert len(given.post.mails) == 1
    given.recipient.send_code(token, address=ADDRESS)
    _reference, code, minutes = given.post.mails[-1].contents
    assert (len(code), minutes, given.post.mails[-1].to) == (6, 10, given.email)
    assert given.recipient.try_code(token, code, address=ADDRESS).delivery_id == delivery
    with pytest.raises(WrongCode):
        given.recipient.try_code(token, code, address=ADDRESS)  # it works once


def test_a_mailed_code_is_asked_for_three_times_an_hour(given: Given) -> None:
    _delivery, token, _code = given.sent(CodeChannel.SAME_MAILBOX)
    for _ in range(3):
        given.recipient.send_code(token, address=ADDRESS)
    with pytest.raises(TryLater):
        given.recipient.send_code(token, address=ADDRESS)
    assert len(given.post.mails) == 4


def test_what_is_no_code_is_not_counted(given: Given) -> None:
    delivery, token, _code = given.sent()
    for typed in ("", " ", "7KQ2M", "AAAAA-AAAAA", "0000000000", "7KQ2M-9XD4T7", "<script>", "ü" * 10):
        for _ in range(20):
            with pytest.raises(NotACode):
                given.recipient.try_code(token, typed, address=ADDRESS)
        assert given.view(delivery).wrong_codes == 0, typed


def test_five_wrong_codes_wait_and_fifteen_lock(given: Given, at: At) -> None:
    delivery, token, code = given.sent()
    for number in range(15):
        with pytest.raises(WrongCode):
            given.recipient.try_code(token, WRONG, address=f"203.0.113.{number}")
        if number in (4, 9):
            with pytest.raises(TryLater) as wait:
                given.recipient.try_code(token, code, address=f"203.0.113.{number}")
            assert wait.value.wait_seconds > 60 * (14 if number == 4 else 29)
            at(delivery, minutes=31)
    assert given.view(delivery).state is DeliveryState.LOCKED
    with pytest.raises(LinkEnded):
        given.recipient.try_code(token, code, address="203.0.113.77")
    assert given.recipient.page(token).kind is PageKind.LOCKED


def test_one_address_runs_out_of_tries_over_several_links(given: Given) -> None:
    links = [given.sent()[1] for _ in range(6)]
    refused = 0
    for token in links:
        for _ in range(4):
            try:
                given.recipient.try_code(token, WRONG, address="192.0.2.200")
            except TryLater:
                refused += 1
            except WrongCode:
                pass
    assert refused > 0


def test_a_locked_link_gets_a_new_code_after_the_person_is_recognised_again(given: Given, at: At) -> None:
    from tests.package.versions.conftest import recognise

    delivery, token, code = given.sent()
    for number in range(15):
        with pytest.raises(WrongCode):
            given.recipient.try_code(token, WRONG, address=f"203.0.113.{number}")
        at(delivery, minutes=31)
    with pytest.raises(StateConflict, match="identity"):
        given.deliveries.new_code(given.user(), given.case, delivery)
    recognise(given.desk, given.case)
    fresh = given.deliveries.new_code(given.user(), given.case, delivery)
    with pytest.raises(WrongCode):
        given.recipient.try_code(token, code, address=ADDRESS)
    assert given.recipient.try_code(token, fresh, address=ADDRESS).delivery_id == delivery


def test_taking_back_ends_the_link_and_the_open_page_at_once(given: Given) -> None:
    delivery, token, cookie = given.opened()
    given.deliveries.take_back(given.user(), given.case, delivery)
    with pytest.raises(LinkEnded):
        given.recipient.files(token, cookie)
    with pytest.raises(LinkEnded):
        given.recipient.fetch(token, cookie, address=ADDRESS)
    page = given.recipient.page(token)
    assert page.kind is PageKind.ENDED and page.contact
    assert given.state() == "answered"  # it was opened: it reached the person


def test_taken_back_unopened_the_answer_counts_as_never_given(given: Given) -> None:
    delivery, _token, _code = given.sent()
    given.deliveries.take_back(given.user(), given.case, delivery)
    assert (given.state(), given.facts()) == ("collecting", ["answered", "bounced"])


def test_a_hard_bounce_takes_the_answer_back(given: Given) -> None:
    delivery, token, code = given.sent()
    given.mail_becomes(delivery, "bounced")
    assert (given.state(), given.view(delivery).state) == ("collecting", DeliveryState.REVOKED)
    with pytest.raises(LinkEnded):
        given.recipient.try_code(token, code, address=ADDRESS)


def test_a_bounce_of_one_delivery_leaves_the_answer_of_another(given: Given) -> None:
    first, _token, _code = given.sent()
    second, _token, _code = given.sent()
    given.mail_becomes(first, "bounced")
    assert given.state() == "answered"
    given.mail_becomes(second, "bounced")
    assert given.state() == "collecting"


def test_a_new_link_brings_the_same_bytes_and_the_old_one_is_dead(given: Given) -> None:
    delivery, old, code = given.sent()
    given.deliveries.new_link(given.user(), given.case, delivery)
    new = given.post.token
    assert new != old and given.recipient.page(old).kind is PageKind.ENDED
    cookie = given.recipient.try_code(new, code, address=ADDRESS).cookie
    assert given.recipient.files(new, cookie).sha256 == given.view(delivery).sha256


def test_a_link_expires_and_can_be_made_anew(given: Given, at: At) -> None:
    delivery, token, code = given.sent()
    at(delivery, days=15)
    assert given.recipient.page(token).kind is PageKind.ENDED
    given.desk.portal.delivery_retention.run_housekeeping()
    assert given.view(delivery).state is DeliveryState.EXPIRED
    kinds = [task.kind.value for task in given.deliveries.open_tasks(given.user()) if task.delivery_id == delivery]
    assert kinds == ["unopened"] and given.state() == "answered"
    given.deliveries.new_link(given.user(), given.case, delivery)
    assert given.recipient.try_code(given.post.token, code, address=ADDRESS)


def test_a_page_stays_open_for_a_quarter_of_an_hour(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime as dt

    _delivery, token, cookie = given.opened()
    monkeypatch.setattr("portal.delivery.recipient.utc_now", lambda: utc_now() + dt.timedelta(minutes=16))
    with pytest.raises(NotOpened):
        given.recipient.files(token, cookie)


def test_the_package_lives_thirty_days_beyond_its_delivery(given: Given) -> None:
    delivery, _token, _code = given.sent()
    with given.desk.portal.db.read() as session:
        until = session.get_one(CasePackage, given.package).destroy_after
    expires = given.view(delivery).expires_at
    assert until is not None and expires is not None and (until - expires).days == 30


def test_not_mine_ends_the_link_and_opens_the_facts_of_a_breach(given: Given) -> None:
    delivery, token, cookie = given.opened()
    b"".join(given.recipient.fetch(token, cookie, address=ADDRESS).chunks)
    given.recipient.not_mine(token, cookie, address=ADDRESS)
    breach = next(one for one in given.deliveries.open_breaches(given.user()) if one.delivery_id == delivery)
    assert (breach.report_by - breach.aware_at).total_seconds() == 72 * 3600 and breach.fetched == 1
    assert (given.state(), given.view(delivery).state) == ("collecting", DeliveryState.REVOKED)
    assert given.facts() == ["answered", "opened", "fetched", "not_theirs", "bounced"]
    with pytest.raises(LinkEnded):
        given.recipient.not_mine(token, cookie, address=ADDRESS)


@pytest.mark.parametrize("way", [DeliveryWay.PAPER, DeliveryWay.ATTACHMENT, DeliveryWay.ELSEWHERE])
def test_what_was_handed_over_is_a_delivery_with_its_proof(given: Given, way: DeliveryWay) -> None:
    delivery = given.deliveries.record(given.user(), given.case, given.package, way)
    assert (given.state(), given.facts()) == ("answered", ["answered"])
    assert given.view(delivery).state is DeliveryState.SENT
    given.deliveries.take_back(given.user(), given.case, delivery)
    assert given.state() == "collecting"


def test_on_a_screen_the_link_is_shown_once_and_is_the_answer(given: Given) -> None:
    made = given.prepare(CodeChannel.IN_PERSON, way=DeliveryWay.SCREEN, to="", to_again="")
    given.deliveries.told(given.user(), given.case, made.delivery_id, CodeChannel.IN_PERSON)
    link = given.deliveries.send(given.user(), given.case, made.delivery_id)
    assert given.state() == "answered" and given.post.mails == []
    assert given.recipient.try_code(link.rpartition("/")[2], made.code, address=ADDRESS)
    with pytest.raises(StateConflict):
        given.deliveries.send(given.user(), given.case, made.delivery_id)


def test_only_an_approved_newest_version_goes_out(given: Given) -> None:
    given.desk.portal.packages.build(given.user(), given.case, language="de")
    with pytest.raises(StateConflict, match="package"):
        given.prepare()
    needs = given.deliveries.state(given.user(), given.case).needs
    assert [need.code for need in needs] == ["package"]


def test_without_a_relay_no_link_is_mailed(given: Given) -> None:
    from portal.delivery.posting import NoRelay

    made = given.prepare()
    given.deliveries.told(given.user(), given.case, made.delivery_id, CodeChannel.PHONE)
    given.post.ready = False
    with pytest.raises(NoRelay):
        given.deliveries.send(given.user(), given.case, made.delivery_id)
    given.post.ready = True
    given.deliveries.send(given.user(), given.case, made.delivery_id)


def test_giving_out_needs_a_fresh_proof(given: Given) -> None:
    import dataclasses

    stale = dataclasses.replace(given.user(), proof_at=None, origin="198.51.100.7")
    with pytest.raises(StepUpNeeded):
        given.deliveries.prepare(stale, given.case, given.package, DeliveryWay.LINK, channel=CodeChannel.PHONE)


def test_another_merchants_people_find_nothing_of_it(given: Given, desk: Any) -> None:
    delivery, _token, _cookie = given.opened()
    other = desk.user("maya", "two")
    for act in ("address", "confirm_address", "send", "new_code", "new_link", "take_back"):
        with pytest.raises(NotFound):
            getattr(given.deliveries, act)(other, given.case, delivery)
    with pytest.raises(NotFound):
        given.deliveries.state(other, given.case)
    assert all(task.case_id != given.case for task in given.deliveries.open_tasks(other))
    assert given.view(delivery).state is DeliveryState.OPENED


def test_the_right_code_from_another_device_is_let_in_and_noted(given: Given) -> None:
    delivery, token, code = given.sent()
    phone = given.recipient.try_code(token, code, address="192.0.2.1", agent="Mozilla/5.0 (iPhone) Safari/604.1")
    desktop = given.recipient.try_code(token, code, address="198.51.100.9", agent="Mozilla/5.0 Firefox/140.0")
    assert phone.cookie != desktop.cookie
    for cookie in (phone.cookie, desktop.cookie):
        assert given.recipient.files(token, cookie).open
    with given.desk.portal.db.read() as session:
        wanted = select(AuditEntry).where(AuditEntry.action == "delivery:opened").order_by(AuditEntry.seq)
        noted = [one.facts for one in session.scalars(wanted) if one.facts.get("delivery") == delivery]
    assert [one["agent"] for one in noted] == ["safari", "firefox"]
    assert given.facts() == ["answered", "opened"], "one answer, however many devices"


def test_a_cookie_opens_its_own_delivery_only(given: Given) -> None:
    _first, token, cookie = given.opened()
    _second, other, _cookie = given.opened()
    with pytest.raises(NotOpened):
        given.recipient.files(other, cookie)
    with pytest.raises(NotOpened):
        given.recipient.fetch(other, cookie, address=ADDRESS)
    with pytest.raises(NotOpened):
        given.recipient.not_mine(other, cookie, address=ADDRESS)
    assert given.recipient.files(token, cookie)
