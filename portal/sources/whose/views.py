"""What people see of whose records are: frozen, persons masked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from portal.people.classes import RecordClass
from portal.people.graph import Mark
from portal.sources.whose.codes import Decision, Item, MatchCode

Shown = tuple[str, str]
"""The kind of an identifier and its value, masked."""


@dataclass(frozen=True)
class MatchLine:
    """One thing to decide or decided. `id` names it within the case and tells nothing of it; `number` that of its
    decision. `where`: the sources it stands in, as kind and program; `codes`: what this person may say."""

    id: str
    item: Item
    values: tuple[Shown, ...]
    beside: tuple[Shown, ...] = ()
    record_class: RecordClass | None = None
    where: tuple[tuple[str, str], ...] = ()
    count: int = 1
    program: str = ""
    balance: str = ""
    used: str = ""
    codes: tuple[MatchCode, ...] = ()
    manager_decides: bool = False
    number: int = 0
    decision: Decision | None = None
    code: MatchCode | None = None
    decided_by: str = ""
    decided_at: dt.datetime | None = None


@dataclass(frozen=True)
class MatchList:
    """`name_only`: records that share only a name or last digits with the person. `alike`: whose email looks like
    theirs. `waits`: how many answers are not compared yet."""

    pending: tuple[MatchLine, ...] = ()
    decided: tuple[MatchLine, ...] = ()
    name_only: int = 0
    alike: int = 0
    waits: int = 0
    may: bool = False

    @property
    def any(self) -> bool:
        return bool(self.pending or self.decided)


@dataclass(frozen=True)
class Clear:
    """A line's values in clear."""

    id: str
    values: tuple[tuple[Mark, str], ...] = field(repr=False)
    beside: tuple[tuple[Mark, str], ...] = field(repr=False)
