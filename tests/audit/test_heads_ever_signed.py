"""A chain that is cut off, or written anew, is not signed again: signed heads lie in two places and only ever grow."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import delete

from portal import audit
from portal.audit import acknowledging
from portal.audit.evidence import chain_lines
from portal.audit.keeper import ChainBroken
from portal.config import Settings
from portal.storage.engine import Database, open_engine
from portal.storage.migrate import bring_up_to_date
from portal.storage.tables import AuditEntry

pytestmark = pytest.mark.keeps("SEC-50")

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_audit.py"
CHAIN, OTHER = "e" * 32, "f" * 32
START = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)


@dataclass
class House:
    settings: Settings
    db: Database
    keeper: audit.Keeper

    def write(self, count: int, actor: str = "somebody", chain: str = CHAIN) -> None:
        with self.db.write() as session:
            for number in range(count):
                audit.record(session, chain, actor, "export:state", attempt=number)

    def cut(self, beyond: int = 0) -> None:
        with self.db.write() as session:
            session.execute(delete(AuditEntry).where(AuditEntry.merchant_id == CHAIN, AuditEntry.seq > beyond))

    @property
    def checkpoints(self) -> Path:
        return Path(self.settings.checkpoints)

    @property
    def heads(self) -> Path:
        return self.settings.keyset_file.parent / "audit-heads"

    def anew(self) -> audit.Keeper:
        """As another process, or this one after a start, sees it."""
        return audit.open_keeper(self.db, self.settings)

    def head_sizes(self) -> tuple[int, int]:
        """What the two places say."""
        notes = [self.checkpoints / CHAIN / "head.note", self.heads / f"{CHAIN}.note"]
        one, other = (int(note.read_text().split("\n")[1]) if note.exists() else 0 for note in notes)
        return one, other


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    url = request.getfixturevalue("new_postgres")() if request.param == "postgresql" else ""
    options = Settings(
        data_dir=tmp_path / "data", keyset_path=tmp_path / "keys" / "k.json", database_url=url,
        checkpoint_dir=str(tmp_path / "elsewhere"),
    )  # fmt: skip
    db = Database(open_engine(options.database))
    bring_up_to_date(db.engine)
    yield House(options, db, audit.open_keeper(db, options))
    db.close()


def tool(house: House, *options: str) -> tuple[int, str]:
    path = house.checkpoints.parent / "trail.jsonl"
    with house.db.read() as session:
        path.write_bytes(b"".join(chain_lines(session, CHAIN)))
    command = [sys.executable, str(TOOL), str(path), "--checkpoints", str(house.checkpoints), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_the_last_entry_is_signed_within_a_minute_and_only_every_so_often_for_good(house: House) -> None:
    with time_machine.travel(START, tick=False) as clock:
        house.write(3)
        house.keeper.keep()
        house.keeper.keep()
        for _ in range(40):  # rounds of ten seconds, an act in each
            clock.shift(dt.timedelta(seconds=10))
            house.write(1)
            house.keeper.keep()
            verdict = house.keeper.verify(CHAIN)
            assert verdict.signed is not None
            assert dt.datetime.now(dt.UTC) - verdict.signed.made_at < dt.timedelta(minutes=1)
        clock.shift(dt.timedelta(seconds=40))
        house.keeper.keep()
        verdict = house.keeper.verify(CHAIN)
        assert verdict.signed is not None and verdict.signed.size == verdict.sound == 43
        assert house.head_sizes() == (43, 43)
        assert house.keeper.folder.sizes(CHAIN) == [3]
        clock.shift(dt.timedelta(minutes=15))
        house.write(1)
        house.keeper.keep()
        assert house.keeper.folder.sizes(CHAIN) == [3, 44]


def test_a_clock_put_back_does_not_keep_entries_from_being_signed(house: House) -> None:
    with time_machine.travel(START, tick=False):
        house.write(3)
        house.keeper.sign(CHAIN)
    with time_machine.travel(START - dt.timedelta(hours=5), tick=False):
        house.write(3)
        house.keeper.sign(CHAIN)
    assert house.head_sizes() == (6, 6)


CUTS: dict[str, Callable[[House], None]] = {
    "the chain only": lambda h: None,
    "the folder's head": lambda h: (h.checkpoints / CHAIN / "head.note").unlink(),
    "all of the folder": lambda h: shutil.rmtree(h.checkpoints),
    "the head beside the keys": lambda h: (h.heads / f"{CHAIN}.note").unlink(),
}


@pytest.mark.parametrize("also", CUTS)
@pytest.mark.parametrize("how", ["cut off", "cut off and gone on", "written anew", "gone"])
@pytest.mark.parametrize("process", ["that signed it", "started after"])
def test_what_was_ever_signed_is_missed_and_not_signed_over(house: House, also: str, how: str, process: str) -> None:
    with time_machine.travel(START, tick=False) as clock:
        house.write(30)
        house.keeper.sign(CHAIN, now=True)
        clock.shift(dt.timedelta(minutes=1))
        house.write(10)
        house.keeper.keep()
        house.keeper.keep()
        assert house.head_sizes() == (40, 40) and house.keeper.folder.sizes(CHAIN) == [30]
        clock.shift(dt.timedelta(minutes=20))
        house.cut({"cut off": 33, "cut off and gone on": 33}.get(how, 0))
        CUTS[also](house)
        house.write({"cut off and gone on": 20, "written anew": 60}.get(how, 0), actor="forger")
        keeper = house.keeper if process == "that signed it" else house.anew()
        before = house.head_sizes(), keeper.folder.sizes(CHAIN)
        keeper.keep()
        # A whole chain is missed by what lies beside the keys; who can write there could sign a chain of their own too.
        assert CHAIN in keeper.broken or (how, also) == ("gone", "the head beside the keys")
        if how != "gone":
            with pytest.raises(ChainBroken):
                keeper.sign(CHAIN, now=True)
        assert (house.head_sizes(), keeper.folder.sizes(CHAIN)) == before
        verdict = house.anew().verify(CHAIN)
        assert verdict.fault is not None


def test_a_chain_cut_within_the_last_minute_is_not_said_to_be_signed(house: House) -> None:
    """What remains possible: entries that nothing has signed yet. So none of them is said to hold."""
    house.write(30)
    house.keeper.sign(CHAIN, now=True)
    house.write(5)
    house.cut(32)
    verdict = house.keeper.verify(CHAIN)
    assert verdict.holds and verdict.signed is not None
    assert (verdict.sound, verdict.signed.size, verdict.unsigned) == (32, 30, 2)
    status, said = tool(house)
    assert status == 0
    assert f"holds up to entry 30, signed at {verdict.signed.at}; 2 entries after it are not signed yet" in said


def test_the_stand_alone_verifier_counts_the_newest_head(house: House) -> None:
    with time_machine.travel(START, tick=False) as clock:
        house.write(20)
        house.keeper.sign(CHAIN, now=True)
        clock.shift(dt.timedelta(minutes=1))
        house.write(7)
        house.keeper.sign(CHAIN)
    assert "holds up to entry 27, the last one, signed at 2026-03-01T09:01:00Z. 2 signed" in tool(house)[1]
    house.cut(25)
    status, said = tool(house)
    assert status == 1 and "entry 26 is missing" in said
    assert "holds up to entry 20, signed at" in tool(house, "--up-to", "20")[1]


def test_a_trail_with_no_checkpoint_that_counts_is_not_said_to_be_signed(house: House) -> None:
    house.write(4)
    verdict = house.keeper.verify(CHAIN)
    assert (verdict.holds, verdict.signed, verdict.unsigned) == (True, None, 4)
    assert "none of them signed" in tool(house)[1]


def test_checkpoints_that_were_there_before_heads_get_their_heads(house: House) -> None:
    house.write(30)
    house.keeper.sign(CHAIN, now=True)
    shutil.rmtree(house.heads)
    (house.checkpoints / CHAIN / "head.note").unlink()
    house.anew().keep()
    assert house.head_sizes() == (30, 30)


def test_a_new_empty_folder_is_filled_from_the_beginning_when_the_chain_agrees(house: House) -> None:
    house.write(1_203)
    house.keeper.sign(CHAIN, now=True)
    shutil.rmtree(house.checkpoints)
    house.write(2)
    keeper = house.anew()
    keeper.sign(CHAIN, now=True)
    assert keeper.folder.sizes(CHAIN) == [500, 1000, 1205]
    assert keeper.verify(CHAIN).holds


def test_many_processes_sign_one_growing_chain_and_no_head_ever_shrinks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.audit import keeper as keeping

    monkeypatch.setattr(keeping, "SOON", dt.timedelta(0))
    house.write(1)
    house.keeper.sign(CHAIN)
    keepers = [house.anew() for _ in range(3)]
    over, shrunk, wrong = threading.Event(), [], []

    def sign(keeper: audit.Keeper) -> None:
        while not over.is_set():
            keeper.keep()
            wrong.extend(keeper.broken.items())

    def watch() -> None:
        longest = 0
        while not over.is_set():
            now = house.head_sizes()[1]
            if now < longest:
                shrunk.append((longest, now))
            longest = max(longest, now)

    threads = [threading.Thread(target=sign, args=(keeper,)) for keeper in keepers] + [threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    for _ in range(150):
        house.write(7)
    over.set()
    for thread in threads:
        thread.join()
    house.keeper.keep()
    assert (shrunk, wrong) == ([], [])
    verdict = house.anew().verify(CHAIN)
    assert verdict.holds and verdict.sound == 1_051 and house.head_sizes() == (1_051, 1_051)


def test_a_forged_head_is_a_fault_and_nothing_is_signed(house: House) -> None:
    house.write(5)
    house.keeper.sign(CHAIN, now=True)
    path = house.heads / f"{CHAIN}.note"
    path.write_text(path.read_text().replace("\n5\n", "\n4\n"))
    keeper = house.anew()
    house.write(5)
    keeper.keep()
    assert keeper.broken[CHAIN].seq == 0
    assert keeper.verify(CHAIN).fault is not None


# After a restore ----------------------------------------------------------------------------------


@pytest.fixture
def restored(house: House) -> House:
    """Signed up to 40; the database as it was at 33 and gone on with 4 entries since."""
    house.write(30)
    house.keeper.sign(CHAIN, now=True)
    house.write(10)
    house.keeper.sign(CHAIN, now=True)
    house.cut(33)
    house.write(4, actor="after the restore")
    return House(house.settings, house.db, house.anew())


def test_an_operator_accepts_a_restored_state_which_is_written_down_and_signed(restored: House) -> None:
    other = restored.anew()
    other.keep()
    assert CHAIN in other.broken
    found = acknowledging.shortened(restored.keeper, CHAIN)
    assert found is not None and (found.entries, found.signed.size) == (37, 40)
    point = acknowledging.acknowledge(restored.keeper, found, actor="cli", origin="cli")
    assert point is not None and point.size == 38
    with restored.db.read() as session:
        rows = session.query(AuditEntry).filter(AuditEntry.action == "audit:acknowledge").all()
    assert {(row.merchant_id, row.object_id, row.facts["signed"], row.facts["entries"]) for row in rows} == {
        (CHAIN, CHAIN, 40, 37), (audit.PORTAL_CHAIN, CHAIN, 40, 37),
    }  # fmt: skip
    assert restored.head_sizes() == (38, 38)
    assert restored.anew().verify(CHAIN).holds and tool(restored)[0] == 0
    aside = sorted(path.name.partition("-")[2] for path in (restored.checkpoints / "set-aside" / CHAIN).iterdir())
    assert aside == ["000000000040.checkpoint.old", "head.note.old"]
    assert acknowledging.shortened(restored.anew(), CHAIN) is None
    other.keep()  # a process that ran meanwhile
    assert CHAIN not in other.broken


def test_a_chain_that_does_not_fit_together_cannot_be_accepted(restored: House) -> None:
    with restored.db.write() as session:
        session.query(AuditEntry).filter(AuditEntry.merchant_id == CHAIN, AuditEntry.seq == 12).update({"actor": "x"})
    with pytest.raises(ChainBroken):
        acknowledging.shortened(restored.keeper, CHAIN)


def test_a_chain_that_is_not_in_the_restored_state_at_all_is_accepted_in_the_portals_own(restored: House) -> None:
    restored.cut()
    found = acknowledging.shortened(restored.keeper, CHAIN)
    assert found is not None and found.entries == 0
    assert acknowledging.acknowledge(restored.keeper, found, actor="cli", origin="cli") is None
    keeper = restored.anew()
    keeper.keep()
    assert keeper.broken == {} and CHAIN not in keeper.chains()
