"""What becomes of requests and messages in time: closed, settled, destroyed, removed; and what a kill leaves."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.comparison.retention import forget_case
from portal.delivery.mail.contents import DoorLapsedMail, DoorMessageMail
from portal.delivery.recipient import LinkEnded
from portal.errors import InputError, NotPermitted, StateConflict
from portal.front_door.views import MineKind
from portal.merchants.removal import remove_merchant
from portal.storage.case_tables import Case
from portal.storage.copying import LEFT_OUT
from portal.storage.tables import CaseMessage, DoorLink, DoorRequest, FrontDoor, utc_now
from tests.front_door.conftest import ADDRESSES, Doorway


def test_an_unproved_request_closes_after_fourteen_days_and_is_told_once(doorway: Doorway) -> None:
    house = doorway.portal.door_housekeeping
    email, proved = doorway.email(), doorway.email()
    first, second = doorway.ask(email), doorway.ask(email, demand="erasure")
    own = doorway.proved(proved)[0]
    doorway.later(email, days=13, hours=23)
    house.run_housekeeping()
    assert doorway.mine(first).kind is MineKind.WAITING
    doorway.later(email, hours=2)
    doorway.later(proved, days=40)
    request = doorway.request(email).id
    house.run_housekeeping()
    house.run_housekeeping()
    told = [one for one in doorway.mails(email) if isinstance(one, DoorLapsedMail)]
    assert told == [DoorLapsedMail(14)]
    assert {doorway.mine(one).kind for one in (first, second)} == {MineKind.LAPSED}
    assert doorway.mine(own).kind is MineKind.PROVED
    with doorway.portal.db.read() as session:
        row = session.get_one(DoorRequest, request)
        assert (row.sealed_email, row.sealed_note, row.sealed_code_key) == (None, None, None)
    with pytest.raises(LinkEnded):
        doorway.desk.send_code(first, address=next(ADDRESSES))
    with doorway.portal.db.write() as session:
        session.get_one(DoorRequest, request).ended_at = utc_now() - dt.timedelta(days=31)
    house.run_housekeeping()
    with doorway.portal.db.read() as session:
        assert session.get(DoorRequest, request) is None


def test_colleagues_read_and_answer_and_the_mail_says_only_that_there_is_a_message(doorway: Doorway) -> None:
    email = doorway.email()
    token, cookie = doorway.proved(email)
    case, service = doorway.case_of(email), doorway.portal.case_messages
    assert service.of_case(doorway.user(), case).reachable
    doorway.desk.write(token, cookie, "left\u202eright\r\nsecond line ", address=next(ADDRESSES))
    (message,) = service.of_case(doorway.user(), case).messages
    assert (message.text, message.unread) == ("leftright\nsecond line", True)
    assert [(one.case_id, one.count) for one in service.unread(doorway.user()) if one.case_id == case] == [(case, 1)]
    service.write(doorway.user(), case, "marmalade")
    assert case not in [one.case_id for one in service.unread(doorway.user())]
    news = doorway.mails(email)[-1]
    assert isinstance(news, DoorMessageMail) and "marmalade" not in repr(news)
    mailed = news.link.rpartition("/")[2]
    assert doorway.mine(mailed).messages == ()  # the link of a mail shows no message by itself
    assert [one.text for one in doorway.mine(mailed, cookie).messages] == ["leftright\nsecond line", "marmalade"]
    for text in ("", " \n", "x" * 2001):
        with pytest.raises(InputError):
            doorway.desk.write(token, cookie, text, address=next(ADDRESSES))
        with pytest.raises(InputError):
            service.write(doorway.user(), case, text)
    with pytest.raises(NotPermitted):
        service.of_case(doorway.user("auditor"), case)
    with doorway.portal.db.write() as session:
        row = session.get_one(Case, case)
        row.destroy_facts_after = row.closed_at = utc_now() - dt.timedelta(days=1)
        session.flush()
        forget_case(session, row.merchant_id, case, utc_now())
    with doorway.portal.db.read() as session:
        texts = session.scalars(select(CaseMessage.sealed_text).where(CaseMessage.case_id == case)).all()
        assert texts == [None, None]
    assert {doorway.mine(one, cookie).kind for one in (token, mailed)} == {MineKind.UNKNOWN}
    with pytest.raises(LinkEnded):
        doorway.desk.write(token, cookie, "hello", address=next(ADDRESSES))
    with pytest.raises(StateConflict):
        service.write(doorway.user(), case, "hello")


def test_a_merchant_that_is_removed_leaves_no_page_and_nothing_written(doorway: Doorway) -> None:
    email = doorway.email()
    merchant = doorway.portal.accounts.create_merchant("Shop gone")
    with doorway.portal.db.write() as session:
        from portal.front_door.settings import put_door
        from portal.storage.answering.mail_tables import MailSender

        session.add(
            MailSender(merchant_id=merchant, reply_to="desk@gone.example", updated_by=doorway.accounts["agent@one"])
        )
        put_door(session, doorway.desk.seal, merchant, is_open=True, name="shop-gone", by="system")
    doorway.merchants["gone"] = merchant
    token, _cookie = doorway.proved(email, "gone", note="marmalade")
    waiting = doorway.ask(email, "gone", demand="erasure")
    remove_merchant(doorway.portal.retention, merchant)
    assert {doorway.mine(one).kind for one in (token,)} == {MineKind.UNKNOWN}
    with pytest.raises(LinkEnded):
        doorway.desk.send_code(waiting, address=next(ADDRESSES))
    with doorway.portal.db.read() as session:
        assert session.get(FrontDoor, merchant) is None
        rows = session.scalars(select(DoorRequest).where(DoorRequest.merchant_id == merchant)).all()
        assert {(row.sealed_email, row.email_prf, row.code_prf) for row in rows} == {(None, "", "")}
        assert session.scalars(select(CaseMessage.sealed_text).where(CaseMessage.merchant_id == merchant)).all() == [
            None
        ]
        assert session.scalars(select(DoorLink).where(DoorLink.merchant_id == merchant)).all() == []


def test_backups_carry_requests_and_messages_and_no_open_browser() -> None:
    assert "door_visits" in LEFT_OUT
    assert not {"front_doors", "door_requests", "door_links", "case_messages"} & LEFT_OUT


KILLED = """
import os, signal, sys
from portal.composition import build_portal
from portal.config import Settings
label, folder, token, code = sys.argv[1:]
def checkpoint(at):
    if at == label:
        os.kill(os.getpid(), signal.SIGKILL)
portal = build_portal(
    Settings(data_dir=folder, mail_host="relay.example", mail_from="privacy@portal.example"), checkpoint=checkpoint
)
portal.outbox.start = lambda mail_id: None
portal.front_door_desk.enter_code(token, code, address="203.0.113.77")
"""


@pytest.mark.parametrize("label", ["door.proving", "door.proved"])
def test_a_kill_between_the_code_and_the_case_leaves_exactly_one_case(doorway: Doorway, label: str) -> None:
    email, before = doorway.email(), len(doorway.cases())
    token = doorway.ask(email)
    words = [sys.executable, "-c", KILLED, label, str(doorway.portal.settings.root), token, doorway.code(email)]
    ended = subprocess.run(words, cwd=Path(__file__).resolve().parents[2], env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL
    made = len(doorway.cases()) - before
    assert made == (1 if label == "door.proved" else 0)
    if made:  # the answer was lost with the process: the mail has the page's address
        assert doorway.mine(token).kind is MineKind.UNKNOWN
        link = doorway.mails(email)[-1].link
        assert doorway.mine(link.rpartition("/")[2]).kind is MineKind.PROVED
    else:
        doorway.enter(token, doorway.code(email))
    assert len(doorway.cases()) - before == 1
