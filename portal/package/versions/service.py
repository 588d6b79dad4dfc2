"""A case's packages: what one waits for, building a version, approving the newest.

What goes out is the sealed bytes of an approved version; nothing is made anew for it (LAW-8). A version names the
digest of all that it was made of: when that changes, it is outdated, and cannot be approved or given out.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.recognition.hiding import hides
from portal.cases.recognition.reading import recognition_of
from portal.cases.services.ledger import own_case
from portal.config import Settings
from portal.errors import NotPermitted, StateConflict
from portal.exports.retention.sealed_files import drop_blobs
from portal.identity import Permission, User, allows, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.package.build import build
from portal.package.manifest import Manifest
from portal.package.parts import LETTER_ALONE, MakePdf, Outcome, PackageParts, Variant
from portal.package.versions.gathering import Gathering, Inputs, digest_now
from portal.package.versions.ledger import (
    TABLES,
    names_of,
    new_place,
    newest_of,
    next_number,
    package_of,
    rows_of_case,
    standing_of,
    view_of,
)
from portal.package.versions.views import PackageState, PackageView, Standing
from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import Merchant, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace, SealingWriter

KEPT = dt.timedelta(days=30)
"""A version is kept so long after it was built, or approved (PKG-9: until its delivery moves it)."""


class NotReady(StateConflict):
    """Something is missing, or undecided: no package is built."""

    code = "package_not_ready"


@refusals_audited
@dataclass
class CasePackages:
    """Builds and approves. Reading a version's files is `PackageFiles`."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    sealed: SealedFiles
    gathering: Gathering
    checkpoint: Callable[[str], None]
    make_pdf: MakePdf | None = None

    def state(self, user: User, case_id: str, variant: Variant = Variant.ACCESS, language: str = "") -> PackageState:
        """The versions, and what a new one of `variant` waits for. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        inputs = self.gathering.inputs(user, case_id, variant, language)
        with self.db.read() as session:
            own_case(session, user, case_id)
            rows = rows_of_case(session, case_id)
            names = names_of(session, rows)
            two = session.get_one(Merchant, user.merchant_id).packages_need_two
            known = recognition_of(session, case_id).settled
            if hides(session, case_id):
                rows = [row for row in rows if Outcome(row.outcome) in LETTER_ALONE]
        digests = {(variant.value, inputs.language): "" if inputs.needs else inputs.digest}
        for row in rows:
            key = (row.variant, row.language)
            if key not in digests and row.destroyed_at is None and row is newest_of(rows, row.variant):
                digests[key] = digest_now(self.gathering, user, row)
        versions = tuple(
            view_of(
                row,
                standing_of(row, newest_of(rows, row.variant), digests.get((row.variant, row.language), "")),
                names,
                user,
            )
            for row in rows
        )
        works = allows(user.role, Permission.CASE_WORK) and allows(user.role, Permission.EXPORT_OPEN)
        return PackageState(
            versions=versions,
            needs=inputs.needs,
            may_build=works and not inputs.needs,
            may_approve=works and (known or inputs.letter_alone),
            second_person=two,
        )

    def build(self, user: User, case_id: str, variant: Variant = Variant.ACCESS, language: str = "") -> PackageView:
        """Build the next version, sealed. Raises NotFound, StepUpNeeded, NotReady, StateConflict when something changed
        while it was built, StorageTrouble, and what the package's own checks raise. Then nothing of it stays."""
        self._check(user)
        inputs = self.gathering.inputs(user, case_id, variant, language)
        if inputs.needs:
            first = inputs.needs[0]
            raise NotReady(first.words, next_step=first.next_step, detail=",".join(one.code for one in inputs.needs))
        with self.db.write() as session:
            case = own_case(session, user, case_id)
            number = next_number(session, case_id)
            place = new_place(case)
            key = self.sealed.new_key(place)
            session.add(
                PackageKey(
                    case_id=case_id, blob_name=place.blob_name, merchant_id=user.merchant_id, sealed_keyset=key
                )
            )  # fmt: skip
            on = self._today(session, user)
        self.checkpoint("package.key_committed")
        with self._nothing_left_after_failure(place):
            parts = self.gathering.parts(user, case_id, inputs, variant, number, on)
            with self.sealed.sealing(place, key) as writer:
                made = build(parts, cast(BinaryIO, _Sink(writer)), self.settings.root, make_pdf=self.make_pdf)
            self.checkpoint("package.sealed")
            if self.gathering.inputs(user, case_id, variant, language) != inputs:
                raise StateConflict("Something changed while the package was built.", next_step="Build it again.")
            row = self._add(user, case_id, inputs, parts, place, made, writer)
        with self.db.read() as session:
            return view_of(row, Standing.DRAFT, names_of(session, [row]), user)

    def approve(self, user: User, case_id: str, package_id: str, sha256: str) -> None:
        """Approve the newest version as it was looked at: `sha256` is what was shown.

        Raises NotFound, StepUpNeeded, NotPermitted for its builder where the merchant wants two, StateConflict for one
        that is outdated, replaced, destroyed or approved, and while the person is not recognised, unless it holds a
        letter alone.
        """
        self._check(user)
        with self.db.read() as session:
            row = package_of(session, user, case_id, package_id)
        digest = digest_now(self.gathering, user, row)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row = package_of(session, user, case_id, package_id)
            standing = standing_of(row, newest_of(rows_of_case(session, case_id), row.variant), digest)
            if standing is not Standing.DRAFT or row.sha256 != sha256:
                raise StateConflict(
                    "This version cannot be approved.", next_step="Look at the newest version.", detail=standing.value
                )
            known = recognition_of(session, case_id)
            if Outcome(row.outcome) not in LETTER_ALONE and not known.settled:
                raise StateConflict(
                    "Nothing goes out before the person is recognised.", next_step=known.missing[0].next_step,
                    detail="identity",
                )  # fmt: skip
            two = session.get_one(Merchant, user.merchant_id).packages_need_two
            if two and row.built_by == user.account_id:
                raise NotPermitted(
                    "Another person than the one who built it has to approve it.", next_step="Ask a colleague."
                )
            row.approved_at, row.approved_by, row.destroy_after = utc_now(), user.account_id, utc_now() + KEPT
            audit.record(
                session, user.merchant_id, user.account_id, "package:approve",
                object_id=case_id, origin=user.origin, package=row.id, version=row.number, sha256=row.sha256,
            )  # fmt: skip

    # -------------------------------------------------------------------------------------------

    def _check(self, user: User) -> None:
        require(user, Permission.CASE_WORK)
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)

    def _today(self, session: Session, user: User) -> dt.date:
        zone = session.get_one(Merchant, user.merchant_id).time_zone or "UTC"
        return utc_now().astimezone(zoneinfo.ZoneInfo(zone)).date()

    def _add(
        self, user: User, case_id: str, inputs: Inputs, parts: PackageParts, place: FilePlace, made: Manifest,
        writer: SealingWriter,
    ) -> CasePackage:  # fmt: skip
        number = parts.case.version
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            own_case(session, user, case_id)
            if next_number(session, case_id) != number:
                raise StateConflict("Somebody else has just built a version.", next_step="Look at it.", detail="number")
            if session.get(PackageKey, (case_id, place.blob_name)) is None:
                raise StateConflict("Building took too long.", next_step="Build it again.", detail="key swept")
            row = CasePackage(
                merchant_id=user.merchant_id,
                case_id=case_id,
                number=number,
                variant=parts.variant.value,
                language=inputs.language,
                outcome=parts.case.outcome.value,
                inputs=inputs.digest,
                profile_version=inputs.profile_version,
                blob_name=place.blob_name,
                size_bytes=writer.size_bytes,
                sha256=writer.sha256,
                manifest_sha256=made.sha256,
                file_count=len(made.members),
                left_out=_left_out(parts),
                built_by=user.account_id,
                destroy_after=utc_now() + KEPT,
            )
            session.add(row)
            session.flush()
            audit.record(
                session, user.merchant_id, user.account_id, "package:build",
                object_id=case_id, origin=user.origin, package=row.id, version=number, variant=row.variant,
                bytes=row.size_bytes, sha256=row.sha256, manifest=row.manifest_sha256, files=row.file_count,
            )  # fmt: skip
            return row

    @contextlib.contextmanager
    def _nothing_left_after_failure(self, place: FilePlace) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._forget(place)
            raise

    def _forget(self, place: FilePlace) -> None:
        with self.db.write() as session:
            if session.scalar(select(CasePackage.id).where(CasePackage.blob_name == place.blob_name)):
                return
            TABLES.drop_keys(session, place.export_id, [place.blob_name])
        drop_blobs(self.sealed, self.settings.destruction_list, [place.blob_name])


def _left_out(parts: PackageParts) -> dict[str, int]:
    """Places and whole files by code of reason."""
    lines = [line.reason.value for file in parts.files for line in file.left_out]
    return dict(Counter([*lines, *(one.reason.value for one in parts.withheld)]))


@dataclass
class _Sink:
    """What a ZIP is written to: it can only be appended."""

    writer: SealingWriter

    def write(self, chunk: bytes) -> int:
        self.writer.write(bytes(chunk))
        return len(chunk)

    def flush(self) -> None:
        return

    def seekable(self) -> bool:
        return False
