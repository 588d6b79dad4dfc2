"""`package`: a case's answer built, listed, approved and saved on a helpdesk's command line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyzipper

from portal.package.encrypted import INNER
from tests.package.versions.conftest import decide_all, recognise, save_profile

AGENT, AUDITOR = (f"{who}@brookandbean.example.com" for who in ("sam", "iris"))
SETTLES = "5eed00000000000000000008"
"""A customer of whom LoyaltyDog refuses nothing."""


@pytest.fixture
def case(cli: Any, data: Path, new_desk: Callable[..., Any]) -> str:
    """The name of a case that is collected and decided."""
    given = ("--customer-id", "-", "--channel", "email", "--rights", "access", "--as", AGENT, "--json")
    name = str(cli("cases", "open", *given, data=data, typed=f"{SETTLES}\n").json["name"])
    assert cli("cases", "sources", name, "--collect", "--as", AGENT, data=data).returncode == 0
    with new_desk(data, workers=False) as desk:
        save_profile(desk)
        case_id = desk.portal.case_register.find_by_name(desk.user("sam"), name)
        decide_all(desk, case_id)
        recognise(desk, case_id)
    return name


def test_a_package_is_built_approved_and_saved(cli: Any, data: Path, case: str, tmp_path: Path) -> None:
    built = cli("package", "build", case, "--as", AGENT, "--json", data=data)
    assert built.returncode == 0, built.stderr
    assert (built.json["version"], built.json["standing"]) == (1, "draft")
    out = tmp_path / "answer.zip"
    early = cli("package", "save", case, "--out", out, "--as", AGENT, data=data)
    assert early.returncode == 1 and "not approved" in early.stderr and not out.exists()
    assert cli("package", "approve", case, "--sha256", "0" * 64, "--as", AGENT, data=data).returncode == 1
    sha256 = built.json["sha256"]
    assert cli("package", "approve", case, "--sha256", sha256, "--as", AGENT, data=data).returncode == 0
    assert cli("package", "save", case, "--out", out, "--as", AGENT, data=data).returncode == 0
    assert hashlib.sha256(out.read_bytes()).hexdigest() == sha256
    copy = tmp_path / "copy.zip"
    words = cli("package", "save", case, "--out", copy, "--encrypted", "--as", AGENT, data=data).stdout.strip()
    with pyzipper.AESZipFile(copy) as archive:
        assert hashlib.sha256(archive.read(INNER, pwd=words.encode())).hexdigest() == sha256
    again = cli("package", "save", case, "--out", out, "--as", AGENT, data=data)
    assert again.returncode == 2 and "--force" in again.stderr
    shown = cli("package", "show", case, "--as", AUDITOR, "--json", data=data)
    assert json.loads(shown.stdout.splitlines()[0])["standing"] == "approved"
    files = cli("package", "show", case, "--files", "--as", AGENT, data=data)
    assert "1-READ-ME-FIRST.html" in files.stdout and "manifest.json" in files.stdout


def test_what_is_missing_is_said_and_nothing_is_built(cli: Any, data: Path) -> None:
    given = ("--customer-id", "-", "--channel", "email", "--rights", "access", "--as", AGENT, "--json")
    name = cli("cases", "open", *given, data=data, typed=f"{SETTLES}\n").json["name"]
    done = cli("package", "build", name, "--as", AGENT, data=data)
    assert done.returncode == 1 and "Not every source is settled." in done.stderr and done.stdout == ""
    assert cli("package", "show", name, "--as", AGENT, data=data).stdout == ""
    assert cli("package", "build", name, "--as", AUDITOR, data=data).returncode == 1
