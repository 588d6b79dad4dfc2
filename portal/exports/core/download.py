"""A file leaving the portal, and the codes of what may be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class FileKind(StrEnum):
    """What an export's file can be taken out as; also the code of the copy in audit entries and answers."""

    ORIGINAL = "original"
    REDACTED = "redacted"
    """The original with single places left out, and nothing else changed."""
    CSV = "csv"
    XLSX = "xlsx"


DerivedKind = Literal[FileKind.REDACTED, FileKind.CSV, FileKind.XLSX]
"""Made from the original when asked for."""


class DocumentKind(StrEnum):
    """What evidence, and a document about one person, is written as."""

    HTML = "html"
    JSON = "json"

    @property
    def media_type(self) -> str:
        match self:
            case DocumentKind.HTML:
                return "text/html; charset=utf-8"
            case DocumentKind.JSON:
                return "application/json"


@dataclass(frozen=True)
class Download:
    """`chunks` streams it; `size` is bytes when known."""

    file_name: str
    media_type: str
    size: int | None
    chunks: Iterator[bytes]


def whole(file_name: str, media_type: str, content: bytes) -> Download:
    """A file that is in memory already."""
    return Download(file_name, media_type, len(content), iter([content]))
