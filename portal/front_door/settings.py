"""A merchant's own page for requests: its name in the address, open or shut."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.delivery.codes import new_key
from portal.delivery.mail.outbox import Outbox
from portal.errors import InputError
from portal.front_door.forms import NAME
from portal.front_door.ledger import DoorSeal
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.answering.front_door_tables import FrontDoor
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now

NAME_MAX = 64


@dataclass(frozen=True)
class ShownDoor:
    """`ready`: mails can be sent, without which the page stays shut."""

    is_open: bool
    name: str
    link: str
    ready: bool


@refusals_audited
@dataclass
class FrontDoors:
    """Shows and changes it."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    seal: DoorSeal
    outbox: Outbox

    def show(self, user: User) -> ShownDoor:
        """Of a merchant that never opened one: shut, with a name that nobody guesses."""
        require(user, Permission.SETTINGS)
        with self.db.read() as session:
            row = session.get(FrontDoor, user.merchant_id)
            ready = self.outbox.ready and bool(self.outbox.sender_of(session, user.merchant_id)[1])
        name = row.name if row is not None else secrets.token_hex(12)
        is_open = row is not None and row.is_open
        return ShownDoor(is_open, name, f"{self.settings.origin.rstrip('/')}/ask/{name}", ready)

    def save(self, user: User, *, is_open: bool, name: str) -> None:
        """Raises InputError(field="name") for one that is none or another merchant's, NotPermitted, StepUpNeeded."""
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        name = name.strip().lower()
        if NAME.fullmatch(name) is None:
            raise InputError("Use 3 to 64 small letters, digits and dashes.", field="name")
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            changed = put_door(session, self.seal, user.merchant_id, is_open=is_open, name=name, by=user.account_id)
            if changed:
                audit.record(
                    session, user.merchant_id, user.account_id, "door:settings",
                    object_id=user.merchant_id, origin=user.origin, changed=changed,
                )  # fmt: skip


def put_door(
    session: Session, seal: DoorSeal, merchant_id: str, *, is_open: bool, name: str, by: str
) -> list[str]:  # fmt: skip
    """Gives what has changed. Raises InputError(field="name")."""
    if session.scalar(
        select(FrontDoor.merchant_id).where(FrontDoor.name == name, FrontDoor.merchant_id != merchant_id)
    ):
        raise InputError("This name is taken. Choose another one.", field="name")
    row = session.get(FrontDoor, merchant_id)
    if row is None:
        key = seal.seal(merchant_id, FrontDoor, "key", merchant_id, new_key())
        session.add(FrontDoor(merchant_id=merchant_id, name=name, is_open=is_open, sealed_key=key, updated_by=by))
        return ["is_open", "name"] if is_open else ["name"]
    wanted = {"is_open": is_open, "name": name}
    changed = [what for what, value in wanted.items() if getattr(row, what) != value]
    for what in changed:
        setattr(row, what, wanted[what])
    row.updated_at, row.updated_by = utc_now(), by
    return changed
