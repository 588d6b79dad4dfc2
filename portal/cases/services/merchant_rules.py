"""What a merchant has set for the clock of its cases, read within a transaction (`clock_settings` writes it)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.clock.calculation import HOUSE, House
from portal.cases.services.folding import Rules
from portal.storage.clock_tables import ClockDay, ClockRules


class DayKind(StrEnum):
    """A day off that the calendar lacks, or a holiday on which the merchant works."""

    ADDED = "added"
    STRUCK = "struck"


@dataclass(frozen=True)
class MerchantRules:
    """`profile` and `calendar` are what a new case takes; the rest counts for every case of the merchant."""

    profile: str = "EU"
    calendar: str = ""
    house: House = HOUSE
    added: frozenset[dt.date] = frozenset()
    struck: frozenset[dt.date] = frozenset()

    def of_case(self, profile: str, calendar: str, zone: str) -> Rules:
        return Rules(profile, calendar, zone, self.house, self.added, self.struck)


def merchant_rules(session: Session, merchant_id: str) -> MerchantRules:
    """What stands for the merchant now; without a row the EU's rules without a calendar."""
    row = session.get(ClockRules, merchant_id)
    days: dict[str, set[dt.date]] = {kind: set() for kind in DayKind}
    for day, kind in session.execute(
        select(ClockDay.day, ClockDay.kind).where(ClockDay.merchant_id == merchant_id, ClockDay.withdrawn_at.is_(None))
    ):
        days[kind].add(day)
    added, struck = frozenset(days[DayKind.ADDED]), frozenset(days[DayKind.STRUCK])
    if row is None:
        return MerchantRules(added=added, struck=struck)
    post_days = HOUSE.post_days if row.post_days is None else row.post_days
    return MerchantRules(row.profile, row.calendar, House(post_days, row.house_limit_days), added, struck)
