"""While something long is loaded, threads take turns more often; afterwards as before."""

from __future__ import annotations

import sys

import pytest

from portal.web.loading import SHARING_SECONDS, sharing


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
