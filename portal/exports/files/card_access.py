"""Who may see the card numbers of a file in full, and why: a card's number is as good as cash.

A person who may open the file asks and gives a reason. If the merchant's setting says so, another manager must allow
it. A grant holds for one person and one file, for an hour, in one login session and while their role is the same; each
use checks it again. It goes with the file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import delete, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.errors import NotFound, NotPermitted, StateConflict
from portal.exports.core.base import own_row
from portal.exports.files.card_codes import CardAccessState, CardReason, RequestState, WaitingRequest
from portal.exports.files.openable import openable
from portal.identity import Permission, Role, User, allows, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import Account, CardRequest, Export, Merchant, utc_now

GRANT = dt.timedelta(hours=1)
"""How long numbers stay in full: long enough for one answer, over before the next shift sits down at the screen."""
REFUSAL_SHOWN = dt.timedelta(days=1)
MOST_WAITING = 100


class CardNumbersShut(StateConflict):
    """A copy would carry card numbers in full, and nobody has said why."""

    code = "card_numbers"
    message = "This file holds card numbers, which are as good as cash."
    next_step = "Say why on the preview."


def may_hold_numbers(row: Export) -> bool:
    """A file that was not judged counts as one with numbers."""
    return row.file.holds_cards is not False


def use_grant(session: Session, user: User, export_id: str) -> bool:
    """Does a grant of this user hold now? Its first use binds it to the login session, and is audited."""
    row = session.scalars(_live_grant(user, export_id).limit(1)).first()
    if row is None:
        return False
    if row.session_hash is not None:
        return True
    if not _update(session, CardRequest.id == row.id, CardRequest.session_hash.is_(None),
                   values={"session_hash": user.session_hash}):  # fmt: skip
        return use_grant(session, user, export_id)  # another session was first; whose it is decides
    _note_shown(session, user, export_id)
    return True


@refusals_audited
@dataclass
class CardAccess:
    """Asks for, allows and refuses card numbers in full."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings

    def state(self, user: User, export_id: str) -> CardAccessState:
        """For the screen. A grant that begins to be used is audited as shown. Raises NotFound, NotPermitted."""
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            row = own_row(session, user, export_id)
            holds = may_hold_numbers(row)
            grant = session.scalars(_live_grant(user, export_id).limit(1)).first()
            needs_two = session.get_one(Merchant, user.merchant_id).cards_need_two
            mine = session.scalars(
                select(CardRequest)
                .where(CardRequest.export_id == row.id, CardRequest.asked_by == user.account_id)
                .order_by(CardRequest.asked_at.desc(), CardRequest.id)
                .limit(1)
            ).first()
            waiting = mine is not None and mine.state == RequestState.WAITING
            shown = CardAccessState(
                holds_numbers=holds,
                granted_until=grant.granted_until if grant is not None else None,
                needs_two=needs_two,
                waiting=_views(session, [mine])[0] if mine is not None and waiting else None,
                to_decide=self._to_decide(session, user, export_id),
                deciders=tuple(_deciders(session, user)) if needs_two else (),
                refused_by=_refused_by(session, mine),
            )
        if grant is not None and grant.session_hash is None and not self.holds_grant(user, export_id):
            return self.state(user, export_id)  # another session of theirs has taken it
        return shown

    def holds_grant(self, user: User, export_id: str) -> bool:
        """Does a grant of this user hold now? Its first use is audited."""
        require(user, Permission.EXPORT_OPEN)

        def use(session: Session) -> bool:
            own_row(session, user, export_id)
            return use_grant(session, user, export_id)

        return self.db.group_commit(use)

    def ask(self, user: User, export_id: str, reason: CardReason) -> bool:
        """True when the numbers are shown from now on; False when a second person must allow it.

        Raises NotFound, NotPermitted, StepUpNeeded, StateConflict.
        """
        require(user, Permission.EXPORT_OPEN)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row, _place, _key = openable(session, user, export_id, self.settings)
            if session.scalars(_live_grant(user, export_id).limit(1)).first() is not None:
                return use_grant(session, user, export_id)
            if not may_hold_numbers(row):
                raise StateConflict("This file holds no card numbers.", next_step="", detail="no cards")
            needs_two = session.get_one(Merchant, user.merchant_id).cards_need_two
            self._close_own(session, user, export_id, needs_two=needs_two)
            if needs_two and not _deciders(session, user):
                raise StateConflict(
                    "A second manager must allow it, and there is none.",
                    next_step="Invite another manager, or change it in Settings.", detail="no second person",
                )  # fmt: skip
            now = utc_now()
            request = CardRequest(
                merchant_id=user.merchant_id, export_id=row.id, asked_by=user.account_id, asked_at=now,
                role=user.role, reason=reason, state=RequestState.WAITING,
            )  # fmt: skip
            if not needs_two:
                request.state, request.granted_until = RequestState.GRANTED, now + GRANT
                request.session_hash = user.session_hash
            session.add(request)
            session.flush()
            audit.record(
                session, user.merchant_id, user.account_id, "cards:ask", object_id=row.id, origin=user.origin,
                reason=reason.value, second=needs_two,
            )  # fmt: skip
            if not needs_two:
                _note_shown(session, user, row.id)
        return not needs_two

    def _close_own(self, session: Session, user: User, export_id: str, *, needs_two: bool) -> None:
        """One request at a time. One that waits although nobody needs to allow it any more gives way."""
        own = (
            CardRequest.export_id == export_id,
            CardRequest.asked_by == user.account_id,
            CardRequest.state == RequestState.WAITING,
        )
        if not needs_two:
            session.execute(delete(CardRequest).where(*own).execution_options(synchronize_session=False))
        elif session.scalar(select(CardRequest.id).where(*own).limit(1)) is not None:
            raise StateConflict("You have asked already.", next_step="A manager has to allow it.", detail="waiting")

    def allow(self, user: User, request_id: str) -> None:
        """The asker may see the numbers for an hour from now.

        Raises NotFound, NotPermitted, StepUpNeeded, StateConflict.
        """
        self._decide(user, request_id, RequestState.GRANTED, "cards:allow", granted_until=utc_now() + GRANT)

    def refuse(self, user: User, request_id: str) -> None:
        """Raises as `allow` does."""
        self._decide(user, request_id, RequestState.REFUSED, "cards:refuse")

    def _decide(self, user: User, request_id: str, to: RequestState, act: str, **columns: Any) -> None:
        require(user, Permission.EXPORT_RELEASE)
        require_fresh_proof(user, self.settings)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row = session.get(CardRequest, request_id, populate_existing=True)
            if row is None or row.merchant_id != user.merchant_id:
                raise NotFound(next_step="Look at the preview again.", detail="card request")
            if row.asked_by == user.account_id:
                raise NotPermitted("Who asks cannot decide it.", next_step="Another manager has to.", detail="own")
            moved = _update(
                session, CardRequest.id == row.id, CardRequest.state == RequestState.WAITING,
                values={"state": to, "decided_by": user.account_id, "decided_at": utc_now(), **columns},
            )  # fmt: skip
            if not moved:
                raise StateConflict("Somebody has decided it already.", next_step="", detail=row.state)
            audit.record(
                session, user.merchant_id, user.account_id, act, object_id=row.export_id, origin=user.origin,
                reason=row.reason, asked_by=row.asked_by,
            )  # fmt: skip

    def waiting(self, user: User) -> tuple[WaitingRequest, ...]:
        """What this manager may allow or refuse, oldest first, at most a hundred."""
        require(user, Permission.EXPORT_RELEASE)
        with self.db.read() as session:
            return self._to_decide(session, user, None)

    def _to_decide(self, session: Session, user: User, export_id: str | None) -> tuple[WaitingRequest, ...]:
        if not allows(user.role, Permission.EXPORT_RELEASE):
            return ()
        rows = (
            select(CardRequest)
            .where(
                CardRequest.merchant_id == user.merchant_id,
                CardRequest.state == RequestState.WAITING,
                CardRequest.asked_by != user.account_id,
            )
            .order_by(CardRequest.asked_at, CardRequest.id)
            .limit(MOST_WAITING)
        )
        if export_id is not None:
            rows = rows.where(CardRequest.export_id == export_id)
        return tuple(_views(session, session.scalars(rows).all()))


# Rows --------------------------------------------------------------------------------------------


def _live_grant(user: User, export_id: str) -> Any:
    return (
        select(CardRequest)
        .where(  # read anew: another session may have taken the grant since
            CardRequest.merchant_id == user.merchant_id,
            CardRequest.export_id == export_id,
            CardRequest.asked_by == user.account_id,
            CardRequest.role == user.role,
            CardRequest.state == RequestState.GRANTED,
            CardRequest.granted_until > utc_now(),
            or_(CardRequest.session_hash.is_(None), CardRequest.session_hash == user.session_hash),
        )
        .execution_options(populate_existing=True)
    )


def _update(session: Session, *which: Any, values: dict[str, Any]) -> bool:
    done = session.execute(
        update(CardRequest).where(*which).values(**values).execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], done).rowcount == 1


def _note_shown(session: Session, user: User, export_id: str) -> None:
    audit.record(
        session, user.merchant_id, user.account_id, "export:reveal",
        object_id=export_id, origin=user.origin, what="card numbers",
    )  # fmt: skip


def _names(session: Session, ids: set[str]) -> dict[str, str]:
    rows = session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(sorted(ids))))
    return {account_id: name or email for account_id, name, email in rows}


def _views(session: Session, rows: Sequence[CardRequest]) -> list[WaitingRequest]:
    names = _names(session, {row.asked_by for row in rows}) if rows else {}
    return [
        WaitingRequest(row.id, row.export_id, names.get(row.asked_by, ""), CardReason(row.reason), row.asked_at)
        for row in rows
    ]


def _refused_by(session: Session, row: CardRequest | None) -> str:
    if row is None or row.state != RequestState.REFUSED or row.decided_by is None or row.decided_at is None:
        return ""
    recent = utc_now() - row.decided_at < REFUSAL_SHOWN
    return _names(session, {row.decided_by}).get(row.decided_by, "") if recent else ""


def _deciders(session: Session, user: User) -> list[str]:
    """The names of the other managers who can sign in."""
    rows = session.execute(
        select(Account.name, Account.email)
        .where(
            Account.merchant_id == user.merchant_id,
            Account.role == Role.MANAGER,
            Account.disabled_at.is_(None),
            Account.id != user.account_id,
        )
        .order_by(Account.name, Account.email)
    )
    return [name or email for name, email in rows]
