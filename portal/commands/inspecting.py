"""`inspect`: read any local file through the preview's own code and print what it holds as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from portal.commands.command_audit import note_outside_portal
from portal.commands.printing import print_lines
from portal.errors import InputError, InputErrors
from portal.preview import (
    LARGE_BYTES,
    AskedPerson,
    Marker,
    Other,
    Preview,
    PreviewError,
    Reading,
    read,
    rows_as_json_lines,
    summary,
)
from portal.preview import inspect as judge
from portal.preview.card_masking import FileMask, mask_of_file, without_card_numbers
from portal.preview.model import Format

JSON_NAMES = frozenset({".json", ".jsonl", ".ndjson", ".geojson"})
CSV_NAMES = frozenset({".csv", ".tsv", ".tab", ".psv"})
START_BYTES = 4096
PIECE_BYTES = 1024 * 1024
MOST_OTHERS = 100_000


def inspect(
    file: Annotated[Path, typer.Argument(help="the file to read")],
    format: Annotated[str, typer.Option(help="json or csv; guessed from the name and the content when absent")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="verdict, checks, tables, warnings and other people as one JSON")
    ] = False,
    every_row: Annotated[bool, typer.Option("--all", help="every row as one line of JSON")] = False,
    card_numbers: Annotated[
        bool,
        typer.Option(
            "--card-numbers",
            help="gift card numbers in full. A card's number is enough to spend its balance: without this only "
            "the last four characters are printed",
        ),
    ] = False,
    email: Annotated[str, typer.Option(help="the customer's email: what equals theirs is nobody else's")] = "",
    customer_id: Annotated[str, typer.Option("--customer-id", help="the customer's ID, likewise")] = "",
) -> None:
    """Read a file as the preview does and print its tables, warnings and other people's data.

    Exit status 1 when nothing of the file can be read as a table, 2 when there is no such file.
    """
    note_outside_portal()
    try:
        preview = _read(file, _format_of(file, _start_of(file), format))
    except PreviewError as error:
        if as_json and not every_row:
            print_lines([_as_text(_unreadable_summary(error.message))])
        print(error.message, file=sys.stderr)
        raise typer.Exit(1) from None
    mask = FileMask() if card_numbers else mask_of_file(preview)
    shown = preview if card_numbers else without_card_numbers(preview, mask)
    if every_row:
        print_lines(rows_as_json_lines(shown))
        return
    asked = AskedPerson(email=email or None, customer_id=customer_id or None)
    told = summary(shown, _others(preview, asked), judge(preview, asked))
    for listed in (*told["others"], *told["checks"]):
        listed |= {name: mask.text(said) for name, said in listed.items() if isinstance(said, str)}
    if len(told["others"]) == MOST_OTHERS:
        told["warnings"].append({"place": "file", "message": f"Only the first {MOST_OTHERS:,} others are listed."})
    print_lines([_as_text(told)] if as_json else _in_words(told))


def _unreadable_summary(message: str) -> dict[str, Any]:
    """As `summary`, for a file without tables, whose owner is unknown."""
    checks = [{"key": "format", "ok": False, "sentence": message}]
    warnings = [{"place": "file", "message": message}]
    return {"verdict": "unsure", "checks": checks, "tables": [], "warnings": warnings, "others": []}


def _others(preview: Preview, asked: AskedPerson) -> list[Other]:
    marker = Marker(preview, asked)
    return list(islice((other for table in preview.tables for other in marker.others(table)), MOST_OTHERS))


def _read(file: Path, format: Format) -> Preview:
    try:
        size = file.stat().st_size
        if file.is_file() and size >= LARGE_BYTES:
            return Reading(_pieces(file), format, size).whole()
        return read(file.read_bytes(), format)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(PIECE_BYTES):
            yield piece


def _start_of(file: Path) -> bytes:
    try:
        if not file.is_file():
            return b""  # a pipe is read once
        with file.open("rb") as source:
            return source.read(START_BYTES)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> InputErrors:
    if isinstance(error, FileNotFoundError | ValueError):
        sentence = "There is no such file."
    elif isinstance(error, IsADirectoryError):
        sentence = "This is a folder, not a file."
    else:
        sentence = "The file cannot be read. Look at its permissions."
    return InputErrors([InputError(sentence, field="file")])


def _format_of(file: Path, start: bytes, wanted: str) -> Format:
    """The format named, else the one the file's name says, else the one its first bytes look like."""
    if wanted.lower() in ("json", "csv"):
        return "json" if wanted.lower() == "json" else "csv"
    if wanted:
        raise InputErrors([InputError("The format is json or csv.", field="format")])
    suffix = file.suffix.lower()
    if suffix in JSON_NAMES or suffix in CSV_NAMES:
        return "json" if suffix in JSON_NAMES else "csv"
    shown = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return "json" if shown[:1] in (b"{", b"[") else "csv"


def _as_text(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False)


def _in_words(told: dict[str, Any]) -> Iterable[str]:
    yield f"Verdict: {told['verdict']}. " + next(c["sentence"] for c in told["checks"] if c["key"] == "one_person")
    for table in told["tables"]:
        yield json.dumps(table["name"], ensure_ascii=False) + f": {table['rows']} rows, {len(table['columns'])} columns"
    for warning in told["warnings"]:
        yield json.dumps(warning["place"], ensure_ascii=False) + f": {warning['message']}"
    yield f"{len(told['others'])} places look like somebody else's data."
