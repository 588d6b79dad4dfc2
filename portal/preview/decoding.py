"""Bytes to text, saying which encoding and whether it was a guess.

Order: byte order marks; the zero bytes of UTF-16 without a mark; UTF-8; CESU-8; the encoding that came with the file
(``charset`` of its Content-Type); and then, flagged as a guess, either UTF-8 with damaged places (shown as `\\xNN`) or
Windows-1252. Valid UTF-8 is UTF-8 even when another charset was named: servers name a default, and other text is not
valid UTF-8 by chance. Never raises; every byte ends up visible.
"""

import codecs
import re
from dataclasses import dataclass, field

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_SAMPLE_BYTES = 4096
_FEWEST_UNITS = 8
"""Fewer are no evidence: any file may have a zero byte or two."""
_LEAST_ZEROS = 0.03
_MOST_ASCII_PAIRS = 0.4
_MOST_BY_CHANCE = 3  # characters beyond ASCII that bytes of UTF-16, read as UTF-8, happen to make
_ASCII_TEXT = frozenset(b"\t\n\r").union(range(0x20, 0x7F))
_DIVIDES = re.compile("[\n\r,;\t|:]")
CESU_PAIR = re.compile("\udced[\udca0-\udcaf][\udc80-\udcbf]\udced[\udcb0-\udcbf][\udc80-\udcbf]")
"""The two halves of a surrogate pair, each as three bytes, as the bytes that UTF-8 does not know (Unicode TR 26)."""
CESU = "Some characters are written as two halves (CESU-8); they were put together."
_UNDECODABLE = re.compile("[\udc80-\udcff]")


_NAMED = re.compile(
    r"(windows-125[0-8]|cp125[0-8]|iso-8859-(?:[1-9]|1[013-6])|koi8-[ru]|macintosh|cp866|cp437|cp850|cp852"
    r"|shift_jis|euc-jp|gbk|gb2312|gb18030|big5|euc-kr)",
)
_AS_THE_WEB_READS = {"iso-8859-1": "cp1252", "iso-8859-9": "cp1254", "macintosh": "mac-roman", "gb2312": "gb18030"}
"""Other codecs for these names, as browsers have it (WHATWG Encoding, 4.2): files carry the wider set under them."""


def named_codec(charset: str) -> str | None:
    """The codec for the charset of a Content-Type, or None for a name that says nothing beside the file itself."""
    name = charset.strip().strip("\"'").lower()
    return _AS_THE_WEB_READS.get(name, name) if _NAMED.fullmatch(name) else None


@dataclass(frozen=True)
class Decoded:
    text: str = field(repr=False)
    encoding: str
    is_guess: bool = False
    problem: str = ""
    """A sentence for the person, or empty."""
    cut_inside_character: bool = False


def _bytes_visible(error: UnicodeError) -> tuple[str, int]:
    """Windows-1252 leaves five bytes undefined; show each as an escape."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(f"\\x{byte:02x}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("portal-visible", _bytes_visible)


def _lenient(data: bytes, codec: str, name: str, *, is_guess: bool) -> Decoded:
    try:
        return Decoded(data.decode(codec), name, is_guess)
    except UnicodeDecodeError as error:
        problem = f"The file says it is {name}, but some bytes are not. They are shown as \\xNN."
        cut = error.end >= len(data)
        return Decoded(data.decode(codec, "portal-visible"), name, is_guess, problem, cut)


def unmarked_utf16(data: bytes) -> str | None:
    """The codec, if `data` is UTF-16 without a byte order mark, in any script.

    Commas, line breaks, quotes and digits have a zero byte in any script, on one and the same side. Single-byte text
    with zero bytes in it differs by its many pairs of two ASCII characters, which are rare even in Chinese UTF-16.
    """
    sample = data[:_SAMPLE_BYTES]
    sample = sample[: len(sample) // 2 * 2]
    even, odd = sample[0::2], sample[1::2]
    if len(odd) < _FEWEST_UNITS or b"\x00" not in sample:
        return None
    zeros_even, zeros_odd = even.count(0) / len(even), odd.count(0) / len(odd)
    if zeros_odd > 0.4 and zeros_even < 0.05:
        return "utf-16-le"
    if zeros_even > 0.4 and zeros_odd < 0.05:
        return "utf-16-be"
    more, fewer = max(zeros_even, zeros_odd), min(zeros_even, zeros_odd)
    if more < _LEAST_ZEROS or fewer > more / 10 or _beyond_ascii_in_utf8(sample) >= _MOST_BY_CHANCE:
        return None
    pairs = sum(one in _ASCII_TEXT and two in _ASCII_TEXT for one, two in zip(even, odd, strict=True))
    codec = "utf-16-be" if zeros_even > zeros_odd else "utf-16-le"
    text = sample.decode(codec, "replace")
    known = sum(character.isprintable() or character in "\t\n\r" for character in text)
    if pairs > _MOST_ASCII_PAIRS * len(even) or known < 0.95 * len(text) or not _DIVIDES.search(text):
        return None
    return codec


def _beyond_ascii_in_utf8(sample: bytes) -> int:
    """How many characters beyond ASCII `sample` holds as UTF-8, 0 when it is none; its last may be cut."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return 0
    return sum(character > "\x7f" for character in text)


def decode(data: bytes, charset: str = "") -> Decoded:
    """The text of `data`. `charset`: what its Content-Type named. `problem` says what was guessed or damaged."""
    for mark, codec, name in MARKS:
        if data.startswith(mark):
            return _lenient(data, codec, name, is_guess=False)
    if codec16 := unmarked_utf16(data):
        guessed = _lenient(data, codec16, "UTF-16", is_guess=True)
        note = "The file does not say how its letters are written; it was read as UTF-16. Check names with accents."
        return Decoded(guessed.text, "UTF-16", True, guessed.problem or note, guessed.cut_inside_character)
    try:
        return Decoded(data.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError:
        return _guess(data, charset)


def cesu_joined(text: str) -> str:
    """`text` with the halves of each CESU-8 pair put together."""

    def joined(found: re.Match[str]) -> str:
        pair = bytes(ord(character) - 0xDC00 for character in found.group())
        return pair.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")

    return CESU_PAIR.sub(joined, text)


def charset_shown(codec: str) -> str:
    """An encoding's name for the person."""
    return codec.replace("cp125", "Windows-125") if codec.startswith("cp125") else codec.upper()


def stays_utf8(text: str) -> bool:
    """Text in which each byte that is not UTF-8 is marked is UTF-8 all the same: as many characters are."""
    damaged = len(_UNDECODABLE.findall(text))
    return 0 < damaged <= sum(len(run) for run in re.findall("[^\x00-\x7f\udc80-\udcff]+", text))


def _guess(data: bytes, charset: str) -> Decoded:
    marked = data.decode("utf-8", "surrogateescape")
    problem = ""
    if CESU_PAIR.search(marked):
        marked, problem = cesu_joined(marked), CESU
        if not _UNDECODABLE.search(marked):
            return Decoded(marked, "CESU-8", False, problem)
    codec = named_codec(charset)
    if codec is not None and not stays_utf8(marked):
        return _lenient(data, codec, charset_shown(codec), is_guess=False)
    damaged = len(_UNDECODABLE.findall(marked))
    well_formed = any(character > "\x7f" and not "\udc80" <= character <= "\udcff" for character in marked)
    tail = re.search("[\udc80-\udcff]+$", marked)
    cut = tail is not None and len(tail.group()) == damaged and damaged <= 3 and data[-damaged] >= 0xC2
    if stays_utf8(marked) or (cut and well_formed):
        visible = _UNDECODABLE.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", marked)
        problem = f"The file is UTF-8 with {damaged} damaged bytes. They are shown as \\xNN."
        return Decoded(visible, "UTF-8", True, problem, cut)
    problem = (
        "The file does not say how its letters are written; it was read as Windows-1252. Check names with accents."
    )
    return Decoded(data.decode("cp1252", "portal-visible"), "Windows-1252", True, problem)
