"""What is checked of a form and of a message before anything is written down."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.delivery.limits import HOUR
from portal.delivery.mail.addresses import checked_address
from portal.errors import InputError, InputErrors, TryLater
from portal.front_door.forms import NotOurs, TooSoon, read_form
from portal.front_door.kinds import MOST_AN_HOUR, MOST_WAITING, NOTE_MAX, Demand, RequestState
from portal.front_door.views import Asking
from portal.identifiers import visible
from portal.storage.answering.front_door_tables import DoorRequest
from portal.storage.tables import utc_now

CHOOSE, TOO_LONG, TRAP, OLD_FORM, TOO_SOON = "choose", "too_long", "trap", "old_form", "too_soon"
"""What is wrong with a field, as codes: the page has the words."""


def checked(asking: Asking, key: str) -> tuple[Demand, str, str]:
    """What is asked for, the address, and the form's random part. Raises InputErrors."""
    problems: list[InputError] = []
    demand, email, nonce = Demand.COPY, "", ""
    try:
        demand = Demand(asking.demand)
    except ValueError:
        problems.append(InputError(CHOOSE, field="demand"))
    try:
        email = checked_address(asking.email, field="email")
    except InputError as wrong:
        problems.append(wrong)
    if len(asking.note) > NOTE_MAX:
        problems.append(InputError(TOO_LONG, field="note"))
    if asking.trap:
        problems.append(InputError(TRAP, field="trap"))
    try:
        nonce = read_form(key, asking.form, utc_now())
    except (NotOurs, TooSoon) as wrong:
        problems.append(InputError(TOO_SOON if isinstance(wrong, TooSoon) else OLD_FORM, field="form"))
    if problems:
        raise InputErrors(problems)
    return demand, email, nonce


def check_room(session: Session, merchant_id: str) -> None:
    """Raises TryLater."""
    of_merchant = select(func.count()).select_from(DoorRequest).where(DoorRequest.merchant_id == merchant_id)
    waiting = session.scalar(of_merchant.where(DoorRequest.state == RequestState.WAITING)) or 0
    new = session.scalar(of_merchant.where(DoorRequest.submitted_at > utc_now() - HOUR)) or 0
    if waiting >= MOST_WAITING or new >= MOST_AN_HOUR:
        raise TryLater(wait_seconds=HOUR.total_seconds(), detail="front door")


def readable(text: str) -> str:
    """Without what is not seen, which could turn a line around for those who read it."""
    return "\n".join(visible(line).rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()


def message_text(text: str, most: int) -> str:
    """Raises InputError."""
    text = readable(text)
    if not text or len(text) > most:
        raise InputError(TOO_LONG if text else CHOOSE, field="text")
    return text
