"""The row of a new delivery: where it goes, by which channel the code is told, the code itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal
from portal.delivery import codes
from portal.delivery.giving.addresses import typed_twice
from portal.delivery.kinds import AddressFrom, CodeChannel, DeliveryState, DeliveryWay
from portal.delivery.ledger import DeliverySeal
from portal.errors import InputError
from portal.identifiers import same_email
from portal.identity import User
from portal.package.versions.views import PackageView
from portal.sources.whose.on_file import addresses_on_file
from portal.storage.answering.delivery_tables import Delivery, DeliveryCode, DeliveryMailing
from portal.storage.case_tables import Case


@dataclass(frozen=True)
class Wish:
    """What a colleague asked for."""

    way: DeliveryWay
    to: str = ""
    to_again: str = ""
    known_address: str = ""
    channel: CodeChannel | None = None
    days: int = 0
    remind: bool = False


def prepared_row(
    session: Session, user: User, case: Case, version: PackageView, wish: Wish, seal: DeliverySeal, case_seal: CaseSeal
) -> tuple[Delivery, str]:
    """The row, and its code where it is told (empty: none). Raises InputError."""
    address, known = ("", AddressFrom.NONE)
    if wish.way is DeliveryWay.LINK:
        if wish.channel is None:
            raise InputError("Choose how the code is told.", field="channel")
        address, known = address_of(session, case, wish, case_seal)
    elif wish.channel is CodeChannel.SAME_MAILBOX:
        raise InputError("A code by mail needs a link by mail.", field="channel")
    row = Delivery(
        merchant_id=case.merchant_id, case_id=case.id, package_id=version.id, sha256=version.sha256,
        way=wish.way.value, state=DeliveryState.PREPARED.value, language=version.language, days=wish.days,
        code=DeliveryCode(channel=wish.channel.value if wish.channel else ""),
        mailing=DeliveryMailing(remind=wish.remind and wish.way is DeliveryWay.LINK, address_from=known.value),
        created_by=user.account_id,
    )  # fmt: skip
    if address:
        row.mailing.sealed_to = seal.seal(row, "to", address)
    code = _with_code(row, wish, seal)
    session.add(row)
    session.flush()
    return row, code


def _with_code(row: Delivery, wish: Wish, seal: DeliverySeal) -> str:
    if wish.way not in (DeliveryWay.LINK, DeliveryWay.SCREEN):
        return ""
    key = codes.new_key()
    row.code.sealed_code_key = seal.seal(row, "code_key", key)
    if wish.channel is CodeChannel.SAME_MAILBOX:
        return ""
    code = codes.new_code()
    row.code.code_prf = codes.prf(key, row.id, "told", code)
    return code


def address_of(session: Session, case: Case, wish: Wish, seal: CaseSeal) -> tuple[str, AddressFrom]:
    """One on file by its id, or typed twice; typed as it is on file, it needs no second person."""
    known = addresses_on_file(session, seal, case.id)
    if wish.known_address:
        found = next((one.value for one in known if one.id == wish.known_address), None)
        if found is None:
            raise InputError("Choose one of the addresses of this case.", field="known_address")
        return found, AddressFrom.CASE
    typed = typed_twice(wish.to, wish.to_again)
    on_file = any(same_email(typed, one.value) for one in known)
    return typed, AddressFrom.CASE if on_file else AddressFrom.TYPED
