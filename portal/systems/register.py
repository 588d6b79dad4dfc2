"""The list of a merchant's other systems, kept once in Settings. Nothing is deleted: a case may have answered it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.errors import InputError, NotFound, StateConflict
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.answering.system_tables import MerchantSystem
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now
from portal.systems.names import checked_name, key_of
from portal.systems.views import OtherSystem

MOST_SYSTEMS = 50  # each is a line of every case


def own_system(session: Session, user: User, system_id: str) -> MerchantSystem:
    """Raises NotFound, the same for absent and foreign."""
    row = session.get(MerchantSystem, system_id, populate_existing=True)
    if row is None or row.merchant_id != user.merchant_id:
        raise NotFound(next_step="Look in Settings.", detail="system")
    return row


@refusals_audited
@dataclass
class MerchantSystems:
    """Shows and changes the list."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings

    def systems(self, user: User) -> list[OtherSystem]:
        """All, the retired ones last."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            rows = session.scalars(
                select(MerchantSystem)
                .where(MerchantSystem.merchant_id == user.merchant_id)
                .order_by(MerchantSystem.added_at, MerchantSystem.id)
            ).all()
        found = [OtherSystem(row.id, row.name, row.retired_at) for row in rows]
        return sorted(found, key=lambda one: one.retired_at is not None)

    def add_system(self, user: User, name: str) -> str:
        """Gives its id. Raises InputError(field="name"), NotPermitted, StepUpNeeded."""
        self._check(user)
        name = checked_name(name)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            _check_free(session, user, name)
            count = select(func.count()).where(MerchantSystem.merchant_id == user.merchant_id)
            if (session.scalar(count) or 0) >= MOST_SYSTEMS:
                raise InputError(f"The list may have at most {MOST_SYSTEMS} systems.", field="name")
            row = MerchantSystem(
                merchant_id=user.merchant_id, name=name, name_key=key_of(name), added_by=user.account_id
            )
            session.add(row)
            session.flush()
            self._record(session, user, "system:add", row)
            return row.id

    def rename_system(self, user: User, system_id: str, name: str) -> None:
        """In cases as well. Raises as `add_system` does, and NotFound."""
        self._check(user)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row = own_system(session, user, system_id)
            name = checked_name(name)
            if name == row.name:
                return
            _check_free(session, user, name, but=row.id)
            row.name, row.name_key = name, key_of(name)
            self._record(session, user, "system:rename", row)

    def retire_system(self, user: User, system_id: str) -> None:
        """It is asked in no case that has not answered it. Raises NotFound, StateConflict."""
        self._check(user)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row = own_system(session, user, system_id)
            if row.retired_at is not None:
                raise StateConflict("This system is retired already.", next_step="", detail="retired")
            row.retired_at = utc_now()
            self._record(session, user, "system:retire", row)

    def bring_system_back(self, user: User, system_id: str) -> None:
        """Open cases ask it again. Raises NotFound, StateConflict."""
        self._check(user)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row = own_system(session, user, system_id)
            if row.retired_at is None:
                raise StateConflict("This system is in use already.", next_step="", detail="in use")
            row.retired_at = None
            self._record(session, user, "system:bring_back", row)

    def _check(self, user: User) -> None:
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)

    def _record(self, session: Session, user: User, act: str, row: MerchantSystem) -> None:
        audit.record(
            session, user.merchant_id, user.account_id, act,
            object_id=user.merchant_id, origin=user.origin, system=row.id,
        )  # fmt: skip


def _check_free(session: Session, user: User, name: str, *, but: str = "") -> None:
    there = session.scalar(
        select(MerchantSystem).where(
            MerchantSystem.merchant_id == user.merchant_id,
            MerchantSystem.name_key == key_of(name),
            MerchantSystem.id != but,
        )
    )
    if there is None:
        return
    if there.retired_at is not None:
        raise InputError("A retired system has this name: bring it back instead.", field="name")
    raise InputError("This name is in the list already.", field="name")
