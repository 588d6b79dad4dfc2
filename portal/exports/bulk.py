"""The same act on several exports: each its own transaction and audit entry; what fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.errors import InputError, NotPermitted, PortalError, StepUpNeeded, TryLater
from portal.exports.service import Exports
from portal.exports.states import State
from portal.identity import Permission, User, require, require_fresh_proof
from portal.identity.witness import witnessed

MOST_AT_ONCE = 50  # a page of Past exports


@dataclass(frozen=True)
class BulkReport:
    """How many were done, and what kept the others from it: export id -> words for the person."""

    done: int
    failed: dict[str, str]


@witnessed
def destroy_many(exports: Exports, user: User, export_ids: Sequence[str]) -> BulkReport:
    """Destroy the sealed files of these exports (LAW-17). Raises NotPermitted, StepUpNeeded before any is touched."""
    require(user, Permission.EXPORT_DESTROY)
    require_fresh_proof(user, exports.settings)
    return _each(export_ids, lambda export_id: exports.destroy(user, export_id))


@witnessed
def refresh_many(exports: Exports, user: User, export_ids: Sequence[str]) -> BulkReport:
    """Ask for each again with the same filters, so that a fresh link and file take the place of an expiring one."""
    require(user, Permission.EXPORT_CREATE)

    def again(export_id: str) -> None:
        if exports.get(user, export_id).state not in (State.READY, State.EXPIRED, State.PURGED):
            raise InputError("Only a finished export can be asked for again here.", field="export")
        exports.submit(user, exports.request_of(user, export_id), repeat_of=export_id)

    return _each(export_ids, again)


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
