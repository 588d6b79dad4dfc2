"""What Article 20 covers of a file: values that the person gave or that were observed of them (PKG-8; WP 242, III).

Told by the dictionary alone. A field that nobody told us about stays out: it may be the shop's own or another person's;
the full copy has it. Numbers keep their digits.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from hashlib import sha256
from typing import Any

from portal.package.dictionary.kinds import Entry, Origin, Topic
from portal.package.dictionary.lookup import field_of
from portal.package.dictionary.titles import KINDS, TABLES
from portal.package.failures import NotReadable
from portal.package.parts import FileKind, Media, PackageFile
from portal.preview.json.paths import path_text
from portal.preview.json.reader import read_tree
from portal.preview.json.tables import as_written, keys_are_data
from portal.preview.model import WarningLog

COVERED = frozenset({Origin.PROVIDED, Origin.OBSERVED})
KINDS_COVERED = frozenset({FileKind.GIFT_CARDS, FileKind.LOYALTY, FileKind.CONSENTS})
DEEPEST = 100
"""What lies deeper than any file we know stays out."""
_NOTHING = object()


def portable(file: PackageFile) -> PackageFile | None:
    """The file with only what is covered; None when nothing of it is. Raises NotReadable."""
    if file.kind not in KINDS_COVERED or file.media is Media.OTHER:
        return None
    data = b"".join(file.data())
    made = _json(data, file.kind) if file.media is Media.JSON else _csv(data, file.kind)
    if made is None:
        return None
    return replace(
        file, data=lambda: (made,), sha256=sha256(made).hexdigest(), portable=True, left_out=(), redacted=file.redacted
    )


def covered(entry: Entry | None) -> bool:
    return entry is not None and entry.origin in COVERED


def _json(data: bytes, kind: FileKind) -> bytes | None:
    tree = read_tree(data.decode("utf-8-sig", "backslashreplace"), WarningLog())
    if not tree.values or not tree.complete:
        raise NotReadable(detail=f"kind {kind}: {path_text([])} is cut off")
    kept = [_kept(value, KINDS[kind][1], "") for value in tree.values]
    lines = [as_written(value) for value in kept if value is not _NOTHING]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace") if lines else None


def _kept(value: Any, topic: Topic, name: str, depth: int = 0) -> Any:
    """`value` less what is not covered."""
    if depth > DEEPEST:
        return _NOTHING
    if isinstance(value, list):
        inner = [kept for item in value if (kept := _kept(item, topic, name, depth + 1)) is not _NOTHING]
        return inner or _NOTHING
    if isinstance(value, dict) and value:
        found = {}
        for key, item in value.items():
            below = TABLES[key.casefold()][1] if key.casefold() in TABLES else topic
            path = f"{name}.{key}" if name else key
            kept = _kept(item, below, path if not keys_are_data(value) else name, depth + 1)
            if kept is not _NOTHING:
                found[key] = kept
        return found or _NOTHING
    return value if covered(field_of(name, topic)) else _NOTHING


def _csv(data: bytes, kind: FileKind) -> bytes | None:
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig", "backslashreplace"))))
    if not rows:
        return None
    topic = Topic.HAPPENED if any(name.casefold() == "transactiontype" for name in rows[0]) else KINDS[kind][1]
    at = [number for number, name in enumerate(rows[0]) if covered(field_of(name, topic))]
    if not at:
        return None
    out = io.StringIO()
    csv.writer(out).writerows([[row[one] if one < len(row) else "" for one in at] for row in rows])
    return out.getvalue().encode("utf-8", "backslashreplace")
