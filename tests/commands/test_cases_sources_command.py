"""`cases sources`: the checklist of a case, and collecting it, on a helpdesk's command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EMAIL = "flat.list@example.com"
AGENT, AUDITOR = (f"{who}@brookandbean.example.com" for who in ("sam", "iris"))


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def opened(cli: Any, data: Path, *known: str, typed: str = "") -> str:
    given = (*known, "--channel", "email", "--rights", "access", "--as", AGENT, "--json")
    return str(cli("cases", "open", *given, data=data, typed=typed).json["name"])


def test_a_case_is_collected_and_what_is_not_settled_is_the_exit_status(cli: Any, data: Path) -> None:
    name = opened(cli, data, "--email", "-", typed=f"{EMAIL}\n")
    before = cli("cases", "sources", name, "--as", AUDITOR, "--json", data=data)
    assert before.returncode == 0 and {
        line["state"] for line in lines(before.stdout) if line["kind"] != "portal_records"
    } == {"planned"}
    done = cli("cases", "sources", name, "--collect", "--as", AGENT, "--json", data=data)
    found = lines(done.stdout)
    assert (done.returncode, "Not every source is settled." in done.stderr) == (1, True)
    refused = [line for line in found if line["state"] == "refused"]
    assert [(line["kind"], line["program"], line["status"]) for line in refused] == [("members", "Tea Club", 403)]
    assert {line["state"] for line in found} == {"fetched", "empty", "refused"}
    assert {line["kind"] for line in found} >= {"cards_by_email", "programs", "members", "card_consent", "vendor_log"}
    assert EMAIL not in done.stdout + done.stderr and "f•••@example.com" in done.stdout
    words = cli("cases", "sources", name, "--as", AUDITOR, data=data)
    assert words.returncode == 0 and "Tea Club" in words.stdout and "(403)" in words.stdout


def test_a_case_whose_sources_are_all_settled_ends_well(cli: Any, data: Path) -> None:
    name = opened(cli, data, "--customer-id", "-", typed="5eed00000000000000000008\n")
    done = cli("cases", "sources", name, "--collect", "--as", AGENT, data=data)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "not_applicable" in done.stdout and "neither" in done.stdout


def test_whose_records_are_to_be_decided_is_told_and_is_not_settled(cli: Any, data: Path) -> None:
    name = opened(cli, data, "--customer-id", "-", typed="5eed00000000000000000003\n")
    done = cli("cases", "sources", name, "--collect", "--as", AGENT, data=data)
    assert done.returncode == 1 and "To be decided on the page of the case: 2." in done.stderr
    assert EMAIL not in done.stdout + done.stderr


def test_who_may_not_ask_is_refused_and_a_case_that_is_none_not_found(cli: Any, data: Path) -> None:
    name = opened(cli, data, "--email", "-", typed=f"{EMAIL}\n")
    assert cli("cases", "sources", name, "--collect", "--as", AUDITOR, data=data).returncode == 1
    assert cli("cases", "sources", "2001-0001", "--as", AGENT, data=data).returncode == 1
