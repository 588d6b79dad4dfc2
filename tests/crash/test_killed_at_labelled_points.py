"""SIGKILL at every labelled point of an export's life, a restart, and what must hold then (SEC-15)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from house import House
from shop import CANARY, CountingShop, readable_remains

from portal.exports import State

pytestmark = pytest.mark.keeps("SEC-13", "SEC-15")

SOURCES = Path(__file__).resolve().parents[2] / "portal"
ORDINARY = f"{CANARY}.ordinary@example.com"
REFUSED = f"{CANARY}.refused@example.com"

# Point -> where the export must end, and how many POSTs must have left. None: no export was written.
ASKED_BEFORE_WRITTEN = {"submit.begin": (None, 0), "submit.written": (None, 0)}
TO_READY = (
    "submit.committed submit.begun send.begin send.marked send.accepted_committed fetch.begin fetch.key_written "
    "fetch.key_committed fetch.first_bytes fetch.fetched seal.closed seal.settled fetch.sealed fetch.moved "
    "fetch.committed inspect.begin inspect.read inspect.moved inspect.committed"
).split()
UNDECIDED = {"send.sent_committed": 0, "send.answered": 1, "send.accepted": 1}
REFUSALS = {
    "send.answered_with_error": State.UNKNOWN,
    "send.refused": State.UNKNOWN,
    "send.refused_committed": State.REJECTED,
}
DESTRUCTION = {
    "destroy.begin": State.READY,
    "destroy.moved": State.READY,
    "destroy.committed": State.PURGED,
    "destroy.blob_gone": State.PURGED,
}
LATER = {"send.given_up", "house.expired", "sweep.found"}
SOURCES_OF_A_CASE = {  # test_sources_killed.py
    "source.begin", "source.key_written", "source.key_committed", "source.answered", "source.sealed",
    "source.page_committed", "source.refused_committed",
}  # fmt: skip
ATTACHED_FILES = {"system.key_committed", "system.sealed", "system.removed"}  # systems/test_kept_and_destroyed.py
MAILS = {"mail.begin", "mail.sending_committed", "mail.answered", "mail.settled"}  # test_mails_killed.py
PACKAGES = {"package.key_committed", "package.sealed"}  # package/versions/test_kept_and_destroyed.py
DELIVERIES = {  # delivery/test_downloads.py
    "delivery.queued", "delivery.opened", "delivery.last_byte", "delivery.not_theirs",
}  # fmt: skip
FRONT_DOOR = {"door.proving", "door.proved"}  # front_door/test_kept_and_settled.py


def check_after_kill(house: House) -> None:
    """What holds at any moment, the dead process's mess still lying about."""
    assert house.unsound_files() == []
    assert readable_remains(house.folder) == []


def check_after_restart(house: House) -> None:
    check_after_kill(house)
    assert house.strays() == []
    assert house.broken_chains() == []
    assert house.moves_without_entry() == []


def test_every_point_in_the_code_is_killed_here() -> None:
    named = {
        label
        for path in SOURCES.rglob("*.py")
        for label in re.findall(r'self\._?checkpoint\("([a-z_.]+)"\)', path.read_text())
    }
    killed = {
        *ASKED_BEFORE_WRITTEN, *TO_READY, *UNDECIDED, *REFUSALS, *DESTRUCTION, *LATER, *SOURCES_OF_A_CASE,
        *ATTACHED_FILES, *PACKAGES, *DELIVERIES, *MAILS, *FRONT_DOOR,
    }  # fmt: skip
    assert named == killed
    assert len(named) >= 20


@pytest.mark.parametrize("label", sorted(ASKED_BEFORE_WRITTEN))
def test_an_export_killed_before_it_was_written_does_not_exist(label: str, house: House) -> None:
    assert house.run(submit=[ORDINARY], die={"label": label}) == -9
    assert house.run(sweep=True) == 0
    assert house.states() == {}
    check_after_restart(house)


@pytest.mark.parametrize("label", TO_READY)
def test_an_export_killed_where_nothing_is_in_doubt_ends_ready_after_one_post(
    label: str, house: House, counting_shop: CountingShop
) -> None:
    assert house.run(submit=[ORDINARY], die={"label": label}) == -9
    check_after_kill(house)
    assert house.run(sweep=True) == 0
    assert list(house.states().values()) == [State.READY]
    assert counting_shop.posts[ORDINARY] == 1
    check_after_restart(house)


@pytest.mark.parametrize("label", sorted(UNDECIDED))
def test_an_export_killed_while_its_answer_is_out_ends_unknown_and_is_not_sent_again(
    label: str, house: House, counting_shop: CountingShop
) -> None:
    assert house.run(submit=[ORDINARY], die={"label": label}) == -9
    check_after_kill(house)
    assert house.run(sweep=True) == 0
    assert list(house.states().values()) == [State.UNKNOWN]
    assert counting_shop.posts[ORDINARY] == UNDECIDED[label]
    check_after_restart(house)


@pytest.mark.parametrize("label", sorted(REFUSALS))
def test_a_refused_export_killed_on_the_way_is_not_sent_again(
    label: str, house: House, counting_shop: CountingShop
) -> None:
    assert house.run(submit=[REFUSED], die={"label": label}) == -9
    assert house.run(sweep=True) == 0
    assert list(house.states().values()) == [REFUSALS[label]]
    assert counting_shop.posts[REFUSED] == 1
    check_after_restart(house)


def test_giving_up_an_undecided_export_may_itself_be_killed(house: House, counting_shop: CountingShop) -> None:
    assert house.run(submit=[ORDINARY], die={"label": "send.sent_committed"}) == -9
    assert house.run(die={"label": "send.given_up"}) == -9
    assert house.run(sweep=True) == 0
    assert list(house.states().values()) == [State.UNKNOWN]
    assert counting_shop.posts[ORDINARY] == 0
    check_after_restart(house)


@pytest.mark.parametrize("label", sorted(DESTRUCTION))
def test_a_destruction_killed_on_the_way_is_done_or_undone_and_leaves_nothing(label: str, house: House) -> None:
    assert house.run(submit=[ORDINARY], destroy=True, die={"label": label}) == -9
    check_after_kill(house)
    assert house.run(sweep=True) == 0
    assert list(house.states().values()) == [DESTRUCTION[label]]
    check_after_restart(house)


def test_marking_an_expiry_may_be_killed(house: House) -> None:
    assert house.run(submit=[ORDINARY], expire=True, die={"label": "house.expired"}) == -9
    assert house.run(sweep=True, expire=True) == 0
    assert list(house.states().values()) == [State.EXPIRED]
    check_after_restart(house)


def test_a_sweep_may_be_killed_and_is_finished_by_the_next(house: House) -> None:
    assert house.run(submit=[ORDINARY], die={"label": "fetch.sealed"}) == -9
    assert house.run(sweep=True, die={"label": "sweep.found"}) == -9
    assert house.run(sweep=True) == 0
    assert list(house.states().values()) == [State.READY]
    check_after_restart(house)
