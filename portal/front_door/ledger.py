"""The rows of the front door: found by name, token and cookie, their columns sealed, their messages numbered.

Lock order: exports of the person's cases, the merchant, then rows here (`portal.cases.services.ledger.hold_exports`).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.ledger import CaseSeal
from portal.delivery.tokens import is_token, new_token, token_sha256
from portal.front_door.kinds import VISIT, MessageKind, RequestState, Writer
from portal.identity import User
from portal.storage.answering.front_door_tables import CaseMessage, DoorLink, DoorRequest, DoorVisit, FrontDoor
from portal.storage.case_tables import Case
from portal.storage.tables import new_id, utc_now
from portal.vault import FieldSealer

ORIGIN = "front_door"
"""Of what the person does there: their address is kept nowhere."""


class DoorSeal:
    """Seals and opens the columns of these tables."""

    def __init__(self, sealer: FieldSealer) -> None:
        self._sealer = sealer
        self._cases = CaseSeal(sealer)

    def seal(self, merchant_id: str, table: type, column: str, row_id: str, value: str) -> bytes:
        return self._cases.seal(merchant_id, table, column, row_id, value)

    def opened(self, row: DoorRequest | CaseMessage, column: str) -> str:
        return self._cases.opened(row, column)

    def key(self, door: FrontDoor) -> str:
        assert door.sealed_key is not None, "a door has a key from its first row on"
        return self._sealer.open(
            door.sealed_key, merchant_id=door.merchant_id, table=FrontDoor.__tablename__, column="key",
            row=door.merchant_id,
        )  # fmt: skip


def door_named(session: Session, name: str) -> FrontDoor | None:
    """An open one."""
    return session.scalar(select(FrontDoor).where(FrontDoor.name == name, FrontDoor.is_open))


def by_token(session: Session, token: str) -> DoorRequest | None:
    """The request whose code is typed at this address, or whose case is shown there."""
    if not is_token(token):
        return None
    hashed = token_sha256(token)
    waiting = session.scalar(
        select(DoorRequest).where(DoorRequest.token_sha256 == hashed, DoorRequest.state != RequestState.PROVED)
    )
    if waiting is not None:
        return waiting
    return session.scalar(
        select(DoorRequest)
        .join(DoorLink, DoorLink.request_id == DoorRequest.id)
        .where(DoorLink.token_sha256 == hashed, DoorRequest.state == RequestState.PROVED)
    )


def visited(session: Session, row: DoorRequest, cookie: str) -> bool:
    """Was a code typed in this browser, not long ago?"""
    visit = session.get(DoorVisit, token_sha256(cookie)) if is_token(cookie) else None
    return visit is not None and visit.request_id == row.id and visit.expires_at > utc_now()


def add_link(session: Session, row: DoorRequest) -> str:
    """A new secret address; what is kept of it is its SHA-256."""
    token = new_token()
    session.add(DoorLink(token_sha256=token_sha256(token), request_id=row.id, merchant_id=row.merchant_id))
    return token


def add_visit(session: Session, row: DoorRequest) -> str:
    """Gives the cookie's value."""
    cookie = new_token()
    session.add(
        DoorVisit(
            cookie_sha256=token_sha256(cookie), request_id=row.id, merchant_id=row.merchant_id,
            expires_at=utc_now() + VISIT,
        )
    )  # fmt: skip
    return cookie


def open_case_of(session: Session, row: DoorRequest) -> str | None:
    """The open case that this proved address asked for the same in, on this page. Not one where a colleague noted the
    address beside somebody else's: its messages are another person's."""
    return session.scalar(
        select(Case.id)
        .join(DoorRequest, DoorRequest.case_id == Case.id)
        .where(DoorRequest.merchant_id == row.merchant_id, DoorRequest.state == RequestState.PROVED)
        .where(DoorRequest.email_prf == row.email_prf, DoorRequest.demand == row.demand, Case.closed_at.is_(None))
        .order_by(Case.received_on, Case.id)
        .limit(1)
    )


def messages_of(session: Session, case_id: str) -> list[CaseMessage]:
    return list(session.scalars(select(CaseMessage).where(CaseMessage.case_id == case_id).order_by(CaseMessage.number)))


def written_since(session: Session, case_id: str, since: dt.datetime) -> int:
    """By the person."""
    wanted = select(func.count()).where(CaseMessage.case_id == case_id, CaseMessage.writer == Writer.PERSON)
    return session.scalar(wanted.where(CaseMessage.at > since)) or 0


def add_message(
    session: Session, seal: DoorSeal, user: User, case: Case, text: str, *,
    writer: Writer, kind: MessageKind = MessageKind.MESSAGE,
) -> None:  # fmt: skip
    """In a case that is held."""
    last = session.scalar(select(func.max(CaseMessage.number)).where(CaseMessage.case_id == case.id)) or 0
    row_id = new_id()
    session.add(
        CaseMessage(
            id=row_id, merchant_id=case.merchant_id, case_id=case.id, number=last + 1, writer=writer.value,
            kind=kind.value, sealed_text=seal.seal(case.merchant_id, CaseMessage, "text", row_id, text),
            written_by=user.account_id if writer is Writer.STAFF else None,
        )
    )  # fmt: skip
    session.flush()
    note(session, user, case.id, "message:write", number=last + 1, writer=writer.value, kind=kind.value)


def note(session: Session, user: User, object_id: str, action: str, **facts: Any) -> None:
    audit.record(
        session, user.merchant_id, user.account_id, action, object_id=object_id, origin=user.origin, **facts
    )  # fmt: skip
