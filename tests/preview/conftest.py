"""Fixtures of the preview's tests: files of the practice merchant, and the labelled corpus."""

import importlib.util
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from portal.practice import files
from portal.practice.invented.situations import SITUATIONS
from portal.practice.settings import PracticeSettings
from portal.practice.state import Export, State
from portal.preview import AskedPerson

HERE = Path(__file__).parent
ServedFile = tuple[bytes, AskedPerson, AskedPerson]


@pytest.fixture(scope="session")
def served() -> Callable[[str, Literal["json", "csv"]], ServedFile]:
    """(situation, format) -> the file the practice merchant serves, the person by email, the same by customer ID."""
    state = State.fresh(PracticeSettings())
    situations = {situation.key: situation for situation in SITUATIONS}

    def serve(key: str, format: Literal["json", "csv"]) -> ServedFile:
        situation = situations[key]
        merchant = state.world.merchant(situation.merchant)
        customer = state.world.customer_by_email(merchant.id, situation.email)
        assert customer is not None
        now = datetime(2026, 11, 23, tzinfo=UTC)
        export = Export(
            id="export-1",
            object_key="object-1",
            customer_id=customer.id,
            merchant_id=merchant.id,
            format=format,
            asked_customer_id=None,
            asked_customer_email=situation.email,
            program_id=None,
            card_id=None,
            requested_at=now,
            expires_at=now + timedelta(days=1),
        )
        return files.render(state, export), AskedPerson(email=situation.email), AskedPerson(customer_id=customer.id)

    return serve


def _load(name: str, path: Path) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def corpus() -> ModuleType:
    """The labelled files that bench/third_party.py measures on."""
    return _load("third_party_corpus", HERE / "third_party_corpus.py")


@pytest.fixture(scope="session")
def stranger_shapes() -> ModuleType:
    """bench/stranger_shapes.py: shapes of files, with and without a stranger's record."""
    return _load("stranger_shapes", HERE.parents[1] / "bench" / "stranger_shapes.py")


@pytest.fixture(scope="session")
def third_party_bench(corpus: ModuleType) -> ModuleType:
    """bench/third_party.py, for its `score`."""
    return _load("third_party_bench", HERE.parents[1] / "bench" / "third_party.py")
