"""Packages that can be fetched, written straight into a practice portal's tables: sealed bytes, links, open pages."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.seeding import PASSWORD
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.delivery.kinds import DeliveryState, DeliveryWay
from portal.delivery.tokens import new_token, token_sha256
from portal.storage.answering.delivery_tables import (
    Delivery,
    DeliveryCode,
    DeliveryLink,
    DeliveryMailing,
    DeliveryVisit,
)
from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.tables import Account, utc_now
from portal.vault.files import FilePlace
from tests.one_case import add_case

MIB = 1024 * 1024


@dataclass(frozen=True)
class Given:
    """A link whose page is open: token of the address, and cookie."""

    token: str
    cookie: str
    sha256: str


def block_pieces(size: int) -> Iterator[bytes]:
    """`size` bytes that nothing shrinks."""
    block = secrets.token_bytes(MIB)
    for start in range(0, size, MIB):
        yield block[: min(MIB, size - start)]


def seed_deliveries(folder: Path, size: int, count: int) -> list[Given]:
    """`count` recipients of packages of `size` bytes each; the package is the same one, sealed once."""
    portal = build_portal(Settings(data_dir=folder, mode="practice", demo_password=SecretStr(PASSWORD)))
    try:
        return _seed(portal, size, count)
    finally:
        portal.stop()


def _seed(portal: Portal, size: int, count: int) -> list[Given]:
    with portal.db.write() as session:
        person = session.scalars(select(Account).where(Account.email.like("maya@brook%"))).one()
        account, merchant = person.id, person.merchant_id
        case = add_case(session, merchant)
    place = FilePlace(merchant, case, f"{merchant}/{case}-{secrets.token_hex(8)}")
    key, digest = portal.sealed.new_key(place), hashlib.sha256()
    with portal.sealed.sealing(place, key) as writer:
        for piece in block_pieces(size):
            writer.write(piece)
            digest.update(piece)
    sha256 = digest.hexdigest()
    with portal.db.write() as session:
        package = CasePackage(
            merchant_id=merchant, case_id=case, number=1, variant="access", language="en", outcome="given",
            inputs="0" * 64, profile_version=1, blob_name=place.blob_name, size_bytes=size, sha256=sha256,
            manifest_sha256="0" * 64, file_count=9, built_by=account,
        )  # fmt: skip
        session.add(package)
        session.flush()
        session.add(
            PackageKey(case_id=case, blob_name=place.blob_name, merchant_id=merchant, sealed_keyset=key)
        )  # fmt: skip
        return [_delivery(session, package, account) for _ in range(count)]


def _delivery(session: Session, package: CasePackage, account: str) -> Given:
    now, token, cookie = utc_now(), new_token(), new_token()
    row = Delivery(
        merchant_id=package.merchant_id, case_id=package.case_id, package_id=package.id, sha256=package.sha256,
        way=DeliveryWay.SCREEN.value, state=DeliveryState.OPENED.value, language="en", days=14, sent_at=now,
        opened_at=now, expires_at=now + dt.timedelta(days=14), created_by=account,
        code=DeliveryCode(channel="in_person", code_prf="0" * 64), mailing=DeliveryMailing(remind=False),
    )  # fmt: skip
    session.add(row)
    session.flush()
    link = DeliveryLink(token_sha256=token_sha256(token), delivery_id=row.id, merchant_id=row.merchant_id)
    visit = DeliveryVisit(
        cookie_sha256=token_sha256(cookie), delivery_id=row.id, merchant_id=row.merchant_id, agent="other",
        expires_at=now + dt.timedelta(days=1),
    )  # fmt: skip
    session.add_all([link, visit])
    return Given(token, cookie, package.sha256)
