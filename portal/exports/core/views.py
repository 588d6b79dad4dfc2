"""What pages and the command line get to see of an export: frozen, typed, masked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from portal.cases.standing import Standing
from portal.exports.core.states import HOLDS_FILE, RUNNING, State

EXPIRY_MARGIN = dt.timedelta(seconds=60)  # an expiry counts as reached a minute early (SEC-17)


@dataclass(frozen=True)
class ExportView:
    """One export without its secrets. Times are aware UTC, sizes bytes."""

    id: str
    case_id: str
    state: State
    customer: str
    subject_kind: str
    scope: str
    program_id: str | None
    has_card: bool
    format: str
    reference: str
    received_on: dt.date | None
    requested_at: dt.datetime
    requested_by: str
    updated_at: dt.datetime
    sent_at: dt.datetime | None
    accepted_at: dt.datetime | None
    collected_at: dt.datetime | None
    inspected_at: dt.datetime | None
    retry_at: dt.datetime | None
    attempt: int
    vendor_status: str
    vendor_request_id: str
    vendor_export_id: str
    link_expires_at: dt.datetime | None
    destroy_after: dt.datetime | None
    destroyed_at: dt.datetime | None
    fetched_bytes: int
    expected_bytes: int | None
    size_bytes: int | None
    sha256: str
    table_count: int | None
    row_count: int | None
    verdict: str
    checks: list[dict[str, Any]]
    notes: list[str]
    problem_code: str
    problem: str
    next_step: str
    turn: str
    repeat_of: str | None
    channel: str
    request_id: str
    answer: Standing
    answered_on: dt.date | None
    month_ends_on: dt.date
    due_on: dt.date
    clock_skew_seconds: float | None = None
    holds_cards: bool | None = None
    hidden: bool = False
    """Nothing of its contents is shown before it is settled who asks."""

    @property
    def running(self) -> bool:
        return self.state in RUNNING

    @property
    def holds_file(self) -> bool:
        return self.state in HOLDS_FILE and self.size_bytes is not None and self.destroyed_at is None

    @property
    def can_open(self) -> bool:
        return self.holds_file and self.state in (State.READY, State.EXPIRED)

    def link_alive(self, now: dt.datetime) -> bool:
        return self.link_expires_at is not None and now < self.link_expires_at - EXPIRY_MARGIN

    def seconds_left(self, now: dt.datetime) -> float | None:
        """Until the vendor's link dies; None before there is one."""
        return None if self.link_expires_at is None else (self.link_expires_at - now).total_seconds()


def without_counts(view: ExportView) -> ExportView:
    """What may be seen of an export whose case shows nothing yet: not how large it is, what the check found or whether
    anything is in it."""
    judged = view.state in (State.READY, State.ATTENTION, State.EXPIRED)
    return replace(
        view, fetched_bytes=0, expected_bytes=None, size_bytes=None, sha256="", table_count=None, row_count=None,
        verdict="", checks=[], notes=[], holds_cards=None, hidden=True,
        problem_code="" if judged else view.problem_code, problem="" if judged else view.problem,
        next_step="" if judged else view.next_step,
    )  # fmt: skip


@dataclass(frozen=True)
class ExportPage:
    """A page of past exports. `after` continues it, None at the end."""

    rows: tuple[ExportView, ...]
    after: str | None
