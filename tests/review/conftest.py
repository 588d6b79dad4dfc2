"""Reviews run on both pairs of stores, as exports do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.exports.conftest import desk as desk
from tests.sources.conftest import opened as opened


@pytest.fixture
def case(opened: Any) -> str:
    """A case about somebody of whom LoyaltyDog holds nothing."""
    case_id: str = opened(email=f"ada.{secrets.token_hex(6)}@example.com")
    return case_id


@pytest.fixture
def attach(desk: Any, case: str) -> Callable[..., str]:
    """Attach a file of another system to the case; gives its id."""
    system = desk.portal.merchant_systems.add_system(desk.user(), f"Till {secrets.token_hex(4)}")

    def attached(data: bytes, name: str = "note.txt") -> str:
        return str(desk.portal.case_systems.attach(desk.user("sam"), case, system, name, iter([data])))

    return attached
