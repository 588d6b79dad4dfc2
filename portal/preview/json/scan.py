"""A JSON scanner without recursion that reads past errors where nothing is lost, and reports each with its location.

Accepted with a warning though JSON forbids it: comments, single quotes, keys without quotes, commas too many, MongoDB's
`ObjectId("...")` (shown as written). Kept as written: numbers digit for digit, NaN and Infinity, unknown words,
repeated keys (the later ones are renamed "key (2)"), text with a broken escape. Reading stops at damage to the
structure itself; what was read stays. Rules: no recursion (100,000 levels are data like any other), no `int()` on text
of the file (ValueError beyond 4,300 digits), linear time.
"""

import json
import re
from collections.abc import Callable, Sequence
from json import decoder
from typing import Any, Final

from portal.preview.cells import Bare
from portal.preview.json.paths import path_text
from portal.preview.model import WarningLog
from portal.preview.raw import has_lone_surrogate, without_lone_surrogates

_TOKEN = re.compile(
    r'[ \t\n\r]*+(?:(?P<mark>[{}\[\],:])|(?P<quote>")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)(?![^\s,:\[\]{}\"])"
    r"|(?P<comment>//[^\n]*+|/\*(?s:.{0,20000}?)\*/)"
    r"|(?P<single>'(?:[^'\\\n]++|\\.)*+')(?=[\s,:\[\]{}]|$)"
    r"|(?P<call>(?:new\s+)?[A-Za-z]\w*\(\s*(?:\"[^\"\\\n]*+\"|'[^'\\\n]*+'|-?[0-9][0-9.eE+-]*+)?\s*\))"
    r'|(?P<word>[^\s,:\[\]{}"]++))'
)
_scan_string: Callable[[str, int, bool], tuple[str, int]] = vars(decoder)["scanstring"]
"""The standard library's C unescaper: (text, where its opening quote ends, strict) -> (text, where it ends)."""
_BLANK = re.compile(r"[ \t\n\r\x1e]*+")  # RFC 7464 puts a record separator before each value
_GOOD_STRING = re.compile(r'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_STRING_END = re.compile(r'(?:[^"\\]++|\\.)*+"', re.DOTALL)
_QUOTE_OR_ESCAPE = re.compile(r"\\.|\"", re.DOTALL)
_DOUBLE_QUOTED: Final = {"\\'": "'", '"': '\\"'}
_PLAIN_KEY = re.compile(r"[^\W\d]\w*")
_AFTER_KEY: Final = frozenset((":", " ", "\t", "\n", "\r"))
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_NOT_A_NUMBER = {"NaN", "Infinity", "-Infinity"}
_LARGEST_EXACT_INTEGER = "9007199254740992"  # 2**53, beyond which IEEE 754 doubles skip integers (RFC 8259, 6)
_DOUBLE_DIGITS = 17
_PATH_STEPS_SHOWN = 12
_RESCAN_BUDGET = 4  # characters read twice while finding the next line, as a multiple of the file

VALUE, VALUE_OR_END, KEY, KEY_OR_END, COLON, NEXT = range(6)
_WANTED = {
    VALUE: "a value",
    VALUE_OR_END: "a value or ]",
    KEY: "a key in quotes",
    KEY_OR_END: "a key in quotes or }",
    COLON: "a colon",
    NEXT: "a comma or a closing bracket",
}


class _DamageError(Exception):
    """The structure cannot be followed further."""


class Scanner:
    """Reads one value after another from `text`; `result` is the last one, `position` where reading stands."""

    def __init__(
        self, text: str, log: WarningLog, prefix: Sequence[str | int] = (), start: int = 0, *, inside: bool = False
    ) -> None:
        """`prefix`: the steps that lead to the value at `start`, when `text` is a part of a file. `inside`: an object
        or a list is open there, so that words and texts in single quotes are values too."""
        self._text = text
        self._log = log
        self._stack: list[Any] = []
        self._keys: list[str] = []
        self._repeats: dict[tuple[int, str], int] = {}
        self._document = 0
        self._budget = _RESCAN_BUDGET * len(text) + 1000
        self._wholes = 0
        self._prefix = list(prefix)
        self._inside = inside
        self.position = start
        self.result: Any = None

    def at_end(self) -> bool:
        """True when nothing but white space follows."""
        match = _BLANK.match(self._text, self.position)
        self.position = match.end() if match else self.position
        return self.position >= len(self._text)

    def _where(self, kind: str) -> str:
        """The present position as "line L, column C"; counting lines takes time, so only where it will be shown."""
        if not self._log.wants_place(kind):
            return ""
        if self._prefix:
            return self._path()
        line = self._text.count("\n", 0, self.position) + 1
        return f"line {line}, column {self.position - self._text.rfind(chr(10), 0, self.position)}"

    def value(self, document: int) -> tuple[bool, bool]:
        """Read one value into `result`: (did anything begin, did it end where it should)."""
        self._document, self._stack, self._keys, self.result = document, [], [], None
        self._repeats = {}
        start, begun = self.position, False
        try:
            begun = self._begin()
            while self._stack:
                self._step()
        except _DamageError as damage:
            if self._stack or begun:
                self._log.add("damage", self._where("damage"), f"{damage} What was read up to there is shown.")
            elif document:
                self._log.add("line", self._where("line"), "This part is not JSON. The Raw tab shows it.")
            self._budget -= self.position - start
            return bool(self._stack) or begun, False
        self._wholes += 1
        return True, True

    def key(self) -> str | None:
        """Read one key of an object; None where none stands, or not the whole of it."""
        self._stack, self._keys, self._state = [{}], [""], KEY
        match = _TOKEN.match(self._text, self.position)
        try:
            return self._key_text(match) if match else None
        except _DamageError:
            return None

    def comments(self) -> None:
        """Go past comments and white space."""
        self._stack, self._keys = [], []
        while (match := _TOKEN.match(self._text, self.position)) and match["comment"]:
            self._comment(match.end())
        self.at_end()

    def skip_to_line_after(self, start: int) -> bool:
        """After damage: go on at the line after `start`, if the file is one value a line. False: stop reading."""
        next_line = self._text.find("\n", start) + 1
        if not next_line or self._budget < 0 or self.position >= len(self._text):
            return False
        if not self._wholes and not (
            self.position <= next_line and self._text[next_line : next_line + 1] in ("{", "[")
        ):
            return False
        self.position = next_line
        return not self.at_end()

    def _begin(self) -> bool:
        self._state = VALUE
        match = _TOKEN.match(self._text, self.position)
        while match is not None and match["comment"]:
            self._comment(match.end())
            match = _TOKEN.match(self._text, self.position)
        if match is None or (match["mark"] and match["mark"] not in "{["):
            raise _DamageError("Expected a value.")
        unknown = match["word"] and match["word"] not in _WORDS and match["word"] not in _NOT_A_NUMBER
        if (match["single"] or match["call"] or unknown) and not self._inside:
            raise _DamageError("Expected a value.")  # a bare word alone is some other kind of file
        self._take(match)
        return True

    def _step(self) -> None:
        match = _TOKEN.match(self._text, self.position)
        if match is None:
            self._damage()
        elif match["comment"]:
            self._comment(match.end())
        elif self._state <= VALUE_OR_END:
            self._take(match)
        elif self._state == NEXT:
            self._next(match)
        elif self._state == COLON:
            if match["mark"] != ":":
                self._damage()
            self.position, self._state = match.end(), VALUE
        else:
            self._key(match)

    def _comment(self, end: int) -> None:
        self._warn("comment", "A comment stands here, which JSON does not know. The Raw tab shows it.")
        self.position = end

    def _damage(self) -> None:
        self.at_end()
        if self.position >= len(self._text):
            raise _DamageError("The file ends in the middle: it is cut off.")
        raise _DamageError(f"Expected {_WANTED[self._state]} here, so the rest cannot be read as JSON.")

    def _take(self, match: re.Match[str]) -> None:
        mark = match["mark"]
        self_end = match.end()
        if mark in ("{", "["):
            self.position = self_end
            container: Any = {} if mark == "{" else []
            self._place(container)
            self._stack.append(container)
            self._keys.append("")
            self._state = KEY_OR_END if mark == "{" else VALUE_OR_END
            return
        if mark == "]" and self._stack and isinstance(self._stack[-1], list):
            if self._state == VALUE:
                self._warn("comma", "A comma stands before the closing bracket.")
            self._close(self_end)
            return
        if mark == "," and self._state == VALUE and self._stack:
            self._comma(self_end)
            return
        if mark:
            self._damage()
        if match["quote"]:
            self._place(self._string(self_end))
        elif match["single"]:
            self.position = self_end
            self._place(self._single(match["single"]))
        elif match["call"]:
            self.position = self_end
            self._warn("call", "A value in MongoDB's or JavaScript's own writing stands here. It is shown as written.")
            self._place(Bare(match["call"]))
        else:
            self.position = self_end
            self._place(self._number(match["number"]) if match["number"] else self._word(match["word"]))
        self._state = NEXT

    def _comma(self, end: int) -> None:
        self._warn("comma twice", "Two commas stand here with nothing between them.")
        self.position = end

    def _single(self, quoted: str) -> str:
        """A text in single quotes."""
        self._warn("single", "Single quotes stand here, where JSON wants double ones. The text is shown without them.")
        inner = _QUOTE_OR_ESCAPE.sub(lambda found: _DOUBLE_QUOTED.get(found[0], found[0]), quoted[1:-1])
        try:
            return without_lone_surrogates(_scan_string(f'"{inner}"', 1, False)[0])
        except json.JSONDecodeError:
            return without_lone_surrogates(quoted[1:-1])

    def _close(self, end: int) -> None:
        self._stack.pop()
        self._keys.pop()
        self.position, self._state = end, NEXT

    def _next(self, match: re.Match[str]) -> None:
        mark, in_list = match["mark"], isinstance(self._stack[-1], list)
        if mark == ",":
            self.position, self._state = match.end(), VALUE if in_list else KEY
        elif mark == ("]" if in_list else "}"):
            self._close(match.end())
        else:
            self._damage()

    def _key(self, match: re.Match[str]) -> None:
        if match["mark"] == "}":
            if self._state == KEY:
                self._warn("comma", "A comma stands before the closing bracket.")
            self._close(match.end())
            return
        if match["mark"] == "," and self._state == KEY:
            self._comma(match.end())
            return
        key, holder = self._key_text(match), self._stack[-1]
        if key in holder:
            number = self._repeats.get((id(holder), key), 2)
            while f"{key} ({number})" in holder:
                number += 1
            self._repeats[id(holder), key] = number + 1
            self._keys[-1] = key
            self._warn("repeated key", f"The same key stands here more than once; this one is shown with ({number}).")
            key = f"{key} ({number})"
        self._keys[-1] = key
        self._state = COLON

    def _key_text(self, match: re.Match[str]) -> str:
        if match["quote"]:
            return self._string(match.end())
        if match["single"]:
            self.position, self._keys[-1] = match.end(), match["single"][1:-1]
            return self._single(match["single"])
        if (
            not match["word"]
            or not _PLAIN_KEY.fullmatch(match["word"])
            or self._text[match.end() : match.end() + 1] not in _AFTER_KEY
        ):
            self._damage()
        self.position, self._keys[-1] = match.end(), match["word"]
        self._warn("bare key", "A key without quotes stands here, where JSON wants them. It is taken as written.")
        return match["word"]

    def _place(self, value: Any) -> None:
        if not self._stack:
            self.result = value
        elif isinstance(holder := self._stack[-1], list):
            holder.append(value)
        else:
            holder[self._keys[-1]] = value

    def _string(self, start: int) -> str:
        text = self._text
        if _GOOD_STRING.match(text, start) is None:  # JSONDecodeError counts the lines before it: quadratic
            return self._odd_string(start)
        found, end = _scan_string(text, start, True)
        self.position = end
        if end - start - 1 != len(found) and has_lone_surrogate(found):
            self._warn("surrogate", "Half of a character stands here (a lone surrogate); it is shown as an escape.")
            return without_lone_surrogates(found)
        return found

    def _odd_string(self, start: int) -> str:
        match = _STRING_END.match(self._text, start)
        if match is None:
            self.position = len(self._text)
            rest = self._text[start:]
            if self._state not in (KEY, KEY_OR_END):
                self._place(rest)
            raise _DamageError("The file ends inside a text: it is cut off.")
        self.position = match.end()
        try:
            found, _ = _scan_string(match.group(), 0, False)
        except json.JSONDecodeError:
            self._warn("escape", "This text has an escape that JSON does not know; it is shown as written.")
            return self._text[start : match.end() - 1]
        self._warn("control", "This text holds a control character or line break that JSON should escape.")
        return without_lone_surrogates(found)

    def _number(self, text: str) -> Bare:
        mantissa = re.split("[eE]", text)[0]
        digits = mantissa.lstrip("-").replace(".", "").lstrip("0")
        whole = mantissa == text and "." not in text
        if whole and (len(digits), digits) > (len(_LARGEST_EXACT_INTEGER), _LARGEST_EXACT_INTEGER):
            self._warn(
                "number", "This number is too large for most programs, which would round it. It is shown exactly."
            )
        elif not whole and (len(digits.rstrip("0")) > _DOUBLE_DIGITS or _overflows(text)):
            self._warn("number", "Most programs cannot hold this number exactly. It is shown as written.")
        return Bare(text)

    def _word(self, text: str) -> bool | Bare | None:
        if text in _WORDS:
            return _WORDS[text]
        if text in _NOT_A_NUMBER:
            self._warn("constant", "NaN or Infinity stands here, which JSON does not know. It is shown as written.")
        else:
            self._warn("word", "A word without quotes stands here, which JSON does not know. It is shown as written.")
        return Bare(text)

    def _warn(self, kind: str, message: str) -> None:
        place = self._path() if self._log.wants_place(kind) else ""
        self._log.add(kind, place, message)

    def _path(self) -> str:
        steps: list[str | int] = [*self._prefix, *([self._document] if self._wholes else [])]
        for depth, (holder, key) in enumerate(zip(self._stack[:_PATH_STEPS_SHOWN], self._keys, strict=False), 1):
            position = (
                len(holder) if depth == len(self._stack) else len(holder) - 1
            )  # the last holder still waits for it
            steps.append(position if isinstance(holder, list) else key)
        return path_text(steps) + ("…" if len(self._stack) > _PATH_STEPS_SHOWN else "")


def _overflows(number: str) -> bool:
    return float(number) in (float("inf"), float("-inf"))
