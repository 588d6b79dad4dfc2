"""Towards the asker a known and an unknown person are alike: the same mail, made by the same steps (IDN-6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select

from portal.delivery.mail.ledger import MailSeal
from portal.delivery.mail.message import Envelope, message
from portal.storage.answering.mail_tables import Mail
from tests.recognition.conftest import Room

pytestmark = pytest.mark.keeps("LAW-5")
AT = dt.datetime(2026, 12, 1, 9, 30, tzinfo=dt.UTC)


@contextmanager
def statements(room: Room) -> Iterator[list[str]]:
    """What the database is asked, without the values."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(re.sub(r"\s+", " ", statement))

    event.listen(room.portal.db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(room.portal.db.engine, "before_cursor_execute", note)


def mail_of(room: Room, case: str) -> bytes:
    """The bytes that go out, but for the case's number and the code."""
    with room.portal.db.read() as session:
        row = session.scalars(select(Mail).where(Mail.case_id == case)).one()
        draft = MailSeal(room.portal.sealer).draft(row)
        assert draft is not None and draft.identity_code is not None
        said = draft.identity_code
        raw = message(draft, Envelope("a@portal.example", "b@example.com", "<1@portal.example>", AT), row.language)
    return raw.replace(said.code.encode(), b"000000").replace(said.reference.encode(), b"2026-0000")


def test_the_mail_and_the_steps_to_it_are_the_same_and_nothing_of_a_file_is_read(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unknown = room.case(email="known.one@example.com"), room.case(email="nobody.yet@example.com")
    room.file(
        known, {"customer": {"email": "known.one@example.com"}, "giftCards": [{"cardNumber": "6035001122334417"}]}
    )

    def shut(*_given: Any, **_more: Any) -> Any:
        raise AssertionError("a file or LoyaltyDog was looked at")

    for name in ("read_all", "chunks", "verify"):
        monkeypatch.setattr(room.portal.sealed, name, shut)
    for name in ("client", "access"):
        monkeypatch.setattr(room.portal.vendor, name, shut, raising=False)
    asked: dict[str, list[str]] = {}
    codes = {}
    for case in (known, unknown):
        address = room.addresses(case)[0]
        with statements(room) as asked[case]:
            room.portal.identity_codes.send(room.user(), case, address)
        codes[case] = room.mailed(case)[-1].code
    assert asked[known] == asked[unknown] and len(asked[known]) > 5
    assert mail_of(room, known) == mail_of(room, unknown)
    for case in (known, unknown):
        room.portal.identity_codes.check(room.user(), case, codes[case])
        assert room.settled(case)
