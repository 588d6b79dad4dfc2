"""What is promised and which test keeps it: read from the tests' own markers, written to docs/requirements.md.

    python scripts/requirements_matrix.py            # write it
    python scripts/requirements_matrix.py --check    # status 1 when it is not what it would write

A test module says `pytestmark = pytest.mark.keeps("SEC-1", ...)`, a single test `@pytest.mark.keeps("SEC-1")`. Read by
AST: nothing is imported or run. A marker with an id that is not below is an error.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "requirements.md"

# Our own words; the numbers are those of ASVS 5.0.0 that the promise answers to.
SECURITY: dict[str, tuple[str, str]] = {
    "SEC-1": (
        "A link leads only to a host that is listed exactly, and is not read where parsers disagree",
        "1.3.6 1.5.3 13.2.4 15.3.2",
    ),
    "SEC-2": ("A name is resolved once, every address is checked, and the checked one is connected to", "1.3.6"),
    "SEC-3": ("Private, special and wrapped networks are refused by a list of our own", ""),
    "SEC-4": ("Redirects are refused; the one that may be allowed is checked like a first address", ""),
    "SEC-5": ("A file's host gets no token, cookie or credential; proxies and netrc are ignored", "13.2.x 14.2.3"),
    "SEC-6": ("Compressed answers are refused unread", "5.2.3"),
    "SEC-7": ("Time, size, headers and pace of every answer are bounded while it streams", "5.2.1 13.2.6 15.2.2"),
    "SEC-8": ("A file is kept only when type and first bytes are those of the format asked for", "4.1.1 5.2.2"),
    "SEC-9": ("The link is a secret: sealed, and never in logs, screens or workflow tables", ""),
    "SEC-10": ("Plain http opens by a switch, for loopback only", "13.4.2 15.2.3"),
    "SEC-11": ("pandas never gets an address or a path", ""),
    "SEC-12": ("What is about to be sent is written down first; states move along one table", "2.3.1 2.3.3 16.5.3"),
    "SEC-13": ("One attempt sends at most one POST; doubt becomes unknown, and a person decides", ""),
    "SEC-14": ("Clicks, tabs and processes at once make one export", "2.3.4 15.4.2"),
    "SEC-15": ("A kill or a failing disk at any point loses, doubles and leaks nothing", ""),
    "SEC-16": ("An answer is read strictly; what is odd is noted or refused", ""),
    "SEC-17": ("Expiry goes by the vendor's clock; a clock that jumped destroys nothing", ""),
    "SEC-18": ("Refusals by status: no blind repeat, nothing of others, no typed value shown again", ""),
    "SEC-19": ("TLS 1.2 or newer, always verified", "12.1.1 12.3.2"),
    "SEC-20": ("Spreadsheet copies run no formula", "1.2.10"),
    "SEC-21": ("Text of a file is text on the screen, and fetches nothing", "1.3.5 3.2.2"),
    "SEC-22": ("A preview shows what stands in the file, bounded, and never falls over it", ""),
    "SEC-23": (
        "Files leave by one route only: session, merchant, role, fresh proof, written down",
        "3.2.1 5.4.1 5.4.2 8.2.2 14.3.2",
    ),
    "SEC-24": ("File names are ours, never the vendor's", "5.3.2"),
    "SEC-25": (
        "Stored files are sealed, each with its own key, bound to its place; a changed one does not open",
        "11.3.2 11.3.3 11.3.4 14.2.4",
    ),
    "SEC-26": (
        "Customers in the history are sealed; sameness is told by a keyed index for each merchant",
        "11.2.3 11.4.1",
    ),
    "SEC-27": ("Keys are replaced while work goes on; a lost key opens nothing", "11.1.1 11.1.2 11.2.2"),
    "SEC-28": ("A package to be sent is encrypted", ""),
    "SEC-30": ("A marked value in every personal field is found nowhere it should not be", "14.2.4 16.2.5"),
    "SEC-31": ("One gate before everything, shut unless listed", "8.3.1 13.4.5"),
    "SEC-32": (
        "Who somebody is comes from the cookie alone; sockets without it are limited and see the sign-in",
        "4.4.2 4.4.3 7.2.1",
    ),
    "SEC-33": (
        "The cookie is bound to the host, out of scripts' reach, and new at each proof",
        "3.3.1 3.3.2 3.3.3 3.3.4 7.2.3 7.2.4",
    ),
    "SEC-34": ("Signing out, disabling and changes of role or password end every tab", "7.4.1 7.4.2 7.4.3 8.3.2"),
    "SEC-35": ("A session ends when idle and at an absolute limit", "7.1.1 7.3.1 7.3.2"),
    "SEC-36": ("Passwords are long, not guessable, and never cut", "6.2.x 11.4.2"),
    "SEC-37": ("Guessing is slowed down; unknown and wrong read and take the same", "6.1.1 6.3.1 6.3.8"),
    "SEC-38": (
        "A code works once; secrets are sealed, recovery codes hashed",
        "6.3.3 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.5.8",
    ),
    "SEC-39": ("Contents and managing need a recent proof", "2.3.5 7.5.3"),
    "SEC-40": ("Another site can start nothing", "3.5.1 3.5.3"),
    "SEC-41": (
        "The merchant comes from the session; foreign and absent are the same answer, and written down",
        "8.2.1 8.2.2 8.2.3 8.4.1 16.3.2",
    ),
    "SEC-42": ("No cache is shared between people", "14.2.2"),
    "SEC-43": ("Addresses carry no personal data", "14.2.1"),
    "SEC-44": (
        "Every answer carries the security headers; the server names itself nowhere",
        "3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.4.7 3.4.8 13.4.6 14.3.2",
    ),
    "SEC-45": ("Exports and searches are slowed down; unusual numbers are marked", "2.4.1"),
    "SEC-46": ("Secret files must be private, and secrets show in no repr or error", "13.2.3 13.3.1"),
    "SEC-47": ("An unsafe setting keeps the portal from serving", "13.4.2 15.2.3 16.5.1"),
    "SEC-48": (
        "Log lines are structured, of allowed fields only, and cannot be forged",
        "16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.4.1",
    ),
    "SEC-49": ("Every act and refusal is written down", "16.3.1 16.3.2 16.3.3 16.3.4"),
    "SEC-50": ("A change in the trail is found, with and without the portal", "16.4.2 16.4.3"),
    "SEC-51": ("Without trail or keys nothing is asked for or shown", "16.5.3"),
    "SEC-52": ("A fault shows a reference, never a trace", "16.5.1 16.5.4"),
    "SEC-53": ("The portal speaks to listed hosts only", "13.1.1 13.2.4 13.2.5"),
    "SEC-54": ("Installed packages are locked by hash", "15.1.1 15.1.2 15.2.1 15.2.4"),
    "SEC-55": ("A restored backup brings no destroyed file back", ""),
}

LAW: dict[str, str] = {
    "LAW-1": "Every export belongs to a case with its day of receipt and channel",
    "LAW-2": "The last lawful day is computed for each country",
    "LAW-3": "An extension is possible in time only, with its reason and notice",
    "LAW-4": "Pauses are dated facts",
    "LAW-5": "How the asker was recognised is recorded; no copy of an identity card is ever taken",
    "LAW-6": "The answer holds everything Article 15 lists",
    "LAW-7": "Recipients are named",
    "LAW-8": "The copy is byte for byte what LoyaltyDog sent; other forms say that they are derived",
    "LAW-9": "A readable layer is shipped with the copy",
    "LAW-10": "Codes are explained; a field nobody knows is shown all the same",
    "LAW-11": "Other people's rights are weighed value by value",
    "LAW-12": "A portability variant",
    "LAW-13": "A letter for refusals",
    "LAW-14": "Nothing held is an answer of its own",
    "LAW-15": "Delivery is encrypted, and its address is typed twice",
    "LAW-16": "Delivery is recorded",
    "LAW-17": "Files are destroyed in time, also where nothing ran or a backup is restored",
    "LAW-18": "The facts that stay hold nothing of the contents",
    "LAW-19": "The portal answers for itself what it did about a person",
    "LAW-20": "A record of processing from the live configuration",
    "LAW-21": "Figures: open, due, answered in a month, extended, refused",
    "LAW-22": "It is said on the screens that this is one system's data only",
    "LAW-23": "One person an export; a record of somebody else's stops it",
    "LAW-24": "Pages can be used by everybody (WCAG 2.2 AA)",
    "LAW-25": "A report of a wrong recipient starts the 72 hours",
}

# Said beside the tests, so that a row does not claim more than they show.
ONLY_IN_PART: dict[str, str] = {
    "SEC-10": "no run with a production flag: the switch opens loopback addresses and nothing else",
    "SEC-21": "no static analysis by semgrep: our own rules read the source",
    "SEC-38": "asked of managers by default, of all by choice; no WebAuthn; drift as in docs/security.md",
    "SEC-39": "15 minutes instead of 5 (docs/security.md); no second approver",
    "SEC-46": "the tree is searched for keys, not the whole history",
    "SEC-48": "only that no line names a person; forged line ends are not tried",
    "SEC-53": "by refusing every other host in the client; not by a network namespace with capture",
    "SEC-54": "the lock and its hashes; no bill of materials and no advisory check",
    "LAW-14": "the outcome; the letter is the merchant's",
    "LAW-18": "no end of the facts themselves: the merchant's documented period",
    "LAW-22": "the screens; there is no letter, and no place to attach other data",
    "LAW-24": "what axe, the keyboard and long texts can tell; no audit by people",
}


def markers() -> dict[str, list[str]]:
    """Id -> tests that keep it: ``tests/room/test_x.py``, or that and ``::test_name`` for a single test."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        name = path.relative_to(ROOT).as_posix()
        for place, ids in marked(ast.parse(path.read_text(encoding="utf-8"))):
            for one in ids:
                if one not in SECURITY and one not in LAW:
                    raise SystemExit(f"{name}: {one} is no promise of ours")
                found.setdefault(one, []).append(f"{name}::{place}" if place else name)
    return found


def marked(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """(test's name, ids) of every `keeps`; the name is empty for a whole module."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["pytestmark"]:
            yield "", ids_in(node.value)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                yield node.name, ids_in(decorator)


def ids_in(node: ast.expr) -> list[str]:
    return [
        str(ast.literal_eval(argument))
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.keeps"
        for argument in call.args
    ]


def document(kept: dict[str, list[str]]) -> str:
    """The whole page."""
    without = ", ".join(one for one in (*SECURITY, *LAW) if one not in kept)
    in_part = sum(one in kept for one in ONLY_IN_PART)
    head = ("Id", "What is promised", "Tests")
    security = ([one, with_limits(one, words), tests_of(kept, one)] for one, (words, _numbers) in SECURITY.items())
    law = ([one, with_limits(one, words), tests_of(kept, one)] for one, words in LAW.items())
    lines = [
        "# Promises, and the tests that keep them",
        "",
        "Written by `python scripts/requirements_matrix.py` from the tests' markers (`pytest.mark.keeps`); a test",
        "compares the two. A module is named where its tests serve the promise. The threat model: `docs/security.md`.",
        "",
        f"{len(kept)} of {len(SECURITY) + len(LAW)} promises have a test, {in_part} of them in part.",
        f"Without one: {without}.",
        "",
        "## Security",
        "",
        *table(head, security),
        "",
        "## Law",
        "",
        "Most of what has no test is not built: cases, deadlines, letters and delivery are not in this version.",
        "",
        *table(head, law),
        "",
        "## ASVS 5.0.0, level 2",
        "",
        "The numbers our promises answer to, with the modules above that serve them. Numbers that are not here were",
        "not gone through one by one: this is no full assessment.",
        "",
        *table(("ASVS", "Promises", "Tests"), asvs_rows(kept)),
        "",
    ]
    return "\n".join(lines)


def asvs_rows(kept: dict[str, list[str]]) -> Iterator[list[str]]:
    by_number: dict[str, list[str]] = {}
    for one, (_words, numbers) in SECURITY.items():
        for number in numbers.split():
            by_number.setdefault(number, []).append(one)
    for number in sorted(by_number, key=lambda n: [int(part) if part.isdigit() else -1 for part in n.split(".")]):
        ids = by_number[number]
        tests = {test for one in ids for test in kept.get(one, ())}
        yield [number, ", ".join(ids), f"{len(tests)} of the above" if tests else "**none**"]


def with_limits(one: str, words: str) -> str:
    return f"{words} (in part: {ONLY_IN_PART[one]})" if one in ONLY_IN_PART else words


def tests_of(kept: dict[str, list[str]], one: str) -> str:
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in kept.get(one, ())) or "**none**"


def table(head: tuple[str, ...], rows: Iterator[list[str]]) -> list[str]:
    return [line(head), line(["---"] * len(head)), *(line(row) for row in rows)]


def line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str]) -> int:
    page = document(markers())
    if "--check" in arguments:
        same = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == page
        print("docs/requirements.md is up to date." if same else "docs/requirements.md differs: write it anew.")
        return 0 if same else 1
    TARGET.write_text(page, encoding="utf-8")
    print(f"Wrote {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
