"""Bytes to text, saying which encoding and whether it was a guess.

Order: byte order marks; the zero bytes of UTF-16 without a mark; UTF-8; and then, flagged as a guess, either UTF-8 with
damaged places (shown as `\\xNN`) or Windows-1252. Never raises: every byte ends up visible somewhere.
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
"""Fewer are no evidence: a zero byte or two may stand in any file."""
_UNDECODABLE = re.compile("[\udc80-\udcff]")


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
    sample = data[:_SAMPLE_BYTES]
    even, odd = sample[0::2], sample[1::2]
    if len(odd) < _FEWEST_UNITS:
        return None
    zeros_even, zeros_odd = even.count(0) / len(even), odd.count(0) / len(odd)
    if zeros_odd > 0.4 and zeros_even < 0.05:
        return "utf-16-le"
    if zeros_even > 0.4 and zeros_odd < 0.05:
        return "utf-16-be"
    return None


def decode(data: bytes) -> Decoded:
    """The text of `data`. `problem` says in plain words what was guessed or damaged."""
    for mark, codec, name in MARKS:
        if data.startswith(mark):
            return _lenient(data, codec, name, is_guess=False)
    if codec16 := unmarked_utf16(data):
        guessed = _lenient(data, codec16, "UTF-16", is_guess=True)
        note = "The file does not name its encoding; it was read as UTF-16. Check names with accents."
        return Decoded(guessed.text, "UTF-16", True, guessed.problem or note, guessed.cut_inside_character)
    try:
        return Decoded(data.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError:
        return _guess(data)


def _guess(data: bytes) -> Decoded:
    marked = data.decode("utf-8", "surrogateescape")
    damaged = len(_UNDECODABLE.findall(marked))
    well_formed = sum(len(run) for run in re.findall("[^\x00-\x7f\udc80-\udcff]+", marked))
    tail = re.search("[\udc80-\udcff]+$", marked)
    cut = tail is not None and len(tail.group()) == damaged and damaged <= 3 and data[-damaged] >= 0xC2
    if well_formed > damaged or (cut and well_formed):
        visible = _UNDECODABLE.sub(lambda found: f"\\x{ord(found.group()) - 0xDC00:02x}", marked)
        problem = f"The file is UTF-8 with {damaged} damaged bytes. They are shown as \\xNN."
        return Decoded(visible, "UTF-8", True, problem, cut)
    problem = "The file does not name its encoding; it was read as Windows-1252. Check names with accents."
    return Decoded(data.decode("cp1252", "portal-visible"), "Windows-1252", True, problem)
