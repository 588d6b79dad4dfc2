"""OWASP ASVS 5.0.0, line by line: verdicts from asvs.toml, tests from the markers. Used by requirements_matrix.py."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).with_name("asvs.toml")
PREFIX = "ASVS-"
VERDICTS = {"kept": "kept", "part": "in part", "no": "**not kept**", "na": "not applicable"}
CLAIMED = frozenset({"kept", "part"})
Kept = Mapping[str, list[str]]
INTRODUCTION = """# ASVS 5.0.0, level 2, line by line

Written by `python scripts/requirements_matrix.py` from `scripts/asvs.toml` (the verdicts, ours) and the tests' markers
(`pytest.mark.keeps`, by promise or by number: `"ASVS-1.2.4"`); a test compares. Numbers and levels are those of the
OWASP Application Security Verification Standard 5.0.0; the words are ours and only name the subject: read the standard
for what is demanded. We judged ourselves; nobody from outside has. The modules behind a promise:
[requirements.md](requirements.md).

{summary}
Requirements of level 3 stand here only where the portal aims at them; they are not counted.

Last column: the promises, and how many tests (modules, or single tests) serve the line. **none**: it is claimed, or its
part is, from reading the code or a document alone.

"""


@dataclass(frozen=True)
class Line:
    """One requirement. `verdict` is a key of VERDICTS, `words` how, what is missing, or why; `by` ids of promises."""

    number: str
    level: int
    subject: str
    verdict: str
    words: str
    by: tuple[str, ...]

    def tests(self, kept: Kept) -> list[str]:
        """Those that name the number itself, then those of the promises it is kept by; each once."""
        names = [test for one in (PREFIX + self.number, *self.by) for test in kept.get(one, ())]
        return list(dict.fromkeys(names))


def chapters() -> dict[str, list[Line]]:
    """Title, such as ``V1 Encoding and sanitising`` -> its lines. Raises SystemExit for a line with another shape."""
    found: dict[str, list[Line]] = {}
    for chapter, rows in tomllib.loads(DATA.read_text(encoding="utf-8")).items():
        title = f"{chapter} {rows.pop('title')}"
        found[title] = [line_of(number, row) for number, row in rows.items()]
        if any(f"V{line.number.partition('.')[0]}" != chapter for line in found[title]):
            raise SystemExit(f"{DATA.name}: a number of another chapter in {chapter}")
    return found


def line_of(number: str, row: dict[str, object]) -> Line:
    verdicts = [name for name in VERDICTS if name in row]
    by = tuple(str(row.get("by", "")).split())
    wrong = len(verdicts) != 1 or set(row) - {"l", "s", "by", *VERDICTS} or (by and verdicts[0] not in CLAIMED)
    if wrong or row.get("l") not in {1, 2, 3} or not row.get("s") or not row[verdicts[0]]:
        raise SystemExit(f"{DATA.name}: {number} needs a level, a subject and one verdict with its words")
    return Line(number, int(str(row["l"])), str(row["s"]), verdicts[0], str(row[verdicts[0]]), by)


def numbers() -> frozenset[str]:
    """What a marker may name: ``ASVS-1.2.4``."""
    return frozenset(PREFIX + line.number for lines in chapters().values() for line in lines)


def summary(kept: Kept) -> str:
    """The sentence both documents carry."""
    lines = [line for part in chapters().values() for line in part if line.level < 3]
    said = Counter(line.verdict for line in lines)
    levels = Counter(line.level for line in lines)
    untested = sum(line.verdict == "kept" and not line.tests(kept) for line in lines)
    return (
        f"Of {len(lines)} requirements (level 1: {levels[1]}, level 2: {levels[2]}) {said['kept']} are kept, "
        f"{untested} of them without a test of their own, {said['part']} in part, {said['no']} are not, "
        f"and {said['na']} do not apply."
    )


def document(kept: Kept, promises: frozenset[str]) -> str:
    """The whole page. Raises SystemExit for a promise nobody gave."""
    lines = INTRODUCTION.format(summary=summary(kept)).splitlines()
    for title, part in chapters().items():
        lines += [f"## {title}", "", "| No. | Level | Subject | Verdict | How, what is missing, or why | Served by |"]
        lines += ["| --- | --- | --- | --- | --- | --- |", *rows(part, kept, promises), ""]
    return "\n".join(lines)


def rows(part: list[Line], kept: Kept, promises: frozenset[str]) -> Iterator[str]:
    for line in part:
        for one in set(line.by) - promises:
            raise SystemExit(f"{DATA.name}: {line.number}: {one} is no promise of ours")
        cells = (line.number, str(line.level), line.subject, VERDICTS[line.verdict], line.words, served(line, kept))
        yield f"| {' | '.join(cells)} |"


def served(line: Line, kept: Kept) -> str:
    tests = line.tests(kept)
    if line.verdict not in CLAIMED:
        return ""
    if not tests:
        return "**none**"
    own = [f"`{test.removeprefix('tests/').partition('::')[0]}`" for test in kept.get(PREFIX + line.number, ())]
    several = f"{len(tests)} tests" if len(tests) > 1 else "1 test"
    return "; ".join((*((" ".join(line.by),) if line.by else ()), *dict.fromkeys(own))) + f" ({several})"
