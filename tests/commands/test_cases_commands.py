"""`cases` as a helpdesk's scripts use it: the page's services, the same trail, and no person's value in the shell."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from portal.cases.states import CaseState
from portal.commands.cases.told import since_line
from portal.comparison.differences import TableDifference
from portal.comparison.fingerprints import Origin
from portal.comparison.views import EarlierCase, Since

EMAIL = "canary.person@example.com"
DAY = dt.date(2026, 9, 4)
MANAGER, AGENT, AUDITOR = (f"{who}@brookandbean.example.com" for who in ("maya", "sam", "iris"))


def opened(cli: Any, data: Path, *options: object, typed: str = f"{EMAIL}\n", account: str = AGENT) -> dict[str, Any]:
    given = ("--email", "-", "--channel", "email", "--rights", "access", *options, "--as", account, "--json")
    done = cli("cases", "open", *given, data=data, typed=typed)
    assert done.returncode == 0, done.stderr
    assert EMAIL not in done.stdout + done.stderr
    found: dict[str, Any] = done.json
    return found


def acts(data: Path, case_id: str) -> list[tuple[str, str]]:
    with sqlite3.connect(data / "portal.sqlite3") as db:
        return list(
            db.execute("SELECT action, origin FROM audit_entries WHERE object_id = ? ORDER BY seq", (case_id,))
        )  # fmt: skip


def days_ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)).isoformat()


def test_a_case_is_opened_recorded_in_and_closed(cli: Any, data: Path, tmp_path: Path) -> None:
    case = opened(cli, data, "--reference", "DSR-9", "--name", "-", typed=f"{EMAIL}\nCanary Person\n")
    assert (case["state"], case["reference"], case["person"], case["joined"]) == (
        "received", "DSR-9", "c•••@example.com", False,
    )  # fmt: skip
    name = case["name"]
    again = opened(cli, data)
    assert (again["id"], again["joined"]) == (case["id"], True)

    noted = cli("cases", "note", name, "--as", AGENT, data=data, typed="She rang twice.\n")
    assert noted.returncode == 0 and noted.stdout.startswith(f"{name}  due {case['due_on']}  received")
    letter = tmp_path / "letter.txt"
    letter.write_text("We need more time: …\n", encoding="utf-8")
    extended = cli(
        "cases", "extend", case["id"], "--reason", "complexity", "--letter", letter, "--as", AGENT, "--json", data=data
    )
    assert extended.returncode == 0 and extended.json["due_on"] > case["due_on"]

    shown = cli("cases", "show", name, "--as", AGENT, "--json", data=data).json
    assert [fact["kind"] for fact in shown["facts"]] == ["received", "follow_up", "note", "extended"]
    assert shown["facts"][2]["text"] == "She rang twice."
    assert shown["facts"][3]["text"] == letter.read_text(encoding="utf-8")
    assert shown["facts"][3]["codes"]["sha256"] == hashlib.sha256(letter.read_bytes()).hexdigest()
    assert shown["extended"] is True and shown["why"]
    words = cli("cases", "show", name, "--as", AUDITOR, data=data)
    assert "Why this day:" in words.stdout and "rang" not in words.stdout

    refused = cli(
        "cases", "refuse", name, "--reason", "unfounded", "--letter", "-", "--as", MANAGER, "--json", data=data,
        typed="No, because …",
    )  # fmt: skip
    assert (refused.returncode, refused.json["state"]) == (0, "refused")
    closed = cli("cases", "close", name, "--reason", "done", "--as", AGENT, "--json", data=data)
    assert (closed.returncode, closed.json["state"]) == (0, "closed")
    entries = acts(data, case["id"])
    assert {origin for _act, origin in entries} == {"cli"}
    assert [act for act, _origin in entries if act != "case:state"] == [
        "case:open", "case:follow_up", "case:note", "case:extend", "case:refuse", "case:close",
    ]  # fmt: skip


def test_the_list_is_narrowed_and_finds_a_person_by_standard_input(cli: Any, data: Path) -> None:
    first = opened(cli, data)
    second = opened(cli, data, typed="another.person@example.com\n")
    listed = cli("cases", "list", "--json", "--as", AUDITOR, data=data)
    assert [json.loads(line)["id"] for line in listed.stdout.splitlines()] == sorted([first["id"], second["id"]])
    found = cli("cases", "list", "--text", "-", "--json", "--as", AGENT, data=data, typed=EMAIL)
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == [first["id"]]
    assert len(cli("cases", "list", "--limit", "1", data=data).stdout.splitlines()) == 1
    for narrowed in (("--ended",), ("--mine",), ("--state", "refused"), ("--due-until", days_ago(0))):
        assert cli("cases", "list", *narrowed, data=data).stdout == ""
    assert cli("cases", "list", "--as", "maya@northwindbooks.example.com", data=data).stdout == ""


def test_cases_that_are_due_say_nothing_of_the_person(cli: Any, data: Path) -> None:
    ago = ("--received-on", days_ago(200), "--late-entry", "was_away", "--reference", "DSR-1")
    late = opened(cli, data, *ago)
    assert late["due_on"] < days_ago(0)
    opened(cli, data, typed="another.person@example.com\n")
    due = cli("cases", "due", "--json", "--as", AUDITOR, data=data)
    (line,) = (json.loads(text) for text in due.stdout.splitlines())
    assert due.returncode == 0
    assert line == {
        "name": late["name"], "id": late["id"], "due_on": late["due_on"], "last_lawful_on": late["last_lawful_on"],
        "days_left": (dt.date.fromisoformat(late["due_on"]) - dt.datetime.now(dt.UTC).date()).days, "overdue": True,
        "state": "received", "assignee": "", "reference": "DSR-1",
    }  # fmt: skip
    failed = cli("cases", "due", "--fail-if-overdue", data=data)
    assert failed.returncode == 1 and f"{late['name']}  overdue since {late['due_on']}" in failed.stdout
    assert "Overdue: 1." in failed.stderr
    assert len(cli("cases", "due", "--within", "40", "--json", data=data).stdout.splitlines()) == 2
    elsewhere = cli("cases", "due", "--fail-if-overdue", "--as", "maya@northwindbooks.example.com", data=data)
    assert (elsewhere.returncode, elsewhere.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "typed", "sentence"),
    [
        (("open", "--email", "-"), "\n", "--email: Say by what the person is known."),
        (("open", "--email", "-", "--received-on", days_ago(9)), "x@y.example\n", "--late-entry: Say why"),
        (("open", "--email", "-", "--calendar", "GB"), "x@y.example\n", "--calendar: There is no calendar"),
    ],
)
def test_what_is_wrong_is_told_by_its_option(
    cli: Any, data: Path, arguments: tuple[str, ...], typed: str, sentence: str
) -> None:
    done = cli("cases", *arguments, "--channel", "post", "--rights", "access", data=data, typed=typed)
    assert (done.returncode, done.stdout) == (2, "") and sentence in done.stderr


def test_what_cannot_be_recorded_leaves_the_case_as_it_was(cli: Any, data: Path, tmp_path: Path) -> None:
    name = opened(cli, data)["name"]
    for arguments, typed, status, sentence in (
        (("note", name, "--as", AGENT), " \n", 2, "--text: A note has at most"),
        (("note", name, "--text", tmp_path / "none", "--as", AGENT), "", 2, "--text: The file cannot be read"),
        (("extend", name, "--reason", "complexity", "--letter", "-", "--as", AGENT), " ", 2, "--letter: "),
        (("refuse", name, "--reason", "unfounded", "--letter", "-", "--as", AGENT), "No.", 1, "Your role does not"),
        (("close", name, "--reason", "done", "--as", AGENT), "", 2, "--reason: Choose a reason"),
        (("close", name, "--reason", "no_request", "--as", AUDITOR), "", 1, "Your role does not allow this."),
        (("show", "f" * 32), "", 1, "There is nothing here by that address."),
        (("show", name, "--as", "maya@northwindbooks.example.com"), "", 1, "There is no case by that name."),
    ):
        done = cli("cases", *arguments, data=data, typed=typed)
        assert (done.returncode, done.stdout) == (status, ""), (arguments, done.stderr)
        assert sentence in done.stderr
    shown = cli("cases", "show", name, "--json", data=data).json
    assert (shown["state"], len(shown["facts"])) == ("received", 1)


def test_who_asked_before_is_told_in_one_line(cli: Any, data: Path) -> None:
    first = opened(cli, data, "--reference", "DSR-1", typed="canary.again@example.com\n")
    closed = cli("cases", "close", first["id"], "--reason", "elsewhere", "--as", AGENT, data=data)
    assert closed.returncode == 0, closed.stderr
    again = opened(cli, data, typed="canary.again@example.com\n")
    said = cli("cases", "show", again["name"], "--as", AGENT, data=data).stdout
    assert f"Asked 1 time before.\n  {first['name']}  received {days_ago(0)}  closed  DSR-1\n" in said
    shown = cli("cases", "show", again["name"], "--as", AGENT, "--json", data=data).json
    assert (shown["asked_before"], [one["id"] for one in shown["earlier"]]) == (1, [first["id"]])
    assert (shown["last_answered_on"], shown["changes"]) == (None, None)
    assert "Asked" not in cli("cases", "show", first["name"], "--as", AGENT, data=data).stdout


def test_the_line_says_what_changed_since() -> None:
    case = EarlierCase("1", "2026-0001", "", DAY, CaseState.ANSWERED, "answered", DAY, ())
    origin = Origin("cards", "json")
    rows = TableDifference(origin, "giftCards.transactions", 3, 14, 12, 1, 1)
    assert since_line(Since((case,) * 3, case, (rows,))) == (
        "Asked 3 times before, last answered on 2026-09-04; since then 12 new transactions, 1 changed, 1 gone."
    )
    assert since_line(Since((case,), case, ())).endswith("; nothing changed since.")


def test_one_of_the_things_asked_for_is_refused_or_done_by_itself(cli: Any, data: Path) -> None:
    case = opened(cli, data, "--rights", "objection")
    name = case["name"]
    assert sorted(case["rights"]) == ["access", "objection"]
    close = ("cases", "close", name, "--reason", "done", "--right")
    unasked = cli(*close, "erasure", "--as", AGENT, data=data)
    assert (unasked.returncode, "--right:" in unasked.stderr) == (2, True), unasked.stderr
    refused = cli(
        "cases", "refuse", name, "--reason", "unfounded", "--letter", "-", "--right", "access", "--as", MANAGER,
        "--json", data=data, typed="No copy, because …",
    )  # fmt: skip
    assert (refused.returncode, refused.json["state"]) == (0, "received")
    shown = cli("cases", "show", name, "--as", AGENT, "--json", data=data).json
    assert shown["outcomes"] == {"access": "refused", "objection": "open"}
    done = cli(*close, "objection", "--as", AGENT, "--json", data=data)
    assert (done.returncode, done.json["state"]) == (0, "answered")


def test_how_long_cases_are_kept_is_set_by_a_manager_with_a_reason(cli: Any, data: Path) -> None:
    case = opened(cli, data)
    closed = cli("cases", "close", case["id"], "--reason", "elsewhere", "--as", AGENT, data=data)
    assert closed.returncode == 0, closed.stderr
    shown = cli("cases", "retention", "--as", AUDITOR, "--json", data=data).json
    assert (shown["months"], shown["reason"]) == (24, "")
    given = ("cases", "retention", "--months", "36", "--reason", "-", "--json")
    assert cli(*given, "--as", AGENT, data=data, typed="Because.").returncode == 1
    saved = cli(*given, "--as", MANAGER, data=data, typed="Claims can be raised so long.\n")
    assert saved.returncode == 0, saved.stderr
    assert (saved.json["months"], saved.json["reason"]) == (36, "Claims can be raised so long.")
    assert saved.json["cases_moved"] >= 1
    kept = cli("cases", "show", case["id"], "--as", AGENT, "--json", data=data).json["kept_until"]
    assert int(kept[:4]) == dt.datetime.now(dt.UTC).year + 3
    assert cli(*given, "--months", "3", "--as", MANAGER, data=data, typed="Short.").returncode == 2
    assert cli("cases", "retention", "--reason", "-", "--as", MANAGER, data=data, typed="No.").returncode == 2
