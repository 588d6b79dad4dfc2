"""Whoever names a key trusts it and what it signed later; what stands before it in the list of keys signs nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete

from portal import audit
from portal.audit.evidence import as_html, as_json, chain_lines, evidence_of
from portal.audit.signing import SigningKeys, VerifierKey, split_note, trusted_keys
from portal.config import Settings
from portal.storage.engine import Database, open_engine
from portal.storage.tables import AuditEntry, Base

pytestmark = pytest.mark.keeps("SEC-50")

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_audit.py"
CHAIN = "d" * 32


@dataclass
class House:
    """A chain of 20 entries signed at 10 by a first key and at 20 by a second, third unused."""

    db: Database
    keeper: audit.Keeper
    folder: Path

    def write(self, count: int, actor: str = "somebody") -> None:
        with self.db.write() as session:
            for number in range(count):
                audit.record(session, CHAIN, actor, "export:state", attempt=number)

    def trail(self) -> Path:
        path = self.folder / "trail.jsonl"
        with self.db.read() as session:
            path.write_bytes(b"".join(chain_lines(session, CHAIN)))
        return path

    def keys(self) -> list[str]:
        return [split_note(note)[0].split("\n")[2] for note in self.keeper.keys.notes()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    options = Settings(data_dir=tmp_path)
    db = Database(open_engine(options.database))
    Base.metadata.create_all(db.engine)
    opened = House(db, audit.open_keeper(db, options), tmp_path)
    for _ in range(2):
        opened.write(10)
        opened.keeper.sign(CHAIN, now=True)
        opened.keeper.rotate_key("cli", "cli")
    yield opened
    db.close()


def check(*words: object) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(TOOL), *map(str, words)], capture_output=True, text=True)
    return done.returncode, done.stdout


@dataclass
class Forged:
    """The forger's first key put before the real second one, which is signed by it besides; all else real."""

    forger: SigningKeys
    notes: list[str]


@pytest.fixture
def forged(house: House, tmp_path: Path) -> Forged:
    forger = SigningKeys(tmp_path / "forger")
    forger.renew()
    real = house.keeper.keys.notes()
    text, lines = split_note(real[1])
    own = forger.sign(text).rpartition("\n\n")[2].strip()
    return Forged(forger, [forger.notes()[0], f"{text}\n{own}\n{chr(10).join(lines)}\n", *real[2:]])


def test_a_key_put_before_the_anchor_is_not_trusted(house: House, forged: Forged) -> None:
    anchor = house.keys()[1]
    stranger = forged.forger.current()
    assert stranger in trusted_keys(forged.notes)  # without an anchor the first note is believed
    found = trusted_keys(forged.notes, anchor)
    assert [str(key) for key in found] == house.keys()[1:]
    assert stranger not in found


def test_only_the_anchor_and_what_it_signed_later_are_trusted(house: House) -> None:
    keys, notes = house.keys(), house.keeper.keys.notes()
    for number, key in enumerate(keys):
        assert [str(found) for found in trusted_keys(notes, key)] == keys[number:]
    with pytest.raises(ValueError, match="none of"):
        trusted_keys(notes[:1], keys[1])
    with pytest.raises(ValueError, match="not signed"):
        trusted_keys([notes[0], notes[1].rpartition("— ")[0]], keys[1])


def forge_chain(house: House, forged: Forged) -> Path:
    """The chain written anew and signed by the forger's key, in a folder with the forged list of keys."""
    with house.db.write() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.merchant_id == CHAIN))
    house.write(20, actor="forger")
    own = house.folder / "forged"
    keeper = audit.Keeper(house.db, forged.forger, audit.open_folder(str(own)))
    keeper.sign(CHAIN, now=True)
    shutil.rmtree(own / "keys")
    (own / "keys").mkdir()
    for number, note in enumerate(forged.notes, start=1):
        (own / "keys" / f"{number:04}.note").write_text(note)
    return own


def test_a_chain_signed_by_a_key_before_the_anchor_is_not_what_the_anchor_signed(house: House, forged: Forged) -> None:
    own = forge_chain(house, forged)
    anchor = house.keys()[1]
    _status, said = check(house.trail(), "--checkpoints", own, "--key", anchor)
    assert "agree" not in said
    assert "holds by itself" in said and "before the key you trust" in said
    elsewhere = audit.Keeper(house.db, SigningKeys(house.folder / "no keys"), audit.open_folder(str(own)))
    verdict = elsewhere.verify(CHAIN, anchor=anchor)
    assert (verdict.checkpoints, verdict.signed, verdict.older) == (0, None, 1)
    assert elsewhere.verify(CHAIN).checkpoints == 1  # as anybody hears who names no key


def test_older_checkpoints_are_left_out_and_the_younger_ones_speak_for_the_whole_chain(house: House) -> None:
    anchor = house.keys()[1]
    verdict = house.keeper.verify(CHAIN, anchor=anchor)
    assert (verdict.holds, verdict.sound, verdict.checkpoints, verdict.older) == (True, 20, 1, 1)
    status, said = check(house.trail(), "--checkpoints", house.folder / "checkpoints", "--key", anchor)
    assert status == 0 and "1 signed checkpoint" in said and "up to entry 20" in said
    first = check(house.trail(), "--checkpoints", house.folder / "checkpoints", "--key", house.keys()[0])
    assert first[0] == 0 and "2 signed checkpoints" in first[1]


def test_a_checkpoint_signed_by_none_of_the_keys_is_still_a_fault(house: House, forged: Forged) -> None:
    path = house.folder / "checkpoints" / CHAIN / "000000000010.checkpoint"
    path.write_text(forged.forger.sign(split_note(path.read_text())[0]))
    for anchor in ("", *house.keys()[:2]):
        fault = house.keeper.verify(CHAIN, anchor=anchor).fault
        assert fault is not None and fault.seq == 0
        options = ("--key", anchor) if anchor else ()
        assert check(house.trail(), "--checkpoints", house.folder / "checkpoints", *options)[0] == 1


@pytest.mark.parametrize("kind", ["html", "json"])
def test_evidence_signed_by_a_key_before_the_anchor_is_refused(house: House, forged: Forged, kind: str) -> None:
    own = forge_chain(house, forged)
    (note,) = audit.open_folder(str(own)).notes(CHAIN)
    from portal.audit.checkpoints import parse_checkpoint

    point = parse_checkpoint(note, [forged.forger.current()])
    with house.db.read() as session:
        document = evidence_of(
            session, point, note, forged.notes, about={"kind": "period"}, facts=[], seqs={3}, roles={}, made_at="now"
        )
    path = house.folder / f"evidence.{kind}"
    path.write_bytes((as_html if kind == "html" else as_json)(document, forged.forger))
    assert check(path)[0] == 0
    status, said = check(path, "--key", house.keys()[1])
    assert (status, "does not hold" in said) == (1, True)
    assert check(path, "--key", str(VerifierKey.parse(forged.forger.notes()[0].split("\n")[2])))[0] == 0
    assert json.dumps(document)
