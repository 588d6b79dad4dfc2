"""The blind indexes get a new key while people search and ask; what was cut off is finished (SEC-27)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from house import House
from shop import CountingShop
from sqlalchemy import select

from portal.exports import AskedAlready, HistoryFilter, parse_request
from portal.exports.core.download import DocumentKind
from portal.operations import reindexing
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.tables import AuditEntry, Export, Merchant
from portal.trail.evidence import About

pytestmark = pytest.mark.keeps("SEC-27")

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., Any]
ROWS = 23
INDEXED = ROWS + 2 * (ROWS - 1)  # exports; a case of each person, and what they are known by
BATCH = 5
DIES_AFTER_TWO_BATCHES = f"""
import os, signal, sys
from portal.cli import main
from portal.operations import reindexing, row_batches
row_batches.BATCH = {BATCH}
row = reindexing._reindex_row
done = 0
def dying(*given):
    global done
    done += 1
    if done > {2 * BATCH}:
        os.kill(os.getpid(), signal.SIGKILL)
    return row(*given)
reindexing._reindex_row = dying
sys.argv = ["portal", "keys", "rotate"]
main()
"""


def person(number: int) -> str:
    return f"c{number}@example.com"


@pytest.fixture(params=["sqlite", "postgresql"])
def asked(request: pytest.FixtureRequest, tmp_path: Path, counting_shop: CountingShop) -> Iterator[House]:
    """Exports of some people, written down and not walked, on each database; the first two are one person's."""
    url = request.getfixturevalue("postgres")() if request.param == "postgresql" else ""
    house = House(tmp_path / "house", database=url)
    house.furnish(counting_shop.port)
    for number in (0, *range(ROWS - 1)):
        house.portal.submissions.submit(user_of(house), parse_request(email=person(number), format="json"), force=True)
    yield house
    house.close()


def user_of(house: House) -> Any:
    return house.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")


def found(house: House, email: str) -> int:
    page = house.portal.history.find(user_of(house), HistoryFilter(text=email))
    assert house.portal.history.count(user_of(house), HistoryFilter(text=email)) == len(page.rows)
    return len(page.rows)


def everybody_is_found(house: House) -> bool:
    return found(house, person(0)) == 2 and all(found(house, person(n)) == 1 for n in range(1, ROWS - 1))


def key_ids(house: House) -> set[str]:
    """Of the keys that made the rows' indexes."""
    with house.portal.db.read() as session:
        rows = [
            *session.execute(select(Export.subject_index, Export.ask_index)),
            *session.execute(select(Case.subject_index)),
            *session.execute(select(CaseIdentifier.value_index)),
        ]
    return {index.rpartition(".")[2] for row in rows for index in row}


def keys_of_the_index(house: House) -> int:
    with house.portal.db.read() as session:
        merchant = session.get_one(Merchant, user_of(house).merchant_id)
        return len(house.portal.sealer.index_keys(merchant.id, merchant.sealed_index_keyset).all)


def on(house: House) -> dict[str, str]:
    return {"PORTAL_DATABASE_URL": house.database}


def test_everybody_is_found_before_and_after_and_the_old_key_is_gone(asked: House, command: Command) -> None:
    assert everybody_is_found(asked)
    (old,) = key_ids(asked)
    done = command(asked.data, "keys", "rotate", **on(asked))
    assert done.returncode == 0, done.stderr
    assert f"{INDEXED} rows" in done.stdout
    (new,) = key_ids(asked)
    assert new != old
    assert everybody_is_found(asked)
    assert keys_of_the_index(asked) == 2
    done = command(asked.data, "keys", "rotate", "--drop-old", **on(asked))
    assert done.returncode == 0, done.stderr
    assert everybody_is_found(asked)
    assert keys_of_the_index(asked) == 1
    assert len({old, new} | key_ids(asked)) == 3
    assert command(asked.data, "keys", "check", **on(asked)).returncode == 0
    with asked.portal.db.read() as session:
        acts = session.scalars(select(AuditEntry).where(AuditEntry.action == "key:destroy")).all()
    assert [act.facts["index_keys"] for act in acts] == [4]  # two merchants, two older keys each


def test_a_rotation_killed_half_way_hides_nobody_and_is_finished_by_the_next(asked: House, command: Command) -> None:
    (old,) = key_ids(asked)
    variables = {"PORTAL_DATA_DIR": str(asked.data), "PORTAL_MODE": "practice", **on(asked)}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    killed = subprocess.run(
        [sys.executable, "-c", DIES_AFTER_TWO_BATCHES], cwd=ROOT, env={**clean, **variables}, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    half = key_ids(asked)
    assert old in half and len(half) == 2
    assert everybody_is_found(asked)

    done = command(asked.data, "keys", "rotate", "--drop-old", **on(asked))
    assert done.returncode == 0, done.stderr
    assert "cut off" in done.stderr
    assert key_ids(asked) == half - {old}  # finished, not begun anew
    assert everybody_is_found(asked)
    assert keys_of_the_index(asked) == 1


def test_while_keys_change_the_same_request_is_still_the_same_and_one_person_is_one_person(
    asked: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle: the new key is in use, no row is under it yet but those asked for now."""
    portal, user = asked.portal, user_of(asked)
    reindexing.add_index_keys(asked.portal.db, asked.portal.sealer)
    assert everybody_is_found(asked)
    assert len(key_ids(asked)) == 1
    with monkeypatch.context() as patch:
        patch.setattr(reindexing, "_reindex_older_keys", lambda *_: 0)
        reindexing.use_newest_index_keys(asked.portal.db, asked.portal.sealer)
    assert everybody_is_found(asked)
    with pytest.raises(AskedAlready):
        portal.submissions.submit(user, parse_request(email=person(3), format="json"))
    newer = portal.submissions.submit(user, parse_request(email=person(3), format="json"), force=True)
    assert len(key_ids(asked)) == 2
    assert found(asked, person(3)) == 2
    about = b"".join(portal.evidence.document(user, About(person_of=newer), DocumentKind.JSON).chunks).decode()
    older = next(row.id for row in portal.history.find(user, HistoryFilter(text=person(3))).rows if row.id != newer)
    assert newer in about and older in about
    reindexing.use_newest_index_keys(asked.portal.db, asked.portal.sealer)
    assert len(key_ids(asked)) == 1
    assert found(asked, person(3)) == 2


def test_people_search_and_ask_without_a_gap_while_keys_change(asked: House, command: Command) -> None:
    missed: list[str] = []
    asked_for: list[str] = []
    stop = threading.Event()
    user = user_of(asked)
    portal = asked.portal

    def search() -> None:
        number = 0
        while not stop.is_set():
            number = (number + 1) % (ROWS - 1)
            if not portal.history.find(user, HistoryFilter(text=person(number))).rows:
                missed.append(person(number))

    def ask() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            email = f"late{number}@example.com"
            portal.submissions.submit(user, parse_request(email=email, format="json"))
            asked_for.append(email)
            if not portal.history.find(user, HistoryFilter(text=email)).rows:
                missed.append(email)

    threads = [threading.Thread(target=search), threading.Thread(target=ask)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        done = command(asked.data, "keys", "rotate", "--drop-old", **on(asked))
        assert done.returncode == 0, done.stderr
    stop.set()
    for thread in threads:
        thread.join()
    assert missed == []
    assert asked_for
    assert all(found(asked, email) == 1 for email in asked_for)
    assert command(asked.data, "keys", "rotate", "--drop-old", **on(asked)).returncode == 0
    assert keys_of_the_index(asked) == 1
    assert all(found(asked, email) == 1 for email in asked_for)


def test_rows_whose_index_key_is_lost_are_reported(asked: House, command: Command) -> None:
    sealer = asked.portal.sealer
    with asked.portal.db.write() as session:
        merchant = session.get_one(Merchant, user_of(asked).merchant_id)
        merchant.sealed_index_keyset = sealer.new_index_keyset(merchant.id)
    checked = command(asked.data, "keys", "check", **on(asked))
    assert checked.returncode == 1
    assert f"{INDEXED} rows" in checked.stderr
