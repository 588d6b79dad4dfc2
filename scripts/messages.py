"""Which messages the catalogues hold, read from the source, and keeping the `.po` files in step with it.

    python scripts/messages.py update            # new messages in, those no longer used out
    python scripts/messages.py fill de FILE      # translations from JSON: {message: translation or [one, many]}
    python scripts/messages.py missing de        # what still has no translation, as JSON

Screens mark their messages (`_`, `later`, `plural`). The rooms below write plain English sentences, f-strings and all,
for they do not know who reads them; a sentence there becomes a message by its shape, its values named after what
stands in the braces: f"Use at most {MAX_NAME} characters." is "Use at most {max_name} characters.".
"""

import ast
import datetime as dt
import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from babel.messages.catalog import Catalog  # noqa: E402
from babel.messages.pofile import write_po  # noqa: E402

from portal.language.catalogues import LOCALES, po_path, read_po  # noqa: E402
from portal.language.choosing import ENGLISH, LANGUAGES  # noqa: E402

FIXED = r"\{\w+\}|\*\*|`[^`]*`|:[\w/]+:|\S*[@/]\S*"
SAME_DAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)  # a file that does not change when nothing in it did
MARKERS = {"_": 1, "later": 1, "plural": 2}
BELOW = (
    "errors.py", "audit", "cases", "delivery", "exports", "front_door", "letters", "package", "people", "recognition",
    "redaction", "review", "sources", "systems", "trail", "merchants", "operations", "identity", "loyaltydog",
    "preview", "vault", "storage/blobs.py", "web",
)  # fmt: skip
FOR_OPERATORS = {  # read on the command line and in the log only, which stay English
    "operations/backup.py", "operations/keysets.py",
    "merchants/removal.py", "identity/account_exchange.py", "web/operations/doctor.py",
    "web/operations/doctor_paths.py", "web/operations/doctor_mail.py",
    "web/operations/doctor_links.py", "web/operations/metrics.py",
    "web/streamlit/front_end.py", "web/streamlit/private_parts.py",
    "loyaltydog/network/proxy.py", "loyaltydog/network/tls.py", "setting_forms.py",
    "cases/clock/applicable.py", "cases/clock/events.py", "cases/clock/lines.py",
    "trail/about_person.py", "exports/files/workbook.py", "exports/history/register_files.py",
    "exports/workflow/metrics.py", "package/spreadsheets.py",
    "preview/words.py", "audit/words.py",
}  # fmt: skip
EVERY_TEXT = {
    "practice/invented/situations.py", "practice/invented/people.py", "audit/words.py", "package/texts.py",
    "web/recipient/words.py", "web/front_door/words.py", "package/dictionary/known.py", "package/dictionary/codes.py",
    "package/dictionary/titles.py",
}  # fmt: skip
"""Where every text is for people, sentence or not."""
WORDS = {  # what is no sentence, and where it is said
    "letters/case_letter.py": (
        "Your request {reference}: received",
        "Your request {reference}: we need more time",
        "Your request {reference}: our decision",
        "Your request {reference}: we could not identify you",
    ),
    "letters/words.py": ("Your request {reference}: our answer", "Hello,", "Kind regards,"),
    "delivery/mail/words.py": (
        "Your privacy request {reference}",
        "Test mail of the privacy portal",
        "Open this page to get it:",
        "Your code for the privacy request {reference}:",
        "Your privacy request to {merchant}",
        "Your code for your privacy request:",
        "Open this page to see where it stands, or to write to us:",
        "Open this page to read it:",
    ),
    "letters/left_out.py": ("What we left out, and why:",),
    "letters/answer/wording.py": (
        "Who is responsible",
        "Data protection officer",
        "What we use your data for",
        "Which kinds of data we hold",
        "Who receives your data",
        "Data in other countries",
        "How long we keep your data",
        "Your rights",
        "Where you may complain",
        "Where your data come from",
        "Automated decisions",
        "If something here is not about you",
        "How long we keep this answer",
        "What we left out",
        "How to reach you",
        "Gift cards",
        "Purchases and top-ups",
        "Membership and points",
        "What you agreed to",
        "Messages",
        "Phones and wallets with a card",
        "Who looked at your data",
        "Your requests about your data",
        "Other data",
        "This does not apply here:",
        "GDPR",
        "UK GDPR",
    ),
    "letters/nothing.py": (
        "What we searched:",
        "What we searched by:",
    ),
    "redaction/marker_words.py": (
        "another person",
        "contact of another person",
        "staff",
        "security code",
        "card number",
        "trade secret",
        "legal advice",
        "held back by law",
        "not about you",
        "exempt by law",
        "card number ending",
    ),
    "redaction/left_out_list.py": ("a whole value", "the name of a field", "a part of a text", "number", "line {line}"),
    "review/of_case/answering.py": ("parts of the file", "the whole file"),
    "redaction/left_out_page.py": ("What we left out", "Number", "Where", "What", "Why", "Places"),
    "exports/core/ledger.py": ("Everything", "Card …{card_4}", "Program …{row_program_id_4}"),
    "exports/history/dashboard.py": ("No program",),
    "exports/form/request.py": ("Program ID", "Card ID"),
    "trail/pages.py": ("the portal", "the person who asked", "not signed in", "command line"),
    "audit/checking.py": (
        "is missing: {seq} comes next",
        "is not where it belongs: {seq} stands there again or out of order",
        "was changed after it was written",
        "does not follow from the entry before it",
        "is missing: a signed checkpoint counts {size} entries, the chain ends at {sound}",
        "or a later one up to {size} was written anew: the signed checkpoint differs",
    ),
    "audit/keeper.py": ("is missing: {size} entries were signed",),
    "audit/checkpoints.py": ("a checkpoint does not read", "a checkpoint is not signed by the portal's key"),
    "preview/json/scan.py": ("a value", "a comma or a closing bracket", "a colon", "a key in quotes"),
    "preview/csv/reader.py": ("line {line}, column {len_row}",),
    "preview/csv/grouping.py": ("line {line}",),
    "preview/model.py": ("{table}, row {self_row_1}, {column}", "{more} more places like the last one: {message}"),
    "web/gate/plain.py": ("Go to the portal",),
    "exports/core/states.py": ("Ready", "Under way", "Undecided", "Failed", "Refused"),
}
WHOLE = (  # finished sentences whose value decides their grammar in other languages
    "LoyaltyDog did not accept this user name and password.",
    "LoyaltyDog did not accept this code.",
)
NOT_FOR_PEOPLE = {"log.info", "log.warning", "log.error", "text", "Field", "re.compile"}
OUR_OWN_FAULTS = {"ValueError", "RuntimeError", "TypeError", "KeyError", "OSError", "ImportError", "SystemExit"}
SENTENCE = re.compile(r"(?!SELECT )[A-Z⟨“{][^\n]*\s[^\n]*[.?!]( ?\{\w+\})?")


@dataclass
class Message:
    one: str
    many: str | None = None
    files: set[str] = field(default_factory=set)

    @property
    def id(self) -> Any:
        return self.one if self.many is None else (self.one, self.many)


def messages() -> dict[str, Message]:
    """Every message of the source by its first form, with the files it is in."""
    found: dict[str, Message] = {}

    def add(one: str, path: Path, many: str | None = None) -> None:
        known = found.setdefault(one, Message(one))
        known.many = known.many or many
        known.files.add(path.relative_to(ROOT).as_posix())

    for path in screens():
        for one, many in marked(path):
            add(one, path, many)
    for path in rooms_below():
        for text in sentences(path):
            add(text, path)
    for name in EVERY_TEXT:
        for text in every_text(ROOT / "portal" / name):
            add(text, ROOT / "portal" / name)
    for name, words in WORDS.items():
        for text in words:
            add(text, ROOT / "portal" / name)
    for text in WHOLE:
        add(text, ROOT / "portal/exports/form/request.py")
    return found


def screens() -> list[Path]:
    return sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "portal" / "ui").rglob("*.py"), ROOT / "portal" / "app.py"])


def rooms_below() -> list[Path]:
    found: list[Path] = []
    for name in BELOW:
        place = ROOT / "portal" / name
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return [path for path in found if path.relative_to(ROOT / "portal").as_posix() not in FOR_OPERATORS]


def marked(path: Path) -> Iterator[tuple[str, str | None]]:
    """What a screen marks. Raises ValueError for a marker around anything but plain text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in MARKERS:
            continue
        texts = node.args[: MARKERS[node.func.id]]
        plain = [t.value for t in texts if isinstance(t, ast.Constant) and isinstance(t.value, str)]
        if len(plain) == len(texts):
            yield plain[0], plain[1] if len(plain) > 1 else None
        elif any(isinstance(t, ast.JoinedStr | ast.BinOp) for t in texts):
            raise ValueError(f"{path.name}:{node.lineno}: {ast.unparse(node)} is no plain text")


def sentences(path: Path) -> Iterator[str]:
    """The sentences a room below says to people, by their shape."""
    for node in texts_of(path):
        text = template(node)
        if text is not None and SENTENCE.fullmatch(text.strip()):
            yield text.strip()


def every_text(path: Path) -> Iterator[str]:
    for node in texts_of(path):
        text = template(node) if isinstance(node, ast.Constant) else None
        if (text and " " in text and "@" not in text) or (text and re.fullmatch(r"[A-Z][a-z]+", text)):
            yield text


def texts_of(path: Path) -> Iterator[ast.expr]:
    """Every text in a module but docstrings, parts of f-strings, the log's words and words of our own faults."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node) if part is not node}
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            outside = name in NOT_FOR_PEOPLE or name in OUR_OWN_FAULTS
            for part in [*(node.args if outside else ()), *(k.value for k in node.keywords if k.arg == "detail")]:
                skipped |= {id(inner) for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) not in skipped and (
            isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        ):
            yield node


def template(node: ast.expr) -> str | None:
    """The text with its values named; None for an f-string whose words depend on a value."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    made: list[str] = []
    names: dict[str, str] = {}
    for part in node.values:
        if isinstance(part, ast.Constant):
            made.append(str(part.value).replace("{", "").replace("}", ""))
            continue
        assert isinstance(part, ast.FormattedValue)
        if any(isinstance(inner, ast.IfExp) for inner in ast.walk(part.value)):
            return None
        source = ast.unparse(part.value)
        name = hole(part.value)
        while names.get(name, source) != source:
            name += "_"
        names[name] = source
        made.append(f"{{{name}}}")
    return "".join(made)


def hole(value: ast.expr) -> str:
    """`error.message` -> message, `MAX_NAME` -> max_name, `len(text)` -> len_text."""
    if isinstance(value, ast.Attribute):
        return value.attr.lower()
    return "_".join(re.findall(r"[a-z0-9]+", ast.unparse(value).lower()))[-30:].strip("_") or "value"


def update(language: str, known: dict[str, Message]) -> Catalog:
    """The language's catalogue with exactly the messages of the source, translations kept. Written to its file."""
    old = read_po(language) if po_path(language).is_file() else Catalog(locale=language)
    new = Catalog(
        locale=language, project="loyaltydog-privacy-portal", version="1", fuzzy=False, charset="utf-8",
        header_comment=old.header_comment, creation_date=SAME_DAY, revision_date=SAME_DAY,
        last_translator="The portal's builders", language_team=LANGUAGES[language], msgid_bugs_address="none",
    )  # fmt: skip
    for message in sorted(known.values(), key=lambda m: (min(m.files), m.one)):
        kept = old.get(message.one)
        string = kept.string if kept is not None and isinstance(kept.id, str) == (message.many is None) else None
        new.add(message.id, string, locations=[(name, 0) for name in sorted(message.files)])
    save(language, new)
    return new


def save(language: str, catalog: Catalog) -> None:
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        write_po(out, catalog, width=110, include_lineno=False)


def missing(catalog: Catalog) -> list[Any]:
    """Ids without a translation, or with one in doubt."""
    found = []
    for message in catalog:
        if message.id and (
            message.fuzzy or not all([message.string] if isinstance(message.id, str) else message.string)
        ):
            found.append(message.id)
    return found


def fill(language: str, given: dict[str, Any]) -> list[str]:
    """Put translations in; gives those that fit no message."""
    catalog, strange = read_po(language), []
    for one, text in given.items():
        message = catalog.get(one)
        if message is None or isinstance(message.id, str) != isinstance(text, str):
            strange.append(one)
        else:
            message.string = text if isinstance(text, str) else tuple(text)
    save(language, catalog)
    return strange


def stretched(english: str) -> str:
    """The text at least 40 % longer, as a wordy language would have it, values and marks as they are."""
    parts = re.split(rf"({FIXED})", english)
    for place in range(0, len(parts), 2):
        parts[place] = re.sub(r"[aeiouAEIOU]", lambda vowel: vowel[0] + vowel[0].lower(), parts[place])
    short = math.ceil(1.4 * len(english)) - sum(map(len, parts))
    if short > 0:  # its last word grows, as compounds do
        wordy = [place for place in range(0, len(parts), 2) if re.search(r"[A-Za-z]", parts[place])]
        place = wordy[-1] if wordy else len(parts) - 1
        parts[place] = re.sub(
            r"^(.*[A-Za-z]|)", lambda found: found[0] + "n" * short, parts[place], count=1, flags=re.S
        )
    return "".join(parts)


def write_stretched(language: str, folder: Path) -> Path:
    """A catalogue under `folder` in which every message is `stretched`, in the place of `language`."""
    catalog = Catalog(locale=language)
    for message in messages().values():
        if message.many is None:
            catalog.add(message.one, stretched(message.one), locations=[(name, 0) for name in sorted(message.files)])
        else:
            forms = [stretched(message.one), stretched(message.many)]
            catalog.add(message.id, forms, locations=[(name, 0) for name in sorted(message.files)])
    path = folder / language / "LC_MESSAGES" / "portal.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        write_po(out, catalog, include_lineno=False)
    return path


def main(arguments: list[str]) -> int:
    match arguments:
        case ["update"]:
            known = messages()
            for language in LANGUAGES:
                if language != ENGLISH:
                    left = missing(update(language, known))
                    print(f"{language}: {len(known)} messages, {len(left)} without a translation")
        case ["fill", language, file]:
            strange = fill(language, json.loads(Path(file).read_text(encoding="utf-8")))
            print("\n".join(f"not a message: {one}" for one in strange))
            print(f"{language}: {len(missing(read_po(language)))} without a translation")
        case ["missing", language]:
            print(json.dumps(missing(read_po(language)), ensure_ascii=False, indent=0))
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    assert LOCALES.is_relative_to(ROOT)
    raise SystemExit(main(sys.argv[1:]))
