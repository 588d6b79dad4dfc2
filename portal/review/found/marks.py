"""What a file says of others, row by row: the marked cells of `find_others` with what each holds of whom, and everybody
who is named in its texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ahocorasick_rs import AhoCorasick, MatchKind

from portal.identifiers import normal
from portal.preview import AskedPerson, Marker, Place, Preview, Table
from portal.preview.facts import is_email
from portal.preview.inspection.addresses import address_in, normal_id
from portal.preview.inspection.fields import is_vertical, meaning
from portal.preview.inspection.mentions import Mention
from portal.preview.inspection.people import Own, digits
from portal.review.found.credentials import secrets_in
from portal.review.found.own import NOTHING, is_own_or_named
from portal.review.kinds import Attribute, GroupKind

_KIND_OF = {
    "sender": GroupKind.GIVER,
    "recipient": GroupKind.RECIPIENT,
    "counterparty": GroupKind.COUNTERPARTY,
    "staff": GroupKind.STAFF,
    "message": GroupKind.MESSAGE,
    "email": GroupKind.IN_TEXT,
    "phone": GroupKind.IN_TEXT,
    "name": GroupKind.IN_TEXT,
    "card number": GroupKind.IN_TEXT,
}
"""By the mark of `find_others`. A terminal is nobody."""
_OF_MENTION = {
    "email": Attribute.EMAIL,
    "phone": Attribute.PHONE,
    "name": Attribute.NAME,
    "card number": Attribute.CARD,
}
_LIKE_A_NAME = re.compile(r"[^\W\d_a-z][^\W\d_]*(?:['\u2019.-][^\W\d_]*)*(?:\s[^\W\d_]+(?:['\u2019.-][^\W\d_]*)*){1,4}")
"""Two words and more without a digit, in a field that does not say what it holds."""
_SHORTEST_NAME = 4
_LONGEST_INITIAL = 3  # with its full stop
FEWEST_PHONE_DIGITS = 6

Identity = tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """One place of somebody. `span`: the part of the cell's text, none for all of it. `who` numbers staff from 1."""

    place: Place
    kind: GroupKind
    attribute: Attribute
    text: str = field(repr=False)
    span: tuple[int, int] | None = None
    who: int = 0


@dataclass
class Said:
    """What one row says of one person."""

    kind: GroupKind
    found: list[Found] = field(default_factory=list)

    def identities(self) -> Iterator[Identity]:
        named = ""
        for one in self.found:
            value = normal(one.text)
            match one.attribute:
                case Attribute.EMAIL:
                    yield "email", address_in(value) or value
                case Attribute.PHONE:
                    number = digits(value)
                    yield ("phone", number) if len(number) >= FEWEST_PHONE_DIGITS else ("phone", self.kind, value)
                case Attribute.ID:
                    yield "id", self.kind, normal_id(value)
                case Attribute.CARD:
                    yield "card", digits(value) or value
                case Attribute.NAME:
                    named = " ".join([*named.split(), *value.split()])
                case Attribute.OTHER if is_email(value):
                    yield "email", address_in(value) or value
                case Attribute.OTHER if not named and _LIKE_A_NAME.fullmatch(one.text.strip()):
                    named = value
                case _:
                    pass
        if named:
            yield "name", self.kind, named

    def only_texts(self) -> Iterator[Identity]:
        """For one who is known by nothing else: what stands in a field "to"."""
        for one in self.found:
            if one.attribute is Attribute.OTHER and any(map(str.isalpha, one.text)):
                yield "text", self.kind, normal(one.text)


def said_of_others(
    preview: Preview, asked: AskedPerson, most_rows: int | None = None, known: Own = NOTHING
) -> list[Said]:
    """All that the file says of anybody but the customer, of secrets last. `known`: what else the customer is known
    by."""
    marker = Marker(preview, asked, most_rows)
    rows: dict[tuple[str, int, GroupKind], Said] = {}
    texts: list[Text] = []
    for table in preview.tables:
        _collect(table, marker, most_rows, rows, texts)
    names = _names_of(rows.values(), marker.own.names | known.names)
    if preview.record_kind == "text":  # its lines are parts of one text: who is named in one may stand in another
        texts = [replace(one, parts=tuple(map(_without_full_stop, one.parts))) for one in texts]
        own = marker.own.names | known.names
        for part in (part for one in texts for part in one.parts if part.kind == "name"):
            if len(part.text) >= _SHORTEST_NAME and normal(part.text) not in own:
                names.setdefault(part.text, GroupKind.IN_TEXT)
    marked = {one.place for one in texts} | {one.place for said in rows.values() for one in said.found}
    texts += _other_texts(preview, names, marked, most_rows)
    secret = Said(GroupKind.CREDENTIALS, list(_secrets(preview, most_rows)))
    taken = {one.place for one in secret.found}
    said = [*rows.values(), *_in_texts(texts, names, exact=preview.record_kind == "text")]
    for one in said:
        one.found = [
            found for found in one.found if found.place not in taken and not is_own_or_named(found.text, known)
        ]
    return [one for one in (*said, secret) if one.found]


@dataclass(frozen=True)
class Text:
    """A text in which somebody may be named. mark: what it was marked as, "" for one that only holds a known name."""

    place: Place
    mark: str
    text: str = field(repr=False)
    parts: tuple[Mention, ...] = field(repr=False, default=())


def _collect(
    table: Table,
    marker: Marker,
    most_rows: int | None,
    rows: dict[tuple[str, int, GroupKind], Said],
    texts: list[Text],
) -> None:
    vertical = is_vertical(table)
    position = {name: at for at, name in enumerate(table.columns)}
    about = {name: _attribute(table.name, name) for name in table.columns}
    cached: tuple[int, list[object]] = (-1, [])
    for other in marker.others(table, 0, most_rows):
        kind = _KIND_OF.get(other.kind)
        if kind is None:
            continue
        if cached[0] != other.row:
            cached = (other.row, list(table.rows(other.row, other.row + 1)[0]))
        text = str(cached[1][position[other.column]])
        if kind in (GroupKind.IN_TEXT, GroupKind.MESSAGE):
            texts.append(Text(other.place, other.kind, text, tuple(marker.mentions(text))))
            continue
        attribute = _attribute(table.name, str(cached[1][0])) if vertical else about[other.column]
        key = (table.name, 0 if vertical else other.row, kind)
        rows.setdefault(key, Said(kind)).found.append(Found(other.place, kind, attribute, text))


def _attribute(table: str, name: str) -> Attribute:
    attribute = meaning(table, name).attribute
    return Attribute(attribute) if attribute in set(Attribute) else Attribute.OTHER


def _names_of(mentions: Iterable[Said], own: frozenset[str]) -> dict[str, GroupKind]:
    """Names that fields give, and whose they are: they are looked for in texts. Not one that is part of the
    customer's."""
    words = {word for name in own for word in name.split()}
    found: dict[str, GroupKind] = {}
    for mention in mentions:
        for one in mention.found:
            name = one.text.strip()
            is_name = one.attribute is Attribute.NAME or (
                one.attribute is Attribute.OTHER and _LIKE_A_NAME.fullmatch(name) is not None
            )
            if is_name and len(name) >= _SHORTEST_NAME and normal(name) not in own | words:
                found.setdefault(name, mention.kind)
    return found


def _without_full_stop(part: Mention) -> Mention:
    """Of a name at the end of a sentence; that of an initial stays."""
    last = part.text.rpartition(" ")[2]
    if part.kind != "name" or not last.endswith(".") or len(last) <= _LONGEST_INITIAL:
        return part
    return replace(part, end=part.end - 1, text=part.text[:-1])


def _other_texts(
    preview: Preview, known: Mapping[str, GroupKind], marked: set[Place], most_rows: int | None
) -> Iterator[Text]:
    """Texts that nothing marked and that hold a known name: "Served by Paolo"."""
    if not known:
        return
    search = AhoCorasick(list(known))
    for table in preview.tables:
        columns = [
            (at, name)
            for at, name in enumerate(table.columns)
            if name not in table.link_columns and _attribute(table.name, name) is Attribute.OTHER
        ]
        for index, row in table.iterate(stop=most_rows):
            for at, name in columns:
                cell = row[at]
                if isinstance(cell, str) and " " in cell and search.find_matches_as_indexes(cell):
                    place = Place(table.name, index, name)
                    if place not in marked:
                        yield Text(place, "", cell)


def _in_texts(texts: Sequence[Text], known: Mapping[str, GroupKind], *, exact: bool) -> Iterator[Said]:
    """Each who is named in a text, a message without any as it is. `exact`: a part is never taken for all of it, as the
    lines of a plain text are parts themselves."""
    messages = Said(GroupKind.MESSAGE)
    search = AhoCorasick(list(known), matchkind=MatchKind.LeftmostLongest) if known else None
    of_normal = {normal(name): kind for name, kind in known.items()}
    for one in texts:
        hits = search.find_matches_as_indexes(one.text) if search else []
        named = [(start, end) for _, start, end in hits if _is_word(one.text, start, end)]
        parts = [(part.start, part.end, _OF_MENTION[part.kind], part.text) for part in one.parts]
        parts += [
            (start, end, Attribute.NAME, one.text[start:end])
            for start, end in named
            if not any(part.start < end and start < part.end for part in one.parts)
        ]
        for start, end, attribute, text in parts:
            kind = of_normal.get(normal(text), GroupKind.IN_TEXT) if attribute is Attribute.NAME else GroupKind.IN_TEXT
            span = None if not exact and _is_most(start, end, one.text) else (start, end)
            yield Said(kind, [Found(one.place, kind, attribute, text, span)])
        if parts or not one.mark:
            continue
        if one.mark == "message":
            messages.found.append(Found(one.place, GroupKind.MESSAGE, Attribute.OTHER, one.text))
            continue
        attribute = _OF_MENTION.get(one.mark, Attribute.OTHER)
        yield Said(GroupKind.IN_TEXT, [Found(one.place, GroupKind.IN_TEXT, attribute, one.text)])
    if messages.found:
        yield messages


def _is_word(text: str, start: int, end: int) -> bool:
    return not (text[max(0, start - 1) : start].isalnum() or text[end : end + 1].isalnum())


def _is_most(start: int, end: int, text: str) -> bool:
    """More than half of a text is all of it."""
    return 2 * (end - start) > len(text.strip())


def _secrets(preview: Preview, most_rows: int | None) -> Iterator[Found]:
    for table in preview.tables:
        for row, column, text in secrets_in(table, 0, most_rows):
            yield Found(Place(table.name, row, column), GroupKind.CREDENTIALS, Attribute.OTHER, text)
