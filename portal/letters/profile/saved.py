"""A merchant's profile in versions. A version is never changed: saving adds the next one, older ones stay readable."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import audit
from portal.config import Settings
from portal.errors import InputError, InputErrors, NotFound, StateConflict
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.language import LANGUAGES
from portal.letters.engine import one_line
from portal.letters.profile.authorities import AUTHORITIES
from portal.letters.profile.checks import Why, faults, has_placeholder
from portal.letters.profile.items import BY_CATEGORY, ProfileItem
from portal.letters.profile.model import Profile, Recipient, from_json, to_json
from portal.storage.answering.letter_tables import LetterProfile
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import Account
from portal.vault import FieldSealer

MOST_RECIPIENTS = 60
MOST_AUTHORITIES = 10
NAME_MAX = 120
VERSIONS_SHOWN = 50
_COUNTRY = re.compile("[A-Z]{2}")


@dataclass(frozen=True)
class SavedVersion:
    """`by` is a colleague's name."""

    version: int
    saved_at: dt.datetime
    by: str


@dataclass(frozen=True)
class SavedBy:
    """Whose version it is, for the row and the trail."""

    merchant_id: str
    account_id: str
    origin: str


@refusals_audited
@dataclass
class LetterProfiles:
    """Shows the profile in force and older ones, and saves the next."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    sealer: FieldSealer

    def in_force(self, user: User) -> Profile:
        """The newest version; an empty profile of version 0 where nothing was saved."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            return profile_in_force(session, self.sealer, user.merchant_id)

    def of_version(self, user: User, version: int) -> Profile:
        """Raises NotFound, the same for a version that is not there and another merchant's."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            row = session.scalar(
                select(LetterProfile).where(
                    LetterProfile.merchant_id == user.merchant_id, LetterProfile.version == version
                )
            )
            if row is None or row.sealed_items is None:
                raise NotFound(next_step="Look in Settings.", detail="profile version")
            return _opened(self.sealer, row)

    def versions(self, user: User) -> tuple[SavedVersion, ...]:
        """The newest first, the last 50."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            rows = session.execute(
                select(LetterProfile.version, LetterProfile.saved_at, Account.name)
                .join(Account, Account.id == LetterProfile.saved_by)
                .where(LetterProfile.merchant_id == user.merchant_id)
                .order_by(LetterProfile.version.desc())
                .limit(VERSIONS_SHOWN)
            ).all()
        return tuple(SavedVersion(*row) for row in rows)

    def save(self, user: User, profile: Profile) -> int:
        """The profile as the next version; gives its number. `profile.version` is the one it was made from.

        Nothing is saved when nothing changed. Raises InputErrors with the item as each field, StateConflict when
        somebody saved in between, NotPermitted, StepUpNeeded.
        """
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        if problems := list(_problems(profile)):
            raise InputErrors(problems)
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            by = SavedBy(user.merchant_id, user.account_id, user.origin)
            return add_version(session, self.sealer, by, profile)


def profile_in_force(session: Session, sealer: FieldSealer, merchant_id: str) -> Profile:
    """The newest version; an empty profile of version 0 where nothing was saved."""
    row = session.scalar(
        select(LetterProfile)
        .where(LetterProfile.merchant_id == merchant_id, LetterProfile.sealed_items.is_not(None))
        .order_by(LetterProfile.version.desc())
        .limit(1)
    )
    return Profile() if row is None else _opened(sealer, row)


def add_version(session: Session, sealer: FieldSealer, by: SavedBy, profile: Profile) -> int:
    """Under the merchant's lock. Raises StateConflict when another version came in between."""
    was = profile_in_force(session, sealer, by.merchant_id)
    if replace(profile, version=was.version) == was:
        return was.version
    if profile.version != was.version:
        raise StateConflict(
            "Somebody saved another version since this page was drawn.", next_step="Look at it again, then change it.",
            detail="profile version",
        )  # fmt: skip
    row = LetterProfile(merchant_id=by.merchant_id, version=was.version + 1, saved_by=by.account_id)
    row.sealed_items = sealer.seal(
        to_json(profile), merchant_id=by.merchant_id, table=LetterProfile.__tablename__, column="items", row=row.id
    )
    session.add(row)
    audit.record(
        session, by.merchant_id, by.account_id, "letters:profile",
        object_id=by.merchant_id, origin=by.origin, version=row.version, items=_changed(was, profile),
    )  # fmt: skip
    return row.version


def _changed(was: Profile, now: Profile) -> list[str]:
    """The codes of the items that differ."""
    beside = {
        ProfileItem.PURPOSES: was.bases != now.bases,
        ProfileItem.RECIPIENTS: (was.recipients, was.kinds_only) != (now.recipients, now.kinds_only),
        ProfileItem.COMPLAINT: was.authorities != now.authorities,
    }
    return [item.value for item in ProfileItem if was.item(item) != now.item(item) or beside.get(item, False)]


def _opened(sealer: FieldSealer, row: LetterProfile) -> Profile:
    assert row.sealed_items is not None
    text = sealer.open(
        row.sealed_items, merchant_id=row.merchant_id, table=LetterProfile.__tablename__, column="items", row=row.id
    )
    return replace(from_json(text), version=row.version)


def _problems(profile: Profile) -> Iterator[InputError]:
    for item in ProfileItem:
        text = profile.item(item)
        if (wrong := next(faults(item, text), None)) is not None:
            yield InputError(wrong.value, field=item.value)
        languages = {*text.texts, *text.not_applicable, *(code for texts in text.own.values() for code in texts)}
        if not languages <= set(LANGUAGES) or (text.own and item not in BY_CATEGORY):
            yield InputError("The portal does not speak this language.", field=item.value)
    if profile.language not in LANGUAGES:
        yield InputError("The portal does not speak this language.", field="language")
    yield from _problems_of_recipients(profile.recipients)
    if len(profile.authorities) > MOST_AUTHORITIES or not set(profile.authorities) <= set(AUTHORITIES):
        yield InputError(Why.NO_AUTHORITY.value, field=ProfileItem.COMPLAINT.value)


def _problems_of_recipients(recipients: tuple[Recipient, ...]) -> Iterator[InputError]:
    field = ProfileItem.RECIPIENTS.value
    if len(recipients) > MOST_RECIPIENTS:
        yield InputError(f"The list may have at most {MOST_RECIPIENTS} recipients.", field=field)
        return
    for one in recipients:
        if not one_line(one.name) or not _COUNTRY.fullmatch(one.country):
            yield InputError(Why.NO_COUNTRY.value, field=field)
        if any(len(text) > NAME_MAX for text in (one.name, one.since, one.copy_at)):
            yield InputError(f"A name may have at most {NAME_MAX} characters.", field=field)
        if any(has_placeholder(text) for text in (one.name, one.since, one.copy_at)):
            yield InputError(Why.PLACEHOLDER.value, field=field)
