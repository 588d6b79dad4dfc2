"""`export` and `history` as a script uses them: bytes to a file, JSON to standard output, words to standard error."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.practice.settings import MERCHANT_ONE_TOKEN

pytestmark = pytest.mark.keeps("LAW-8")


def direct(shop: Any, email: str, format_: str) -> bytes:
    """The file as LoyaltyDog gives it, asked for without the portal."""
    bearer = {"Authorization": f"Bearer {MERCHANT_ONE_TOKEN}"}
    with httpx.Client(base_url=shop.base, trust_env=False) as client:
        body = {"customerEmail": email, "format": format_}
        url = (
            client.post("/v2/giftcards/gdpr/export", json=body, headers=bearer).raise_for_status().json()["downloadUrl"]
        )
        return client.get(url, headers=bearer if url.startswith(shop.base) else {}).raise_for_status().content


def test_an_export_writes_the_very_bytes_and_prints_a_receipt(cli: Any, data: Path, shop: Any, tmp_path: Path) -> None:
    original = direct(shop, "flat.csv@example.com", "csv")
    shop.forget()
    out = tmp_path / "file.csv"
    done = cli(
        "export", "--email", "flat.csv@example.com", "--format", "csv", "--reference", "DSR-9", "--out", out, data=data
    )
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == original
    receipt = done.json
    assert (receipt["state"], receipt["format"], receipt["reference"]) == ("ready", "csv", "DSR-9")
    assert receipt["sha256"] == hashlib.sha256(original).hexdigest()
    assert receipt["size_bytes"] == len(original)
    assert receipt["file"] == str(out)
    assert "flat.csv@" not in done.stdout + done.stderr
    for words in ("Acting as maya@brookandbean.example.com", "Asking LoyaltyDog", "Checking"):
        assert words in done.stderr and words not in done.stdout
    assert out.stat().st_mode & 0o077 == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "file.csv"]
    assert shop.posts() == 1

    # The same data folder tells of it afterwards.
    listed = cli("history", "--json", data=data)
    assert [row["export"] for row in listed.json] == [receipt["export"]]
    assert listed.json[0] == {**receipt, "file": None}
    lines = cli("history", "--as", "iris@brookandbean.example.com", data=data)
    assert lines.returncode == 0 and receipt["export"] in lines.stdout and "flat.csv@" not in lines.stdout
    searched = cli("history", "--json", "--text", "Flat.CSV@example.com", data=data)
    assert searched.json == listed.json
    assert cli("history", "--json", "--as", "maya@northwindbooks.example.com", data=data).json == []


def test_an_export_that_is_not_ready_leaves_no_file_and_a_bad_status(
    cli: Any, data: Path, shop: Any, tmp_path: Path
) -> None:
    out = tmp_path / "file.json"
    out.write_text("yesterday's")
    done = cli("export", "--email", "two.people@example.com", "--out", out, "--force", data=data)
    assert done.returncode == 1
    assert (done.json["state"], done.json["file"]) == ("attention", None)
    assert done.json["problem"] in done.stderr and done.json["next_step"] in done.stderr
    assert out.read_text() == "yesterday's"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "file.json"]


def test_a_file_that_is_there_is_kept_unless_forced(cli: Any, data: Path, shop: Any, tmp_path: Path) -> None:
    out = tmp_path / "file.json"
    out.write_text("precious")
    kept = cli("export", "--email", "ada@example.com", "--out", out, data=data)
    assert (kept.returncode, kept.stdout, out.read_text()) == (2, "", "precious")
    assert "--out: file.json is there already; use --force to replace it." in kept.stderr
    nowhere = cli("export", "--email", "ada@example.com", "--out", tmp_path / "no" / "f.json", data=data)
    assert nowhere.returncode == 2 and "--out: The folder for the file does not exist." in nowhere.stderr
    assert shop.posts() == 0
    forced = cli("export", "--email", "ada@example.com", "--out", out, "--force", data=data)
    assert forced.returncode == 0
    assert hashlib.sha256(out.read_bytes()).hexdigest() == forced.json["sha256"]
    assert json.loads(out.read_bytes())["customer"]["email"] == "ada@example.com"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--email: Enter the customer's email or customer ID."),
        (["--email", "ada@example.com", "--customer-id", "7"], "--email: Enter an email or a customer ID, not both."),
        (
            ["--email", "x@example.com", "--program", "5EED"],
            "--program: Program ID must be 24 characters of 0-9 and a-f;",
        ),
        (
            ["--email", "x@example.com", "--card", "5"],
            "--card: Card ID must be 24 characters of 0-9 and a-f; this has 1.",
        ),
    ],
)
def test_a_wrong_input_is_told_by_its_option_and_nothing_is_sent(
    cli: Any, data: Path, shop: Any, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = cli("export", *arguments, "--out", tmp_path / "f.json", data=data)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert shop.posts() == 0
    assert not (tmp_path / "f.json").exists()


def test_an_address_that_looks_mistyped_is_asked_for_only_when_it_is_said_to_be_right(
    cli: Any, data: Path, shop: Any, tmp_path: Path
) -> None:
    done = cli("export", "--email", "ada@gmial.com", "--out", tmp_path / "f.json", data=data)
    assert "--email: Did you mean gmail.com?" in done.stderr and "--as-typed" in done.stderr
    assert (done.returncode, done.stdout, shop.posts()) == (2, "", 0)
    done = cli("export", "--email", "ada@gmial.com", "--as-typed", "--out", tmp_path / "f.json", data=data)
    assert "Did you mean" not in done.stderr
    assert (done.returncode, done.json["problem_code"]) == (1, "not_found")
    assert shop.posts() == 1


@pytest.mark.parametrize(
    ("account", "told"),
    [("iris@brookandbean.example.com", "role"), ("nobody@brookandbean.example.com", "")],
)
def test_an_account_that_may_not_export_does_not(
    cli: Any, data: Path, shop: Any, tmp_path: Path, account: str, told: str
) -> None:
    done = cli("export", "--email", "ada@example.com", "--out", tmp_path / "f.json", "--as", account, data=data)
    assert (done.returncode, done.stdout) == (1, "") and told in done.stderr and "(reference " in done.stderr
    assert shop.posts() == 0


def test_an_empty_data_folder_says_how_to_begin(cli: Any, tmp_path: Path) -> None:
    done = cli("history", data=tmp_path / "new")
    assert done.returncode == 1 and "accounts add" in done.stderr
