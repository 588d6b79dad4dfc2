"""Reads a file of any length as a `Preview`: the first page at once, the rest in the background.

`Reading` takes the bytes in pieces, keeps rows in a side file (sealed, nameless), and gives a `Preview` of what is read
so far at any time. Memory: a few pages, whatever the file's length. Gives the same tables as `read`; unavoidable
differences are listed in `csv_stream`, `json_stream` and `text_stream`.
"""

import contextlib
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portal.preview.csv.tables import SENTENCE
from portal.preview.errors import PreviewError
from portal.preview.json.reader import TooManyValuesError
from portal.preview.large.csv_pages import CsvPages
from portal.preview.large.csv_stream import CsvStream
from portal.preview.large.json_stream import JsonStream
from portal.preview.large.side_file import SideFile
from portal.preview.large.text_stream import TextStream
from portal.preview.losses import Losses
from portal.preview.model import Format, Preview, WarningLog
from portal.preview.raw import CHARS_PER_PAGE, RawText, displayable
from portal.preview.reading import looks_like_something_else, read_in_memory

LARGE_BYTES = 4 * 1024 * 1024
"""Files from here on are read this way; smaller ones whole, in memory."""
MOST_MARKS = 60_000
"""So are smaller ones of more commas, brackets, colons and lines: a few bytes each, some 330 bytes as objects."""
_MARKS: dict[Format, bytes] = {"json": b",[{:", "csv": b",;\t|\n\r"}
FIRST_BYTES = 64 * 1024
PIECE_BYTES = 128 * 1024
"""The densest piece of text becomes about 25 times as many bytes of rows."""
_SNAPSHOT_EVERY_BYTES = 16 * 1024 * 1024
ZERO = "The file holds zero bytes; they are shown as \\x00."
NOT_CSV = "This does not look like CSV. Look at the Raw tab before you trust the tables."
NOT_JSON = (
    "This file is not JSON, so there are no tables to show. The Raw tab shows what arrived. "
    "Ask for the export again; if that does not help, ask LoyaltyDog."
)


def read(data: bytes, format: Format, folder: Path | None = None, charset: str = "") -> Preview:
    """The tables of `data`, read as `format`. `folder`: see `SideFile`. `charset`: what the file's Content-Type named.

    Never raises on content: problems become warnings. Raises PreviewError only when no value at all can be read; its
    `raw` still shows the text.
    """
    if format not in _MARKS:
        raise ValueError("format is neither json nor csv")
    if len(data) < LARGE_BYTES and _marks(data, format) <= MOST_MARKS:
        with contextlib.suppress(TooManyValuesError):
            return read_in_memory(data, format, charset)
    return Reading([data], format, len(data), folder, charset).whole()


def _marks(data: bytes, format: Format) -> int:
    return len(data) - len(data.translate(None, _MARKS[format]))


@dataclass(frozen=True)
class PagedText(RawText):
    """The original text in the side file. starts[n]: the characters before piece n; the last one is their total."""

    load: Callable[[int], str] = field(repr=False, default=lambda _number: "")
    starts: tuple[int, ...] = field(repr=False, default=(0,))

    def pages(self, chars_per_page: int = CHARS_PER_PAGE) -> int:
        return max(1, -(-self.starts[-1] // chars_per_page))

    def page(self, page: int, chars_per_page: int = CHARS_PER_PAGE) -> str:
        start = max(0, page) * chars_per_page
        stop = min(start + chars_per_page, self.starts[-1])
        found = []
        number = bisect_right(self.starts, start) - 1
        while start < stop:
            begins = self.starts[number]
            piece = self.load(number)[start - begins : stop - begins]
            found.append(piece)
            start, number = start + len(piece), number + 1
        return displayable("".join(found))


class Reading:
    """One reading of one file. `first` and `whole` are for the thread that made it; `go_on` reads in a thread."""

    def __init__(
        self,
        pieces: Iterable[bytes],
        format: Format,
        size_bytes: int | None = None,
        folder: Path | None = None,
        charset: str = "",
    ) -> None:
        """`pieces`: the bytes in order, in pieces of any length. An exception of the iterator stops the reading, is
        kept in `error` and raised by `first` and `whole`."""
        self.size_bytes = size_bytes
        self.bytes_read = 0
        self.finished = False
        self.error: Exception | None = None
        self._format = format
        self._side = SideFile(folder)
        self._log = WarningLog()
        self._text = TextStream(charset)
        self._cancelled = threading.Event()
        self._changed = threading.Condition()
        self._shown: Preview | None = None
        self._fits = True
        self._zero = False
        self._losses = Losses(format)
        self._raw_pages: list[int] = []
        self._raw_starts: list[int] = [0]
        self._steps = self._run(_resized(pieces))
        self._thread: threading.Thread | None = None

    # What a caller does ------------------------------------------------------------------------

    def first(self) -> Preview:
        """What the first piece of the file holds. Raises PreviewError when the whole file holds no value."""
        while self._shown is None and not self.finished:
            self._step()
        return self.snapshot()

    def whole(self, between: Callable[[], None] = lambda: None) -> Preview:
        """Read to the end, here. `between` is called after each step; what it raises ends it. Raises PreviewError."""
        while not self.finished and not self._cancelled.is_set():
            self._step()
            between()
        return self.snapshot()

    def go_on(self, done: Callable[[], None] = lambda: None) -> None:
        """Read to the end in a thread; `done` is called there when it ends."""

        def run() -> None:
            with contextlib.suppress(Exception):  # kept in `error`, raised by `snapshot`
                while not self.finished and not self._cancelled.is_set():
                    self._step()
            done()

        if self._thread is None and not self.finished:
            self._thread = threading.Thread(target=run, name="preview-reading", daemon=True)
            self._thread.start()

    def snapshot(self) -> Preview:
        """The tables as far as they are read. Raises what stopped the reading."""
        if self.error is not None:
            raise self.error
        if self._shown is None:
            raise PreviewError(NOT_JSON, "nothing read yet", RawText(""))
        return self._shown

    @property
    def progress(self) -> float:
        """0 to 1."""
        if self.finished:
            return 1.0
        return min(1.0, self.bytes_read / self.size_bytes) if self.size_bytes else 0.0

    def cancel(self) -> None:
        """Stop reading; rows read so far are kept."""
        self._cancelled.set()

    # Reading -----------------------------------------------------------------------------------

    def _step(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self.finished = True
        except Exception as error:
            self.error, self.finished = error, True
            raise

    def _run(self, pieces: Iterator[bytes]) -> Iterator[None]:
        yield from self._csv(pieces) if self._format == "csv" else self._json(pieces)

    def _decoded(self, piece: bytes, *, final: bool = False) -> str:
        begins = not self.bytes_read
        self.bytes_read += len(piece)
        text = self._text.feed(piece, final=final)
        self._losses.look(text)
        if self._format == "csv":
            if begins:
                self._fits = not looks_like_something_else(text)
            if not self._zero and "\x00" in text:
                self._zero = True
                self._log.add("zero", "file", ZERO)
        return text

    def _csv(self, pieces: Iterator[bytes]) -> Iterator[None]:
        stream = CsvStream(self._side, self._log)
        next_shown = 0
        for piece in pieces:
            stream.feed(self._decoded(piece))
            if self.bytes_read >= next_shown:
                next_shown = self.bytes_read + min(_SNAPSHOT_EVERY_BYTES, self.bytes_read)
                tables = stream.tables()
                if tables:
                    self._show(tables, _csv_raw(stream), complete=True, kind="csv", still_reading=True)
            yield
        stream.feed(self._decoded(b"", final=True), final=True)
        if not self.bytes_read:
            self._log.add("empty", "file", "The file is empty.")
        if not self._fits:
            self._log.add("format", "file", NOT_CSV)
        tables = stream.tables(final=True)
        if stream.is_sentence:
            self._fits = False
            self._log.add("sentence", "file", SENTENCE)
        self._losses.tell(self._log)
        self._show(tables, _csv_raw(stream), complete=stream.complete, kind="csv", still_reading=False)

    def _json(self, pieces: Iterator[bytes]) -> Iterator[None]:
        def pull() -> str:
            for piece in pieces:
                text = self._decoded(piece)
                if text:
                    self._keep_raw(text)
                    return text
            text = self._decoded(b"", final=True) if not self._text.ended else ""
            if text:
                self._keep_raw(text)
            return text

        stream = JsonStream(self._side, self._log, pull)
        next_shown = 0
        for _ in stream.run():
            if self.bytes_read >= next_shown:
                next_shown = self.bytes_read + min(_SNAPSHOT_EVERY_BYTES, self.bytes_read)
                self._show(stream.tables(), self._raw(), complete=True, kind=stream.kind, still_reading=True)
            yield
        if not stream.kind:
            raise PreviewError(NOT_JSON, f"no JSON value, encoding {self._text.encoding}", self._raw())
        while pull():
            pass  # after damage: the Raw tab still shows all
        self._losses.tell(self._log)
        self._show(stream.tables(), self._raw(), complete=stream.complete, kind=stream.kind, still_reading=False)

    def _keep_raw(self, text: str) -> None:
        self._raw_pages.append(self._side.put(text.encode("utf-8", "surrogatepass")))
        self._raw_starts.append(self._raw_starts[-1] + len(text))

    def _raw(self) -> PagedText:
        pages, side = tuple(self._raw_pages), self._side
        return PagedText(
            "", lambda number: side.get(pages[number]).decode("utf-8", "surrogatepass"), tuple(self._raw_starts)
        )

    def _show(self, tables: object, raw: RawText, *, complete: bool, kind: str, still_reading: bool) -> None:
        log = WarningLog()
        if self._text.problem:
            log.add("encoding", "file", self._text.problem)
        self._shown = Preview(
            tables=tables,  # type: ignore[arg-type]
            warnings=(*log.all(), *self._log.all()),
            format=self._format,
            encoding=self._text.encoding,
            encoding_is_guess=self._text.is_guess,
            size_bytes=self.size_bytes if still_reading and self.size_bytes else self.bytes_read,
            complete=complete and not self._text.cut_inside_character,
            record_kind=kind,
            format_fits=self._fits,
            raw=raw,
            still_reading=still_reading,
        )


def _csv_raw(stream: CsvStream) -> PagedText:
    pages: CsvPages = stream.pages
    prefix = stream.prefix
    lengths = pages.lengths()
    starts = [0, len(prefix)]
    for length in lengths:
        starts.append(starts[-1] + length)
    return PagedText("", lambda number: pages.text(number - 1) if number else prefix, tuple(starts))


def _resized(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A first piece of FIRST_BYTES, in which the format and the encoding show, then ones of PIECE_BYTES."""
    held, wanted = bytearray(), FIRST_BYTES
    for piece in pieces:
        for start in range(0, len(piece), PIECE_BYTES):
            held += piece[start : start + PIECE_BYTES]
            while len(held) >= wanted:
                yield bytes(held[:wanted])
                del held[:wanted]
                wanted = PIECE_BYTES
    if held:
        yield bytes(held)
