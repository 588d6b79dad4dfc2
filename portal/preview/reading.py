"""Bytes of an export to a `Preview`. Pure: no network, no files, no pandas."""

import re
from dataclasses import replace

from portal.preview.csv import reader as csv_reader
from portal.preview.csv import tables as csv_tables
from portal.preview.decoding import Decoded, decode
from portal.preview.errors import PreviewError
from portal.preview.json import reader as json_reader
from portal.preview.json import tables as json_tables
from portal.preview.json.prefix import without_closing, without_prefix
from portal.preview.json.typed import TYPED_MARK, without_types
from portal.preview.losses import Losses
from portal.preview.model import Format, Preview, Table, WarningLog
from portal.preview.raw import RawText, without_lone_surrogates

_KINDS = {"dict": "object", "list": "list"}
_ODD = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1b]")


def read_in_memory(data: bytes, format: Format, charset: str = "") -> Preview:
    """The tables of `data`, read as `format`, all held in memory: up to 330 bytes for each mark of structure.

    Never raises on content: problems become warnings. Raises PreviewError only when no value at all can be read; its
    `raw` still shows the text.
    """
    log = WarningLog()
    decoded = decode(data, charset)
    if decoded.problem:
        log.add("encoding", "file", decoded.problem)
    text = decoded.text.removeprefix("\ufeff")
    if format == "json":
        return _read_json(data, decoded, text, log)
    if format == "csv":
        return _read_csv(data, decoded, text, log)
    raise ValueError("format is neither json nor csv")


def _read_json(data: bytes, decoded: Decoded, text: str, log: WarningLog) -> Preview:
    bare = without_prefix(text, log)
    tree = json_reader.read_tree(text if bare is text else without_closing(bare), log)
    if not tree.values:
        raise PreviewError(
            "This file is not JSON, so there are no tables to show. The Raw tab shows what arrived. "
            "Ask for the export again; if that does not help, ask LoyaltyDog.",
            f"no JSON value in {len(data)} bytes, encoding {decoded.encoding}",
            RawText(text),
        )
    if TYPED_MARK in text:
        told: set[tuple[str, str]] = set()
        values = [without_types(value, log, told, is_data=json_tables.keys_are_data) for value in tree.values]
        tree = replace(tree, values=values)
    kind = "lines" if tree.is_lines else _KINDS.get(type(tree.values[0]).__name__, "value")
    tables = json_tables.tables_from_tree(tree, log)
    _tell_losses(text, "json", log)
    return _preview(data, decoded, text, log, tables, "json", tree.complete, kind, fits=True)


def _read_csv(data: bytes, decoded: Decoded, text: str, log: WarningLog) -> Preview:
    text = without_lone_surrogates(text)
    if not text:
        log.add("empty", "file", "The file is empty.")
    records = csv_reader.read_records(text, log)
    fits = not looks_like_something_else(text)
    if not fits:
        log.add("format", "file", "This does not look like CSV. Look at the Raw tab before you trust the tables.")
    if "\x00" in text:
        log.add("zero", "file", "The file holds zero bytes; they are shown as \\x00.")
    tables, is_sentence = csv_tables.tables_from_records(records, log)
    if is_sentence:
        fits = False
        log.add("sentence", "file", csv_tables.SENTENCE)
    _tell_losses(text, "csv", log)
    return _preview(data, decoded, text, log, tables, "csv", records.complete, "csv", fits=fits)


def _tell_losses(text: str, format: Format, log: WarningLog) -> None:
    losses = Losses(format)
    losses.look(text)
    losses.tell(log)


def looks_like_something_else(text: str) -> bool:
    """A web page, JSON or a binary file under the name of CSV."""
    start = text[:4096].lstrip()
    if start[:1] in ("<", "{", "["):
        return True
    odd = len(_ODD.findall(start))
    return odd > len(start) // 50 + 3 or start.startswith(("%PDF-", "PK\x03\x04"))


def _preview(
    data: bytes,
    decoded: Decoded,
    text: str,
    log: WarningLog,
    tables: tuple[Table, ...],
    format: Format,
    complete: bool,
    kind: str,
    *,
    fits: bool,
) -> Preview:
    return Preview(
        tables=tables,
        warnings=log.all(),
        format=format,
        encoding=decoded.encoding,
        encoding_is_guess=decoded.is_guess,
        size_bytes=len(data),
        complete=complete and not decoded.cut_inside_character,
        record_kind=kind,
        format_fits=fits,
        raw=RawText(text),
    )
