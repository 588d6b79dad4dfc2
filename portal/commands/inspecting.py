"""`inspect`: read any local file through the preview's own code and print what it holds as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portal.errors import InputError, InputErrors

if TYPE_CHECKING:
    from portal.preview import AskedPerson, Other, Preview
    from portal.preview.model import Format

JSON_NAMES = frozenset({".json", ".jsonl", ".ndjson", ".geojson"})
CSV_NAMES = frozenset({".csv", ".tsv", ".tab", ".psv"})
START_BYTES = 4096
PIECE_BYTES = 1024 * 1024
MOST_OTHERS = 100_000


def inspect(
    file: Annotated[Path, typer.Argument(help="the file to read")],
    format: Annotated[str, typer.Option(help="json or csv; guessed from the name and the content when absent")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="tables, warnings and other people as one JSON")] = False,
    every_row: Annotated[bool, typer.Option("--all", help="every row as one line of JSON")] = False,
    email: Annotated[str, typer.Option(help="the customer's email: what equals theirs is nobody else's")] = "",
    customer_id: Annotated[str, typer.Option("--customer-id", help="the customer's ID, likewise")] = "",
) -> None:
    """Read a file as the preview does and print its tables, warnings and other people's data.

    Exit status 1 when nothing of the file can be read as a table, 2 when there is no such file.
    """
    from portal.commands.noting import note_outside_portal
    from portal.preview import AskedPerson, PreviewError, rows_as_json_lines, summary

    note_outside_portal()
    try:
        preview = _read(file, _format_of(file, _start_of(file), format))
    except PreviewError as error:
        if as_json and not every_row:
            _print([_as_text({"tables": [], "warnings": [{"place": "file", "message": error.message}], "others": []})])
        print(error.message, file=sys.stderr)
        raise typer.Exit(1) from None
    if every_row:
        _print(rows_as_json_lines(preview))
        return
    asked = AskedPerson(email=email or None, customer_id=customer_id or None)
    told = summary(preview, _others(preview, asked))
    if len(told["others"]) == MOST_OTHERS:
        told["warnings"].append({"place": "file", "message": f"Only the first {MOST_OTHERS:,} others are listed."})
    _print([_as_text(told)] if as_json else _in_words(told))


def _others(preview: Preview, asked: AskedPerson) -> list[Other]:
    from portal.preview import Marker

    marker = Marker(preview, asked)
    return list(islice((other for table in preview.tables for other in marker.others(table)), MOST_OTHERS))


def _read(file: Path, format: Format) -> Preview:
    from portal.preview import LARGE_BYTES, Reading, read

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
    for table in told["tables"]:
        yield json.dumps(table["name"], ensure_ascii=False) + f": {table['rows']} rows, {len(table['columns'])} columns"
    for warning in told["warnings"]:
        yield json.dumps(warning["place"], ensure_ascii=False) + f": {warning['message']}"
    yield f"{len(told['others'])} places look like somebody else's data."


def _print(lines: Iterable[str]) -> None:
    """UTF-8 whatever the terminal speaks; a reader that has seen enough (`| head`) is no error."""
    out = sys.stdout.buffer
    try:
        for line in lines:
            out.write(line.encode("utf-8", "backslashreplace") + b"\n")
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
