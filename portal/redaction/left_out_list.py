"""What was left out of a file as a list for the person who gets it (RED-3): a line for each marker, never what stood
there. A key that is itself left out is named by its marker. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal.language import catalogue_of
from portal.preview.raw import displayable
from portal.redaction.places import Grain, Place, Steps, marker
from portal.redaction.reasons import Reason

FORM = 1
REASON_SENTENCES: Mapping[Reason, str] = {
    Reason.OTHER_PERSON: "It is about another person, whose rights we have to protect too.",
    Reason.OTHER_CONTACT: "These are contact details of another person.",
    Reason.OTHER_IN_TEXT: "It names another person in a text.",
    Reason.STAFF: "It names somebody who works for us; what they did is still in the file.",
    Reason.CREDENTIAL: "It is a password, a key or a security code.",
    Reason.BEARER_VALUE: "With the whole number somebody else could spend the card.",
    Reason.TRADE_SECRET: "It is a trade secret.",
    Reason.PRIVILEGED: "It is confidential advice of a lawyer.",
    Reason.LEGAL_HOLD: "The law allows us to hold it back.",
    Reason.NOT_THEIRS: "It is not data about you.",
    Reason.EXEMPT_NATIONAL: "A national law exempts it.",
}
BY_SECTION = "A national law exempts it: {section}."
KIND_WORDS: Mapping[Grain, str] = {
    Grain.VALUE: "a whole value",
    Grain.KEY: "the name of a field",
    Grain.SPAN: "a part of a text",
}
PARTLY_REFUSED = "Because of these places your request is refused in part."
NOTHING = "Nothing was left out of this file."
POSITION = "number"
LINE_AND_COLUMN = "line {line}, column {len_row}"
LINE = "line {line}"


@dataclass(frozen=True)
class LeftOutLine:
    """`place_words`: where, in the reader's language. `pointer`: the same for programs: a JSON pointer (RFC 6901), of a
    CSV file its line and column, counted from 1, of a plain text its characters (RFC 5147). `section`: of the law that
    exempts it."""

    number: int
    marker: str
    pointer: str = field(repr=False)
    place_words: str = field(repr=False)
    kind: Grain
    reason: Reason
    section: str = ""


@dataclass(frozen=True)
class LeftOutList:
    """`remedies`: what the person may do about a partial refusal, sentences in `language`."""

    file_name: str
    language: str
    lines: tuple[LeftOutLine, ...] = field(repr=False)
    remedies: tuple[str, ...]

    def text(self, message: str) -> str:
        return catalogue_of(self.language).text(message)

    @property
    def width(self) -> int:
        """Of the numbers, as the markers have them."""
        return len(str(len(self.lines)))

    def reason_words(self, reason: Reason, section: str = "") -> str:
        return self.text(BY_SECTION).format(section=section) if section else self.text(REASON_SENTENCES[reason])

    def counts(self) -> list[tuple[str, int]]:
        """How many places for each reason, the most first."""
        found = Counter((line.reason, line.section) for line in self.lines)
        return [(self.reason_words(*why), many) for why, many in found.most_common()]


@dataclass(frozen=True)
class Places:
    """The places of one file. `said`: what the marker of each number says; `columns`, `sections`: of a CSV file the
    name of a place's column, and the law's section, by number. `text_lines`: of a plain text the line of each."""

    places: Sequence[Place] = field(repr=False)
    said: Mapping[int, str] = field(repr=False)
    csv: bool = False
    columns: Mapping[int, str] = field(repr=False, default_factory=dict)
    sections: Mapping[int, str] = field(default_factory=dict)
    text_lines: Mapping[int, int] = field(default_factory=dict)

    def marker(self, place: Place) -> str:
        return marker(place.number, self.said[place.number], width=len(str(len(self.places))))

    def _keys(self) -> dict[Steps, str]:
        """The markers of keys that are left out."""
        return {place.steps: self.marker(place) for place in self.places if place.grain is Grain.KEY}

    def names(self) -> set[str]:
        """Every name of the file that the list says, for the search of what still stands there."""
        if self.text_lines:
            return set()
        if self.csv:
            return set(self.columns.values())
        keys = self._keys()
        left_out = set(keys.values())
        return {
            step
            for place in self.places
            for step in shown_steps(place.steps, keys)
            if isinstance(step, str) and step not in left_out
        }

    def lines(self, language: str) -> tuple[LeftOutLine, ...]:
        keys = self._keys()
        return tuple(self._line(place, keys, language) for place in self.places)

    def _line(self, place: Place, keys: Mapping[Steps, str], language: str) -> LeftOutLine:
        words = catalogue_of(language)
        if self.text_lines:
            start, end = place.span or (0, 0)
            pointer, where = f"char={start},{end}", words.text(LINE).format(line=self.text_lines[place.number])
        elif self.csv:
            line, column = place.steps[0], int(place.steps[1]) + 1
            pointer = f"line {line}, column {column}"
            where = words.text(LINE_AND_COLUMN).format(line=line, len_row=column)
            name = self.columns.get(place.number, "")
            where += f" ({displayable(name)})" if name else ""
        else:
            steps = shown_steps(place.steps, keys)
            pointer = "".join(f"/{_escaped(step)}" for step in steps)
            said = [displayable(s) if isinstance(s, str) else position_words(s, language) for s in steps]
            where = " › ".join(said)
        return LeftOutLine(
            place.number, self.marker(place), pointer, where, place.grain, place.reason,
            self.sections.get(place.number, ""),
        )  # fmt: skip


def position_words(at: int, language: str) -> str:
    """``number 3``."""
    return f"{catalogue_of(language).text(POSITION)} {at + 1}"


def shown_steps(steps: Steps, keys: Mapping[Steps, str]) -> Steps:
    """The way to a place in the copy, where markers stand for the keys that are left out."""
    return tuple(keys.get(steps[: at + 1], step) for at, step in enumerate(steps))


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def left_out_json(told: LeftOutList) -> bytes:
    """`withheld.json`."""
    places = [
        {
            "number": line.number,
            "marker": line.marker,
            "where": line.place_words,
            "pointer": line.pointer,
            "kind": line.kind.value,
            "reason": line.reason.value,
            "sentence": told.reason_words(line.reason, line.section),
            "law_section": line.section or None,
        }
        for line in told.lines
    ]
    whole = {
        "form": FORM,
        "file": told.file_name,
        "language": told.language,
        "left_out": len(told.lines),
        "refused_in_part": bool(told.lines),
        "statement": told.text(PARTLY_REFUSED if told.lines else NOTHING),
        "right_to_complain": list(told.remedies) if told.lines else [],
        "places": places,
    }
    return (json.dumps(whole, ensure_ascii=True, indent=1) + "\n").encode()
