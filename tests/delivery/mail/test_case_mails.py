"""A case's letter goes by mail in the transaction that records it, to an address of the case and to no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.cases.facts import ExtensionReason, FactKind, RefusalReason
from portal.cases.services.letter_post import MailTo
from portal.delivery.mail.kinds import MailKind, MailState
from portal.delivery.views import TaskKind
from portal.errors import InputError, NotFound, NotPermitted, PortalError
from portal.letters.words import LetterKind
from portal.storage.answering.mail_tables import Mail
from tests.delivery.mail.mail_server import MailServer
from tests.delivery.mail.test_bounces import notice
from tests.sources.conftest import opened as opened

PERSON = "letter.person@example.com"


@pytest.fixture
def case(sent: Any, opened: Callable[..., str]) -> str:
    return opened(email=PERSON, phone="+353 1 555 0199")


def address_of(sent: Any, case: str, merchant: str = "one") -> MailTo:
    (address,) = sent.desk.portal.case_mails.addresses(sent.desk.user("sam", merchant), case)
    return MailTo(address.identifier_id, "en")


def words_of(sent: Any, case: str, kind: LetterKind, **given: Any) -> str:
    return str(sent.desk.portal.case_letters.draft(sent.desk.user("maya"), case, kind, **given).text)


def acts(sent: Any, case: str, kind: LetterKind, to: MailTo | None) -> FactKind:
    """Record and send a letter of this kind; gives the kind of the fact."""
    file, maya = sent.desk.portal.case_file, sent.desk.user("maya")
    match kind:
        case LetterKind.ACKNOWLEDGEMENT:
            file.acknowledge(maya, case, words_of(sent, case, kind), mail_to=to)
            return FactKind.ACKNOWLEDGED
        case LetterKind.MORE_TIME:
            why = ExtensionReason.COMPLEXITY
            file.extend(maya, case, why, words_of(sent, case, kind, reason=why), mail_to=to)
            return FactKind.EXTENDED
        case LetterKind.REFUSAL:
            no = RefusalReason.EXCESSIVE
            file.refuse(maya, case, no, words_of(sent, case, kind, reason=no), mail_to=to)
            return FactKind.REFUSED
        case LetterKind.NOT_IDENTIFIED:
            file.close_not_identified(maya, case, words_of(sent, case, kind), mail_to=to)
            return FactKind.NOT_IDENTIFIED


@pytest.mark.parametrize("kind", LetterKind)
def test_each_letter_goes_out_as_it_is_recorded(sent: Any, case: str, relay: MailServer, kind: LetterKind) -> None:
    fact_kind = acts(sent, case, kind, address_of(sent, case))
    fact = sent.desk.portal.case_register.show(sent.desk.user("sam"), case).facts[-1]
    sent.settled(fact.codes["mail"], MailState.ACCEPTED)
    (shown,) = sent.desk.portal.case_mails.of_case(sent.desk.user("iris"), case).values()
    assert fact.kind is fact_kind
    assert (shown.id, shown.kind, shown.state) == (fact.codes["mail"], MailKind.LETTER, MailState.ACCEPTED)
    assert PERSON not in shown.to and shown.to.endswith("@example.com")
    (got,) = relay.got
    assert got.to == PERSON
    assert got.text().replace("\r\n", "\n").strip() == fact.text.strip()
    assert str(got.message["Subject"]).startswith("Your privacy request 20")


def test_a_letter_that_did_not_arrive_waits_on_today_until_something_is_recorded(
    sent: Any, case: str, relay: MailServer
) -> None:
    desk = sent.desk

    def waits(merchant: str = "one") -> list[str]:
        tasks = desk.portal.deliveries.open_tasks(desk.user("sam", merchant))
        return [task.kind for task in tasks if task.case_id == case]

    acts(sent, case, LetterKind.ACKNOWLEDGEMENT, address_of(sent, case))
    mail = desk.portal.case_register.show(desk.user("sam"), case).facts[-1].codes["mail"]
    sent.settled(mail, MailState.ACCEPTED)
    assert waits() == []
    desk.portal.bounces.take_bytes(notice(relay.got[-1].mail_from.partition("+")[2].partition("@")[0]))
    assert (waits(), waits("two")) == ([TaskKind.LETTER], [])
    desk.portal.case_file.note(desk.user("sam"), case, "Told by phone.")
    assert waits() == []

    relay.behaviour.at_rcpt = ["450 4.2.1 later", "550 5.1.1 nobody"]
    acts(sent, case, LetterKind.MORE_TIME, address_of(sent, case))
    mail = desk.portal.case_register.show(desk.user("sam"), case).facts[-1].codes["mail"]
    sent.settled(mail, MailState.DEFERRED)
    assert waits() == []  # it is tried again
    sent.try_again(mail, 2)
    assert waits() == [TaskKind.LETTER]


def test_a_subject_tells_nothing_of_the_letter(sent: Any, case: str, relay: MailServer) -> None:
    acts(sent, case, LetterKind.REFUSAL, address_of(sent, case))
    sent.wait_for(lambda: relay.got, "the mail")
    name = sent.desk.portal.case_register.show(sent.desk.user("sam"), case).row.name
    assert relay.got[0].message["Subject"] == f"Your privacy request {name}"


def test_a_letter_sent_another_way_is_recorded_without_a_mail(sent: Any, case: str, relay: MailServer) -> None:
    acts(sent, case, LetterKind.ACKNOWLEDGEMENT, None)
    assert sent.desk.portal.case_mails.of_case(sent.desk.user("sam"), case) == {}
    assert "mail" not in sent.desk.portal.case_register.show(sent.desk.user("sam"), case).facts[-1].codes


def test_a_letter_that_cannot_be_queued_is_not_recorded(sent: Any, case: str) -> None:
    with pytest.raises(InputError):
        acts(sent, case, LetterKind.ACKNOWLEDGEMENT, MailTo("0" * 32, "en"))
    kinds = [fact.kind for fact in sent.desk.portal.case_register.show(sent.desk.user("sam"), case).facts]
    assert FactKind.ACKNOWLEDGED not in kinds


def test_a_letter_that_cannot_be_recorded_is_not_queued(sent: Any, case: str) -> None:
    acts(sent, case, LetterKind.NOT_IDENTIFIED, None)
    with pytest.raises(PortalError):
        sent.desk.portal.case_file.extend(
            sent.desk.user("maya"), case, ExtensionReason.COMPLEXITY, "words", mail_to=address_of(sent, case)
        )
    with sent.desk.portal.db.read() as session:
        assert session.scalar(select(Mail).where(Mail.case_id == case)) is None


def test_an_address_of_another_merchants_case_is_none(sent: Any, case: str, opened: Callable[..., str]) -> None:
    theirs = address_of(sent, opened("two", email="other.person@example.com"), "two")
    with pytest.raises(InputError):
        acts(sent, case, LetterKind.ACKNOWLEDGEMENT, theirs)


def test_another_merchant_sees_neither_addresses_nor_mails(sent: Any, case: str) -> None:
    stranger = sent.desk.user("maya", "two")
    for ask in (sent.desk.portal.case_mails.addresses, sent.desk.portal.case_mails.of_case):
        with pytest.raises(NotFound):
            ask(stranger, case)


def test_an_auditor_sees_states_and_no_addresses(sent: Any, case: str) -> None:
    assert sent.desk.portal.case_mails.of_case(sent.desk.user("iris"), case) == {}
    with pytest.raises(NotPermitted):
        sent.desk.portal.case_mails.addresses(sent.desk.user("iris"), case)
