"""Re-encrypts all sealed values under the newest master key, while exports run (SEC-27).

Each value is replaced by an UPDATE with the old value in its WHERE clause, so that a value written in between is kept;
running processes write under the new key already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import tink
from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute, join

from portal.errors import SealBroken
from portal.storage.answering.comparison_tables import CaseFingerprints
from portal.storage.answering.delivery_tables import Delivery, DeliveryCode, DeliveryMailing
from portal.storage.answering.front_door_tables import CaseMessage, DoorRequest, FrontDoor
from portal.storage.answering.letter_tables import LetterProfile
from portal.storage.answering.mail_tables import Mail
from portal.storage.answering.package_tables import PackageKey
from portal.storage.answering.recognition_tables import IdentityCode
from portal.storage.answering.review_tables import ReviewDecision
from portal.storage.answering.source_tables import CaseComparison, CaseMatch, CaseSource, SourceKey
from portal.storage.answering.system_tables import SystemFile, SystemKey
from portal.storage.case_tables import Case, CaseFact, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.tables import (
    Account,
    Export,
    ExportAsked,
    ExportResponse,
    FileKey,
    LoginSession,
    Merchant,
    SignInTicket,
)
from portal.vault.boxes import box_context
from portal.vault.fields import FieldSealer, field_context, index_context
from portal.vault.files import FilePlace
from portal.vault.keys import MasterKey, key_id_of, key_id_of_wrapped

BATCH = 200
Column = InstrumentedAttribute[Any]


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values. `bound(row)`: a row's associated data, made of `needs`; `key`: the table's primary
    key. `source` is what is read, where `needs` are of another table."""

    column: Column
    key: tuple[Column, ...]
    needs: tuple[Column, ...]
    bound: Callable[[Any], bytes]
    wrapped: bool = False
    source: Any = None

    def select(self, *columns: Column) -> Select[Any]:
        """These columns of the rows that have a value."""
        source = self.column.class_ if self.source is None else self.source
        return select(*columns, self.column).select_from(source).where(self.column.is_not(None))

    @property
    def name(self) -> str:
        return f"{self.column.class_.__tablename__}.{self.column.key}"


def _field(column: Column, merchant: Column, row: Column, name: str) -> SealedColumn:
    table = str(column.class_.__tablename__)
    return SealedColumn(column, (row,), (merchant, row), lambda r: field_context(r[0], table, name, r[1]))


def _of_export(column: Column, part: type[ExportAsked | ExportResponse], name: str) -> SealedColumn:
    """Sealed before exports had more tables than one, and bound to the first of them still."""
    key, needs = (part.export_id,), (Export.merchant_id, Export.id)
    return SealedColumn(
        column, key, needs, lambda r: field_context(r[0], Export.__tablename__, name, r[1]), source=join(part, Export)
    )


def _of_delivery(column: Column, part: type[DeliveryCode | DeliveryMailing], name: str) -> SealedColumn:
    """Bound to the delivery's first table, as those of exports are to theirs."""
    key, needs = (part.delivery_id,), (Delivery.merchant_id, Delivery.id)
    source = join(part, Delivery)
    return SealedColumn(
        column, key, needs, lambda r: field_context(r[0], Delivery.__tablename__, name, r[1]), source=source
    )


COLUMNS = (
    SealedColumn(
        FileKey.sealed_keyset,
        (FileKey.export_id, FileKey.blob_name),
        (FileKey.merchant_id, FileKey.export_id, FileKey.blob_name),
        lambda r: FilePlace(r[0], r[1], r[2]).bound("file-key-v1"),
        wrapped=True,
    ),
    SealedColumn(
        SourceKey.sealed_keyset,
        (SourceKey.source_id, SourceKey.blob_name),
        (SourceKey.merchant_id, SourceKey.source_id, SourceKey.blob_name),
        lambda r: FilePlace(r[0], r[1], r[2]).bound("file-key-v1"),
        wrapped=True,
    ),
    SealedColumn(
        SystemKey.sealed_keyset,
        (SystemKey.line_id, SystemKey.blob_name),
        (SystemKey.merchant_id, SystemKey.line_id, SystemKey.blob_name),
        lambda r: FilePlace(r[0], r[1], r[2]).bound("file-key-v1"),
        wrapped=True,
    ),
    SealedColumn(
        PackageKey.sealed_keyset,
        (PackageKey.case_id, PackageKey.blob_name),
        (PackageKey.merchant_id, PackageKey.case_id, PackageKey.blob_name),
        lambda r: FilePlace(r[0], r[1], r[2]).bound("file-key-v1"),
        wrapped=True,
    ),
    SealedColumn(
        CaseFingerprints.sealed_keyset,
        (CaseFingerprints.file_id,),
        (CaseFingerprints.merchant_id, CaseFingerprints.file_id),
        lambda r: box_context(r[0], CaseFingerprints.__tablename__, r[1]),
        wrapped=True,
    ),
    SealedColumn(
        Merchant.sealed_index_keyset, (Merchant.id,), (Merchant.id,), lambda r: index_context(r[0]), wrapped=True
    ),
    _field(Merchant.sealed_api_token, Merchant.id, Merchant.id, "api_token"),
    _field(Merchant.sealed_merchant_token, Merchant.id, Merchant.id, "merchant_token"),
    _field(Merchant.sealed_customer_token, Merchant.id, Merchant.id, "customer_token"),
    _field(Account.sealed_totp, Account.merchant_id, Account.id, "sealed_totp"),
    _field(LoginSession.sealed_vendor_token, LoginSession.merchant_id, LoginSession.id_hash, "sealed_vendor_token"),
    _of_export(ExportAsked.sealed_subject, ExportAsked, "subject"),
    _of_export(ExportAsked.sealed_card_id, ExportAsked, "card_id"),
    _of_export(ExportResponse.sealed_refusal, ExportResponse, "refusal"),
    _of_export(ExportResponse.sealed_download_url, ExportResponse, "download_url"),
    _field(Case.sealed_name, Case.merchant_id, Case.id, "name"),
    _field(CaseIdentifier.sealed_value, CaseIdentifier.merchant_id, CaseIdentifier.id, "value"),
    _field(CaseFact.sealed_text, CaseFact.merchant_id, CaseFact.id, "text"),
    _field(CaseSource.sealed_member, CaseSource.merchant_id, CaseSource.id, "member"),
    _field(SystemFile.sealed_name, SystemFile.merchant_id, SystemFile.id, "name"),
    _field(CaseComparison.sealed_facts, CaseComparison.merchant_id, CaseComparison.id, "facts"),
    _field(CaseMatch.sealed_item, CaseMatch.merchant_id, CaseMatch.id, "item"),
    _field(ReviewDecision.sealed_places, ReviewDecision.merchant_id, ReviewDecision.id, "places"),
    _of_delivery(DeliveryMailing.sealed_to, DeliveryMailing, "to"),
    _of_delivery(DeliveryCode.sealed_code_key, DeliveryCode, "code_key"),
    _field(IdentityCode.sealed_code_key, IdentityCode.merchant_id, IdentityCode.id, "code_key"),
    _field(FrontDoor.sealed_key, FrontDoor.merchant_id, FrontDoor.merchant_id, "key"),
    _field(DoorRequest.sealed_email, DoorRequest.merchant_id, DoorRequest.id, "email"),
    _field(DoorRequest.sealed_note, DoorRequest.merchant_id, DoorRequest.id, "note"),
    _field(DoorRequest.sealed_code_key, DoorRequest.merchant_id, DoorRequest.id, "code_key"),
    _field(CaseMessage.sealed_text, CaseMessage.merchant_id, CaseMessage.id, "text"),
    _field(Mail.sealed_to, Mail.merchant_id, Mail.id, "to"),
    _field(Mail.sealed_contents, Mail.merchant_id, Mail.id, "contents"),
    _field(LetterProfile.sealed_items, LetterProfile.merchant_id, LetterProfile.id, "items"),
)
"""All sealed columns but that of sign-in tickets, which live for a minute and are deleted instead."""


def uses(db: Database) -> Counter[int | None]:
    """Number of sealed values per master key id; None counts those without an id."""
    found: Counter[int | None] = Counter()
    with db.read() as session:
        for place in (*COLUMNS, _TICKETS):
            read = key_id_of_wrapped if place.wrapped else key_id_of
            for value in session.scalars(place.select()):
                found[read(value)] += 1
    return found


def unfinished(db: Database, master: MasterKey) -> bool:
    """Whether a rotation was interrupted: is anything but tickets sealed under an older key of the keyset?"""
    older = set(master.key_ids()) - {master.primary_id}
    with db.read() as session:
        for place in COLUMNS:
            read = key_id_of_wrapped if place.wrapped else key_id_of
            values = session.scalars(place.select())
            if any(read(value) in older for value in values):
                return True
    return False


_TICKETS = SealedColumn(
    SignInTicket.sealed_vendor_token, (SignInTicket.ticket_hash,), (SignInTicket.ticket_hash,), lambda r: b""
)


def reseal(db: Database, master: MasterKey, sealer: FieldSealer) -> int:
    """Reseal all values under the primary key. Returns how many changed. Raises SealBroken, tink.TinkError."""
    return sum(_reseal_column(db, master, sealer, place) for place in COLUMNS)


def _reseal_column(db: Database, master: MasterKey, sealer: FieldSealer, place: SealedColumn) -> int:
    changed = 0
    after: tuple[Any, ...] | None = None
    while True:
        query = place.select(*place.key, *place.needs)
        if after is not None:
            query = query.where(tuple_(*place.key) > after)
        with db.read() as session:
            rows = session.execute(query.order_by(*place.key).limit(BATCH)).all()
        if not rows:
            return changed
        for row in rows:
            after = tuple(row[: len(place.key)])
            changed += _reseal_value(db, master, sealer, place, after, tuple(row[len(place.key) : -1]), row[-1])


def _reseal_value(
    db: Database,
    master: MasterKey,
    sealer: FieldSealer,
    place: SealedColumn,
    key: tuple[Any, ...],
    needs: tuple[Any, ...],
    old: bytes,
) -> int:
    if (key_id_of_wrapped(old) if place.wrapped else key_id_of(old)) == master.primary_id:
        return 0
    bound = place.bound(needs)
    new = master.rewrap(old, bound) if place.wrapped else sealer.reseal(old, bound)
    with db.write() as session:
        statement = update(place.column.class_).where(
            *(column == value for column, value in zip(place.key, key, strict=True)), place.column == old
        )
        done = session.execute(statement.values({place.column.key: new}).execution_options(synchronize_session=False))
        return int(cast(CursorResult[Any], done).rowcount)


def count_unopenable(db: Database, sealer: FieldSealer, master: MasterKey) -> Counter[str]:
    """Decrypt every sealed value but file contents. Returns the number of failures per column."""
    broken: Counter[str] = Counter()
    for place in COLUMNS:
        with db.read() as session:
            rows = session.execute(place.select(*place.needs)).all()
        for row in rows:
            bound = place.bound(tuple(row[:-1]))
            try:
                master.unwrap(row[-1], bound) if place.wrapped else sealer.reseal(row[-1], bound)
            except (tink.TinkError, SealBroken):
                broken[place.name] += 1
    return broken
