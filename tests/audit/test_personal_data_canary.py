"""Nothing personal and no secret lies readable in what the portal keeps: the raw bytes of every file are searched."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from portal.exports import State
from portal.exports.core.download import FileKind
from portal.people.finding import Clue, ClueKind
from portal.practice.settings import MERCHANT_ONE_TOKEN, MERCHANT_TWO_TOKEN

pytestmark = pytest.mark.keeps("LAW-18", "SEC-9", "SEC-26", "SEC-30", "SEC-48")

EVENTS_OF_A_LIFE = ("ada@example.com", "two.people@example.com", "refused@example.com", "bad.gateway@example.com")


@dataclass
class Life:
    """A data folder in which much happened: its files' bytes while it ran and afterwards, and what to look for."""

    folder: Path
    sought: set[str]
    shown: dict[str, str]
    files: list[tuple[Path, bytes]]


def read_all(folder: Path) -> list[tuple[Path, bytes]]:
    return [(path, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def lived(new_desk: Any, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Exports were asked for, opened, searched for, released and destroyed."""
    folder, shown = tmp_path_factory.mktemp("lived"), {}
    with new_desk(folder) as desk:
        portal, maya = desk.portal, desk.user()
        views = {email: desk.run(email, reference="DSR-1") for email in EVENTS_OF_A_LIFE}
        ada = views["ada@example.com"]
        assert ada.state is State.READY
        by_card = json.loads(desk.original(ada.id))
        card = by_card["giftCards"][0]
        desk.run(card_id=card["id"])
        desk.run("", customer_id=by_card["customer"]["id"], format="csv")
        portal.files.open_preview(maya, ada.id)
        desk.decide_as_proposed(ada.id)
        b"".join(portal.files.open_file(maya, ada.id, FileKind.CSV).chunks)
        portal.history.reveal(maya, ada.id)
        portal.history.note_search(maya, "ada@example.com")
        portal.person_finder.look_up(maya, Clue(ClueKind.EMAIL, "ada@example.com"))
        portal.answers.record_sent(maya, ada.id, "email")
        portal.answers.record_extended(maya, views["refused@example.com"].id, "complexity", "Dear customer.")
        portal.decisions.release(maya, views["two.people@example.com"].id, "looked at, the giver's own")
        portal.retention.destroy(maya, views["two.people@example.com"].id)
        b"".join(portal.register.register_csv(maya).chunks)
        sought = {*EVENTS_OF_A_LIFE, MERCHANT_ONE_TOKEN, MERCHANT_TWO_TOKEN, by_card["customer"]["id"]}
        sought |= _personal(by_card)
        shown["timeline"] = str([portal.history.timeline(maya, view.id) for view in views.values()])
        shown["answers"] = repr([portal.answers.record_of(maya, view.id) for view in views.values()])
        shown["views"] = repr(list(views.values()))
        while_running = read_all(folder)  # with SQLite's write-ahead logs
    return Life(folder, sought, shown, while_running + read_all(folder))


def _personal(record: dict[str, Any]) -> set[str]:
    """Names, addresses, phones, card numbers and card ids of the file."""
    found: set[str] = set()

    def walk(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, key)
        elif isinstance(value, str) and re.search("name|email|phone|number|message|ip", key, re.I) and len(value) > 6:
            found.add(value)

    walk({"customer": record["customer"], "giftCards": record["giftCards"]})
    found |= {card["id"] for card in record["giftCards"]}
    return {text for text in found if text not in _NOT_PERSONAL}


# What the file names and the portal's own people or practice data share.
_NOT_PERSONAL = {"Brook & Bean Coffee", "Northwind Books"}


def forms_of(text: str) -> list[bytes]:
    """As UTF-8, as JSON writes it, as an address writes it, and in UTF-16."""
    return list(
        {text.encode(), json.dumps(text)[1:-1].encode(), quote(text).encode(), quote(text, safe="").encode(),
         text.encode("utf-16-le")}
    )  # fmt: skip


def test_the_search_would_find_something(lived: Life) -> None:
    assert len(lived.sought) > 10
    assert any(re.fullmatch(r"\d{16}", text) for text in lived.sought), "card numbers are among it"
    names = {path.name for path, _ in lived.files}
    assert {"portal.sqlite3", "portal.sqlite3-wal", "workflows.sqlite3", "workflows.sqlite3-wal"} <= names
    assert any(path.is_relative_to(lived.folder / "files") for path, _ in lived.files)


def test_nothing_personal_and_no_secret_is_readable_in_the_data_folder(lived: Life) -> None:
    hits = []
    for path, data in lived.files:
        data = data.lower()
        hits += [(path.name, text) for text in lived.sought for form in forms_of(text.lower()) if form in data]
    assert hits == []


def test_every_file_is_the_owners_alone(lived: Life) -> None:
    loose = [path for path in [lived.folder, *lived.folder.rglob("*")] if path.stat().st_mode & 0o077]
    assert loose == []


def test_what_screens_get_to_see_is_masked(lived: Life) -> None:
    assert [(where, text) for where, words in lived.shown.items() for text in lived.sought if text in words] == []


def test_the_log_of_a_failing_export_names_nobody(
    new_desk: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with new_desk() as desk:
        for email in ("cut.off@example.com", "html.answer@example.com", "unlisted@example.com", "expired@example.com"):
            desk.run(email)
    written = "".join(capfd.readouterr()) + caplog.text
    assert "export.fetch_failed" in written
    for secret in ("@example.com", "%40example.com", MERCHANT_ONE_TOKEN, "X-Signature=", "customerEmail="):
        assert secret not in written, secret
