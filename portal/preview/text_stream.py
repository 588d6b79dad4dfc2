"""Bytes to text piece by piece, by the rules of `portal.preview.decoding`.

One rule cannot be the same: what a byte that is not UTF-8 means is decided where the first one stands, by what came
before it, for the rest of the file cannot be asked. Text before it that is not ASCII says "damaged UTF-8"; nothing but
ASCII before it says Windows-1252, which reads ASCII the same.
"""

import codecs
import re

from portal.preview.decoding import MARKS, unmarked_utf16

_MARKED = re.compile("[\udc00-\udcff]")


def _marked(error: UnicodeError) -> tuple[str, int]:
    """Each byte that the codec does not know as half a surrogate pair, which no codec used here can give."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("portal-marked", _marked)


class TextStream:
    """`feed` the bytes in order, at least 4 KiB first if there are that many; `feed(b"", final=True)` last."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = None
        self._codec = ""
        self._first = True
        self._well_formed = 0
        self._damaged = 0
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
        if not text.isascii():
            if self._codec == "utf-8":
                text = self._utf8(text)
            elif _MARKED.search(text):
                self.problem = f"The file says it is {self.encoding}, but some bytes are not. They are shown as \\xNN."
                text = self._visible(text)
        self.cut_inside_character = self.cut_inside_character or (pending > 0 and self._codec != "cp1252")
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
            self.problem = "The file does not name its encoding; it was read as UTF-16. Check names with accents."
            return
        self._use("utf-8", "UTF-8")

    def _use(self, codec: str, name: str) -> None:
        self._decoder = codecs.getincrementaldecoder(codec)("portal-marked")
        self._codec, self.encoding = codec, name

    def _utf8(self, text: str) -> str:
        first = _MARKED.search(text)
        if first is None:
            self._well_formed += 1
            return text
        if not self._damaged and not self._well_formed and text[: first.start()].isascii():
            return self._as_windows_1252(text)
        self.is_guess = True
        return self._visible(text)

    def _as_windows_1252(self, text: str) -> str:
        assert self._decoder is not None
        data = b"".join(
            bytes([ord(character) - 0xDC00]) if "\udc00" <= character <= "\udcff" else character.encode()
            for character in text
        )
        pending = self._decoder.getstate()[0]
        self._decoder = codecs.getincrementaldecoder("cp1252")("portal-visible")
        self._codec, self.encoding, self.is_guess = "cp1252", "Windows-1252", True
        self.problem = "The file does not name its encoding; it was read as Windows-1252. Check names with accents."
        return self._decoder.decode(data + pending)

    def _visible(self, text: str) -> str:
        self._damaged += len(_MARKED.findall(text))
        if self._codec == "utf-8":
            self.problem = f"The file is UTF-8 with {self._damaged} damaged bytes. They are shown as \\xNN."
        return _MARKED.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", text)
