"""Evidence, the account of one person, signing on schedule, key rotation; checked with the stand-alone verifier."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal import audit
from portal.audit import merkle
from portal.audit.keeper import ChainBroken
from portal.config import Settings
from portal.errors import InputError, NotPermitted
from portal.exports.core.download import DocumentKind
from portal.storage.engine import Database, open_engine
from portal.storage.tables import AuditEntry, Base, utc_now
from portal.trail.evidence import About

pytestmark = pytest.mark.keeps("LAW-19", "SEC-50")

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_audit.py"


def check(path: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, str(TOOL), str(path), *options], capture_output=True, text=True)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def asked(desk: Any) -> Any:
    """Two exports of one person, one of another; some acts on them."""
    ids = [
        str(desk.run("ada@example.com").id),
        str(desk.run("ada@example.com").id),
        str(desk.run("bea@example.com").id),
    ]
    desk.portal.files.open_preview(desk.user("sam"), ids[0])
    desk.portal.history.note_search(desk.user("sam"), "ada@example.com")
    desk.ids = ids
    return desk


@pytest.mark.parametrize("kind", ["html", "json"])
@pytest.mark.parametrize("subject", ["export", "person", "period"])
def test_evidence_verifies_offline_and_not_after_a_change(asked: Any, tmp_path: Path, kind: str, subject: str) -> None:
    today = utc_now().date()
    about = {"export": About(export_id=asked.ids[0]), "person": About(person="ada@example.com"),
             "period": About(since=today - dt.timedelta(days=1), until=today)}[subject]  # fmt: skip
    raw = b"".join(asked.portal.evidence.document(asked.user("iris"), about, DocumentKind(kind)).chunks)
    path = tmp_path / f"evidence.{kind}"
    path.write_bytes(raw)
    key = str(asked.portal.keeper.trusted()[-1])
    status, said = check(path, "--key", key)
    assert (status, " holds: " in said) == (0, True), said
    assert b"ada@" not in raw and b"bea@" not in raw
    assert asked.ids[0].encode() in raw
    if subject != "period":
        assert asked.ids[2].encode() not in raw
    for old, new in ((b"export:view", b"export:lose"), (b"Export moved", b"Export moves"), (b"sha256", b"sha257")):
        if old in raw:
            path.write_bytes(raw.replace(old, new, 1))
            assert check(path, "--key", key)[0] == 1, old


def test_evidence_signed_with_another_key_is_refused(asked: Any, tmp_path: Path) -> None:
    raw = b"".join(
        asked.portal.evidence.document(asked.user("iris"), About(export_id=asked.ids[0]), DocumentKind.JSON).chunks
    )
    path = tmp_path / "evidence.json"
    path.write_bytes(raw)
    from portal.audit.signing import SigningKeys

    stranger = SigningKeys(tmp_path / "stranger").renew()
    assert check(path, "--key", str(stranger)) == (
        1, "evidence.json does not hold: the key you trust is none of these.\n"
    )  # fmt: skip


def test_an_agent_gets_no_evidence_and_an_auditor_no_account_of_a_person(asked: Any) -> None:
    with pytest.raises(NotPermitted):
        asked.portal.evidence.document(asked.user("sam"), About(export_id=asked.ids[0]))
    with pytest.raises(NotPermitted):
        asked.portal.person_records.about_person(asked.user("iris"), asked.ids[0])


def test_evidence_of_no_or_turned_days_is_refused(asked: Any) -> None:
    today = utc_now().date()
    for about in (About(), About(since=today, until=today - dt.timedelta(days=1))):
        with pytest.raises(InputError):
            asked.portal.evidence.document(asked.user("iris"), about)


def test_one_person_gets_their_dates_purposes_and_roles_and_nobody_else(asked: Any) -> None:
    raw = b"".join(
        asked.portal.person_records.about_person(asked.user(), person="Ada@example.com", kind=DocumentKind.JSON).chunks
    )
    document = json.loads(raw)
    assert len(document["held"]) == 2
    assert {row["by"] for row in document["held"]} == {"manager"}
    acts = {(act["who"], act["what"]) for act in document["done"]}
    assert ("customer support", "File opened") in acts
    assert ("customer support", "Past exports searched for a person") in acts
    assert all(act["purpose"] and act["when"].endswith("UTC") for act in document["done"])
    said = raw.decode()
    assert (
        "Sam" not in said and "Maya" not in said and "192.0.2" not in said and asked.user("sam").account_id not in said
    )
    page = b"".join(asked.portal.person_records.about_person(asked.user(), asked.ids[0]).chunks).decode()
    assert "<script" not in page and "ada@example.com" in page


def test_a_person_nobody_asked_about_hears_that(asked: Any) -> None:
    document = json.loads(
        b"".join(
            asked.portal.person_records.about_person(
                asked.user(), person="zoe@example.com", kind=DocumentKind.JSON
            ).chunks
        )
    )
    assert document["held"] == [] and [act["what"] for act in document["done"]] == ["Account of one person made"]


def test_another_merchants_person_is_nobody_here(asked: Any) -> None:
    user = asked.user("maya", "two")
    assert (
        json.loads(
            b"".join(
                asked.portal.person_records.about_person(user, person="ada@example.com", kind=DocumentKind.JSON).chunks
            )
        )["held"]
        == []
    )


# Signing ------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    options = Settings(data_dir=tmp_path)
    db = Database(open_engine(options.database))
    Base.metadata.create_all(db.engine)
    return dataclasses.make_dataclass("Fresh", ["db", "keeper", "folder"])(db, audit.open_keeper(db, options), tmp_path)


def write(fresh: Any, count: int, chain: str = "c" * 32) -> None:
    with fresh.db.write() as session:
        for number in range(count):
            audit.record(session, chain, "system", "export:state", attempt=number)


def sizes(fresh: Any, chain: str = "c" * 32) -> list[int]:
    return [int(note.split("\n")[1]) for note in fresh.keeper.folder.notes(chain)]


def test_a_chain_is_signed_every_500_entries_and_after_15_minutes(fresh: Any) -> None:
    start = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        write(fresh, 3)
        fresh.keeper.keep()
        assert sizes(fresh) == [3]
        write(fresh, 400)
        fresh.keeper.keep()
        assert sizes(fresh) == [3]
        write(fresh, 700)
        fresh.keeper.keep()
        assert sizes(fresh) == [3, 500, 1000]
        clock.shift(dt.timedelta(minutes=14, seconds=59))
        fresh.keeper.keep()
        assert sizes(fresh) == [3, 500, 1000]
        clock.shift(dt.timedelta(seconds=1))
        write(fresh, 1)
        fresh.keeper.keep()
        assert sizes(fresh) == [3, 500, 1000, 1104]
        clock.shift(dt.timedelta(hours=2))
        fresh.keeper.keep()
        assert sizes(fresh) == [3, 500, 1000, 1104]
    assert fresh.keeper.verify("c" * 32).checkpoints == 4


def test_a_chain_written_anew_is_never_signed(fresh: Any) -> None:
    write(fresh, 20)
    fresh.keeper.sign("c" * 32, now=True)
    with fresh.db.write() as session:
        session.query(AuditEntry).delete()
    write(fresh, 30)
    with pytest.raises(ChainBroken):
        fresh.keeper.sign("c" * 32, now=True)
    assert sizes(fresh) == [20]


def test_old_checkpoints_stay_verifiable_after_the_key_is_renewed(fresh: Any) -> None:
    fresh.keeper.ensure_key()
    first = str(fresh.keeper.trusted()[0])
    for _ in range(3):
        write(fresh, 10)
        fresh.keeper.sign("c" * 32, now=True)
        fresh.keeper.rotate_key("cli", "cli")
    write(fresh, 5)
    fresh.keeper.sign("c" * 32, now=True)
    verdict = fresh.keeper.verify("c" * 32, anchor=first)
    assert (verdict.holds, verdict.checkpoints, len(fresh.keeper.trusted())) == (True, 4, 4)
    private = fresh.folder / "keys" / "audit-signing.pem"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert [p.name for p in fresh.folder.glob("keys/*.pem")] == [private.name]


def test_a_key_slipped_in_without_the_former_ones_signature_is_refused(fresh: Any, tmp_path: Path) -> None:
    from portal.audit.signing import SigningKeys, trusted_keys

    write(fresh, 10)
    fresh.keeper.sign("c" * 32, now=True)
    stranger = SigningKeys(tmp_path / "stranger")
    stranger.renew()
    forged = stranger.notes()[0].replace("audit-keys\n1\n", "audit-keys\n2\n")
    with pytest.raises(ValueError, match="not signed"):
        trusted_keys([*fresh.keeper.keys.notes(), forged])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 64, 100])
def test_a_proof_leads_to_the_root_for_any_choice_of_entries(size: int) -> None:
    import hashlib
    import random

    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(size)]

    def plain(part: list[bytes]) -> bytes:  # RFC 6962, section 2.1, as it is written
        if len(part) == 1:
            return part[0]
        half = 1
        while half * 2 < len(part):
            half *= 2
        return hashlib.sha256(b"\x01" + plain(part[:half]) + plain(part[half:])).digest()

    root = merkle.tree_root(leaves)
    assert root == plain(leaves)
    grown = merkle.Frontier()
    chance = random.Random(size)
    place = 0
    while place < size:
        step = chance.randint(1, 9)
        grown.extend(leaves[place : place + step])
        place += step
    assert grown.root() == root
    for _ in range(20):
        wanted = set(chance.sample(range(size), chance.randint(1, size)))
        proof = merkle.proof_for(leaves, wanted)
        known = {n: leaves[n] for n in wanted}
        assert merkle.root_from_proof(size, known, proof) == root
        spoilt = dict(known)
        spoilt[min(wanted)] = hashlib.sha256(b"other").digest()
        assert merkle.root_from_proof(size, spoilt, proof) != root
