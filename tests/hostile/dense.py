"""Files of few bytes that become very many objects, as long as the hostile house lets a file be."""

from dataclasses import dataclass, field
from typing import Literal

SIZE = 900_000


@dataclass(frozen=True)
class Dense:
    """`verdict`: what the inspection says; `code`: why the export waits for a manager, if it does."""

    format: Literal["json", "csv"]
    body: bytes = field(repr=False)
    verdict: str = "unnamed"

    @property
    def code(self) -> str:
        return "" if self.verdict == "unnamed" else "other_person" if self.verdict == "other_person" else "unsure"


def many(unit: bytes) -> bytes:
    return unit * (SIZE // len(unit))


def numbered(unit: bytes, joined: bytes = b",") -> bytes:
    count = SIZE // (len(unit % 99_999) + len(joined))
    return joined.join(unit % number for number in range(count))


DENSE = {
    "300,000 empty lists": Dense("json", b"[" + b"[]," * 300_000 + b"[]]", "unsure"),
    "300,000 empty objects": Dense("json", b"[" + b"{}," * 300_000 + b"{}]", "unsure"),
    "450,000 numbers": Dense("json", b"[" + many(b"0,") + b"0]"),
    "300,000 empty texts": Dense("json", b"[" + many(b'"",') + b'""]', "unsure"),
    "lists in lists": Dense("json", b"[" + many(b"[1],") + b"[]]"),
    "objects of one field": Dense("json", b"[" + many(b'{"a":1},') + b"{}]"),
    "as many tables as rows": Dense("json", b"[" + numbered(b'{"t%d":[1]}') + b"]"),
    "80,000 short keys": Dense("json", b"{" + numbered(b'"k%d":1') + b"}"),
    "one key 150,000 times": Dense("json", b"{" + many(b'"a":1,') + b'"a":1}'),
    "180,000 odd escapes": Dense("json", b"[" + many(b'"\\x",') + b'""]'),
    "450,000 levels": Dense("json", b"[" * 450_000 + b"]" * 450_000, "unsure"),
    "150,000 levels of objects": Dense("json", b'{"a":' * 150_000 + b"1" + b"}" * 150_000, "unsure"),
    "900,000 brackets never closed": Dense("json", b"[" * SIZE, "unsure"),
    "300,000 values a line": Dense("json", many(b"[]\n"), "unsure"),
    "450,000 values on one line": Dense("json", many(b"0 ")),
    "60,000 customers by key": Dense("json", b'{"customers":{' + numbered(b'"%d@a.example":1') + b"}}", "other_person"),
    "900,000 commas": Dense("csv", many(b",")),
    "300,000 fields in a line": Dense("csv", many(b"aa,")),
    "130,000 names in the header": Dense("csv", numbered(b"c%d")),
    "fields with text after the quote": Dense("csv", many(b'"a"x,')),
    "rows of 400 fields": Dense("csv", many(b"aa," * 400 + b"\n")),
    "450,000 rows of a letter": Dense("csv", many(b"a\n")),
    "300,000 blank lines between": Dense("csv", many(b"a\n\n")),
    "100,000 tables": Dense("csv", many(b"a,b\n1,2\n\n")),
    "60,000 customers by row": Dense("csv", b"email\n" + numbered(b"%d@a.example", b"\n"), "other_person"),
}
