"""The five figures against a hand-made list of requests, on both databases (LAW-21)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from portal.exports.history.answer_figures import AnswerFigures
from portal.identity import User
from portal.storage.months import months_after
from portal.storage.tables import Account, Export, ExportAsked, ExportFile, ExportResponse, utc_now
from tests.one_case import add_case

pytestmark = pytest.mark.keeps("LAW-21")

TODAY = utc_now().date()
DAY = dt.timedelta(days=1)


@dataclasses.dataclass
class Asked:
    """A request received so many days ago; answered so many days after, or `None`."""

    ago: int
    answer: str = "open"
    after: int | None = None
    extended: bool = False
    said: bool = True
    again: bool = False  # asked again: the row before it is the older export of the same request


# decided: 13; of these in a month 8, extended 2, refused 2
REQUESTS = [
    Asked(10, "sent", 8),  # in a month
    Asked(60, "sent", 20),  # in a month
    Asked(60, "sent", -1),  # -1: on the last day of the month: in a month
    Asked(60, "sent", -2),  # -2: on the day after it: late
    Asked(70, "sent", 50, extended=True),  # late by the month, extended
    Asked(80),  # open, overdue: decided, for its month is over
    Asked(45, extended=True),  # open, not due for a while: decided, extended
    Asked(5),  # open, nothing decided
    Asked(28),  # open, due within 7 days, nothing decided
    Asked(40, "refused", 10),  # in a month, refused
    Asked(88, "refused", 60),  # late, refused
    Asked(20, "closed", 1),  # no answer needed: left out
    Asked(91, "sent", 3),  # before the 90 days
    Asked(50, ""),  # from before answers were recorded: left out
    Asked(30, "later"),  # asked again, and this is
    Asked(30, "sent", 6, again=True),  # the export that stands for the request: once, in a month
    Asked(90, "sent", 1),  # the first of the 90 days: in a month
    Asked(12, "sent", 1, said=False),  # no day of receipt: the day of asking; in a month
    Asked(12, "sent", 1),  # the same person once more, another request: in a month
]


@pytest.fixture(scope="module")
def shop(desk: Any) -> User:
    merchant = desk.portal.accounts.create_merchant("Figures")
    with desk.portal.db.write() as session:
        account = Account(merchant_id=merchant, email="figures@shop.example", role="agent")
        session.add(account)
        session.flush()
        case_id = add_case(session, merchant)
        earlier = ""
        for number, asked in enumerate(REQUESTS):
            received = TODAY - asked.ago * DAY
            noon = dt.datetime.combine(received, dt.time(12), tzinfo=dt.UTC)
            row = Export(
                id=f"{number:032x}", merchant_id=merchant, case_id=case_id, state="ready", requested_by=account.id,
                asked=ExportAsked(subject_kind="email", sealed_subject=b""), response=ExportResponse(),
                file=ExportFile(), subject_index="the same person", ask_index=str(number), format="json",
                requested_at=noon + (asked.said * 2 * DAY), received_on=received if asked.said else None,
                repeat_of=earlier if asked.again else None, answer=asked.answer,
            )  # fmt: skip
            session.add(row)
            session.flush()
            earlier = row.id
            if asked.extended:
                row.due_on = months_after(received, 3)
            if asked.after is not None:
                last = {-1: row.month_ends_on, -2: row.month_ends_on + DAY}
                row.answered_on = last.get(asked.after, received + asked.after * DAY)
    return dataclasses.replace(desk.user(), account_id=account.id, merchant_id=merchant)


def test_the_figures_are_those_counted_by_hand(desk: Any, shop: User) -> None:
    assert desk.portal.dashboard.figures(shop).answers == AnswerFigures(
        open=4, due=1, overdue=1, decided=13, in_a_month=8 / 13, extended=2 / 13, refused=2 / 13
    )


def test_where_nothing_was_asked_there_are_no_shares(desk: Any, shop: User) -> None:
    merchant = desk.portal.accounts.create_merchant("Nothing asked")
    empty = dataclasses.replace(shop, merchant_id=merchant)
    assert desk.portal.dashboard.figures(empty).answers == AnswerFigures(0, 0, 0, 0, None, None, None)


def test_another_merchants_requests_are_not_among_them(desk: Any, shop: User) -> None:
    before = desk.portal.dashboard.figures(desk.user()).answers
    desk.run(received_on=TODAY - 40 * DAY)
    after = desk.portal.dashboard.figures(desk.user()).answers
    assert (after.open, after.overdue) == (before.open + 1, before.overdue + 1)
    assert desk.portal.dashboard.figures(shop).answers.open == 4


def test_recording_an_answer_moves_the_figures(desk: Any) -> None:
    maya, portal = desk.user("maya", "two"), desk.portal
    export_id = desk.run("grace@example.com", by=maya, received_on=TODAY - 20 * DAY).id
    before = portal.dashboard.figures(maya).answers
    portal.answers.record_extended(maya, export_id, "complexity", "Dear customer.")
    portal.answers.record_sent(maya, export_id, "email")
    after = portal.dashboard.figures(maya).answers
    assert (before.open, after.open, after.decided, after.in_a_month, after.extended) == (1, 0, 1, 1.0, 1.0)
