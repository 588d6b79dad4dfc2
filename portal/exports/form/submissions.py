"""Asking for an export: written down once, whatever is clicked twice."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import audit
from portal.cases.looked_up import lead_to
from portal.cases.services.intake import CaseIntake
from portal.cases.services.ledger import FORGOTTEN
from portal.cases.services.people import PersonIndex
from portal.cases.standing import Standing
from portal.errors import StateConflict, TryLater
from portal.exports.core.base import asked_words, own_row
from portal.exports.core.ledger import SubjectSeal
from portal.exports.core.states import State
from portal.exports.core.vendor_refusal import VendorRefusal
from portal.exports.core.workflow_starter import WorkflowStarter
from portal.exports.form.request import FORMATS, ExportRequest
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.log import log
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import Export, ExportAsked, ExportFile, ExportResponse, new_id, utc_now

SAME_ASK_WINDOW = dt.timedelta(seconds=60)
UNUSUAL_A_DAY = 200  # a busy desk answers tens; every further 200 is marked again
MAX_SUBMITS_A_MINUTE = 30  # a person types; more than this is a script or a mistake (SEC-45)


class AskedAlready(StateConflict):
    """The same export was asked for within the last minute; `export_id` is that one."""

    code = "asked_already"
    message = "This export was asked for less than a minute ago."
    next_step = "Open that one, or ask again if you mean it."

    def __init__(self, export_id: str) -> None:
        super().__init__()
        self.export_id = export_id


@refusals_audited
@dataclass
class Submissions:
    """New exports: asked for the first time, asked for again, or refreshed before the link dies."""

    db: Database
    refusal_audit: RefusalAudit
    seal: SubjectSeal
    index: PersonIndex
    intake: CaseIntake
    workflow: WorkflowStarter
    checkpoint: Callable[[str], None]

    def submit(
        self,
        user: User,
        request: ExportRequest,
        *,
        force: bool = False,
        repeat_of: str | None = None,
        case_id: str | None = None,
        lookups: Sequence[str] = (),
    ) -> str:
        """Write the export and its audit entry down, then start its workflow. Gives the export's id.

        It is asked for under a case: the one that is named, that of the export it repeats, the person's open one, or
        one that is opened for it. Raises NotPermitted, AskedAlready (unless `force`), TryLater, NotFound for a foreign
        `repeat_of` or `case_id`, CaseNeeded for a case that has ended, SeveralPeople when one of `lookups`, which led
        here, found more than one customer and none was chosen.
        """
        require(user, Permission.EXPORT_CREATE)
        card = request.card_id.get_secret_value() if request.card_id else ""
        export_id = new_id()
        self.checkpoint("submit.begin")
        with self._duplicates_noted(user), self.db.write() as session:
            # Two clicks, two tabs, two replicas come one after the other (SEC-14).
            named = case_id if repeat_of is None else own_row(session, user, repeat_of).case_id
            self.intake.hold(session, user, request.subject, named)
            repeated = None if repeat_of is None else _request_of(session, user, repeat_of)
            self._check_rate(session, user)
            subject_index = self.index.one(session, user, request.subject)
            asked = asked_words(request.subject, request.program_id, card, request.format, request.subject_kind)
            ask_indexes = self.index.all(session, user, *asked)
            if not force:
                repeated_at = None if repeat_of is None else own_row(session, user, repeat_of).requested_at
                self._refuse_same_ask(session, user, ask_indexes, repeated_at)
            case = self._case_of(session, user, export_id, request, repeated, case_id)
            lead_to(session, user, lookups, case.id)
            row = Export(
                id=export_id,
                merchant_id=user.merchant_id,
                case_id=case.id,
                state=State.REQUESTED,
                requested_by=user.account_id,
                repeat_of=repeat_of,
                subject_index=subject_index,
                ask_index=ask_indexes[0],
                program_id=request.program_id,
                program_name=request.program_name[:200],
                format=request.format,
                reference=request.reference,
                received_on=request.received_on,
                asked=ExportAsked(
                    subject_kind=request.subject_kind,
                    sealed_subject=self.seal.seal(user.merchant_id, export_id, "subject", request.subject),
                    sealed_card_id=self.seal.seal(user.merchant_id, export_id, "card_id", card) if card else None,
                    channel="cli" if user.origin == "cli" else "web",
                    asked_in=user.session_hash,
                ),
                response=ExportResponse(),
                file=ExportFile(),
            )
            row.month_ends_on, row.due_on = case.target_on, case.due_on
            if repeated is not None:
                _take_over(row, *repeated)
            session.add(row)
            session.flush()
            audit.record(
                session,
                user.merchant_id,
                user.account_id,
                "export:submit",
                object_id=export_id,
                origin=user.origin,
                subject=subject_index[:16],
                kind=request.subject_kind,
                format=request.format,
                program=request.program_id,
                card=bool(card) or None,
                repeat_of=repeat_of,
                channel=row.asked.channel,
                case=row.case_id,
            )
            self._note_unusual_volume(session, user)
            self.checkpoint("submit.written")
        self.checkpoint("submit.committed")
        self.workflow.begin(export_id)
        self.checkpoint("submit.begun")
        return export_id

    def _case_of(
        self,
        session: Session,
        user: User,
        export_id: str,
        request: ExportRequest,
        repeated: tuple[Export, Export] | None,
        case_id: str | None,
    ) -> Case:
        if repeated is not None:
            first, before = repeated
            return self.intake.carry_on(session, user, before.case_id, export_id, first.id)
        card = request.card_id.get_secret_value() if request.card_id else ""
        same = [
            index
            for kind in FORMATS
            for index in self.index.all(
                session, user, *asked_words(request.subject, request.program_id, card, kind, request.subject_kind)
            )
        ]
        return self.intake.join_or_open(
            session, user, export_id, (request.subject_kind, request.subject),
            received_on=request.received_on, reference=request.reference, case_id=case_id, same_asks=same,
        )  # fmt: skip

    @contextlib.contextmanager
    def _duplicates_noted(self, user: User) -> Iterator[None]:
        try:
            yield
        except AskedAlready as same:
            earlier = same.export_id
            self.db.group_commit(
                lambda session: audit.record(
                    session, user.merchant_id, user.account_id, "export:duplicate",
                    object_id=earlier, origin=user.origin, result="refused", of=earlier,
                )
            )  # fmt: skip
            raise

    def _check_rate(self, session: Session, user: User) -> None:
        if user.origin == "cli":
            return
        minute_ago = utc_now() - dt.timedelta(minutes=1)
        recent = session.scalar(
            select(func.count())
            .select_from(Export)
            .join(Export.asked)
            .where(Export.merchant_id == user.merchant_id, Export.requested_at > minute_ago)
            .where(Export.requested_by == user.account_id, ExportAsked.channel == "web")
        )
        if (recent or 0) >= MAX_SUBMITS_A_MINUTE:
            raise TryLater("You have asked for many exports within a minute.", wait_seconds=60)

    def _note_unusual_volume(self, session: Session, user: User) -> None:
        """So many exports of one person within a day are marked in the trail and the log (SEC-45)."""
        day_ago = utc_now() - dt.timedelta(days=1)
        count = session.scalar(
            select(func.count())
            .select_from(Export)
            .where(Export.merchant_id == user.merchant_id, Export.requested_at > day_ago)
            .where(Export.requested_by == user.account_id)
        )
        if count and count % UNUSUAL_A_DAY == 0:
            log.warning("exports.unusual_volume", account=user.account_id, merchant=user.merchant_id, count=count)
            audit.record(
                session, user.merchant_id, user.account_id, "export:unusual_volume",
                object_id=user.account_id, origin=user.origin, count=count,
            )  # fmt: skip

    def _refuse_same_ask(
        self, session: Session, user: User, ask_indexes: tuple[str, ...], repeated_at: dt.datetime | None
    ) -> None:
        """`repeated_at`: of the export that is asked for again. Itself and what came before it do not stand in the way:
        only who presses twice asks for the same."""
        since = utc_now() - SAME_ASK_WINDOW
        same = session.scalar(
            select(Export.id)
            .where(
                Export.merchant_id == user.merchant_id,
                Export.ask_index.in_(ask_indexes),
                Export.requested_at > (since if repeated_at is None else max(since, repeated_at)),
            )
            .order_by(Export.requested_at.desc())
            .limit(1)
        )
        if same is not None:
            raise AskedAlready(same)

    def request_of(self, user: User, export_id: str) -> ExportRequest:
        """The same filters as an earlier export, to ask again."""
        require(user, Permission.EXPORT_CREATE)
        with self.db.read() as session:
            row = own_row(session, user, export_id)
            subject = SecretStr(self.seal.open(row, "subject") or "")
            if not subject:
                raise StateConflict(FORGOTTEN, next_step="Ask by their email or customer ID.", detail="asked again")
            card = self.seal.open(row, "card_id")
        by_email = row.asked.subject_kind == "email"
        return ExportRequest(
            email=subject if by_email else None,
            customer_id=None if by_email else subject,
            program_id=row.program_id,
            program_name=row.program_name,
            card_id=SecretStr(card) if card else None,
            format="json" if row.format == "json" else "csv",
            reference=row.reference,
            received_on=row.received_on,
        )

    def refusal(self, user: User, export_id: str) -> VendorRefusal:
        """What LoyaltyDog said when it refused the export; false when it said nothing or did not refuse."""
        require(user, Permission.EXPORT_CREATE)
        with self.db.read() as session:
            kept = self.seal.open(own_row(session, user, export_id), "refusal")
        return VendorRefusal.from_json(kept) if kept else VendorRefusal()

    def reorder(self, user: User, export_id: str) -> str:
        """A new export with the same filters, linked to the old one."""
        return self.submit(user, self.request_of(user, export_id), force=True, repeat_of=export_id)

    def refresh(self, user: User, export_id: str) -> str:
        """A fresh link and file in place of an expiring one, linked to it; two clicks make one. Gives the new id."""
        try:
            return self.submit(user, self.request_of(user, export_id), repeat_of=export_id)
        except AskedAlready as same:
            return same.export_id


def _request_of(session: Session, user: User, export_id: str) -> tuple[Export, Export]:
    """The first export of a request and the one that stands for it; the caller holds them."""
    asked = own_row(session, user, export_id)
    session.refresh(asked)
    of_request = select(Export).where(Export.request_id == asked.request_id, Export.answer != Standing.LATER)
    return session.get_one(Export, asked.request_id), session.scalars(of_request).one()


def _take_over(row: Export, first: Export, before: Export) -> None:
    """`row` is asked again for a request and stands for it from now on: same receipt, same due day, same answer."""
    row.request_id, row.received_on = first.id, first.received_on
    row.month_ends_on, row.due_on = before.month_ends_on, before.due_on
    row.answer, row.answered_on = before.answer, before.answered_on
    before.answer = Standing.LATER.value
