"""Decodes bytes to text piece by piece, by the rules of `portal.preview.decoding`.

One rule differs, as the rest of the file is unknown: the first byte that is not UTF-8 is judged by the text before it
and by its own piece. Non-ASCII text before it, or as much in its piece, means "damaged UTF-8"; only ASCII before it
means Windows-1252, which reads ASCII the same.
"""

import codecs
import re

from portal.preview.decoding import (
    CESU,
    CESU_PAIR,
    MARKS,
    cesu_joined,
    charset_shown,
    named_codec,
    stays_utf8,
    unmarked_utf16,
)

ONE_BYTE = ("cp", "windows", "iso-8859", "koi8", "mac")
"""How the names of encodings begin in which no character can be cut."""
_MARKED = re.compile("[\udc00-\udcff]")
_HALF_PAIR = re.compile("\udced(?:[\udca0-\udcaf](?:[\udc80-\udcbf](?:\udced(?:[\udcb0-\udcbf])?)?)?)?$")


def _marked(error: UnicodeError) -> tuple[str, int]:
    """Each byte that the codec does not know as half a surrogate pair, which no codec used here can give."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("portal-marked", _marked)


class TextStream:
    """`feed` the bytes in order, at least 4 KiB first if there are that many; `feed(b"", final=True)` last.

    `charset`: what the file's Content-Type named.
    """

    def __init__(self, charset: str = "") -> None:
        self._named = named_codec(charset)
        self._decoder: codecs.IncrementalDecoder | None = None
        self._codec = ""
        self._first = True
        self._well_formed = 0
        self._damaged = 0
        self._half_pair = ""
        self.encoding = "UTF-8"
        self.is_guess = False
        self.problem = ""
        self.cut_inside_character = False
        self.ended = False

    def feed(self, data: bytes, *, final: bool = False) -> str:
        if self._decoder is None:
            self._begin(data)
        assert self._decoder is not None
        self.ended = final
        pending = len(self._decoder.getstate()[0]) if final and not data else 0
        text = self._decoder.decode(data, final)
        text, self._half_pair = self._half_pair + text, ""
        if not text.isascii():
            if self._codec == "utf-8":
                text = self._utf8(self._without_half_pair(text, final))
            elif _MARKED.search(text):
                self.problem = f"The file says it is {self.encoding}, but some bytes are not. They are shown as \\xNN."
                text = self._visible(text)
        self.cut_inside_character = self.cut_inside_character or (pending > 0 and not self._codec.startswith(ONE_BYTE))
        if self._first and text:
            self._first = False
            text = text.removeprefix("\ufeff")
        return text

    def _begin(self, data: bytes) -> None:
        for mark, codec, name in MARKS:
            if data.startswith(mark):
                self._use(codec, name)
                return
        if codec16 := unmarked_utf16(data):
            self._use(codec16, "UTF-16")
            self.is_guess = True
            self.problem = (
                "The file does not say how its letters are written; it was read as UTF-16. Check names with accents."
            )
            return
        self._use("utf-8", "UTF-8")

    def _use(self, codec: str, name: str) -> None:
        self._decoder = codecs.getincrementaldecoder(codec)("portal-marked")
        self._codec, self.encoding = codec, name

    def _without_half_pair(self, text: str, final: bool) -> str:
        """`text` without a CESU-8 pair at its end that may still lack bytes; it is kept for the next piece."""
        half = _HALF_PAIR.search(text) if not final else None
        if half is None:
            return text
        self._half_pair = half.group()
        return text[: half.start()]

    def _utf8(self, text: str) -> str:
        if CESU_PAIR.search(text):
            text = cesu_joined(text)
            self.encoding, self.problem = ("UTF-8", self.problem) if self._damaged else ("CESU-8", CESU)
        first = _MARKED.search(text)
        if first is None:
            self._well_formed += not text.isascii()
            return text
        ascii_before = not self._damaged and not self._well_formed and text[: first.start()].isascii()
        if ascii_before and not stays_utf8(text):
            if self._named is None:
                self.is_guess = True
                self.problem = (
                    "The file does not say how its letters are written; it was read as Windows-1252. "
                    "Check names with accents."
                )
            return self._in_one_byte(text, self._named or "cp1252")
        self.is_guess = True
        return self._visible(text)

    def _in_one_byte(self, text: str, codec: str) -> str:
        """The bytes of `text`, which were taken for UTF-8, and all that come, in the encoding named or guessed."""
        assert self._decoder is not None
        data = b"".join(
            bytes([ord(character) - 0xDC00]) if "\udc00" <= character <= "\udcff" else character.encode()
            for character in text
        )
        pending = self._decoder.getstate()[0]
        self._decoder = codecs.getincrementaldecoder(codec)("portal-visible")
        self._codec, self.encoding = codec, charset_shown(codec)
        return self._decoder.decode(data + pending)

    def _visible(self, text: str) -> str:
        if self._codec == "utf-8":
            self.encoding = "UTF-8"
        self._damaged += len(_MARKED.findall(text))
        if self._codec == "utf-8":
            self.problem = f"The file is UTF-8 with {self._damaged} damaged bytes. They are shown as \\xNN."
        return _MARKED.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", text)
