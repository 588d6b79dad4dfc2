"""A queued mail is sent once, kept through faults, and forgotten when it is sent; on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from portal.delivery.mail.contents import AnswerMail, CodeMail, LetterMail, TestMail
from portal.delivery.mail.kinds import MailState
from portal.delivery.mail.limits import TooManyMails
from portal.delivery.mail.outbox import MailNotSetUp, NoReplyAddress, Outbox
from portal.errors import InputError
from tests.delivery.mail.mail_server import MailServer
from tests.delivery.mail.sending_desk import ANSWER, LINK

pytestmark = pytest.mark.keeps("MAIL-1", "MAIL-3", "MAIL-9")


def test_a_mail_is_sent_once_and_its_contents_are_dropped(sent: Any, relay: MailServer) -> None:
    row = sent.send()
    assert (row.state, row.tries, row.sealed_contents, row.next_try_at) == (MailState.ACCEPTED, 1, None, None)
    assert row.accepted_at is not None and row.dsn_status == "2.6.0"
    (got,) = relay.got
    assert got.to == "ada@example.com" and got.message["To"] == "ada@example.com"
    assert got.message["Message-ID"] == row.message_id
    assert LINK in got.text() and LINK in got.text("html")
    assert sent.entries(row.id) == ["mail:queue", "mail:state accepted"]


def test_a_mail_whose_transaction_fails_is_never_sent(sent: Any, relay: MailServer) -> None:
    user = sent.desk.user()
    with pytest.raises(RuntimeError), sent.desk.portal.db.write() as session:
        sent.desk.portal.outbox.queue(
            session, merchant_id=user.merchant_id, case_id="", delivery_id="", to="ada@example.com", language="en",
            contents=ANSWER, by=user.account_id,
        )  # fmt: skip
        raise RuntimeError("the fact was not written")
    sent.send(TestMail(), to="maya@example.com")
    assert [got.to for got in relay.got] == ["maya@example.com"]


@pytest.mark.parametrize("where", ["answers", "at_rcpt", "at_mail"])
def test_a_mail_refused_for_now_is_sent_later(sent: Any, relay: MailServer, where: str) -> None:
    setattr(relay.behaviour, where, ["451 4.3.2 come back"])
    row = sent.send()
    assert (row.state, row.dsn_status) == (MailState.DEFERRED, "4.3.2")
    assert row.sealed_contents is not None and row.next_try_at is not None
    sent.time_has_come(row.id)
    row = sent.settled(row.id, MailState.ACCEPTED)
    assert row.tries == 2
    assert {got.message["Message-ID"] for got in relay.got} == {row.message_id}


def test_a_mail_refused_for_good_is_never_tried_again(sent: Any, relay: MailServer) -> None:
    relay.behaviour.at_rcpt = ["550 5.1.1 <ada@example.com> unknown"]
    row = sent.send()
    assert (row.state, row.dsn_status, row.sealed_contents) == (MailState.REFUSED, "5.1.1", None)
    assert sent.entries(row.id) == ["mail:queue", "mail:state refused"]


def test_a_mail_whose_answer_was_lost_is_repeated_as_the_same_mail(sent: Any, relay: MailServer) -> None:
    relay.behaviour.answers = ["drop"]
    row = sent.send()
    assert (row.state, row.dsn_status) == (MailState.UNKNOWN, "4.4.2")
    sent.time_has_come(row.id)
    row = sent.settled(row.id, MailState.ACCEPTED)
    first, second = relay.got
    assert first.raw == second.raw and first.message["Message-ID"] == row.message_id


def test_a_mail_whose_answer_is_always_lost_ends_unknown(sent: Any, relay: MailServer) -> None:
    relay.behaviour.answers = ["drop"] * 9
    row = sent.send()
    for tries in (2, 3, 4):
        assert row.next_try_at is not None
        row = sent.try_again(row.id, tries)
    assert (row.state, row.tries, row.sealed_contents) == (MailState.UNKNOWN, 4, None)


def test_nothing_of_a_mail_can_be_read_in_the_database(sent: Any) -> None:
    mail_id = sent.queue(CodeMail("2026-0042", "314159", 10), to="canary.person@example.com")
    row = sent.row(mail_id)
    for sealed in (row.sealed_to, row.sealed_contents):
        assert sealed is not None and b"canary" not in sealed and b"314159" not in sealed
    sent.desk.portal.outbox.start(mail_id)
    sent.settled(mail_id)


def test_a_fourth_mail_to_one_address_waits(sent: Any) -> None:
    for _ in range(3):
        sent.queue(to="Ada@Example.com")
    with pytest.raises(TooManyMails) as refused:
        sent.queue(to="ada@example.com")
    assert 3_000 < refused.value.wait_seconds <= 3_600
    sent.queue(to="ben@example.com")
    sent.queue(to="ada@example.com", merchant="two")


def test_a_merchants_sixty_first_mail_waits_and_the_other_merchant_goes_on(sent: Any) -> None:
    for number in range(60):
        sent.queue(to=f"person.{number}@example.com")
    with pytest.raises(TooManyMails):
        sent.queue(to="one.more@example.com")
    sent.queue(to="one.more@example.com", merchant="two")


@pytest.mark.parametrize(
    "to", ["", "ada", "ada@example.com, ben@example.com", "ada@example.com\r\nBcc: eve@example.com",
           "Ada <ada@example.com>", "ada@example.com\nx", f"{'a' * 300}@example.com"],
)  # fmt: skip
def test_what_is_no_single_address_gets_no_mail(sent: Any, to: str) -> None:
    with pytest.raises(InputError):
        sent.queue(to=to)


def test_without_a_relay_nothing_can_be_queued(sent: Any) -> None:
    outbox = Outbox(sent.desk.portal.sealer, None, sent.desk.portal.workers.mails)
    assert not outbox.ready
    user = sent.desk.user()
    with pytest.raises(MailNotSetUp), sent.desk.portal.db.write() as session:
        outbox.queue(
            session, merchant_id=user.merchant_id, case_id="", delivery_id="", to="a@example.com", language="en",
            contents=TestMail(), by=user.account_id,
        )  # fmt: skip


def test_a_merchant_that_names_no_address_for_answers_sends_none(new_desk: Any) -> None:
    with new_desk(workers=False) as desk, desk.portal.db.write() as session:
        user = desk.user("maya", "two")
        with pytest.raises(NoReplyAddress):
            desk.portal.outbox.queue(
                session, merchant_id=user.merchant_id, case_id="", delivery_id="", to="a@example.com", language="en",
                contents=TestMail(), by=user.account_id,
            )  # fmt: skip


def test_a_letter_goes_out_in_the_words_that_were_recorded(sent: Any, relay: MailServer) -> None:
    words = "Hello,\n\nWe need more time: <b>June</b> & more.\n.\n.dot\n\nKind regards,\nBrook & Bean"
    sent.send(LetterMail("Your privacy request 2026-0042", "", words))
    (got,) = relay.got
    assert got.text().replace("\r\n", "\n").strip() == words
    assert "&lt;b&gt;June&lt;/b&gt; &amp; more." in got.text("html")


def test_a_persons_language_is_the_mails(sent: Any, relay: MailServer) -> None:
    sent.send(AnswerMail("2026-0042", LINK, ANSWER.expires_on, ""), language="de-AT")
    assert relay.got[0].message["Content-Language"] == "de"


@pytest.mark.keeps("SEC-30")
def test_neither_address_nor_link_is_ever_logged(
    sent: Any, relay: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    relay.behaviour.at_rcpt = ["550 5.1.1 <canary.person@example.com> unknown"]
    sent.send(to="canary.person@example.com")
    sent.wait_for(lambda: relay.behaviour.at_rcpt == [], "the refusal")
    said = "".join(capfd.readouterr())
    assert "mail.sent" in said
    assert "canary" not in said and LINK not in said
