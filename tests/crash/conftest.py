"""The crash room's own modules are plain files beside the tests, since processes run them too."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from house import House
from shop import CountingShop


@pytest.fixture(scope="session")
def counting_shop() -> Iterator[CountingShop]:
    shop = CountingShop()
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def furnished(counting_shop: CountingShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with people and no exports, to be copied."""
    house = House(tmp_path_factory.mktemp("furnished"))
    house.furnish(counting_shop.port)
    house.close()
    return house.folder


@pytest.fixture
def house(furnished: Path, tmp_path: Path, counting_shop: CountingShop) -> Iterator[House]:
    counting_shop.posts.clear()
    shutil.copytree(furnished, tmp_path / "house")
    house = House(tmp_path / "house")
    yield house
    house.close()
