"""How well `find_others` finds other people, on labelled invented files: recall, precision, and where they fall short.

Run: .venv/bin/python bench/third_party.py [files a language and shape, default 15]
The development half is what the rules were adjusted on; the held-out half shares neither language nor shape with it and
is only measured. A cell counts as found whatever its kind; the share of right kinds is printed beside it.
Exit 1 when the held-out half misses its targets: recall 0.95, precision 0.90.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "preview")]

import third_party_corpus as corpus  # noqa: E402 - found through the path above

from portal.preview import AskedPerson, find_others, read  # noqa: E402

WANTED_RECALL = 0.95
WANTED_PRECISION = 0.90


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


def main() -> int:
    each = int(sys.argv[1]) if len(sys.argv) > 1 else 15
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
    met = result.recall >= WANTED_RECALL and result.precision >= WANTED_PRECISION
    print("targets met" if met else f"targets missed (recall {WANTED_RECALL}, precision {WANTED_PRECISION})")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
