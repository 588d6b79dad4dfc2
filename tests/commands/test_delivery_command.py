"""`delivery`: an approved answer given out, made anew, taken back and recorded on a helpdesk's command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_package_command import AGENT, AUDITOR, case

pytestmark = pytest.mark.keeps("LAW-16")
__all__ = ["case"]  # the fixture: a case that is collected and decided
MANAGER = "maya@brookandbean.example.com"
CODE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")


@pytest.fixture
def delivery(cli: Any, data: Path, case: str) -> Callable[..., Any]:
    """Runs `delivery COMMAND` on the case, whose package is approved."""
    built = cli("package", "build", case, "--as", AGENT, "--json", data=data)
    assert cli("package", "approve", case, "--sha256", built.json["sha256"], "--as", AGENT, data=data).returncode == 0

    def run(command: str, *more: str, who: str = AGENT) -> Any:
        return cli("delivery", command, case, *more, "--as", who, data=data)

    return run


def shown(delivery: Callable[..., Any]) -> dict[str, Any]:
    """The newest, as an auditor sees it."""
    found: dict[str, Any] = json.loads(delivery("show", "--json", who=AUDITOR).stdout.splitlines()[0])
    return found


def test_a_link_is_shown_once_the_code_was_told(delivery: Callable[..., Any]) -> None:
    made = delivery("prepare", "--way", "screen", "--channel", "in_person")
    assert made.returncode == 0, made.stderr
    delivery_id, code = made.stdout.split()
    assert CODE.fullmatch(code)
    early = delivery("send")
    assert early.returncode == 1 and "code" in early.stderr and early.stdout == ""
    assert delivery("told", "--channel", "in_person", "--delivery", delivery_id).returncode == 0
    link = delivery("send").stdout.strip()
    assert re.fullmatch(r"https?://\S+/r/[\w-]{43}", link)
    assert (shown(delivery)["state"], shown(delivery)["delivery"]) == ("sent", delivery_id)
    again = delivery("send", "--again").stdout.strip()
    assert again and again != link
    newer = delivery("new-code").stdout.strip()
    assert CODE.fullmatch(newer) and newer != code
    assert delivery("take-back").returncode == 0
    assert shown(delivery)["state"] == "revoked"
    assert code not in delivery("show").stdout and link not in delivery("show").stdout


def test_a_second_person_confirms_an_address_the_case_does_not_know(delivery: Callable[..., Any]) -> None:
    elsewhere = ("prepare", "--way", "link", "--to", "elsewhere@example.org")
    assert delivery(*elsewhere).returncode != 0, "typed once"
    assert delivery(*elsewhere, "--to-again", "elsewhere@example.org").returncode == 0
    assert shown(delivery)["waits_for_second"]
    own = delivery("confirm-address")
    assert own.returncode == 1 and "colleague" in own.stderr
    other = delivery("confirm-address", who=MANAGER)
    assert other.returncode == 0 and other.stdout.strip() == "elsewhere@example.org"
    assert not shown(delivery)["waits_for_second"]


def test_paper_is_recorded_and_a_link_is_not(delivery: Callable[..., Any]) -> None:
    wrong = delivery("record", "--way", "link")
    assert wrong.returncode == 2 and "delivery prepare" in wrong.stderr
    assert delivery("record", "--way", "paper").returncode == 0
    assert (shown(delivery)["way"], shown(delivery)["state"]) == ("paper", "sent")


def test_what_is_missing_is_said_and_nothing_is_prepared(cli: Any, data: Path, case: str) -> None:
    done = cli("delivery", "prepare", case, "--way", "screen", "--as", AGENT, data=data)
    assert done.returncode == 1 and "No package is approved" in done.stderr and done.stdout == ""
    assert cli("delivery", "show", case, "--as", AGENT, data=data).stdout == ""
    assert cli("delivery", "record", case, "--way", "paper", "--as", AUDITOR, data=data).returncode == 1
