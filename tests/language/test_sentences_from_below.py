"""Finished English sentences, of errors and of rows written long ago, are read in the reader's language."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import InputErrors, NotFound, PortalError
from portal.exports.form.request import parse_request
from portal.language import LANGUAGES, Catalogue, catalogue_of
from portal.language.templates import Templates
from portal.loyaltydog import errors as vendor

OTHERS = [code for code in LANGUAGES if code != "en"]


def test_an_errors_sentence_is_found_again_with_its_values() -> None:
    with pytest.raises(InputErrors) as refused:
        parse_request(customer_id="x", card_id="5eed0000000000000000zz01")
    english = refused.value.problems[0].message
    assert english == "Card ID must be 24 characters of 0-9 and a-f; character 21 is “z”."
    assert catalogue_of("de").sentence(english) == (
        "Karten-ID muss aus 24 Zeichen 0-9 und a-f bestehen; das Zeichen 21 ist „z“."
    )


def test_a_hint_inside_a_sentence_is_translated_too() -> None:
    with pytest.raises(InputErrors) as refused:
        parse_request(customer_id="x", card_id="5EED00000000000000000001")
    assert (
        catalogue_of("de").sentence(refused.value.problems[0].message).endswith("„E“. Verwenden Sie Kleinbuchstaben.")
    )


def test_a_number_inside_a_sentence_is_written_as_the_reader_does() -> None:
    english = "This period holds more than 10,000 acts. Choose fewer days."
    assert "10.000 Vorgänge" in catalogue_of("de").sentence(english)


def test_several_sentences_in_one_text_are_each_translated() -> None:
    joined = f"{NotFound.message} {NotFound.next_step}"
    assert catalogue_of("nl").sentence(joined) == "Er is hier niets op dat adres. Kijk bij Eerdere exports."


@pytest.mark.parametrize("language", OTHERS)
def test_every_error_says_what_happened_and_what_next_in_the_readers_language(language: str) -> None:
    words = catalogue_of(language)
    kinds: list[type[Exception]] = [PortalError, vendor.LoyaltyDogError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert len(kinds) > 40
    for kind in kinds:
        for name in ("message", "next_step"):
            english = getattr(kind, name)
            if english and kind.__module__.split(".")[1] in {"errors", "loyaltydog", "identity", "exports", "audit"}:
                if "portal" in kind.__module__ and kind.__name__ in {"BackupTrouble"}:
                    continue  # read on the command line only
                assert words.sentence(english) != english, (kind.__name__, english)


def test_what_nobody_translated_stays_as_it_is() -> None:
    words = catalogue_of("fr")
    for text in ("Acme & Sons", "", "ada@example.com", "Rose {name} 7", "{0}", "%s {"):
        assert words.sentence(text) == text


@given(st.text(max_size=300), st.sampled_from(OTHERS))
def test_no_text_breaks_it(text: str, language: str) -> None:
    assert isinstance(catalogue_of(language).sentence(text), str)


@given(st.text(min_size=1, max_size=60).filter(lambda t: t.strip() == t and "\n" not in t))
def test_a_value_comes_through_whatever_it_is(value: str) -> None:
    said = catalogue_of("de").sentence(f"The file says it is {value}, but some bytes are not. They are shown as \\xNN.")
    assert value in said or catalogue_of("de").sentence(value) in said
    assert said.startswith("Die Datei nennt sich")


def test_a_long_text_is_not_searched() -> None:
    """A bound on the work a stored text can cause."""
    long = "The file says it is " + "a" * 5000 + ", but some bytes are not. They are shown as \\xNN."
    assert catalogue_of("de").sentence(long) == long


def test_a_template_that_would_fit_anything_is_not_used() -> None:
    assert Templates(["{a}: {b}", "{a}"]).match("anything: at all") is None


def test_the_more_telling_template_wins() -> None:
    both = Templates(["The {thing} is late.", "The {thing} is late. Wait for {name}."])
    assert both.match("The file is late. Wait for Ada.") == (
        "The {thing} is late. Wait for {name}.", {"thing": "file", "name": "Ada"},
    )  # fmt: skip


def test_a_hole_named_twice_must_hold_the_same() -> None:
    twice = Templates(["At most {n} bytes: {n} letters."])
    assert twice.match("At most 72 bytes: 72 letters.") == ("At most {n} bytes: {n} letters.", {"n": "72"})
    assert twice.match("At most 72 bytes: 71 letters.") is None


def test_only_messages_of_the_rooms_below_are_found_again() -> None:
    """A screen's own message has its values put in after the translation."""
    catalog = Catalog(locale="de")
    catalog.add("{n} was here before.", "{n} war da.", locations=[("pages/today.py", 0)])
    catalog.add("{n} came from below.", "{n} kam von unten.", locations=[("portal/exports/x.py", 0)])
    words = Catalogue("de", catalog)
    assert words.sentence("Ada was here before.") == "Ada was here before."
    assert words.sentence("Ada came from below.") == "Ada kam von unten."


@pytest.mark.parametrize("language", OTHERS)
def test_every_template_of_the_rooms_below_finds_itself_again(reading: ModuleType, language: str) -> None:
    """No template swallows what another one said."""
    words = catalogue_of(language)
    for one, message in reading.messages().items():
        holes = re.findall(r"\{(\w+)\}", one)
        below = all(not name.startswith(("pages/", "portal/ui/", "portal/app.py")) for name in message.files)
        if holes and below and len(re.sub(r"\{\w+\}", "", one).strip()) >= 5:
            values = {name: f"q{place}z" for place, name in enumerate(dict.fromkeys(holes))}
            assert words.sentence(one.format(**values)) == words.text(one).format(**values), one
