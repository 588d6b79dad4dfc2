"""The invented world is deterministic, of the promised size, and knows nothing of the portal."""

import ast
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.practice.invented.builder import build_world
from portal.practice.invented.tricky import TRICKY_NAMES
from portal.practice.invented.world import CARD_STATUSES, TRANSACTION_TYPES, World

REPOSITORY = Path(__file__).resolve().parents[2]
ROOM = REPOSITORY / "portal" / "practice"
FINGERPRINT = """
import hashlib
from portal.practice.invented.builder import build_world
world = build_world()
print(hashlib.sha256(repr((world.merchants, world.customers, world.cards)).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


def fingerprint(world: World) -> str:
    everything = repr((world.merchants, world.customers, world.cards))
    return hashlib.sha256(everything.encode()).hexdigest()


def test_the_same_seed_gives_the_same_world_in_another_process(world: World) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FINGERPRINT],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == fingerprint(world)


def test_another_seed_gives_another_world(world: World) -> None:
    assert fingerprint(build_world(1)) != fingerprint(world)


def test_the_world_has_the_promised_size_and_variety(world: World) -> None:
    assert [len(m.programs) for m in world.merchants.values()] == [4, 3]
    assert len(world.customers) >= 200
    assert len(world.cards) >= 400
    assert world.transaction_count >= 3000
    assert {card.status for card in world.cards.values()} == set(CARD_STATUSES)
    kinds = {t.transaction_type for card in world.cards.values() for t in card.transactions}
    assert kinds == set(TRANSACTION_TYPES)
    assert set(TRICKY_NAMES) <= {customer.name for customer in world.customers.values()}
    assert len({card.number for card in world.cards.values()}) == len(world.cards)


def test_every_card_adds_up_and_belongs_to_its_customers_merchant(world: World) -> None:
    for card in world.cards.values():
        assert re.fullmatch(r"\d{16}", card.number)
        assert world.customers[card.customer_id].merchant_id == card.merchant_id
        assert world.programs[card.program_id].merchant_id == card.merchant_id
        assert card.balance >= 0
        balance = 0
        for transaction in card.transactions:
            assert transaction.balance_before == balance
            balance = transaction.balance_after
        assert balance == card.balance
        dates = [transaction.created_at for transaction in card.transactions]
        assert dates == sorted(dates)


def test_nobody_in_the_world_can_be_reached(world: World) -> None:
    people = list(world.customers.values())
    gifts = [person for card in world.cards.values() for person in (card.sender, card.recipient) if person]
    for email in [p.email for p in people] + [g.email for g in gifts]:
        assert re.fullmatch(r"[a-z0-9.]+@example\.(com|org|net)", email)
    for phone in [p.phone for p in people] + [g.phone for g in gifts]:
        assert re.fullmatch(r"\+1 202-555-01\d\d|\+44 20 7946 0\d{3}", phone)


def test_practice_imports_nothing_else_of_the_portal() -> None:
    foreign = []
    for module in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            foreign += [f"{module.name}: {n}" for n in names if n.startswith("portal") and "portal.practice" not in n]
    assert foreign == []


def test_the_list_of_situations_loads_without_faker_or_fastapi() -> None:
    loaded = "sorted({'faker', 'fastapi', 'pydantic'} & set(sys.modules))"
    script = f"import sys, portal.practice.invented.situations\nprint({loaded})"
    run = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
