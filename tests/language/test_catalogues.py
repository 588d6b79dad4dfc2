"""Every language says everything: a missing or broken translation fails here, before a person meets it."""

from __future__ import annotations

import re
import string
from types import ModuleType
from typing import Any

import pytest

from portal.audit.words import ACT_WORDS
from portal.language import ENGLISH, LANGUAGES, Catalogue, catalogue_of
from portal.language.catalogues import po_path, read_po
from portal.ui.common.badges import BADGES

OTHERS = [code for code in LANGUAGES if code != ENGLISH]
MARKS = ("**", "`", "⟨", "\\", ":material/", "https://", "PORTAL_API_TOKEN", "SHA-256", "LoyaltyDog")


@pytest.fixture(scope="module")
def wanted(reading: ModuleType) -> dict[str, Any]:
    return dict(reading.messages())


def pairs(language: str) -> list[tuple[str, str]]:
    """English beside each of its translations; of a plural its `many` beside every form."""
    found: list[tuple[str, str]] = []
    for message in read_po(language):
        if isinstance(message.id, str):
            found.append((message.id, str(message.string)))
        else:
            found += [(message.id[1], form) for form in message.string]
    return [(english, other) for english, other in found if english]


def holes(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}


def faults(language: str) -> list[str]:
    """What is wrong with a language's translations, whatever they mean."""
    found: list[str] = []
    for english, other in pairs(language):
        if not other.strip():
            found.append(f"not translated: {english}")
        elif holes(english) != holes(other):
            found.append(f"other values: {english} -> {other}")
        elif any((mark in english) != (mark in other) for mark in MARKS) or english.count("**") != other.count("**"):
            found.append(f"other marks: {english} -> {other}")
        elif (english[:1].isspace(), english[-1:].isspace()) != (other[:1].isspace(), other[-1:].isspace()):
            found.append(f"other blanks: {english!r} -> {other!r}")
        elif english != "No." and english[-1:] in ".?" and other[-1:] not in {english[-1:], "»"}:
            found.append(f"another end: {english} -> {other}")
        elif re.search(r"\b(TODO|FIXME|XXX)\b", other) and "XXX" not in english:
            found.append(f"unfinished: {other}")
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_holds_every_message_and_no_other(wanted: dict[str, Any], language: str) -> None:
    """Mend with `python scripts/messages.py update`, then translate what it counts as missing."""
    held = {message.id if isinstance(message.id, str) else message.id[0]: message for message in read_po(language)}
    held.pop("", None)
    assert set(wanted) - set(held) == set()
    assert set(held) - set(wanted) == set()
    for one, message in wanted.items():
        assert isinstance(held[one].id, str) == (message.many is None), one
        assert {name for name, _line in held[one].locations} == message.files, one


@pytest.mark.keeps("ASVS-1.3.10")
@pytest.mark.parametrize("language", OTHERS)
def test_a_language_leaves_nothing_untranslated_and_keeps_values_and_marks(language: str) -> None:
    assert faults(language) == []
    assert not [message.id for message in read_po(language) if message.fuzzy]


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_the_plural_forms_its_grammar_needs(language: str) -> None:
    catalog = read_po(language)
    assert catalog.num_plurals == 2
    for message in catalog:
        if not isinstance(message.id, str):
            assert len(message.string) == catalog.num_plurals, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_opens_with_its_glossary(language: str) -> None:
    """The legal words of its GDPR text, so that the next translator uses the same."""
    head = po_path(language).read_text(encoding="utf-8").partition("msgid")[0]
    assert "Glossary" in head
    for english in ("data subject", "access request", "merchant", "audit trail"):
        assert english in head, english


@pytest.mark.parametrize("language", OTHERS)
def test_most_of_a_language_is_not_english(language: str) -> None:
    """A word may be the same; a sentence is not."""
    same = [english for english, other in pairs(language) if english == other and len(english.split()) > 2]
    assert all(re.search(r"^\{|\{\w+\} [a-zA-Z]{1,3}( |$)|…\{", english) for english in same), same


def test_a_missing_a_wrong_and_an_unmarked_translation_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from babel.messages.catalog import Catalog

    broken = Catalog(locale="de")
    for english, other in [("Open.", ""), ("{n} left.", "{m} übrig."), ("**Now.**", "Jetzt."), (" and", "und")]:
        broken.add(english, other)
    monkeypatch.setitem(faults.__globals__, "read_po", lambda _language: broken)
    assert [line.partition(":")[0] for line in faults("de")] == [
        "not translated", "other values", "other marks", "other blanks",
    ]  # fmt: skip


def test_plural_forms_follow_each_grammar() -> None:
    """French counts nought as one; the others do not."""
    one, many = "{n} row", "{n} rows"
    forms = {code: [catalogue_of(code).plural(one, many, n) for n in (0, 1, 2)] for code in LANGUAGES}
    assert forms["en"] == [many, one, many]
    assert forms["de"] == ["{n} Zeilen", "{n} Zeile", "{n} Zeilen"]
    assert forms["fr"] == ["{n} ligne", "{n} ligne", "{n} lignes"]
    assert forms["nl"] == ["{n} rijen", "{n} rij", "{n} rijen"]


def test_a_language_nobody_speaks_here_is_english() -> None:
    assert catalogue_of("xx").text("Sign in") == "Sign in"
    assert isinstance(catalogue_of("../../etc"), Catalogue)
    assert catalogue_of("../../etc").language == ENGLISH


@pytest.mark.parametrize("language", OTHERS)
def test_null_of_json_is_not_called_zero(language: str) -> None:
    """ "Eine Null" is a zero in German, "un nulo" nothing that JSON knows: the value is called by its own name."""
    legend = "⟨empty⟩ is an empty text, ⟨null⟩ the value null, a grey None a field that is not there"
    assert re.search(r"⟨null⟩ \w+ \w+ null,", catalogue_of(language).text(legend))
    assert re.search(r"\bnull\b", catalogue_of(language).text("Null"), re.I)


@pytest.mark.parametrize("language", OTHERS)
def test_choices_of_one_list_stay_apart(language: str) -> None:
    """A browser sends a choice back by its words: two of the same would be one."""
    say = catalogue_of(language).text
    lists = [
        {badge.word for badge in BADGES.values()},
        set(ACT_WORDS.values()),
        {"Email", "Customer ID"},
        {"Everything", "One program", "One card"},
        {"Newest first", "Expiring soonest"},
        {"Nobody has to", "Managers must", "Everyone must"},
        {"Agent", "Manager", "Auditor"},
    ]
    for words in lists:
        assert len({say(word) for word in words}) == len(words), words
