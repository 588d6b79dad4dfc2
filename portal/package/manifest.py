"""The list of a package's files, for programs: `docs/package.schema.json` describes it (PKG-2).

It covers every file but itself. Its own SHA-256 is what the case, the letter and the trail keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.package.archive import Member
from portal.package.layout import data_name
from portal.package.parts import TEMPLATE_VERSION, PackageParts, WithheldFile
from portal.package.reading import ReadFile
from portal.package.spreadsheets import EscapedCells
from portal.package.vocabulary import CONTEXT, RIGHTS, STATUS

SCHEMA = "1"
WHOLE_FILE = "file"
"""What is left out is the file."""


@dataclass(frozen=True)
class TableLine:
    """One table: its CSV, the file and the name it has there, how many rows."""

    csv: str
    file: str
    name: str
    rows: int


@dataclass(frozen=True)
class Manifest:
    """What was built. `sha256` is that of manifest.json, `zip_sha256` of the whole package."""

    sha256: str
    zip_sha256: str
    size: int
    members: tuple[Member, ...] = field(repr=False)
    values: int = 0
    withheld: int = 0


def manifest_json(
    parts: PackageParts, members: Sequence[Member], files: Sequence[ReadFile], tables: Sequence[TableLine],
    escaped: EscapedCells,
) -> bytes:  # fmt: skip
    """The manifest's bytes: the same parts give the same."""
    case = parts.case
    by_name = {data_name(file.file): file for file in files}
    said: dict[str, Any] = {
        "@context": dict(CONTEXT) if case.eu else {"dpv": CONTEXT["dpv"]},
        "schema": SCHEMA,
        "case": case.case,
        "reference": case.reference,
        "version": case.version,
        "variant": parts.variant,
        "language": parts.language,
        "controller": case.merchant,
        "received_on": case.received_on.isoformat(),
        "answered_on": case.answered_on.isoformat(),
        "outcome": case.outcome,
        "dpv:hasStatus": {"@id": STATUS[case.outcome]},
        **({"dpv:hasRight": {"@id": RIGHTS[parts.variant]}} if case.eu else {}),
        "made_by": {"software": parts.software, "template_version": TEMPLATE_VERSION},
        "files": [_member(member, by_name) for member in members],
        "tables": [{"csv": one.csv, "file": one.file, "name": one.name, "rows": one.rows} for one in tables],
        "escaped_cells": {
            "count": escaped.count,
            "cells": [{"file": one.file, "row": one.row, "column": one.column} for one in escaped.listed],
        },
        "withheld": parts.left_out,
        "withheld_files": len(parts.withheld),
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"


def withheld_json(whole: Sequence[WithheldFile], files: Sequence[ReadFile]) -> bytes:
    """Files that were left out whole, then places: number, where, what kind, why."""
    said: list[dict[str, Any]] = [
        {"title": one.title, "kind": WHOLE_FILE, "reason": one.reason,
         **({"law_section": one.section} if one.section else {})}
        for one in whole
    ]  # fmt: skip
    said += [
        {"file": data_name(file.file), "number": line.number, "place": line.place_words, "kind": line.kind,
         "reason": line.reason, **({"law_section": line.section} if line.section else {})}
        for file in files
        for line in file.file.left_out
    ]  # fmt: skip
    return json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + b"\n"


def _member(member: Member, files: Mapping[str, ReadFile]) -> dict[str, Any]:
    said: dict[str, Any] = {"path": member.path, "size": member.size, "sha256": member.sha256}
    read = files.get(member.path)
    if read is None:
        return said
    file = read.file
    said |= {
        "kind": file.kind,
        "title": file.title,
        "media": file.media,
        "source_sha256": file.source_sha256,
        "as_fetched": file.sha256 == file.source_sha256,
        "values": read.leaves,
        "withheld": len(file.left_out),
        "rows": read.rows,
        "filters": dict(file.filters),
    }
    if file.fetched_at is not None:
        said["fetched_at"] = file.fetched_at.isoformat()
    return said
