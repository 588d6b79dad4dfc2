"""The manifest: every file but itself, what was fetched and what was made of it, as its schema says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from portal.package.parts import FileKind, LeftOutLine, Outcome, Variant, WithheldFile
from portal.redaction.reasons import Reason
from tests.package.conftest import CASE, Built, built, everything, gift_cards, json_file

pytestmark = pytest.mark.keeps("LAW-8")

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "package.schema.json").read_text())


WITHHELD = WithheldFile("Another system: Newsletter", FileKind.OTHER, Reason.EXEMPT_NATIONAL, "§ 29 BDSG")


def left_out() -> Built:
    line = LeftOutLine(1, "giftCards, row 1, sender", "name", Reason.OTHER_PERSON)
    file = json_file(
        FileKind.GIFT_CARDS, "gift-cards", {"id": "7", "sender": "[withheld 1: another person]"},
        redacted=True, source_sha256="0" * 64, left_out=(line,),
    )  # fmt: skip
    return built(file)


@pytest.mark.parametrize("make", [
    lambda: built(*everything()), left_out, built, lambda: built(gift_cards(), variant=Variant.PORTABILITY),
    lambda: built(gift_cards(), withheld=(WITHHELD,)),
], ids=["everything", "left out", "nothing held", "portability", "a whole file left out"])  # fmt: skip
def test_the_manifest_is_as_its_schema_says(make: object) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(make().json("manifest.json"), SCHEMA)  # type: ignore[operator]


def test_it_names_every_file_but_itself_with_its_digest(ordinary: Built) -> None:
    said = {file["path"]: file for file in ordinary.json("manifest.json")["files"]}
    assert {*said, "manifest.json"} == set(ordinary.names)
    for path, file in said.items():
        data = ordinary.read(path)
        assert (file["size"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert ordinary.manifest.sha256 == hashlib.sha256(ordinary.read("manifest.json")).hexdigest()
    assert ordinary.manifest.zip_sha256 == hashlib.sha256(ordinary.data).hexdigest()


def test_data_is_byte_for_byte_what_was_fetched() -> None:
    file = gift_cards()
    made = built(file)
    assert made.read("data/gift-cards.json") == b"".join(file.data())
    (said,) = (one for one in made.json("manifest.json")["files"] if one["path"] == "data/gift-cards.json")
    assert said["as_fetched"] and said["source_sha256"] == said["sha256"] == file.source_sha256


def test_a_file_with_places_left_out_says_so_and_keeps_the_digest_of_its_source() -> None:
    made = left_out()
    (said,) = (one for one in made.json("manifest.json")["files"] if one["path"].startswith("data/"))
    assert said["path"] == "data/gift-cards-redacted.json"
    assert (said["as_fetched"], said["source_sha256"], said["withheld"]) == (False, "0" * 64, 1)
    assert made.json("withheld.json") == [
        {"file": "data/gift-cards-redacted.json", "number": 1, "place": "giftCards, row 1, sender", "kind": "name",
         "reason": "other_person"}
    ]  # fmt: skip


def test_a_file_that_is_left_out_whole_is_named_with_its_reason() -> None:
    made = built(gift_cards(), withheld=(WITHHELD, WithheldFile("Till", FileKind.OTHER, Reason.NOT_THEIRS)))
    assert made.json("withheld.json") == [
        {"title": "Another system: Newsletter", "kind": "file", "reason": "exempt_national",
         "law_section": "§ 29 BDSG"},
        {"title": "Till", "kind": "file", "reason": "not_theirs"},
    ]  # fmt: skip
    manifest = made.json("manifest.json")
    assert (manifest["withheld"], manifest["withheld_files"], made.manifest.withheld) == (2, 2, 2)
    page = made.text("what-we-left-out.html")
    assert "Another system: Newsletter" in page and "A national law exempts it: § 29 BDSG." in page
    assert 'href="what-we-left-out.html"' in made.text("1-READ-ME-FIRST.html")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_right_and_status_are_terms_of_the_vocabulary(outcome: Outcome) -> None:
    said = built(case=replace(CASE, outcome=outcome)).json("manifest.json")
    assert said["dpv:hasRight"] == {"@id": "eu-gdpr:A15"}
    assert said["dpv:hasStatus"]["@id"].startswith("dpv:Request")
    outside = built(case=replace(CASE, outcome=outcome, eu=False)).json("manifest.json")
    assert "dpv:hasRight" not in outside and "eu-gdpr" not in outside["@context"]
