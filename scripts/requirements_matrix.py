"""What is promised and which test keeps it: from the tests' own markers to docs/requirements.md and docs/asvs.md.

    python scripts/requirements_matrix.py            # write both
    python scripts/requirements_matrix.py --check    # status 1 when one is not what it would write

A test module says `pytestmark = pytest.mark.keeps("SEC-1", ...)`, a single test `@pytest.mark.keeps("SEC-1")`. Read by
AST: nothing is imported or run. A marker with an id that is not below, nor a number of scripts/asvs.toml
(`"ASVS-1.2.4"`), is an error.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import asvs_matrix

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

SECURITY: dict[str, str] = {
    "SEC-1": "A link leads only to a host that is listed exactly, and is not read where parsers disagree",
    "SEC-2": "A name is resolved once, every address is checked, and the checked one is connected to",
    "SEC-3": "Private, special and wrapped networks are refused by a list of our own",
    "SEC-4": "Redirects are refused; the one that may be allowed is checked like a first address",
    "SEC-5": "A file's host gets no token, cookie or credential; proxies and netrc are ignored",
    "SEC-6": "Compressed answers are refused unread",
    "SEC-7": "Time, size, headers and pace of every answer are bounded while it streams",
    "SEC-8": "A file is kept only when type and first bytes are those of the format asked for",
    "SEC-9": "The link is a secret: sealed, and never in logs, screens or workflow tables",
    "SEC-10": "Plain http opens by a switch, for loopback only",
    "SEC-11": "pandas never gets an address or a path",
    "SEC-12": "What is about to be sent is written down first; states move along one table",
    "SEC-13": "One attempt sends at most one POST; doubt becomes unknown, and a person decides",
    "SEC-14": "Clicks, tabs and processes at once make one export",
    "SEC-15": "A kill or a failing disk at any point loses, doubles and leaks nothing",
    "SEC-16": "An answer is read strictly; what is odd is noted or refused",
    "SEC-17": "Expiry goes by the vendor's clock; a clock that jumped destroys nothing",
    "SEC-18": "Refusals by status: no blind repeat, nothing of others, no typed value shown again",
    "SEC-19": "TLS 1.2 or newer, always verified",
    "SEC-20": "Spreadsheet copies run no formula",
    "SEC-21": "Text of a file is text on the screen, and fetches nothing",
    "SEC-22": "A preview shows what stands in the file, bounded, and never falls over it",
    "SEC-23": "Files leave by one route only: session, merchant, role, fresh proof, written down",
    "SEC-24": "File names are ours, never the vendor's",
    "SEC-25": "Stored files are sealed, each with its own key, bound to its place; a changed one does not open",
    "SEC-26": "Customers in the history are sealed; sameness is told by a keyed index for each merchant",
    "SEC-27": "Keys are replaced while work goes on; a lost key opens nothing",
    "SEC-28": "A package to be sent is encrypted",
    "SEC-30": "A marked value in every personal field is found nowhere it should not be",
    "SEC-31": "One gate before everything, shut unless listed",
    "SEC-32": "Who somebody is comes from the cookie alone; sockets without it are limited and see the sign-in",
    "SEC-33": "The cookie is bound to the host, out of scripts' reach, and new at each proof",
    "SEC-34": "Signing out, disabling and changes of role or password end every tab",
    "SEC-35": "A session ends when idle and at an absolute limit",
    "SEC-36": "Passwords are long, not guessable, and never cut",
    "SEC-37": "Guessing is slowed down; unknown and wrong read and take the same",
    "SEC-38": "A code works once; secrets are sealed, recovery codes hashed",
    "SEC-39": "Contents and managing need a recent proof",
    "SEC-40": "Another site can start nothing",
    "SEC-41": "The merchant comes from the session; foreign and absent are the same answer, and written down",
    "SEC-42": "No cache is shared between people",
    "SEC-43": "Addresses carry no personal data",
    "SEC-44": "Every answer carries the security headers; the server names itself nowhere",
    "SEC-45": "Exports and searches are slowed down; unusual numbers are marked",
    "SEC-46": "Secret files must be private, and secrets show in no repr or error",
    "SEC-47": "An unsafe setting keeps the portal from serving",
    "SEC-48": "Log lines are structured, of allowed fields only, and cannot be forged",
    "SEC-49": "Every act and refusal is written down",
    "SEC-50": "A change in the trail is found, with and without the portal",
    "SEC-51": "Without trail or keys nothing is asked for or shown",
    "SEC-52": "A fault shows a reference, never a trace",
    "SEC-53": "The portal speaks to listed hosts only",
    "SEC-54": "Installed packages are locked by hash",
    "SEC-55": "A restored backup brings no destroyed file back",
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
DELIVERY: dict[str, str] = {
    "DLV-1": "Robots that read, click and submit change nothing: no state, no counter, no download",
    "DLV-2": "A link holds 256 random bits of which only the SHA-256 is kept; no log, referrer or search engine has it",
    "DLV-3": "The code is told by another way than the link, kept as a keyed PRF and compared in constant time",
    "DLV-4": "A code by the same mailbox is a manager's choice, asked for on the page, short-lived and counted",
    "DLV-5": "Wrong codes wait, then lock, by delivery and by address; a new code needs the person recognised again",
    "DLV-6": "A link expires, is taken back at once with its open pages, and is made anew for the same bytes",
    "DLV-7": "Three whole downloads, two at once, a day's grace; one that broke costs nothing and goes on",
    "DLV-8": "The right code from another device is let in and noted",
    "DLV-9": "The proof is recorded by itself, with the SHA-256 and nothing about the device but its family",
    "DLV-10": "Unopened, the person is reminded twice; unopened at the end is a task",
    "DLV-11": "This is not mine ends the link, takes the answer back and opens the facts of a breach",
    "DLV-12": "Four pages without a session, at a rate of their own, without Streamlit; nothing else is behind them",
    "DLV-13": "Screen, paper, attachment and elsewhere are deliveries with their proof",
    "MAIL-1": "A mail is sent by the standard library in a durable step, from a row that its transaction wrote",
    "MAIL-2": "Encrypted, certificate and name checked; in the clear to this machine only",
    "MAIL-3": "A killed, cut or unanswered sending is repeated as the same mail; for now is later, no is the end",
    "MAIL-4": "One recipient a mail; its bounces come to an address of its own; notices where the server offers them",
    "MAIL-5": "No machine answers it, it loads nothing from outside, and doctor sees whether links are rewritten",
    "MAIL-6": "A mail says nothing of the person or the outcome, the same for data and for nothing, in six languages",
    "MAIL-7": "A bounce is read from a pipe or a mailbox by its token alone, and takes the answer back",
    "MAIL-8": "An address is typed twice or the case's own; another needs a second person; slips are asked about",
    "MAIL-9": "At most 60 mails an hour a merchant, 3 an hour and 10 a day an address",
    "MAIL-10": "A manager sends a test mail and sees what became of it",
    "MAIL-11": "Tried against servers that offer notices and TLS, drop, wait, refuse; practice has a mailbox",
}
ONLY_IN_PART: dict[str, str] = {
    "SEC-21": "no static analysis by semgrep: our own rules read the source",
    "SEC-38": "asked of managers by default, of all by choice; no WebAuthn; drift as in docs/security.md",
    "SEC-39": "15 minutes instead of 5 (docs/security.md); no second approver",
    "SEC-53": "by refusing every other host in the client; not by a network namespace with capture",
    "SEC-54": "the lock and its hashes; no bill of materials and no advisory check",
    "LAW-3": "time, reason, the letter by mail or recorded as sent; that it went another way is the merchant's word",
    "LAW-5": "the record, a mailed code, and no upload anywhere; every other way is a colleague's word",
    "LAW-13": "letters with reasons, authority and court; no fee",
    "LAW-18": "no end of the facts themselves: the merchant's documented period",
    "LAW-22": "the screens",
    "LAW-24": "what axe, the keyboard and long texts can tell; no audit by people",
    "MAIL-9": "one too many is refused with its waiting time, a reminder goes later; there is no task",
}


def markers() -> dict[str, list[str]]:
    """Id -> tests that keep it: ``tests/room/test_x.py``, or that and ``::test_name`` for a single test."""
    found: dict[str, list[str]] = {}
    known = asvs_matrix.numbers()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        name = path.relative_to(ROOT).as_posix()
        for place, ids in marked(ast.parse(path.read_text(encoding="utf-8"))):
            for one in ids:
                if one not in {*SECURITY, *LAW, *DELIVERY, *known}:
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
    without = ", ".join(one for one in (*SECURITY, *LAW, *DELIVERY) if one not in kept)
    tested = sum(one in kept for one in (*SECURITY, *LAW, *DELIVERY))
    in_part = sum(one in kept for one in ONLY_IN_PART)
    head = ("Id", "What is promised", "Tests")
    security = ([one, with_limits(one, words), tests_of(kept, one)] for one, words in SECURITY.items())
    law = ([one, with_limits(one, words), tests_of(kept, one)] for one, words in LAW.items())
    delivery = ([one, with_limits(one, words), tests_of(kept, one)] for one, words in DELIVERY.items())
    lines = [
        "# Promises, and the tests that keep them",
        "",
        "Written by `python scripts/requirements_matrix.py` from the tests' markers (`pytest.mark.keeps`); a test",
        "compares the two. A module is named where its tests serve the promise. The threat model: `docs/security.md`;",
        "the same tests by the numbers of OWASP ASVS 5.0.0: [asvs.md](asvs.md).",
        "",
        f"{tested} of {len(SECURITY) + len(LAW) + len(DELIVERY)} promises have a test, {in_part} of them in part.",
        f"Without one: {without}.",
        "",
        "## Security",
        "",
        *table(head, security),
        "",
        "## Law",
        "",
        *table(head, law),
        "",
        "## Delivery",
        "",
        *table(head, delivery),
        "",
    ]
    return "\n".join(lines)


def with_limits(one: str, words: str) -> str:
    return f"{words} (in part: {ONLY_IN_PART[one]})" if one in ONLY_IN_PART else words


def tests_of(kept: dict[str, list[str]], one: str) -> str:
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in kept.get(one, ())) or "**none**"


def table(head: tuple[str, ...], rows: Iterator[list[str]]) -> list[str]:
    return [line(head), line(["---"] * len(head)), *(line(row) for row in rows)]


def line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def pages() -> dict[str, str]:
    """Name of a document -> what it should say."""
    kept = markers()
    return {
        "requirements.md": document(kept),
        "asvs.md": asvs_matrix.document(kept, frozenset((*SECURITY, *LAW, *DELIVERY))),
    }


def main(arguments: list[str]) -> int:
    """Write both documents, or with --check say which is not what would be written."""
    different = 0
    for name, page in pages().items():
        path = DOCS / name
        if "--check" in arguments:
            same = path.is_file() and path.read_text(encoding="utf-8") == page
            print(f"docs/{name} is up to date." if same else f"docs/{name} differs: write it anew.")
            different += not same
        else:
            path.write_text(page, encoding="utf-8")
            print(f"Wrote {path.relative_to(ROOT)}")
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
