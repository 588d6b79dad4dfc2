"""The same act on several exports: each its own transaction and audit entry; what fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.config import Settings
from portal.errors import InputError, NotPermitted, PortalError, StepUpNeeded, TryLater
from portal.exports.core.states import State
from portal.exports.form.submissions import AskedAlready, Submissions
from portal.exports.history.listing import History
from portal.exports.retention.destruction import Retention
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.storage.engine import Database

MOST_AT_ONCE = 50  # a page of Past exports


@dataclass(frozen=True)
class BulkReport:
    """How many were done, and what kept the others from it: export id -> words for the person.

    `together` of those done needed no act of their own: another one of the batch asks for the same.
    """

    done: int
    failed: dict[str, str]
    together: int = 0


@refusals_audited
@dataclass
class Bulk:
    """Acts on several exports at once."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    submissions: Submissions
    history: History
    retention: Retention

    def destroy_many(self, user: User, export_ids: Sequence[str]) -> BulkReport:
        """Destroy the sealed files of these exports (LAW-17).

        Raises NotPermitted, StepUpNeeded before any is touched.
        """
        require(user, Permission.EXPORT_DESTROY)
        require_fresh_proof(user, self.settings)
        return _each(export_ids, lambda export_id: self.retention.destroy(user, export_id))

    def refresh_many(self, user: User, export_ids: Sequence[str]) -> BulkReport:
        """Ask for each again with the same filters, so that a fresh link and file take the place of an expiring one.

        LoyaltyDog is asked once for those of the batch that ask for the same, and once for two presses of the button.
        """
        require(user, Permission.EXPORT_CREATE)
        made: set[str] = set()
        together: set[str] = set()

        def again(export_id: str) -> None:
            if self.history.get(user, export_id).state not in (State.READY, State.EXPIRED, State.PURGED):
                raise InputError("Only a finished export can be asked for again here.", field="export")
            try:
                request = self.submissions.request_of(user, export_id)
                made.add(self.submissions.submit(user, request, repeat_of=export_id))
            except AskedAlready as same:
                batch = made | set(export_ids)
                if same.export_id not in batch and self.history.get(user, same.export_id).repeat_of not in batch:
                    raise
                together.add(export_id)

        report = _each(export_ids, again)
        return BulkReport(report.done, report.failed, len(together))


def _each(export_ids: Sequence[str], act: Callable[[str], None]) -> BulkReport:
    wanted = list(dict.fromkeys(export_ids))
    if len(wanted) > MOST_AT_ONCE:
        raise InputError(f"Choose at most {MOST_AT_ONCE} exports.", field="export")
    done = 0
    failed: dict[str, str] = {}
    for place, export_id in enumerate(wanted):
        try:
            act(export_id)
            done += 1
        except (NotPermitted, StepUpNeeded):
            raise
        except TryLater as limit:
            failed |= {rest: limit.message for rest in wanted[place:]}
            break
        except PortalError as error:
            failed[export_id] = error.message
    return BulkReport(done, failed)
