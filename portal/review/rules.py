"""What a merchant sets for its reviews: what is proposed for whom, and whether each copy with something left out needs
two people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal import audit
from portal.config import Settings
from portal.errors import InputError
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.review import ledger
from portal.review.defaults import FIXED, PROPOSALS, Key, as_codes
from portal.review.kinds import Choice
from portal.storage.answering.review_tables import ReviewRules
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import utc_now


@dataclass(frozen=True)
class ShownReviewRules:
    """`changed`: the lines that differ from `portal.review.defaults`."""

    second_person: bool
    changed: Mapping[Key, Choice] = field(default_factory=dict)


@refusals_audited
@dataclass
class ReviewSettings:
    """Shows and changes them. A change counts for what is undecided; decisions stay."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings

    def show(self, user: User) -> ShownReviewRules:
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            rules = ledger.rules_of(session, user.merchant_id)
        return ShownReviewRules(rules.second_person, rules.proposals.changed)

    def save(self, user: User, *, changed: Mapping[Key, Choice], second_person: bool) -> None:
        """Raises InputError(field="changed") for a line that nobody may change, NotPermitted, StepUpNeeded."""
        require(user, Permission.SETTINGS)
        require_fresh_proof(user, self.settings)
        if any(key not in PROPOSALS or key[0] in FIXED for key in changed):
            raise InputError("What opens an account or a card is left out of every copy.", field="changed")
        codes = as_codes({key: choice for key, choice in changed.items() if choice is not PROPOSALS[key].choice})
        with self.db.write() as session:
            lock_merchant(session, user.merchant_id)
            row = session.get(ReviewRules, user.merchant_id)
            if row is None:
                row = ReviewRules(merchant_id=user.merchant_id, updated_by=user.account_id)
            was = {**row.proposals, "second_person": row.second_person}
            now = {**codes, "second_person": second_person}
            if was == now:
                return
            row.proposals, row.second_person = dict(codes), second_person
            row.updated_at, row.updated_by = utc_now(), user.account_id
            session.add(row)
            audit.record(
                session, user.merchant_id, user.account_id, "review:rules",
                object_id=user.merchant_id, origin=user.origin, was=was, now=now,
            )  # fmt: skip
