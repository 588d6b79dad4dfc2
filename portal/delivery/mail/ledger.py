"""The rows of mails: sealed columns, and a move from one state to the next with its audit entry."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.ledger import hold_exports
from portal.delivery.mail.contents import Draft, from_json, to_json
from portal.delivery.mail.kinds import MOVES, MailState
from portal.storage.answering.mail_tables import Mail
from portal.storage.case_tables import Case
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now
from portal.vault import FieldSealer


class MailListener(Protocol):
    """Told of mails that belong to a delivery."""

    def mail_changed(self, session: Session, mail: Mail) -> None:
        """In the transaction that changes the state of a mail."""


class MailSeal:
    """Seals and opens the address and the contents of mails."""

    def __init__(self, sealer: FieldSealer) -> None:
        self._sealer = sealer

    def fill(self, row: Mail, to: str, draft: Draft) -> None:
        row.sealed_to = self._seal(row, "to", to)
        row.sealed_contents = self._seal(row, "contents", to_json(draft))

    def to(self, row: Mail) -> str:
        """Empty once it was dropped."""
        return self._open(row, "to", row.sealed_to) if row.sealed_to is not None else ""

    def draft(self, row: Mail) -> Draft | None:
        return from_json(self._open(row, "contents", row.sealed_contents)) if row.sealed_contents is not None else None

    def _seal(self, row: Mail, column: str, value: str) -> bytes:
        return self._sealer.seal(
            value, merchant_id=row.merchant_id, table=Mail.__tablename__, column=column, row=row.id
        )  # fmt: skip

    def _open(self, row: Mail, column: str, sealed: bytes) -> str:
        return self._sealer.open(
            sealed, merchant_id=row.merchant_id, table=Mail.__tablename__, column=column, row=row.id
        )  # fmt: skip


class MailLedger:
    """Moves mails. `listener` is None while nothing is delivered by mail."""

    def __init__(self, seal: MailSeal, listener: MailListener | None = None) -> None:
        self.seal = seal
        self.listener = listener

    def hold(self, session: Session, mail_id: str) -> Mail | None:
        """The mail, nobody else moving it until the transaction ends.

        Lock order: exports of its case before the merchant, as all acts on a case have it; avoids deadlock.
        """
        seen = session.get(Mail, mail_id)
        if seen is None:
            return None
        if seen.case_id:
            hold_exports(session, seen.merchant_id, select(Case.id).where(Case.id == seen.case_id))
        lock_merchant(session, seen.merchant_id)
        return session.get_one(Mail, mail_id, populate_existing=True)

    def move(self, session: Session, mail: Mail, to: MailState, **changes: Any) -> None:
        """Raises ValueError for a move that there is not. `changes` are further columns; `next_try_at` is cleared
        unless it is among them, and then what was to be sent is dropped."""
        was = MailState(mail.state)
        if to not in MOVES[was]:
            raise ValueError(f"no mail goes from {was} to {to}")
        for name, value in {"next_try_at": None, **changes}.items():
            setattr(mail, name, value)
        mail.state, mail.updated_at = to.value, utc_now()
        if mail.next_try_at is None and to is not MailState.SENDING:
            mail.sealed_contents = None
        if to is not MailState.SENDING:
            audit.record(
                session, mail.merchant_id, "system", "mail:state",
                object_id=mail.case_id or mail.id, origin="worker", mail=mail.id, kind=mail.kind,
                status=mail.dsn_status or None, tries=mail.tries, **{"from": was.value, "to": to.value},
            )  # fmt: skip
        session.flush()
        if mail.delivery_id and self.listener is not None:
            self.listener.mail_changed(session, mail)
