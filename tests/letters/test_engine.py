"""What every letter is made of: the same words as HTML and as text, nothing open, nothing foreign that acts."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined, UndefinedError

from portal.letters import engine
from portal.letters.engine import Closing, Heading, Listing, Paragraph, Sentences, one_line, rendered

BLOCKS: list[engine.Block] = [
    Heading("Why"),
    Paragraph("One.", "nl"),
    Listing("Two:", ("a", "b")),
    Listing("", ("c",)),
    Closing(("K", "L")),
]


def words_of(fragment: str) -> list[str]:
    return html.unescape(re.sub(r"<[^>]+>", " ", fragment)).split()


def test_both_forms_say_the_same_words() -> None:
    told = rendered("Subject", BLOCKS)
    assert told.text == "Subject\n\nWhy\n\nOne.\n\nTwo:\n- a\n- b\n\n- c\n\nK\nL"
    assert words_of(told.html) == told.text.replace("- ", " ").split()
    assert '<p lang="nl">One.</p>' in told.html and told.html.count("<h1>") == 1


def test_what_is_filled_in_is_never_markup_nor_a_template() -> None:
    foreign = '<script>alert(1)</script> {{ 7 * 7 }} {reference} & "q" <img src=http://x.example>'
    told = rendered(foreign, [Paragraph(foreign), Listing(foreign, (foreign,)), Closing((foreign,))])
    assert set(re.findall(r"<(\w+)", told.html)) == {"h1", "p", "ul", "li"}
    assert "49" not in told.html + told.text and told.text.count("{{ 7 * 7 }}") == 5


@given(st.text())
def test_no_value_adds_a_line_or_turns_the_reading(value: str) -> None:
    told = rendered("S", [Paragraph(one_line(value))])
    assert len(told.text.splitlines()) <= 3
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", told.text)


def test_a_value_that_nobody_gave_stops_the_letter() -> None:
    say = Sentences("de", {"reference": "2026-0042"})
    with pytest.raises(KeyError):
        say("We received your request {reference} on {received}.")
    assert engine._TEMPLATES.undefined is StrictUndefined
    with pytest.raises(UndefinedError):
        engine._TEMPLATES.get_template("letter.html").render(subject="S")


def test_templates_hold_no_words_and_load_nothing() -> None:
    for path in (Path(engine.__file__).parent / "templates").iterdir():
        text = re.sub(r"\{[{%].*?[%}]\}|<[^>]*>|lang=", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"\w", text), path.name
        assert not re.search(r"https?:|<script|\|\s*safe|include|import", path.read_text(encoding="utf-8"))
