"""Sixty ways in which a value that was left out can come along all the same, each caught; and what is no leak."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import quopri
import unicodedata
import urllib.parse
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.redaction.leaks import Leak, LeakSearch, NotSearchable, Withheld, folded, numbers_by_stream

NAME, EMAIL, CARD, ARABIC = "Zoë Ångström", "zoe.a+b@example.org", "6006491234567890", "سارة أحمد"


def zipped(name: str, data: bytes, *, comment: bytes = b"", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, data)
        archive.comment = comment
    return out.getvalue()


def mime_lines(text: str) -> bytes:
    return base64.encodebytes(b"x" * 50 + text.encode() + b"y" * 50)


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def escapes(text: str, form: str) -> bytes:
    return "".join(form.format(ord(one)) for one in text).encode()


TEXTS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "inside a sentence": lambda text: f"Sent to {text}, thanks".encode(),
    "upper case": lambda text: text.upper().encode(),
    "lower case": lambda text: text.lower().encode(),
    "decomposed": lambda text: decomposed(text).encode(),
    "UTF-16 little": lambda text: text.encode("utf-16-le"),
    "UTF-16 big": lambda text: text.encode("utf-16-be"),
    "UTF-16 with a mark": lambda text: text.encode("utf-16"),
    "UTF-16 at an odd offset": lambda text: b"x" + text.encode("utf-16-le"),
    "JSON": lambda text: json.dumps(text).encode(),
    "JSON, every letter escaped": lambda text: escapes(text, "\\u{:04x}"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text))).encode(),
    "HTML": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace"),
    "HTML, decimal": lambda text: escapes(text, "&#{};"),
    "HTML, hexadecimal": lambda text: escapes(text, "&#x{:X};"),
    "HTML twice": lambda text: html.escape(html.escape(escapes(text, "&#{};").decode())).encode(),
    "HTML attribute": lambda text: f'<td title="{html.escape(text)}"></td>'.encode(),
    "HTML comment": lambda text: f"<!-- {html.escape(text)} -->".encode(),
    "divided by tags": lambda text: f"<b>{html.escape(text[:5])}</b><i>{html.escape(text[5:])}</i>".encode(),
    "style": lambda text: f'p::after {{content: "{text}"}}'.encode(),
    "URL": lambda text: urllib.parse.quote(text, safe="").encode(),
    "URL, small letters": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode(),
    "URL twice": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe="").encode(),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 after one byte": lambda text: base64.b64encode(b"1" + text.encode() + b"z"),
    "base64 after two bytes": lambda text: base64.b64encode(b"12" + text.encode() + b"zz"),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(b"<?>" + text.encode()),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")),
    "base64 in lines": mime_lines,
    "a data address": lambda text: b'<a href="data:text/plain;base64,' + base64.b64encode(text.encode()) + b'">',
    "a zero width space inside": lambda text: (text[:3] + "\u200b" + text[3:]).encode(),
    "soft hyphens inside": lambda text: "\u00ad".join(text).encode(),
    "a line break for the blank": lambda text: text.replace(" ", "\r\n   ").encode(),
    "no-break blanks": lambda text: text.replace(" ", "\u00a0").encode(),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if 0x21 <= ord(c) <= 0x7E else c for c in text).encode(),
}  # fmt: skip
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "a ZIP's member": lambda data: zipped("data.json", data),
    "a ZIP's member, stored": lambda data: zipped("data.json", data, method=zipfile.ZIP_STORED),
    "a ZIP's comment": lambda data: zipped("data.json", b"", comment=data),
    "a ZIP in a ZIP": lambda data: zipped("inner.zip", zipped("a.csv", data)),
    "a workbook's strings": lambda data: zipped("xl/sharedStrings.xml", b"<sst><si><t>" + data + b"</t></si></sst>"),
    "a workbook's author": lambda data: zipped("docProps/core.xml", b"<dc:creator>" + data + b"</dc:creator>"),
    "GZIP": gzip.compress,
    "a ZIP in GZIP": lambda data: gzip.compress(zipped("a.csv", data)),
}
NUMBERS = {
    "in groups": "6006 4912 3456 7890",
    "with hyphens": "6006-4912-3456-7890",
    "with no-break blanks": "6006\u00a04912\u202f3456\u00a07890",
    "in groups between tags": "<b>6006</b> <b>4912</b> <b>3456</b> <b>7890</b>",
}


def search(*texts: str) -> LeakSearch:
    return LeakSearch([Withheld(number, text) for number, text in enumerate(texts, 1)])


@pytest.mark.parametrize("text", [NAME, EMAIL])
@pytest.mark.parametrize("way", TEXTS)
def test_a_value_is_found_in_every_writing(way: str, text: str) -> None:
    data = b"before " + TEXTS[way](text) + b" after"
    if way.startswith("UTF-16"):
        data = TEXTS[way](text)
    assert search("something else", text).find("letter.html", [data]) == {Leak("letter.html", 2)}


@pytest.mark.parametrize("way", [way for way in TEXTS if way not in ("full width",)])
def test_another_script_is_found_in_every_writing(way: str) -> None:
    assert search(ARABIC).find("x", [TEXTS[way](ARABIC)]) == {Leak("x", 1)}


@pytest.mark.parametrize("way", PACKED)
def test_a_value_is_found_in_what_is_packed(way: str) -> None:
    found = search(NAME).find_in_file("answer.zip", PACKED[way](NAME.encode()))
    assert {leak.number for leak in found} == {1}


def test_a_value_in_the_name_of_a_member_is_found() -> None:
    assert search(NAME).find_in_file("answer.zip", zipped(f"{NAME}.csv", b"")) >= {Leak("answer.zip: a name", 1)}


@pytest.mark.parametrize("way", NUMBERS)
def test_a_card_number_is_found_however_it_is_divided(way: str) -> None:
    assert search(CARD).find("x", [f"card {NUMBERS[way]} end".encode()]) == {Leak("x", 1)}
    assert search("6006 4912 3456 7890").find("x", [CARD.encode()]) == {Leak("x", 1)}


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
def test_a_value_across_two_chunks_is_found(size: int) -> None:
    data = b"." * ((1 << 20) - 5) + NAME.encode() + b"." * 100
    step = size if size > 100 else len(data) // 50
    assert search(NAME).find("x", (data[at : at + step] for at in range(0, len(data), step))) == {Leak("x", 1)}


def test_short_values_and_those_kept_elsewhere_are_not_looked_for() -> None:
    kept = LeakSearch([Withheld(1, "abc"), Withheld(2, NAME)], kept=[2])
    assert kept.find("x", [f"abc {NAME}".encode()]) == set()


def test_a_similar_text_is_no_leak() -> None:
    assert search(NAME, EMAIL, CARD).find("x", [b"Zoe Angstrom, zoe.a@example.org, 6006491234567891"]) == set()


def test_the_markers_themselves_are_no_leak() -> None:
    text = json.dumps({"sender": "[withheld 3: another person]"}).encode()
    assert search(NAME, EMAIL).find_in_file("data.zip", zipped("data.json", text)) == set()


def encrypted(data: bytes) -> bytes:
    """The member's flag says that it is encrypted."""
    whole = bytearray(zipped("a.json", data))
    whole[6] |= 1
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def nested(data: bytes, times: int) -> bytes:
    for _time in range(times):
        data = zipped("inner.zip", data)
    return data


NOT_OPENED: dict[str, bytes] = {
    "a broken ZIP": b"PK\x03\x04 and nothing more",
    "an encrypted member": encrypted(NAME.encode()),
    "a cut GZIP": gzip.compress(NAME.encode() * 1000)[:-12],
    "five deep": nested(NAME.encode(), 5 + 1),
}  # fmt: skip


@pytest.mark.parametrize("way", NOT_OPENED)
def test_what_cannot_be_opened_is_never_called_clean(way: str) -> None:
    with pytest.raises(NotSearchable):
        search(NAME).find_in_file("answer.zip", NOT_OPENED[way])


def test_a_value_four_archives_deep_is_found() -> None:
    assert {leak.number for leak in search(NAME).find_in_file("answer.zip", nested(NAME.encode(), 4))} == {1}


def test_a_find_names_the_number_and_never_the_value() -> None:
    leaks = search(NAME).find("letter.html", [NAME.encode()])
    assert NAME not in repr(leaks) + repr(search(NAME)._numbers) + repr(Withheld(1, NAME))
    assert numbers_by_stream(leaks) == {"letter.html": [1]}


@given(value=st.text(min_size=4, max_size=30), before=st.text(max_size=20), after=st.text(max_size=20))
def test_any_value_is_found_wherever_it_stands(value: str, before: str, after: str) -> None:
    if len(folded(value)) < 4:
        return
    data = f"{before} {value} {after}".encode()
    assert search(value).find("x", [data]) == {Leak("x", 1)}


def test_a_name_left_out_with_its_full_stop_is_found_without_it() -> None:
    assert search("Rosa Martinez.").find("x", [b"ROSA MARTINEZ came back"]) == {Leak("x", 1)}
    assert not search("Ann.").find("x", [b"Ann came back"]), "too short to be told from chance"
