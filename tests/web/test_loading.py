"""While something long is loaded, threads take turns more often, and whoever is served comes first."""

from __future__ import annotations

import sys
import threading

import pytest

from portal.web import loading
from portal.web.loading import SHARING_SECONDS, giving_way, sharing


def test_turns_are_short_until_the_last_load_has_ended() -> None:
    usual = sys.getswitchinterval()
    with sharing():
        with sharing():
            assert sys.getswitchinterval() == pytest.approx(SHARING_SECONDS)
        assert sys.getswitchinterval() == pytest.approx(SHARING_SECONDS)
    assert sys.getswitchinterval() == pytest.approx(usual)


def test_a_load_that_fails_gives_the_turns_back() -> None:
    usual = sys.getswitchinterval()
    with pytest.raises(ValueError, match="no"), sharing():
        raise ValueError("no")
    assert sys.getswitchinterval() == pytest.approx(usual)


class Door:
    """Somebody is there for the first `looks` times one looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.asked = 0

    def busy(self) -> bool:
        self.asked += 1
        return self.asked <= self.looks


def load_something(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is loaded anew."""
    monkeypatch.delitem(sys.modules, "this_is_no_module", raising=False)
    with pytest.raises(ImportError):
        __import__("this_is_no_module")


def test_a_load_waits_while_somebody_is_served_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(looks=3)
    with giving_way(door.busy):
        load_something(monkeypatch)
        assert door.asked == 4
        load_something(monkeypatch)
        assert door.asked == 5
    load_something(monkeypatch)
    assert door.asked == 5


def test_a_load_gives_away_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "WAY_SECONDS", 5 * loading.NAP_SECONDS)
    door = Door(looks=10**6)
    with giving_way(door.busy):
        load_something(monkeypatch)
        assert 5 <= door.asked <= 7
        load_something(monkeypatch)
        assert door.asked <= 7


def test_what_other_threads_load_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(looks=10**6)
    with giving_way(door.busy):
        other = threading.Thread(target=load_something, args=(monkeypatch,))
        other.start()
        other.join(30)
    assert door.asked == 0
