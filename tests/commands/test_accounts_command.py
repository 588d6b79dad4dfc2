"""`accounts add | list | disable`: passwords by standard input only, one JSON line as the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PASSWORD = "violet-tractor-pond-91"


def test_an_operator_makes_lists_and_disables_accounts(cli: Any, tmp_path: Path) -> None:
    data = tmp_path / "new"
    made = cli(
        "accounts", "add", "Owner@Shop.example", "--merchant", "Corner Shop", "--role", "manager", "--name", "Olive",
        "--password-stdin", data=data, typed=PASSWORD + "\n",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.json["merchant"] == "Corner Shop" and made.json["role"] == "manager"
    assert PASSWORD not in made.stdout + made.stderr
    other = cli(
        "accounts", "add", "agent@shop.example", "--merchant", "Corner Shop", "--password-stdin", data=data,
        typed="another-long-phrase-42\n",
    )  # fmt: skip
    assert other.returncode == 0 and other.json["role"] == "agent"

    listed = cli("accounts", "list", "--json", data=data).json
    assert [(a["email"], a["role"], a["merchant"], a["disabled"]) for a in listed] == [
        ("agent@shop.example", "agent", "Corner Shop", False),
        ("owner@shop.example", "manager", "Corner Shop", False),
    ]
    assert not any("password" in key or "hash" in key for account in listed for key in account)
    for path in data.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()

    gone = cli("accounts", "disable", "Agent@shop.example", data=data)
    assert gone.returncode == 0 and gone.json["disabled"]
    lines = cli("accounts", "list", data=data).stdout.splitlines()
    assert [("disabled" in line, "active" in line) for line in lines] == [(True, False), (False, True)]
    assert cli("history", "--as", "agent@shop.example", data=data).returncode == 1
    last = cli("accounts", "disable", "owner@shop.example", data=data)
    assert last.returncode == 1, "a merchant keeps a manager"


def test_an_account_that_cannot_be_is_refused_by_its_option(cli: Any, tmp_path: Path) -> None:
    for arguments, typed, option in (
        (["not-an-email", "--merchant", "Shop"], PASSWORD, "--email: "),
        (["a@shop.example", "--merchant", "Shop", "--role", "king"], PASSWORD, "--role: "),
        (["a@shop.example", "--merchant", "Shop"], "short", "--password: "),
    ):
        done = cli("accounts", "add", *arguments, "--password-stdin", data=tmp_path / "new", typed=typed + "\n")
        assert (done.returncode, done.stdout) == (2, ""), done
        assert option in done.stderr
    assert cli("accounts", "list", "--json", data=tmp_path / "new").json == []
