"""Systems run on both pairs of stores, as sources do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.exports.conftest import desk as desk
from tests.sources.conftest import opened as opened
from tests.sources.conftest import settle as settle

CSV = b"date,amount\n2026-01-02,4.50\n2026-01-03,7.10\n"


@pytest.fixture
def system(desk: Any) -> Callable[..., str]:
    """A system of a merchant, under a name of its own."""

    def added(merchant: str = "one", name: str = "") -> str:
        user = desk.user("maya", merchant)
        return str(desk.portal.merchant_systems.add_system(user, name or f"Till {secrets.token_hex(4)}"))

    return added


@pytest.fixture
def case(opened: Any) -> str:
    case_id: str = opened(email=f"person.{secrets.token_hex(6)}@example.com")
    return case_id
