"""What deliveries wait for: links nobody opened, locked ones, mails and letters that were not taken; open breaches."""

from __future__ import annotations

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from portal import audit
from portal.delivery.kinds import BreachState, DeliveryState
from portal.delivery.mail.kinds import MailKind
from portal.delivery.views import BreachView, DeliveryTask, TaskKind
from portal.errors import InputError, NotFound, StateConflict
from portal.identity import User
from portal.storage.answering.delivery_tables import Breach, Delivery
from portal.storage.answering.mail_tables import Mail
from portal.storage.case_tables import Case, CaseFact
from portal.storage.tables import utc_now

NOT_TAKEN = frozenset({"refused", "bounced", "unknown"})
MOST = 500


def open_tasks(session: Session, merchant_id: str) -> tuple[DeliveryTask, ...]:
    """Of each case its newest delivery counts: a later one has seen to what the one before waited for."""
    rows = session.execute(
        select(Delivery, Case).join(Case, Case.id == Delivery.case_id).where(Delivery.merchant_id == merchant_id)
        .order_by(Delivery.created_at.desc()).limit(MOST)
    )  # fmt: skip
    newest: dict[str, tuple[Delivery, Case]] = {}
    for row, case in rows:
        newest.setdefault(case.id, (row, case))
    found = [task for row, case in newest.values() if (task := _task(row, _name(case))) is not None]
    return tuple(sorted([*found, *_letters(session, merchant_id)], key=lambda task: task.since))


def _letters(session: Session, merchant_id: str) -> list[DeliveryTask]:
    """Letters of cases whose mail was given up or came back, until a person records something on the case after it: a
    note by what other way it was told, or the letter again."""
    recorded = exists().where(
        CaseFact.case_id == Mail.case_id, CaseFact.recorded_at > Mail.updated_at, CaseFact.recorded_by.is_not(None)
    )
    given_up = and_(Mail.state.in_(NOT_TAKEN), Mail.next_try_at.is_(None))
    rows = session.execute(
        select(Mail, Case).join(Case, Case.id == Mail.case_id)
        .where(Mail.merchant_id == merchant_id, Mail.kind == MailKind.LETTER.value, given_up, ~recorded)
        .order_by(Mail.created_at.desc()).limit(MOST)
    )  # fmt: skip
    return [DeliveryTask(TaskKind.LETTER, case.id, _name(case), mail.id, mail.updated_at) for mail, case in rows]


def _name(case: Case) -> str:
    return f"{case.year}-{case.number:04}"


def _task(row: Delivery, name: str) -> DeliveryTask | None:
    state = DeliveryState(row.state)
    if state is DeliveryState.LOCKED:
        return DeliveryTask(TaskKind.LOCKED, row.case_id, name, row.id, row.code.locked_at or row.created_at)
    if state is DeliveryState.EXPIRED and row.opened_at is None:
        return DeliveryTask(TaskKind.UNOPENED, row.case_id, name, row.id, row.ended_at or row.created_at)
    if row.mailing.mail_state in NOT_TAKEN and row.opened_at is None:
        return DeliveryTask(TaskKind.NOT_MAILED, row.case_id, name, row.id, row.created_at)
    return None


def breach_views(session: Session, merchant_id: str) -> tuple[BreachView, ...]:
    wanted = (
        select(Breach, Case)
        .join(Case, Case.id == Breach.case_id)
        .where(Breach.merchant_id == merchant_id, Breach.state == BreachState.OPEN)
    )
    return tuple(_breach(row, _name(case)) for row, case in session.execute(wanted.order_by(Breach.report_by)))


def _breach(row: Breach, name: str) -> BreachView:
    state = BreachState(row.state)
    return BreachView(row.id, row.case_id, name, row.delivery_id, row.aware_at, row.report_by, row.fetched, state)


def settle_breach(session: Session, user: User, case_id: str, breach_id: str, outcome: BreachState) -> None:
    """Raises NotFound, StateConflict for one that is settled, InputError(field="outcome")."""
    row = session.get(Breach, breach_id, populate_existing=True)
    if row is None or row.case_id != case_id or row.merchant_id != user.merchant_id:
        raise NotFound(next_step="Look at the case.", detail="breach")
    if outcome is BreachState.OPEN:
        raise InputError("Choose what was done about it.", field="outcome")
    if row.state != BreachState.OPEN:
        raise StateConflict("This is settled already.", next_step="Look at it again.", detail=row.state)
    row.state, row.settled_at, row.settled_by = outcome.value, utc_now(), user.account_id
    audit.record(
        session, user.merchant_id, user.account_id, "breach:settle",
        object_id=case_id, origin=user.origin, breach=row.id, outcome=outcome.value,
    )  # fmt: skip
