"""Who stands in a file beside the customer: its marked cells as people. Pure.

The same email, phone or id, or the same name within one role, is one person over all rows. Staff are one group of so
many people; tills are nobody. In a message or another text, each email, phone and name found is somebody.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from portal.preview import AskedPerson, Preview
from portal.preview.inspection.people import Own
from portal.review.found.marks import Found, Identity, Said, said_of_others
from portal.review.found.own import NOTHING
from portal.review.kinds import Attribute, GroupKind


@dataclass(frozen=True)
class Person:
    """A group. `kind` is that of its first place; `id` is made of where that stands, never of what it says."""

    id: str
    kind: GroupKind
    places: tuple[Found, ...] = field(repr=False)
    people: int = 1
    label: str = field(default="", repr=False)
    ids: frozenset[str] = field(default=frozenset(), repr=False)
    """Also what it is called where less of the file was read, and it was still several."""


def people_in(
    preview: Preview, asked: AskedPerson, *, sha256: str = "", most_rows: int | None = None, known: Own = NOTHING
) -> list[Person]:
    """Everybody but the customer, in the order of the file; staff, messages and secrets are one group each. `known`:
    what else the customer is known by."""
    order = {table.name: number for number, table in enumerate(preview.tables)}
    groups = [_person(group, sha256, order) for group in _grouped(said_of_others(preview, asked, most_rows, known))]
    return sorted(groups, key=lambda one: _position(one.places[0], order))


def _grouped(mentions: Sequence[Said]) -> list[list[Said]]:
    """Those that share an identity, together."""
    parent = list(range(len(mentions)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    first: dict[Identity, int] = {}
    for at, mention in enumerate(mentions):
        if mention.kind in (GroupKind.STAFF, GroupKind.MESSAGE, GroupKind.CREDENTIALS):
            known: list[Identity] = [("all", mention.kind)]
        else:
            known = list(mention.identities()) or list(mention.only_texts())
        for identity in known:
            one, two = sorted((root(first.setdefault(identity, at)), root(at)))
            parent[two] = one
    groups: dict[int, list[Said]] = defaultdict(list)
    for at, mention in enumerate(mentions):
        groups[root(at)].append(mention)
    return list(groups.values())


def _person(group: Sequence[Said], sha256: str, order: dict[str, int]) -> Person:
    people = 1
    if group[0].kind is GroupKind.STAFF:
        numbers = _numbers_of_staff(group)
        people = max(numbers)
        places = [replace(one, who=number) for number, mention in zip(numbers, group, strict=True)
                  for one in mention.found]  # fmt: skip
    else:
        places = [one for mention in group for one in mention.found]
    first = next(mention for mention in group if mention.found)
    kind = first.kind
    if kind is not GroupKind.IN_TEXT:  # what is said of somebody in a text goes with what their fields say
        places = [replace(one, kind=kind) if one.kind is GroupKind.IN_TEXT else one for one in places]
    places.sort(key=lambda one: _position(one, order))
    ids = [_id(sha256, mention.kind, one) for mention in group for one in mention.found[:1]]
    return Person(ids[0], kind, tuple(places), people, "" if kind in _NAMELESS else _label(places), frozenset(ids))


_NAMELESS = frozenset({GroupKind.STAFF, GroupKind.MESSAGE, GroupKind.CREDENTIALS, GroupKind.CARDS})


def _numbers_of_staff(group: Sequence[Said]) -> list[int]:
    """Which of the staff each row names, counted from 1 in the order of the file. One who is named by number and name
    in one row and by name only in another is the same."""
    parent: dict[Identity, Identity] = {}

    def root(one: Identity) -> Identity:
        while parent[one] != one:
            one = parent[one]
        return one

    firsts: list[Identity] = []
    for at, mention in enumerate(group):
        named = sorted(mention.identities()) or sorted(mention.only_texts()) or [("row", str(at))]
        # A number belongs to a till as often as to a person: the name decides where there is one.
        known = [one for one in named if one[0] == "name"] or named
        for one in known:
            parent.setdefault(one, one)
            parent[root(one)] = root(known[0])
        firsts.append(known[0])
    numbers: dict[Identity, int] = {}
    return [numbers.setdefault(root(one), len(numbers) + 1) for one in firsts]


def _position(one: Found, order: dict[str, int]) -> tuple[int, int, tuple[int, int]]:
    return order[one.place.table], one.place.row, one.span or (0, 0)


def _id(sha256: str, kind: GroupKind, first: Found) -> str:
    """By the file and where it stands first; the table's name may be a key that names somebody, so it is hashed with
    the file's digest, which nobody outside knows."""
    if kind in _NAMELESS:
        return kind.value
    place = first.place
    where = f"{sha256} {kind} {place.table} {place.row} {place.column} {first.span}"
    return hashlib.sha256(where.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _label(places: Sequence[Found]) -> str:
    """ "Dawid G." for the screen; an email or phone by its ends."""
    for wanted in (Attribute.NAME, Attribute.OTHER, Attribute.EMAIL, Attribute.PHONE, Attribute.ID, Attribute.CARD):
        for one in places:
            if one.attribute is wanted and one.text.strip():
                return _short(wanted, one.text.strip())
    return ""


def _short(attribute: Attribute, text: str) -> str:
    if attribute is Attribute.EMAIL or "@" in text:
        local, _, host = text.partition("@")
        return f"{local[:2]}…@{host}"
    if attribute in (Attribute.PHONE, Attribute.ID, Attribute.CARD):
        return f"…{text[-2:]}" if len(text) > 4 else "…"
    words = [word for word in text.split() if word.casefold().rstrip(".") not in _TITLES] or text.split()
    return " ".join((words[0][:20], words[-1][:1] + ".")) if len(words) > 1 else words[0][:20]


_TITLES = frozenset("mr mrs ms miss dr prof herr frau pan pani mme m mlle sr sra srta dhr mevr sig dott".split())
