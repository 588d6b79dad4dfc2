"""Does a value that was left out still stand somewhere in what goes out (RED-4)?

Each stream is looked at in the forms in which a text can hide: decoded as UTF-8 and UTF-16, with the escapes of JSON,
HTML, URLs and quoted-printable mail undone, without tags, without the blanks inside long numbers, and as base64. Texts
are compared as `folded` makes them. A find names the stream and the number of the place, never the value.
"""

from __future__ import annotations

import base64
import gzip
import html
import io
import re
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import chain
from typing import IO
from urllib.parse import unquote

from ahocorasick_rs import AhoCorasick, BytesAhoCorasick

from portal.redaction.places import RedactionError

SHORTEST = 4
"""Shorter values stand everywhere by chance."""
_NUMBER_DIGITS = 8
_STANDS_ALONE = 8
"""Latin letters and digits fewer than these are looked for as a word: within longer ones they stand by chance."""
_WINDOW = 1 << 20
_GROWTH = 12  # bytes that one character of a value can take: %F0%9F%98%80, \\ud83d\\ude00
_ROUNDS = 4
_DEEPEST = 4
_MOST_UNPACKED = 1 << 30
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"

_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([\"\\/])|[bfnrt])")
_SOFT_BREAK = re.compile(r"=\r?\n")
_QUOTED_PRINTABLE = re.compile(r"(?:=[0-9A-Fa-f]{2})+")
_TAG = re.compile(r"<[^<>]*>")
_NUMBER_GAP = re.compile(r"(?<=[0-9])[ .\-\u00a0\u202f]+(?=[0-9])")
_BROKEN_BASE64 = re.compile(r"(?<=[A-Za-z0-9+/]{60})\r?\n(?=[A-Za-z0-9+/])")
_ENDINGS = " .,;:!?"
_NOT_DIGITS = re.compile(r"[^0-9]")


@dataclass(frozen=True)
class Withheld:
    """A value that was left out, and the number of its place."""

    number: int
    text: str = field(repr=False)


@dataclass(frozen=True, order=True)
class Leak:
    """Where a value still stands."""

    stream: str
    number: int


def folded(text: str) -> str:
    """Compatibility form (NFKC) without characters that cannot be seen, caseless, each run of white space one blank."""
    if not text.isascii():
        text = _unseen().sub("", unicodedata.normalize("NFKC", text))
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.casefold().split())


@cache
def _unseen() -> re.Pattern[str]:
    """Format characters: soft hyphen, zero width space, direction marks."""
    found = (chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf")
    return re.compile(f"[{''.join(map(re.escape, found))}]+")


class NotSearchable(RedactionError):
    """A part of what goes out cannot be looked into, so nothing can be said of it."""


class LeakSearch:
    """Looks for a set of values in any number of streams.

    `kept`: the numbers of values that a person has said may also stand at a place that is kept.
    """

    def __init__(self, values: Iterable[Withheld], kept: Iterable[int] = ()) -> None:
        allowed = frozenset(kept)
        texts: dict[str, set[int]] = {}
        encoded: dict[bytes, set[int]] = {}
        for value in values:
            plain = folded(value.text)
            if len(plain) < SHORTEST or value.number in allowed:
                continue
            texts.setdefault(plain, set()).add(value.number)
            bare = plain.strip(_ENDINGS)  # a name at the end of a sentence is left out with its full stop
            if len(bare) >= SHORTEST:
                texts.setdefault(bare, set()).add(value.number)
            digits = _NOT_DIGITS.sub("", plain)
            if len(digits) >= _NUMBER_DIGITS and not re.search(r"[^0-9 .\-]", plain):
                texts.setdefault(digits, set()).add(value.number)
            for form in (*_utf_16_forms(value.text), *_base64_forms(value.text)):
                encoded.setdefault(form, set()).add(value.number)
        self._numbers = list(texts.values())
        self._alone = [len(text) < _STANDS_ALONE and text.isascii() and text.isalnum() for text in texts]
        self._texts = AhoCorasick(list(texts)) if texts else None
        self._encoded_numbers = list(encoded.values())
        self._encoded = BytesAhoCorasick(list(encoded)) if encoded else None
        self._overlap = _GROWTH * max(map(len, texts), default=0) + 64

    def find(self, stream: str, chunks: Iterable[bytes]) -> set[Leak]:
        """The values that stand in a stream, as it is: archives are opened by `find_in_file`."""
        found: set[int] = set()
        for window in _windows(chunks, self._overlap):
            found |= self._in_window(window)
        return {Leak(stream, number) for number in found}

    def find_in_file(self, stream: str, data: bytes, depth: int = 0) -> set[Leak]:
        """As `find`, and in every member of an archive, at most four deep; a name of a member is searched as well.

        Raises NotSearchable where an archive cannot be looked into: what was not searched is never called clean.
        """
        return self.find_in_archive(stream, io.BytesIO(data), depth)

    def find_in_archive(self, stream: str, opened: IO[bytes], depth: int = 0) -> set[Leak]:
        """As `find_in_file`, of a file that can be read from anywhere; holds a piece of a member at a time, and all of
        one that is an archive itself."""
        found = self.find(stream, _pieces(opened))
        try:
            for name, inner in _members(opened):
                if depth >= _DEEPEST:
                    raise NotSearchable("archives inside one another, more than four deep")
                found |= {Leak(f"{stream}: a name", leak.number) for leak in self.find("", [name.encode()])}
                found |= self._in_member(f"{stream}/{name}", inner, depth + 1)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, OSError, EOFError):
            # NotImplementedError: an unknown way of packing; RuntimeError: encrypted.
            raise NotSearchable("an archive that cannot be opened") from None
        return found

    def _in_member(self, stream: str, inner: IO[bytes], depth: int) -> set[Leak]:
        first = inner.read(len(_ZIP))
        if first == _ZIP or first.startswith(_GZIP):
            return self.find_in_file(stream, first + inner.read(), depth)
        return self.find(stream, chain([first], iter(partial(inner.read, _WINDOW), b"")))

    def _in_window(self, window: bytes) -> set[int]:
        found: set[int] = set()
        for text in _readings(window):
            for form in _undone(text):
                found |= self._in_text(folded(form))
        for bytes_ in (window, *_joined_base64(window)):
            found |= self._in_bytes(bytes_)
        return found

    def _in_text(self, text: str) -> set[int]:
        if self._texts is None:
            return set()
        hits = self._texts.find_matches_as_indexes(text, overlapping=True)
        return set().union(
            *(
                self._numbers[which]
                for which, start, end in hits
                if not self._alone[which] or _is_word(text, start, end)
            )
        )

    def _in_bytes(self, window: bytes) -> set[int]:
        if self._encoded is None:
            return set()
        hits = self._encoded.find_matches_as_indexes(window, overlapping=True)
        return set().union(*(self._encoded_numbers[which] for which, _start, _end in hits))


def _is_word(text: str, start: int, end: int) -> bool:
    return not (text[max(0, start - 1) : start].isalnum() or text[end : end + 1].isalnum())


def _windows(chunks: Iterable[bytes], overlap: int) -> Iterator[bytes]:
    """The stream in parts, each beginning with the end of the one before."""
    held = b""
    for chunk in chunks:
        for start in range(0, len(chunk), _WINDOW):
            held += chunk[start : start + _WINDOW]
            if len(held) >= _WINDOW + overlap:
                yield held
                held = held[-overlap:]
    yield held


def _readings(window: bytes) -> Iterator[str]:
    """The bytes as text: UTF-8, Latin-1, and UTF-16 of both byte orders from an even and an odd offset. UTF-16 without
    a single zero byte is searched for the values as they were written (`_utf_16_forms`)."""
    yield window.decode("utf-8", errors="replace")
    if not window.isascii():
        yield window.decode("latin-1")
    if b"\0" not in window:
        return
    for start in (0, 1):
        part = window[start : start + (len(window) - start) // 2 * 2]
        yield part.decode("utf-16-le", errors="replace")
        yield part.decode("utf-16-be", errors="replace")


def _undone(text: str) -> Iterator[str]:
    """The text, then with one layer of escapes after another undone, each with and without tags and number gaps."""
    for _round in range(_ROUNDS):
        forms = [text, _TAG.sub("", text)] if "<" in text else [text]
        yield from forms
        yield from filter(None, map(_without_gaps, forms))
        plainer = _one_layer_less(text)
        if plainer == text:
            return
        text = plainer
    yield text


def _without_gaps(text: str) -> str:
    closed = _NUMBER_GAP.sub("", text)
    return "" if closed == text else closed


def _one_layer_less(text: str) -> str:
    if "\\" in text:
        text = _JSON_ESCAPE.sub(lambda found: found[2] or (chr(int(found[1], 16)) if found[1] else " "), text)
        text = text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")
    if "&" in text:
        text = html.unescape(text)
    if "%" in text:
        text = unquote(text, errors="replace")
    if "=" in text:
        text = _QUOTED_PRINTABLE.sub(
            lambda found: bytes.fromhex(found[0].replace("=", "")).decode("utf-8", errors="replace"),
            _SOFT_BREAK.sub("", text),
        )
    return text


def _spellings(text: str) -> set[str]:
    return {text, text.lower(), text.upper(), *(unicodedata.normalize(form, text) for form in ("NFC", "NFKC", "NFD"))}


def _utf_16_forms(text: str) -> Iterator[bytes]:
    for spelling in _spellings(text):
        yield spelling.encode("utf-16-le", errors="replace")
        yield spelling.encode("utf-16-be", errors="replace")


def _base64_forms(text: str) -> Iterator[bytes]:
    """What of the value's base64 does not depend on what stands around it, at each of the three offsets."""
    for spelling in _spellings(text):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            data = spelling.encode(encoding, errors="replace")
            for offset in range(3):
                whole = base64.b64encode(b"\0" * offset + data)
                first = -(-offset * 8 // 6)
                last = (offset + len(data)) * 8 // 6
                inner = whole[first:last]
                if len(inner) >= SHORTEST + 1:
                    yield inner
                    yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def _joined_base64(window: bytes) -> Iterator[bytes]:
    """Base64 as mail writes it, its lines joined."""
    if b"\n" in window:
        joined = _BROKEN_BASE64.sub("", window.decode("latin-1")).encode("latin-1")
        if len(joined) != len(window):
            yield joined


def _pieces(opened: IO[bytes]) -> Iterator[bytes]:
    opened.seek(0)
    yield from iter(partial(opened.read, _WINDOW), b"")


def _members(opened: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    """What an archive holds, comments included. Raises NotSearchable for what unpacks to too much, and what reading a
    broken archive raises."""
    opened.seek(0)
    first = opened.read(len(_ZIP))
    opened.seek(0)
    if first.startswith(_GZIP):
        with gzip.GzipFile(fileobj=opened) as unpacked:
            inner = unpacked.read(_MOST_UNPACKED + 1)
        if len(inner) > _MOST_UNPACKED:
            raise NotSearchable("a GZIP file that unpacks to more than 1 GiB")
        yield "content", io.BytesIO(inner)
    elif first == _ZIP:
        with zipfile.ZipFile(opened) as archive:
            for member in archive.infolist():
                if member.file_size > _MOST_UNPACKED:
                    raise NotSearchable("a ZIP member that unpacks to more than 1 GiB")
                with archive.open(member) as inside:
                    yield member.filename, inside
                if member.comment:
                    yield f"{member.filename}: comment", io.BytesIO(member.comment)
            if archive.comment:
                yield "comment", io.BytesIO(archive.comment)


def numbers_by_stream(leaks: Iterable[Leak]) -> Mapping[str, list[int]]:
    """For the person: in which files, which numbers."""
    found: dict[str, list[int]] = {}
    for leak in sorted(leaks):
        found.setdefault(leak.stream, []).append(leak.number)
    return found
