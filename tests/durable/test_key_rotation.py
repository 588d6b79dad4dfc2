"""Keys are rotated while exports run; what is under no key fails closed (SEC-27)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from house import House
from sqlalchemy import select

from portal.exports import State
from portal.storage.tables import Export
from portal.vault.rotation import COLUMNS, uses

pytestmark = pytest.mark.keeps("SEC-27", "SEC-51")

Command = Callable[..., Any]
WANTED = 12


def test_keys_are_rotated_twice_while_another_process_runs_exports(
    house: House, command: Command, enabled_keys: Callable[[House], list[int]]
) -> None:
    before = enabled_keys(house)
    with house.process(submit=[f"c{n}@example.com" for n in range(WANTED)], until="told") as worker:
        assert worker.stdout is not None
        asked = [worker.stdout.readline() for _ in range(4)]
        assert asked[-1].startswith("asked")
        for _ in range(2):
            done = command(house.data, "keys", "rotate")
            assert done.returncode == 0, done.stderr
        worker.communicate("go\n", timeout=120)
        assert worker.returncode == 0
    assert house.outcomes() == {State.READY: WANTED}
    assert house.unsound_files() == []

    done = command(house.data, "keys", "rotate", "--drop-old")
    assert done.returncode == 0, done.stderr
    assert len(enabled_keys(house)) == 1
    assert not set(enabled_keys(house)) & set(before)
    house.close()
    assert house.unsound_files() == []
    checked = command(house.data, "keys", "check")
    assert checked.returncode == 0, checked.stderr
    assert "in use" in checked.stdout


def test_every_sealed_column_of_the_tables_is_brought_under_the_new_key(house: House, command: Command) -> None:
    from portal.storage.tables import Base

    sealed = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.startswith("sealed_")
    }
    assert {place.name for place in COLUMNS} == sealed - {"sign_in_tickets.sealed_vendor_token"}
    house.run(submit=["c@example.com"])
    assert command(house.data, "keys", "rotate").returncode == 0
    house.close()
    assert set(uses(house.portal.db)) == {house.portal.master.primary_id}


def test_a_new_key_is_not_used_before_the_rotation(
    house: House, command: Command, enabled_keys: Callable[[House], list[int]]
) -> None:
    first = house.portal.master.primary_id
    assert command(house.data, "keys", "new").returncode == 0
    assert len(enabled_keys(house)) == 2
    house.portal.master.refresh()
    assert house.portal.master.primary_id == first
    assert command(house.data, "keys", "rotate").returncode == 0
    house.portal.master.refresh()
    assert house.portal.master.primary_id == enabled_keys(house)[1]


def test_a_lost_key_opens_nothing_and_is_reported(house: House, command: Command) -> None:
    house.run(submit=["c@example.com"])
    path = house.portal.settings.keyset_file
    assert command(house.data, "keys", "rotate").returncode == 0
    keyset = json.loads(path.read_text())
    keyset["key"] = [key for key in keyset["key"] if int(key["keyId"]) != keyset["primaryKeyId"]]
    keyset["primaryKeyId"] = int(keyset["key"][0]["keyId"])
    path.write_text(json.dumps(keyset))
    house.portal.master.refresh()
    assert len(house.unsound_files()) == 1
    checked = command(house.data, "keys", "check")
    assert checked.returncode == 1
    assert "MISSING" in checked.stderr or "keyset is not the one" in checked.stderr


def test_a_keyset_others_can_read_stops_everything(house: House, command: Command) -> None:
    house.portal.settings.keyset_file.chmod(0o644)
    done = command(house.data, "keys", "check")
    assert done.returncode == 1
    assert "key cannot be used" in done.stderr


def test_the_blind_index_says_which_key_made_it(house: House) -> None:
    house.run(submit=["Same@example.com", "same@example.com"])
    with house.portal.db.read() as session:
        found = set(session.scalars(select(Export.subject_index)))
    (index,) = found
    pseudonym, _, key_id = index.partition(".")
    assert len(pseudonym) == 64
    assert len(key_id) == 8
