"""The rows of deliveries. Every transaction that writes here holds the case first (`hold_case`), which holds the
merchant's lock; each move leaves its audit entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.services.ledger import own_case
from portal.cases.services.people import masked_subject
from portal.delivery.kinds import MOVES, AddressFrom, CodeChannel, DeliveryState, DeliveryWay
from portal.delivery.limits import DOWNLOADS
from portal.delivery.tokens import new_token, token_sha256
from portal.delivery.views import DeliveryView
from portal.errors import NotFound, StateConflict
from portal.identity import Role, User
from portal.storage.answering.delivery_tables import Delivery, DeliveryLink, DeliveryVisit
from portal.storage.answering.package_tables import PackageKey
from portal.storage.tables import Account, CasePackage, Merchant, utc_now
from portal.vault import FieldSealer

NOT_NOW = "This cannot be done with the delivery as it stands."
RECIPIENT, SYSTEM = "recipient", "system"
ENDED = frozenset({DeliveryState.CLOSED, DeliveryState.EXPIRED, DeliveryState.REVOKED})


def own_delivery(session: Session, user: User, case_id: str, delivery_id: str) -> Delivery:
    """A delivery of the user's merchant's case. Raises NotFound, the same for absent and foreign."""
    own_case(session, user, case_id)
    row = session.get(Delivery, delivery_id, populate_existing=True)
    if row is None or row.case_id != case_id:
        raise NotFound(next_step="Look at the case.", detail="delivery")
    return row


def acting_for(session: Session, merchant_id: str, actor: str, origin: str) -> User:
    """What is recorded by nobody of the merchant: by the person, or by the portal itself."""
    merchant = session.get_one(Merchant, merchant_id)
    return User(
        account_id=actor, merchant_id=merchant.id, merchant_name=merchant.name, email="", name="", role=Role.AGENT,
        practice=merchant.practice, time_zone=merchant.time_zone or "UTC", origin=origin,
    )  # fmt: skip


def rows_of_case(session: Session, case_id: str) -> list[Delivery]:
    """Newest first."""
    wanted = select(Delivery).where(Delivery.case_id == case_id)
    return list(session.scalars(wanted.order_by(Delivery.created_at.desc(), Delivery.id)))


def move(row: Delivery, to: DeliveryState) -> None:
    """Raises StateConflict for a move that `MOVES` does not have."""
    if to not in MOVES[DeliveryState(row.state)]:
        raise StateConflict(NOT_NOW, next_step="Look at it again.", detail=f"{row.state}: {to}")
    row.state = to.value
    row.ended_at = utc_now() if to in ENDED else None


def note(session: Session, user: User, row: Delivery, action: str, **facts: Any) -> None:
    audit.record(
        session, row.merchant_id, user.account_id, action,
        object_id=row.case_id, origin=user.origin, delivery=row.id, **facts,
    )  # fmt: skip


def make_link(session: Session, row: Delivery) -> str:
    """A new token; what is kept of it is its SHA-256."""
    token = new_token()
    session.add(DeliveryLink(token_sha256=token_sha256(token), delivery_id=row.id, merchant_id=row.merchant_id))
    session.flush()
    return token


def revoke_links(session: Session, row: Delivery) -> None:
    """All addresses of it, and all open cookies."""
    links = update(DeliveryLink).where(DeliveryLink.delivery_id == row.id, DeliveryLink.revoked_at.is_(None))
    session.execute(links.values(revoked_at=utc_now()).execution_options(synchronize_session=False))
    end_visits(session, row)


def end_visits(session: Session, row: Delivery) -> None:
    """Open cookies die at once (DLV-6)."""
    gone = delete(DeliveryVisit).where(DeliveryVisit.delivery_id == row.id)
    session.execute(gone.execution_options(synchronize_session=False))


def linked(session: Session, ids: Iterable[str]) -> set[str]:
    """The deliveries that have an address which holds."""
    wanted = select(DeliveryLink.delivery_id).where(
        DeliveryLink.delivery_id.in_(list(ids)), DeliveryLink.revoked_at.is_(None)
    )
    return set(session.scalars(wanted))


def package_to_give(session: Session, row: Delivery) -> tuple[CasePackage, bytes]:
    """Its package and the wrapped key. Raises StateConflict when it is destroyed."""
    package = session.get_one(CasePackage, row.package_id, populate_existing=True)
    key = session.get(PackageKey, (package.case_id, package.blob_name))
    if key is None or package.destroyed_at is not None:
        raise StateConflict("This package is destroyed.", next_step="Build it again.", detail="destroyed")
    return package, key.sealed_keyset


class DeliverySeal:
    """Seals and opens the personal columns of deliveries."""

    def __init__(self, sealer: FieldSealer) -> None:
        self._sealer = sealer

    def seal(self, row: Delivery, column: str, value: str) -> bytes:
        return self._sealer.seal(
            value, merchant_id=row.merchant_id, table=Delivery.__tablename__, column=column, row=row.id
        )  # fmt: skip

    def address(self, row: Delivery) -> str:
        return self._open(row, "to", row.mailing.sealed_to)

    def code_key(self, row: Delivery) -> str:
        return self._open(row, "code_key", row.code.sealed_code_key)

    def _open(self, row: Delivery, column: str, sealed: bytes | None) -> str:
        if sealed is None:
            return ""
        return self._sealer.open(
            sealed, merchant_id=row.merchant_id, table=Delivery.__tablename__, column=column, row=row.id
        )  # fmt: skip


def names_of(session: Session, rows: Sequence[Delivery]) -> dict[str, str]:
    """Name, or email, of those who prepared them, by account."""
    found = session.execute(
        select(Account.id, Account.name, Account.email).where(Account.id.in_({row.created_by for row in rows}))
    )
    return {account_id: name or email for account_id, name, email in found}


def waits_for_second(row: Delivery) -> bool:
    return row.mailing.address_from == AddressFrom.TYPED and row.mailing.address_confirmed_by is None


def view_of(row: Delivery, seal: DeliverySeal, names: dict[str, str], user: User, *, has_link: bool) -> DeliveryView:
    address = seal.address(row)
    return DeliveryView(
        id=row.id,
        package_id=row.package_id,
        way=DeliveryWay(row.way),
        state=DeliveryState(row.state),
        channel=CodeChannel(row.code.channel) if row.code.channel else None,
        to=masked_subject("email", address) if address else "",
        address_from=AddressFrom(row.mailing.address_from),
        waits_for_second=waits_for_second(row),
        by_me=row.created_by == user.account_id,
        by=names.get(row.created_by, ""),
        sha256=row.sha256,
        created_at=row.created_at,
        code_told_at=row.code.code_told_at,
        mail_state=row.mailing.mail_state,
        linked=has_link,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        completed_at=row.completed_at,
        closes_at=row.closes_at,
        ended_at=row.ended_at,
        downloads_left=max(0, DOWNLOADS - row.completed),
        wrong_codes=row.code.wrong_codes,
        codes_open_at=row.code.codes_open_at,
    )
