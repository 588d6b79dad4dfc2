"""The smaller pages: read this first, what the fields mean, what was left out, the list of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portal.package.archive import Member
from portal.package.dictionary.codes import CODES
from portal.package.dictionary.kinds import Topic
from portal.package.dictionary.lookup import field_of, name_of
from portal.package.layout import (
    FIELDS_PAGE,
    LEFT_OUT_PAGE,
    MANIFEST,
    MANIFEST_PAGE,
    PDF,
    WORKBOOK,
    YOUR_DATA,
    data_name,
)
from portal.package.parts import LeftOutLine, NoPdf, PackageFile, PackageParts, Variant, WithheldFile
from portal.package.readable.data_pages import Section
from portal.package.readable.shell import page_shell, shown
from portal.package.readable.values import Values
from portal.package.texts import (
    AS_FETCHED,
    CHECK_OTHERS,
    CHECK_THEN,
    CHECK_TITLE,
    CHECK_WINDOWS,
    CODE,
    CODES_TITLE,
    ESCAPED_CELLS,
    FIELD,
    FIELDS_INTRODUCTION,
    FIELDS_TITLE,
    FILE,
    FINGERPRINT,
    HOW_TO_OPEN,
    ITEMS,
    KIND,
    LEFT_OUT_INTRODUCTION,
    LEFT_OUT_TITLE,
    LEFT_OUT_WHOLE,
    MANIFEST_INTRODUCTION,
    MANIFEST_TITLE,
    MEANING,
    NAME_IN_SYSTEM,
    NO_PDF,
    NUMBER,
    ORIGIN,
    ORIGINS,
    PLACE,
    READ_ME_TITLE,
    REASON,
    REDACTED,
    SIZE,
    TOPICS,
    UNKNOWN_FIELD,
    WHAT_IS_HERE,
    kind_words,
)
from portal.redaction.left_out_list import BY_SECTION, REASON_SENTENCES


def read_me(parts: PackageParts, values: Values, paths: Sequence[str], no_pdf: NoPdf | None = None) -> str:
    """The letter, what is in the package and how to open it. `paths`: all files, below the folder."""
    redacted = any(file.redacted for file in parts.files)
    data = "data_portable" if parts.variant is Variant.PORTABILITY else "data_redacted" if redacted else "data"
    items = [
        (YOUR_DATA, "your_data"), (PDF, "pdf"), (LEFT_OUT_PAGE, "left_out"), (FIELDS_PAGE, "fields"),
        (WORKBOOK, "tables"), (MANIFEST_PAGE, "manifest"),
    ]  # fmt: skip
    made = [f'<li><a href="{path}">{values.say(ITEMS[item])}</a></li>' for path, item in items if path in paths]
    folders = [("tables", "tables")] if WORKBOOK not in paths else []
    for folder, item in [*folders, ("data", data)]:
        inside = [path for path in paths if path.startswith(f"{folder}/")]
        if inside:
            links = ", ".join(f'<a href="{path}"><code>{path}</code></a>' for path in inside)
            made.append(f"<li>{values.say(ITEMS[item])}: {links}</li>")
    without = f"<p>{values.say(NO_PDF[no_pdf])}</p>" if no_pdf else ""
    body = (
        f"{parts.letter.html}<section><h2>{values.say(WHAT_IS_HERE)}</h2><ul>{''.join(made)}</ul>"
        f"<p>{values.say(HOW_TO_OPEN)}</p>{without}</section>"
    )
    title = values.catalogue.text(READ_ME_TITLE).format(reference=parts.case.case)
    return page_shell(title, parts.language, body, foot=f"{parts.case.merchant} · {parts.case.case}")


def fields_page(values: Values, sections: Iterable[Section]) -> str:
    """Each field once a section, with its meaning, and the codes that can stand in it."""
    seen: dict[Topic, dict[str, tuple[str, str]]] = {}
    for section in sections:
        table = section.table.table
        for at in section.table.positions:
            name = table.columns[at]
            key = name_of(table.name if name_of(name) == "value" else name)
            seen.setdefault(section.named.topic, {}).setdefault(key, (name, table.name))
    head = (FIELD, NAME_IN_SYSTEM, MEANING, ORIGIN)
    made, codes = [], set()
    for topic in (topic for topic in Topic if topic in seen):
        rows = []
        for key, (name, table_name) in seen[topic].items():
            entry = field_of(name, topic, table_name)
            label = values.say(entry.label) if entry else shown(name)
            meaning = (
                values.say(entry.meaning) if entry and entry.meaning else "" if entry else values.say(UNKNOWN_FIELD)
            )
            origin = values.say(ORIGINS[entry.origin]) if entry else ""
            rows.append((label, f"<code>{shown(name)}</code>", meaning, origin))
            if key in CODES:
                codes.add(key)
        made.append(_table(values, values.say(TOPICS[topic]), head, rows))
    for key in sorted(codes):
        words = [(f"<code>{shown(code)}</code>", values.say(word)) for code, word in CODES[key].items()]
        made.append(_table(values, f"{values.say(CODES_TITLE)}: <code>{shown(key)}</code>", (CODE, MEANING), words))
    title = values.catalogue.text(FIELDS_TITLE)
    body = f"<h1>{shown(title)}</h1><p>{values.say(FIELDS_INTRODUCTION)}</p>{''.join(made)}"
    return page_shell(title, values.language, body)


def left_out_page(values: Values, whole: Sequence[WithheldFile], files: Sequence[PackageFile]) -> str:
    """Each file that is left out whole, and each place with its number and the reason; never what stood there."""
    made = []
    if whole:
        named = [(shown(one.title), _why(values, one)) for one in whole]
        made.append(_table(values, values.say(LEFT_OUT_WHOLE), (FILE, REASON), named))
    for file in (file for file in files if file.left_out):
        rows = [
            (f'<span id="{file.name}-{line.number}">{values.number(line.number)}</span>', shown(line.place_words),
             values.say(kind_words(line.kind)) if line.kind else "", _why(values, line))
            for line in file.left_out
        ]  # fmt: skip
        caption = f"{shown(file.title)} <code>{data_name(file)}</code>"
        made.append(_table(values, caption, (NUMBER, PLACE, KIND, REASON), rows))
    title = values.catalogue.text(LEFT_OUT_TITLE)
    body = f"<h1>{shown(title)}</h1><p>{values.say(LEFT_OUT_INTRODUCTION)}</p>{''.join(made)}"
    return page_shell(title, values.language, body)


def _why(values: Values, line: LeftOutLine | WithheldFile) -> str:
    return values.say(BY_SECTION, section=line.section) if line.section else values.say(REASON_SENTENCES[line.reason])


def manifest_page(values: Values, members: Sequence[Member], files: Sequence[PackageFile], escaped: int) -> str:
    """Every file but this page and the manifest itself, and how to check one."""
    how = {data_name(file): REDACTED if file.redacted else AS_FETCHED for file in files if not file.portable}
    rows = [
        (f'<a href="{member.path}">{member.path}</a>'
         + (f"<br><small>{values.say(how[member.path])}</small>" if member.path in how else ""),
         values.number(member.size), f'<code class="hash">{member.sha256}</code>')
        for member in members
    ]  # fmt: skip
    title = values.catalogue.text(MANIFEST_TITLE)
    note = f"<p>{values.say(ESCAPED_CELLS, count=values.number(escaped))}</p>" if escaped else ""
    example = next(iter(how), "1-READ-ME-FIRST.html")
    body = (
        f"<h1>{shown(title)}</h1><p>{values.say(MANIFEST_INTRODUCTION)}</p>"
        f"{_table(values, shown(title), (FILE, SIZE, FINGERPRINT), rows)}{note}<h2>{values.say(CHECK_TITLE)}</h2>"
        f"<p>{values.say(CHECK_WINDOWS)}</p><pre>Get-FileHash -Algorithm SHA256 {example}</pre>"
        f"<p>{values.say(CHECK_OTHERS)}</p><pre>shasum -a 256 {example}</pre><p>{values.say(CHECK_THEN)}</p>"
        f'<p><a href="{MANIFEST}"><code>{MANIFEST}</code></a></p>'
    )
    return page_shell(title, values.language, body)


def _table(values: Values, caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """`caption` and cells are HTML; the first cell of a row is its heading."""
    heads = "".join(f'<th scope="col">{values.say(one)}</th>' for one in head)
    lines = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    return f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
