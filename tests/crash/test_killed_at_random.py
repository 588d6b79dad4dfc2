"""A short run of `make crash`."""

from __future__ import annotations

from pathlib import Path

import pytest
from kills import run

pytestmark = pytest.mark.keeps("SEC-13", "SEC-15")


def test_killing_a_working_process_at_random_loses_doubles_and_leaks_nothing(tmp_path: Path) -> None:
    toll = run(12, tmp_path / "house", seed=20261123)
    assert toll.clean, f"{toll}\n{toll.lost} {toll.doubled} {toll.leaked} {toll.broken}"
    assert toll.kills == 12
    assert toll.exports > 12
