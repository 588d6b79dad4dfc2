"""One file with its places left out: its bytes, its tables, and the search of what is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from portal.config import Settings
from portal.errors import StateConflict
from portal.language import ENGLISH
from portal.preview import LARGE_BYTES, Preview, PreviewError, Reading, read
from portal.preview.card_masking import without_card_numbers
from portal.redaction.leaks import LeakSearch, NotSearchable, numbers_by_stream
from portal.redaction.places import Edit, Place
from portal.redaction.splice import from_utf8, spliced
from portal.review.copying.aside import Aside
from portal.review.files import NotByPlace
from portal.review.kinds import Written
from portal.review.left_out import LeftOut
from portal.review.texts import text_preview


class StillThere(StateConflict):
    """RED-4. `found`: in which copy, which numbers."""

    code = "still_there"
    message = "Something that was left out still stands elsewhere in the copy, so it was not handed out."
    next_step = "Leave it out there as well, or say that the same text may stay."

    def __init__(self, found: Mapping[str, list[int]] | None = None) -> None:
        self.found = found or {}
        numbers = sorted({number for each in self.found.values() for number in each})
        super().__init__(detail=f"{len(numbers)} numbers: {numbers[:5]}")


@dataclass(frozen=True)
class Spliced:
    """One file with its places left out."""

    opened: Callable[[], Iterable[bytes]] = field(repr=False)
    encoding: str
    edits: tuple[Edit, ...] = field(repr=False)
    places: tuple[LeftOut, ...] = field(repr=False)
    format: Written
    size: int
    charset: str
    settings: Settings = field(repr=False)
    leaks: LeakSearch = field(repr=False)
    language: str = ENGLISH
    said: Mapping[int, str] = field(repr=False, default_factory=dict)
    """What the marker of each number says."""
    numbered: tuple[Place, ...] = field(repr=False, default=())
    """The places as they are exchanged: of a plain text spans of all of it."""

    def chunks(self) -> Iterator[bytes]:
        return iter(from_utf8(spliced(self.opened(), self.edits), self.encoding))

    def preview(self) -> Preview:
        return read_chunks(self.chunks(), self.format, self.size, self.settings, self.charset)

    def search(self, stream: str, made: Iterator[bytes], *, archive: bool) -> None:
        """Raises StillThere, StateConflict for what cannot be searched."""
        found = self.find(stream, made, archive=archive)
        if found:
            raise StillThere(found)

    def find(self, stream: str, made: Iterator[bytes], *, archive: bool) -> Mapping[str, list[int]]:
        try:
            if archive:
                with closing(Aside(made, self.settings.root)) as aside:
                    leaks = self.leaks.find_in_archive(stream, aside.file())
            else:
                leaks = self.leaks.find(stream, made)
        except NotSearchable as error:
            raise StateConflict("This copy cannot be searched, so it is not made.", detail=str(error)) from None
        return numbers_by_stream(leaks)


@dataclass(frozen=True)
class CardsOnly:
    """A file in which single places cannot be exchanged, and of which no person left anything out: the tables made of
    it have card numbers shortened; the file itself goes out as it is or not at all."""

    whole: Preview = field(repr=False)

    def chunks(self) -> Iterator[bytes]:
        raise NotByPlace(detail="cards")

    def preview(self) -> Preview:
        return without_card_numbers(self.whole)

    def search(self, stream: str, made: Iterator[bytes], *, archive: bool) -> None:
        for _chunk in made:
            pass


def read_chunks(chunks: Iterable[bytes], format: Written, size: int, settings: Settings, charset: str = "") -> Preview:
    """The tables of a copy. Raises StateConflict."""
    if format == "text":
        return text_preview(b"".join(chunks))
    try:
        if size >= LARGE_BYTES:
            return Reading(chunks, format, None, settings.root, charset).whole()
        return read(b"".join(chunks), format, settings.root, charset)
    except PreviewError as error:
        raise StateConflict(error.message, next_step="Download the original.", detail=error.detail) from None
