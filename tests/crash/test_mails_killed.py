"""SIGKILL at every labelled point of a mail, and of a package on its way: none is lost, and one that went out twice is
the same mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from house import House
from shop import CANARY, readable_remains
from sqlalchemy import select
from test_killed_at_labelled_points import MAILS

from portal.cases.services.ledger import rows_of
from portal.storage.answering.delivery_tables import Delivery
from portal.storage.answering.mail_tables import Mail
from portal.storage.answering.package_tables import CasePackage
from tests.delivery.mail.mail_server import Behaviour, MailServer, mail_server

pytestmark = pytest.mark.keeps("SEC-15", "MAIL-1", "MAIL-3")

PERSON = f"{CANARY}.mail@example.com"
# Point -> how many mails went out at most, the restart's among them.
SENT = {"mail.begin": 1, "mail.sending_committed": 1, "mail.answered": 2, "mail.settled": 1}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server(Behaviour()) as running:
        yield running


def by(server: MailServer) -> dict[str, Any]:
    return {"mail_host": "127.0.0.1", "mail_port": server.port, "mail_security": "plain"}


def mails(house: House) -> list[Mail]:
    with house.portal.db.read() as session:
        return list(session.scalars(select(Mail)))


def test_every_point_of_a_mail_is_killed_here() -> None:
    assert set(SENT) == MAILS


@pytest.mark.parametrize("label", sorted(SENT))
def test_a_mail_killed_on_the_way_is_sent_and_never_as_another(label: str, house: House, server: MailServer) -> None:
    assert house.run(mail=PERSON, settings=by(server), die={"label": label}) == -9
    assert readable_remains(house.folder) == []
    assert house.run(sweep=True, settings=by(server)) == 0
    (row,) = mails(house)
    assert (row.state, row.sealed_contents) == ("accepted", None)
    assert [got.to for got in server.got] == [PERSON] * SENT[label]
    assert {got.message["Message-ID"] for got in server.got} == {row.message_id}
    assert len({got.raw for got in server.got}) == 1
    assert readable_remains(house.folder) == []
    assert house.broken_chains() == []


# Point -> way, mails that went out for it, state of the delivery after the restart.
DELIVERED = {
    "delivery.queued": ("link", 1, "sent"),
    "mail.answered": ("link", 2, "sent"),
    "delivery.last_byte": ("screen", 0, "opened"),
}


@pytest.mark.parametrize("label", sorted(DELIVERED))
def test_a_package_killed_on_its_way_goes_out_once_with_its_proof(label: str, house: House, server: MailServer) -> None:
    way, sent, state = DELIVERED[label]
    to = f"{CANARY}.answer@example.com"
    assert house.run(deliver={"email": to, "way": way}, settings=by(server), die={"label": label}) == -9
    assert readable_remains(house.folder) == []
    assert house.run(sweep=True, settings=by(server)) == 0
    with house.portal.db.read() as session:
        (row,) = session.scalars(select(Delivery))
        packages = session.scalars(select(CasePackage.sha256)).all()
        kinds = [fact.kind for fact in rows_of(session, row.case_id)]
    assert (row.state, row.completed, packages) == (state, 0, [row.sha256])
    assert [kind for kind in kinds if kind in ("opened", "fetched")] == ["opened"] * (way == "screen")
    assert [got.to for got in server.got] == [to] * sent
    assert len({got.message["Message-ID"] for got in server.got}) == min(sent, 1)
    assert readable_remains(house.folder) == []
    assert house.broken_chains() == []
