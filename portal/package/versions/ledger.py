"""The rows of a case's packages. Every transaction that writes here holds the merchant's lock first."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.cases.services.ledger import own_case
from portal.errors import NotFound
from portal.exports.retention.sealed_files import SealedTables
from portal.identity import User
from portal.package.parts import Outcome, Variant
from portal.package.versions.views import PackageView, Standing
from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.case_tables import Case
from portal.storage.tables import Account, utc_now
from portal.vault.files import FilePlace

TABLES = SealedTables(CasePackage, PackageKey, "case_id")


def package_of(session: Session, user: User, case_id: str, package_id: str) -> CasePackage:
    """A version of the user's merchant's case. Raises NotFound."""
    own_case(session, user, case_id)
    row = session.get(CasePackage, package_id, populate_existing=True)
    if row is None or row.case_id != case_id:
        raise NotFound(next_step="Look at the case.", detail="package")
    return row


def rows_of_case(session: Session, case_id: str) -> list[CasePackage]:
    """Newest first."""
    wanted = select(CasePackage).where(CasePackage.case_id == case_id).order_by(CasePackage.number.desc())
    return list(session.scalars(wanted))


def next_number(session: Session, case_id: str) -> int:
    return 1 + (session.scalar(select(func.max(CasePackage.number)).where(CasePackage.case_id == case_id)) or 0)


def new_place(case: Case) -> FilePlace:
    return FilePlace(case.merchant_id, case.id, f"{case.merchant_id}/{case.id}-{secrets.token_hex(8)}")


def place_of(row: CasePackage) -> FilePlace:
    return FilePlace(row.merchant_id, row.case_id, row.blob_name)


def standing_of(row: CasePackage, newest: CasePackage | None, digest: str) -> Standing:
    """`newest`: the newest version of the same variant; `digest`: what this version's inputs are now."""
    if row.destroyed_at is not None:
        return Standing.DESTROYED
    if newest is not None and newest.number > row.number:
        return Standing.REPLACED
    if row.inputs != digest:
        return Standing.OUTDATED
    return Standing.DRAFT if row.approved_at is None else Standing.APPROVED


def newest_of(rows: Sequence[CasePackage], variant: str) -> CasePackage | None:
    """`rows`: newest first."""
    return next((row for row in rows if row.variant == variant), None)


def names_of(session: Session, rows: Iterable[CasePackage]) -> dict[str, str]:
    """Name, or email, of those who built or approved, by account."""
    wanted = {one for row in rows for one in (row.built_by, row.approved_by) if one}
    found = session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(wanted)))
    return {account_id: name or email for account_id, name, email in found}


def view_of(row: CasePackage, standing: Standing, names: dict[str, str], user: User) -> PackageView:
    return PackageView(
        id=row.id,
        number=row.number,
        variant=Variant(row.variant),
        language=row.language,
        outcome=Outcome(row.outcome),
        standing=standing,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        manifest_sha256=row.manifest_sha256,
        file_count=row.file_count,
        profile_version=row.profile_version,
        left_out=dict(row.left_out),
        built_at=row.built_at,
        by=names.get(row.built_by, ""),
        built_by_me=row.built_by == user.account_id,
        approved_at=row.approved_at,
        approved_by=names.get(row.approved_by or "", ""),
        destroy_after=row.destroy_after,
        destroyed_at=row.destroyed_at,
    )


def destroy_package(session: Session, row: CasePackage) -> str:
    """Its key; hashes and counts stay. Gives the name of the blob, which goes after the commit."""
    TABLES.drop_keys(session, row.case_id, [row.blob_name])
    row.destroyed_at, row.destroy_after = utc_now(), None
    session.flush()
    return row.blob_name
