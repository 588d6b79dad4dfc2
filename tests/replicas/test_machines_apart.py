"""What several machines share, and what each must not take for its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from portal.audit.chain import PORTAL_CHAIN, record
from portal.audit.keeper import EVERY_ENTRIES, open_keeper
from portal.composition import build_portal
from portal.config import Settings, load_settings
from portal.exports.workflow import machine
from portal.exports.workflow.takeover import is_dead
from portal.storage.tables import Worker
from portal.vault.keys import KeyTrouble
from portal.web.operations.doctor import run_checks

START_TOGETHER = 8


def gone() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_process_of_this_machine_that_is_gone_counts_as_dead_at_once() -> None:
    assert is_dead(Worker(id=f"web@{machine.this_machine()}@{gone()}@abcd", kind="web"))


def test_a_process_elsewhere_is_not_taken_for_dead_by_its_number_when_the_host_has_the_same_name() -> None:
    """Pods of one deployment begin with the same letters, and cloned machines have the same name."""
    for name in (socket.gethostname(), socket.gethostname()[:20], machine.this_machine()[:-1] + "~"):
        assert not is_dead(Worker(id=f"web@{name}@{gone()}@abcd", kind="web"))


@pytest.mark.parametrize("mark", ["_boot", "_process_numbers", "socket.gethostname"])
def test_another_start_namespace_or_name_is_another_machine(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = machine.this_machine.__wrapped__()
    monkeypatch.setattr(f"portal.exports.workflow.machine.{mark}", lambda: "another")
    assert machine.this_machine.__wrapped__() != here


def test_the_name_of_a_worker_fits_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.exports.workflow.machine.socket.gethostname", lambda: "privacy@portal-" + "x" * 200)
    name = machine.this_machine.__wrapped__()
    assert "@" not in name
    assert len(f"worker@{name}@{2**22}@{'f' * 8}") <= Worker.__table__.c.id.type.length


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Settings]:
    url = request.getfixturevalue("new_postgres")() if request.param == "postgresql" else ""

    def of(keys: str = "keys") -> Settings:
        return Settings(
            data_dir=tmp_path / "data", keyset_path=tmp_path / keys / "master.keyset.json", database_url=url
        )

    return of


def test_one_signing_key_is_made_when_several_processes_start_together(settings: Callable[..., Settings]) -> None:
    portal = build_portal(settings())
    keepers = [open_keeper(portal.db, portal.settings) for _ in range(START_TOGETHER)]
    gate = threading.Barrier(START_TOGETHER)

    def start(number: int) -> None:
        gate.wait()
        keepers[number].ensure_key()

    threads = [threading.Thread(target=start, args=(number,)) for number in range(START_TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keepers[0].keys.notes()) == 1
    assert keepers[0].sign(PORTAL_CHAIN, now=True)
    for keeper in keepers:
        assert keeper.verify(PORTAL_CHAIN).fault is None
    portal.stop()


def test_chains_nobody_wrote_in_cost_a_round_of_chores_no_question_of_their_own(
    settings: Callable[..., Settings],
) -> None:
    """Every process looks after every merchant's chain each ten seconds; ten thousand of them may not keep it busy."""
    portal = build_portal(settings())
    shops = [portal.accounts.create_merchant(f"Shop {number}") for number in range(30)]
    keeper = portal.keeper
    for shop in shops:
        with portal.db.write() as session:
            record(session, shop, "system", "session:end", object_id=shop, reason="test")
    keeper.keep()  # its own first key is an entry of the portal's chain, signed by the second round
    keeper.keep()
    asked: list[str] = []
    event.listen(portal.db.engine, "before_cursor_execute", lambda c, cursor, words, *_: asked.append(words))
    keeper.keep()
    assert 0 < len(asked) < 5
    with portal.db.write() as session:
        for _ in range(EVERY_ENTRIES):
            record(session, shops[8], "system", "session:end", object_id=shops[8], reason="test")
    keeper.keep()
    sizes = {shop: keeper.folder.sizes(shop) for shop in shops}
    assert sizes[shops[8]][-1] == EVERY_ENTRIES
    assert {tuple(found) for shop, found in sizes.items() if shop != shops[8]} == {tuple(sizes[shops[0]])}
    portal.stop()


def test_a_machine_without_the_keyset_does_not_make_one_of_its_own(settings: Callable[..., Settings]) -> None:
    portal = build_portal(settings())
    portal.stop()
    with pytest.raises(KeyTrouble) as refused:
        build_portal(settings("not mounted"))
    assert "is missing" in refused.value.message
    assert not settings("not mounted").keyset_file.exists()


def test_a_machine_with_another_keyset_does_not_start(settings: Callable[..., Settings]) -> None:
    portal = build_portal(settings())
    portal.accounts.create_merchant("A Shop")
    portal.stop()
    other = settings("another")
    other.keyset_file.parent.mkdir()
    elsewhere = build_portal(Settings(data_dir=other.root.parent / "elsewhere", keyset_path=other.keyset_file))
    elsewhere.stop()
    with pytest.raises(KeyTrouble) as refused:
        build_portal(other)
    assert "not the one" in refused.value.message


def test_the_databases_address_may_come_from_a_file_that_nobody_else_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "database_url"
    file.write_text("postgresql://portal:words-of-the-owner@database.example/portal\n")
    monkeypatch.setenv("PORTAL_DATABASE_URL_FILE", str(file))
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))
    settings = load_settings()
    assert settings.database == "postgresql://portal:words-of-the-owner@database.example/portal"
    for mode, good in ((0o600, True), (0o640, False)):
        file.chmod(mode)
        (check,) = [c for c in run_checks(settings) if c.name == "file of database_url"]
        assert check.ok is good
        assert "words-of-the-owner" not in check.sentence + check.fix
