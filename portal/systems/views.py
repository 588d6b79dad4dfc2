"""What pages see of the list of systems and of attached files: frozen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from portal.systems.media import Media
from portal.systems.pdf_pages import PdfPages
from portal.systems.pictures import Picture

if TYPE_CHECKING:
    from portal.preview import Preview


class SystemAnswer(StrEnum):
    """What a person may say of a system instead of attaching a file."""

    NOTHING_HELD = "nothing_held"
    APART = "apart"


@dataclass(frozen=True)
class OtherSystem:
    id: str
    name: str
    retired_at: dt.datetime | None


@dataclass(frozen=True)
class AttachedFile:
    """`name` is empty for a role that may not open it, and once the file is destroyed. `by` is a colleague's name."""

    id: str
    system_id: str
    name: str = field(repr=False)
    media: Media
    size_bytes: int
    sha256: str
    at: dt.datetime
    by: str
    destroyed_at: dt.datetime | None


@dataclass(frozen=True)
class Shown:
    """An attached file as it may be looked at: tables, or text, of which `cut` says that more follows, or a picture, or
    the first pages of a PDF. Of any other kind nothing is shown. `masked`: card numbers stand in it with their last
    four only."""

    media: Media
    preview: Preview | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)
    cut: bool = False
    masked: bool = False
    picture: Picture | None = None
    pdf: PdfPages | None = None
