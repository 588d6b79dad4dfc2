"""Who writes learns nothing from what goes out before it is settled who they are (ANS-8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal.cases.facts import ExtensionReason, RefusalReason
from portal.delivery.mail.kinds import MailState
from portal.letters.words import LetterKind
from portal.sources.kinds import SourceKind
from tests.delivery.mail.mail_server import MailServer
from tests.delivery.mail.sending_desk import SendingDesk
from tests.delivery.mail.test_case_mails import acts, address_of
from tests.sources.conftest import opened as opened
from tests.sources.conftest import settle as settle

KNOWN, UNKNOWN = "ada@example.com", "eva.nobody@example.com"
BY_MAIL = (LetterKind.ACKNOWLEDGEMENT, LetterKind.MORE_TIME, LetterKind.NOT_IDENTIFIED)
"""In the order in which one case can have them."""
ITS_OWN = ((r"=_[0-9a-f]{40}", "BOUNDARY"), (r"<[0-9a-f]{32}@", "<ID@"), (r"(?m)^Date: .*$", "Date:"))
"""Random, or the time."""


@pytest.fixture(scope="module")
def desk(new_desk: Any, relay_server: MailServer) -> Iterator[Any]:
    with new_desk(
        mail_host="127.0.0.1", mail_port=relay_server.port, mail_security="plain", mail_from="privacy@portal.example"
    ) as opened:
        yield opened


def plain(said: str, case_name: str, address: str, code: str = "") -> str:
    """Without what may differ: the case's name, to whom it goes, the code, the time."""
    for own, word in ((case_name, "CASE"), (address, "ADDRESS"), *(((code, "CODE"),) if code else ())):
        said = said.replace(own, word)
    for pattern, word in ITS_OWN:
        said = re.sub(pattern, word, said)
    return said


def sent_code(sent: SendingDesk, case: str, relay: MailServer) -> tuple[str, str]:
    """The mail of a code and the code in it."""
    codes, user = sent.desk.portal.identity_codes, sent.desk.user("sam")
    (address,) = codes.state(user, case).addresses
    codes.send(user, case, address.identifier_id)
    sent.wait_for(lambda: relay.got, "the code")
    found = re.search(r"(?m)^\d{6}\b", relay.got[-1].text())
    assert found is not None, relay.got[-1].text()
    return relay.got[-1].raw.decode(), found[0]


def all_that_goes_out(sent: SendingDesk, case: str, relay: MailServer, address: str) -> dict[str, str]:
    view = sent.desk.portal.case_register.show(sent.desk.user("sam"), case)
    name, out = view.row.name, {}
    for kind, reason in (
        (LetterKind.ACKNOWLEDGEMENT, None), (LetterKind.MORE_TIME, ExtensionReason.COMPLEXITY),
        (LetterKind.REFUSAL, RefusalReason.IDENTITY), (LetterKind.NOT_IDENTIFIED, None),
    ):  # fmt: skip
        draft = sent.desk.portal.case_letters.draft(sent.desk.user("maya"), case, kind, reason=reason)
        out[f"{kind}, text"] = plain(draft.text, name, address)
        out[f"{kind}, page"] = plain(draft.html, name, address)
    relay.got.clear()
    mail, code = sent_code(sent, case, relay)
    out["code"] = plain(mail, name, address, code)
    for kind in BY_MAIL:
        sent.forget_earlier()  # three mails an hour are all that one address gets
        relay.got.clear()
        acts(sent, case, kind, address_of(sent, case))
        fact = sent.desk.portal.case_register.show(sent.desk.user("sam"), case).facts[-1]
        sent.settled(fact.codes["mail"], MailState.ACCEPTED)
        out[f"{kind}, mail"] = plain(relay.got[-1].raw.decode(), name, address)
    return out


def test_what_goes_out_before_identity_is_settled_is_equal_for_a_known_and_an_unknown_person(
    sent: SendingDesk, opened: Callable[..., str], settle: Callable[..., Any], relay: MailServer
) -> None:
    out, held = {}, {}
    for address in (KNOWN, UNKNOWN):
        case = opened(email=address)
        sent.desk.portal.case_sources.collect(sent.desk.user(), case)
        held[address] = sum(line.row_count or 0 for line in settle(case).lines if line.kind is not SourceKind.PROGRAMS)
        sent.desk.portal.case_matches.compare(sent.desk.user(), case)
        out[address] = all_that_goes_out(sent, case, relay, address)
    assert held[KNOWN] > 0 == held[UNKNOWN], "one of them is known, the other is not"
    assert out[KNOWN] == out[UNKNOWN] and len(out[KNOWN]) == 12
    assert all("CASE" in said for said in out[KNOWN].values())
