"""How well `find_others` finds other people, on labelled invented files: recall, precision, and where they fall short.

Run: .venv/bin/python bench/third_party.py [files a language and shape, default 15]
The development half is what the rules were adjusted on; the held-out half shares neither language nor shape with it and
is only measured. A cell counts as found whatever its kind; the share of right kinds is printed beside it.
Exit 1 when the held-out half misses its targets: recall 0.95, precision 0.90 by cell, 0.97 and 0.95 by person.

By person: the groups of `portal.review.found.people` against whom the labels name. Tills are nobody, staff are one
group, messages without anybody in them one. The same email, phone, or name within one role is one person; a name in a
text is the one whom a field, of staff too, gives that name. A person is found when at least half of the cells that name
them, and half of the group's, are theirs; `whole` when all are, and nothing else.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "preview")]

import third_party_corpus as corpus  # noqa: E402 - found through the path above

from portal.preview import AskedPerson, Preview, find_others, read  # noqa: E402
from portal.review.found.people import people_in  # noqa: E402

WANTED_RECALL = 0.95
WANTED_PRECISION = 0.90
WANTED_PEOPLE_RECALL = 0.97
WANTED_PEOPLE_PRECISION = 0.95


@dataclass
class Score:
    """Cells: found = marked and labelled; missed = labelled only; wrong = marked only. By (language, field)."""

    files: int = 0
    found: int = 0
    right_kind: int = 0
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed.total())

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.wrong.total())


def score(files: Iterable[corpus.LabelledFile], by: str = "email") -> Score:
    """Compare what is marked with what is labelled, cell by cell."""
    total = Score()
    for file in files:
        preview = read(file.data, file.format)
        asked = AskedPerson(email=file.asked_email) if by == "email" else AskedPerson(customer_id=file.asked_id)
        marked = {}
        for other in find_others(preview, asked):
            table = preview.table(other.table)
            place = table.paths(other.row)[table.columns.index(other.column)]
            marked[place] = other
        total.files += 1
        for place, kind in file.labels.items():
            if place in marked:
                total.found += 1
                total.right_kind += marked[place].kind == kind
            else:
                total.missed[file.language, f"{file.shape}: {kind} {_field(place)}"] += 1
        for place, other in marked.items():
            if place not in file.labels:
                total.wrong[file.language, f"{file.shape}: {other.kind} {other.column}"] += 1
    return total


def _field(place: str) -> str:
    return place.rsplit(".", 1)[-1]


@dataclass
class People:
    """Persons that the labels name, groups that the review makes, and those that agree by half or as a whole."""

    named: int = 0
    grouped: int = 0
    agreed: int = 0
    whole: int = 0
    differing: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        return self.agreed / max(1, self.named)

    @property
    def precision(self) -> float:
        return self.agreed / max(1, self.grouped)


def score_people(files: Iterable[corpus.LabelledFile], by: str = "email") -> People:
    total = People()
    for file in files:
        preview = read(file.data, file.format)
        asked = AskedPerson(email=file.asked_email) if by == "email" else AskedPerson(customer_id=file.asked_id)
        named = _named(file, preview)
        groups = []
        for person in people_in(preview, asked):
            places = set()
            for one in person.places:
                table = preview.table(one.place.table)
                places.add(table.paths(one.place.row)[table.columns.index(one.place.column)])
            groups.append((person.kind.value, places))
        total.named += len(named)
        total.grouped += len(groups)
        left = dict(enumerate(groups))
        for who, places in named.items():
            best = max(left, key=lambda at: len(left[at][1] & places), default=None)
            shared = len(left[best][1] & places) if best is not None else 0
            if best is None or 2 * shared < len(places) or 2 * shared < len(left[best][1]):
                total.differing[file.language, f"missed {file.shape}: {who[0]}"] += 1
                continue
            total.agreed += 1
            total.whole += left.pop(best)[1] == places
        for kind, _ in left.values():
            total.differing[file.language, f"wrong {file.shape}: {kind}"] += 1
    return total


def _named(file: corpus.LabelledFile, preview: Preview) -> dict[tuple[str, str], set[str]]:
    """Whom the labels name, with the places of each; two who share an email or a phone are one."""
    roles: dict[str, str] = {}
    for place, kind in file.labels.items():
        if kind in ("sender", "recipient", "counterparty", "staff"):
            roles.setdefault(file.people[place], kind)
    texts = {
        place: cell
        for table in preview.tables
        for index, row in table.iterate()
        for place, cell in zip(table.paths(index), row, strict=True)
        if isinstance(cell, str)
    }
    same: dict[tuple[str, str], tuple[str, str]] = {}
    holder: dict[str, tuple[str, str]] = {}

    def root(one: tuple[str, str]) -> tuple[str, str]:
        while same.setdefault(one, one) != one:
            one = same[one]
        return one

    named: dict[str, tuple[str, str]] = {}
    for place, kind in file.labels.items():
        who = file.people[place]
        role = roles.get(who, kind) if kind == "name" else kind
        if kind == "terminal":
            continue
        named[place] = one = (role, "" if role in ("staff", "message") else who)
        text = texts.get(place, "").strip()
        if kind in ("sender", "recipient", "counterparty") and ("@" in text or text.startswith("+")):
            text = text.casefold() if "@" in text else "".join(filter(str.isdigit, text))
            same[root(one)] = root(holder.setdefault(text, one))
        if kind in ("email", "phone"):
            text = who.casefold() if "@" in who else "".join(filter(str.isdigit, who))
            same[root(one)] = root(holder.setdefault(text, one))
    found: dict[tuple[str, str], set[str]] = {}
    for place, one in named.items():
        found.setdefault(root(one), set()).add(place)
    return found


def main() -> int:
    each = int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else 15
    for name, half in (("development", corpus.DEVELOPMENT), ("held out", corpus.HELD_OUT)):
        result = score(corpus.files(half, each, seed=7))
        print(
            f"{name:12} {result.files:4} files in {len(half[0])} languages and {len(half[1])} shapes: "
            f"recall {result.recall:.3f}  precision {result.precision:.3f}  "
            f"right kind {result.right_kind / max(1, result.found):.3f}"
        )
        if "-v" in sys.argv or name == "development":
            for label, counts in (("missed", result.missed), ("wrong", result.wrong)):
                for (language, what), count in counts.most_common(25):
                    print(f"   {label:7} {count:4}  {language:4} {what}")
    people = score_people(corpus.files(corpus.HELD_OUT, each, seed=7))
    print(
        f"{'by person':12} {people.named:4} people: recall {people.recall:.3f}  precision {people.precision:.3f}  "
        f"whole {people.whole / max(1, people.named):.3f}"
    )
    if "-v" in sys.argv:
        for (language, what), count in people.differing.most_common(40):
            print(f"   {count:4}  {language:4} {what}")
    met = people.recall >= WANTED_PEOPLE_RECALL and people.precision >= WANTED_PEOPLE_PRECISION
    met = met and result.recall >= WANTED_RECALL and result.precision >= WANTED_PRECISION
    print("targets met" if met else f"targets missed (recall {WANTED_RECALL}, precision {WANTED_PRECISION})")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
