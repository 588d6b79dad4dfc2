"""Shared by the tests of the documents."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def matrix() -> ModuleType:
    """`scripts/requirements_matrix.py`, which is no package; it finds its neighbours as when it is run."""
    sys.path.insert(0, str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("requirements_matrix", ROOT / "scripts" / "requirements_matrix.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["requirements_matrix"] = module
    spec.loader.exec_module(module)
    return module
