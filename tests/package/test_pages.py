"""The pages: plain names in the person's language, the file's own beside them, nothing from outside (PKG-4, PKG-5)."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from portal.language import LANGUAGES, catalogue_of
from portal.package.build import build
from portal.package.dictionary.codes import CODES
from portal.package.dictionary.known import FIELDS
from portal.package.parts import FileKind, LeftOutLine, Media, PackageFile, PackageParts, file_of_bytes
from portal.package.readable.shell import CSP, page_shell
from portal.practice.invented.columns import (
    CARD_COLUMNS,
    CONSENT_COLUMNS,
    CUSTOMER_COLUMNS,
    ROW_COLUMNS,
    TRANSACTION_COLUMNS,
)
from portal.redaction.reasons import Reason
from tests.package.conftest import CASE, LETTER, Built, built, everything, gift_cards, json_file
from tests.package.reading_pages import page

pytestmark = pytest.mark.keeps("LAW-9", "LAW-10")

PAGES = ("1-READ-ME-FIRST.html", "2-your-data.html", "explain/fields.html", "manifest.html")
NAUGHTY = "<script>alert(1)</script><img src=https://example.com/a onerror=alert(1)>\"'&\u202e"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_what_a_reader_with_a_screen_reader_needs(language: str, name: str) -> None:
    shown = page(built(*everything(), language=language).text(name))
    (html,) = shown.all("html")
    assert html.attrs == {"lang": language, "dir": "ltr"}
    assert len(shown.all("h1")) == len(shown.all("main")) == 1
    assert shown.all("a")[0].attrs["href"] == "#main"
    tables = shown.all("table")
    assert len(shown.all("caption")) == len(tables)
    assert all(tag.attrs.get("scope") for tag in shown.all("th"))
    assert all(tag.text.strip() for tag in shown.all("caption", "th", "h1", "h2", "h3"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_nothing_and_asks_for_nothing(ordinary: Built, name: str) -> None:
    text = ordinary.text(name)
    shown = page(text)
    (csp,) = (tag for tag in shown.all("meta") if tag.attrs.get("http-equiv") == "Content-Security-Policy")
    assert csp.attrs["content"] == CSP
    assert not shown.all("script", "iframe", "object", "embed", "link", "form", "base", "img", "audio", "video")
    for tag in shown.tags:
        assert not any(attr.startswith("on") or attr in ("src", "srcset", "target", "style") for attr in tag.attrs)
        target = tag.attrs.get("href", "#")
        assert target.startswith("#") or (target.partition("#")[0] in ordinary.names and ":" not in target)
    assert "url(" not in text and "@import" not in text and "mailto:" not in text


def test_naughty_text_stays_text_wherever_it_stands() -> None:
    file = json_file(
        FileKind.GIFT_CARDS, "gift-cards",
        {NAUGHTY: NAUGHTY,
         "giftCards": [{"id": NAUGHTY, "cardNumber": NAUGHTY, "programName": NAUGHTY, "balance": "1"}] * 3,
         "customer": {"name": NAUGHTY, "email": NAUGHTY}},
    )  # fmt: skip
    made = built(file)
    for name in PAGES:
        shown = page(made.text(name))
        assert not shown.all("script", "img")
        assert "\u202e" not in made.text(name)
    assert "<script>alert(1)</script>" in page(made.text("2-your-data.html")).all("main")[0].text


@pytest.mark.parametrize(("language", "words"), [
    ("en", ["Points you earned", "Paid with the card", "12 Jun 2024, 16:42", "Gold level"]),
    ("de", ["Punkte, die Sie gesammelt haben", "Mit der Karte bezahlt", "12. Juni 2024, 16:42", "12.386,67"]),
    ("fr", ["Points que vous avez gagnés", "Payé avec la carte", "12 juin 2024"]),
])  # fmt: skip
def test_fields_codes_dates_and_money_are_in_the_persons_language(language: str, words: list[str]) -> None:
    text = page(built(*everything(), language=language).text("2-your-data.html")).all("main")[0].text
    for word in words:
        assert word in text


def test_the_vendors_names_and_values_stand_beside_the_plain_ones(ordinary: Built) -> None:
    text = ordinary.text("2-your-data.html")
    assert "Points you earned <code>pointsChange</code>" in text
    assert '12 Jun 2024, 16:42 <small class="raw">2024-06-12T16:42:28.580Z</small>' in text
    assert 'Paid with the card <small class="raw">REDEMPTION</small>' in text


def test_a_field_that_nobody_told_us_about_is_shown_raw_and_said_to_be_so() -> None:
    file = json_file(FileKind.GIFT_CARDS, "gift-cards", {"giftCards": [{"id": "7", "zodiacSign": "Leo"}]})
    made = built(file)
    (name,) = (tag for tag in page(made.text("2-your-data.html")).all("th") if "zodiacSign" in tag.text)
    assert name.text == "zodiacSign (ask us)"
    (row,) = (tag for tag in page(made.text("explain/fields.html")).all("tr") if "zodiacSign" in tag.text)
    assert "We have no plain name for this field. Ask us what it means." in row.text


def test_every_field_of_the_practice_files_has_a_plain_name() -> None:
    known = {*FIELDS, "id"}
    for columns in (CARD_COLUMNS, CONSENT_COLUMNS, CUSTOMER_COLUMNS, ROW_COLUMNS, TRANSACTION_COLUMNS):
        assert {column.casefold() for column in columns} <= known


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_plain_name_and_code_is_translated(language: str) -> None:
    words = catalogue_of(language)
    texts = {one for entry in FIELDS.values() for one in (entry.label, entry.meaning) if one}
    texts |= {word for codes in CODES.values() for word in codes.values()}
    same = {text for text in texts if words.text(text) == text}
    assert same <= set("Name Status Date Design Browser Page Points Details Program Note Code".split())


def test_a_picture_of_activity_says_in_words_what_it_shows(ordinary: Built) -> None:
    shown = page(ordinary.text("2-your-data.html"))
    pictures = shown.all("svg")
    assert [tag.attrs["role"] for tag in pictures] == ["img", "img"]
    assert pictures[0].attrs["aria-label"].startswith("Entries in each month. Busiest: Sep 2024, with 3. In all: 14.")
    (table,) = (tag for tag in shown.all("table") if tag.text.startswith("Entries in each month"))
    assert sum(map(int, re.findall(r"20\d\d(\d+)", table.text.replace("How many", "")))) == 14


def test_cards_are_shown_with_their_balance_and_entries_under_their_card(ordinary: Built) -> None:
    shown = page(ordinary.text("2-your-data.html"))
    card = ordinary.json("data/gift-cards.json")["giftCards"][1]
    assert any(card["lastFourDigits"] in tag.text and "12,386.67" in tag.text for tag in shown.all("li"))
    groups = [tag for tag in shown.all("th") if tag.attrs["scope"] == "rowgroup"]
    assert [tag.text for tag in groups][
        1
    ] == f"Belongs to …{card['lastFourDigits']} · {card['programName']} {card['id']}"


def test_long_data_is_split_into_pages_that_each_hold_their_part() -> None:
    out = io.BytesIO()
    build(PackageParts(CASE, LETTER, everything("many_cards")[:2]), out, part_bytes=200_000)
    made = Built(out.getvalue(), build(PackageParts(CASE, LETTER, ()), io.BytesIO()))
    parts = [name for name in made.names if name.startswith("2-your-data-")]
    assert len(parts) > 5
    pages = [page(made.text(name)) for name in parts]
    assert all(len(made.read(name)) <= 200_000 for name in parts)
    assert all(len(one.all("h1")) == 1 and one.all("caption") for one in pages)
    first = page(made.text("2-your-data.html"))
    links = {tag.attrs["href"] for tag in first.all("a") if tag.attrs["href"].startswith("2-")}
    assert {link.partition("#")[0] for link in links} == set(parts)
    for link in links:
        name, _, anchor = link.partition("#")
        assert not anchor or any(tag.attrs.get("id") == anchor for tag in pages[parts.index(name)].tags)
    whole = sum(one.values() for one in pages)
    assert whole == sum(one["values"] for one in made.json("manifest.json")["files"] if "values" in one)


def test_a_marker_leads_to_the_reason_of_its_own_file() -> None:
    reasons_of = (("loyalty-1", Reason.OTHER_PERSON), ("loyalty-2", Reason.STAFF))
    files = [
        json_file(FileKind.LOYALTY, name, {"items": [{"note": "[withheld 1: another person]", "id": "7"}] * 2},
                  redacted=True, source_sha256="0" * 64, left_out=(LeftOutLine(1, "items, row 1", "", reason),))
        for name, reason in reasons_of
    ]  # fmt: skip
    made = built(*files)
    reasons = page(made.text("what-we-left-out.html"))
    links = [tag.attrs["href"] for tag in page(made.text("2-your-data.html")).all("a") if "withheld" in tag.text]
    assert links == ["what-we-left-out.html#loyalty-1-1"] * 2 + ["what-we-left-out.html#loyalty-2-1"] * 2
    assert {link.partition("#")[2] for link in links} <= {tag.attrs.get("id", "") for tag in reasons.all("span")}
    assert "It names somebody who works for us; what they did is still in the file." in reasons.all("main")[0].text


def memberships(*people: object, **more: Any) -> list[PackageFile]:
    return [
        json_file(FileKind.LOYALTY, f"loyalty-{number}", {"customer": who, "loyalty": {"points": number}}, **more)
        for number, who in enumerate(people, 1)
    ]  # fmt: skip


def test_details_that_several_programs_repeat_stand_once() -> None:
    ada = {"id": "c1", "name": "Ada Field", "email": "ada@example.com"}
    made = built(*memberships(ada, ada, {**ada, "email": "a.field@example.com"}))
    shown = page(made.text("2-your-data.html"))
    captions = [tag.text for tag in shown.all("caption") if tag.text.startswith("Your details")]
    assert len(captions) == 2
    assert "The same in: data/loyalty-2.json" in captions[0] and "data/loyalty-3.json" in captions[1]
    assert shown.values() == sum(one.get("values", 0) for one in made.json("manifest.json")["files"])


def test_details_with_places_left_out_stand_by_themselves() -> None:
    ada = {"id": "c1", "name": "[withheld 1: another person]"}
    line = LeftOutLine(1, "customer, name", "", Reason.OTHER_PERSON)
    made = built(*memberships(ada, ada, redacted=True, source_sha256="0" * 64, left_out=(line,)))
    captions = [tag.text for tag in page(made.text("2-your-data.html")).all("caption")]
    assert len([one for one in captions if one.startswith("Your details")]) == 2


def test_a_file_that_is_no_table_is_named_with_its_place() -> None:
    picture = file_of_bytes(FileKind.OTHER, "till-photo", "Photo of the till", Media.OTHER, b"\x89PNG", extension="png")
    made = built(gift_cards(), picture)
    assert made.read("data/till-photo.png") == b"\x89PNG"
    assert "Photo of the till data/till-photo.png" in page(made.text("2-your-data.html")).all("main")[0].text


def test_the_shell_escapes_its_title_and_knows_only_our_languages() -> None:
    made = page_shell("<b>", 'xx"', "<h1>A</h1>", foot="<i>")
    assert '<html lang="en"' in made and "<title>&lt;b&gt;</title>" in made and "<p>&lt;i&gt;</p>" in made


def test_the_letter_stands_first_and_says_what_else_is_there(ordinary: Built) -> None:
    shown = page(ordinary.text("1-READ-ME-FIRST.html"))
    assert shown.all("h1")[0].text == "Our answer to your request"
    links = {tag.attrs["href"] for tag in shown.all("a")}
    assert {
        "2-your-data.html",
        "tables/all.xlsx",
        "explain/fields.html",
        "manifest.html",
        "data/gift-cards.json",
    } <= links
