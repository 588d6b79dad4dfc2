"""Random tampering with a signed chain: the portal's check and the stand-alone verifier both find it, at one place."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, text, update

from portal import audit
from portal.audit import certifying, stretch
from portal.audit import keeper as keeping
from portal.audit.chain import DOMAIN, GENESIS
from portal.audit.checking import bytes_of, check_pages, pages_of
from portal.audit.checkpoints import Checkpoint, parse_checkpoint
from portal.audit.evidence import chain_lines
from portal.audit.merkle import tree_root
from portal.config import Settings
from portal.storage.engine import Database, open_engine
from portal.storage.tables import AuditEntry, Base

pytestmark = pytest.mark.keeps("SEC-50")

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_audit.py"
CHAIN, SIZE = "a" * 32, 40
COLUMNS = ["action", "actor", "at", "facts", "merchant_id", "object_id", "origin", "prev_hash", "result", "seq",
           "entry_hash"]  # fmt: skip
EDITABLE = [0, 1, 2, 3, 5, 6, 7, 8, 10]
Row = list[Any]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_audit", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Signed:
    """A chain of 40 entries signed at 7, 14, … and 40."""

    db: Database
    keeper: audit.Keeper
    folder: Path
    rows: list[Row]
    points: list[Checkpoint]
    tool: ModuleType
    tool_points: list[Any]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, tool: ModuleType) -> Iterator[Signed]:
    folder = tmp_path_factory.mktemp("audit")
    options = Settings(data_dir=folder)
    db = Database(open_engine(options.database))
    Base.metadata.create_all(db.engine)
    keeper = audit.open_keeper(db, options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "EVERY_ENTRIES", 7)
        with db.write() as session:
            for number in range(SIZE):
                audit.record(
                    session, CHAIN, f"account{number % 3}", "export:state", object_id=f"{number % 5}" * 32,
                    origin="192.0.2.1", code='odd "\\ \n é' if number % 4 == 0 else None, attempt=number,
                )  # fmt: skip
        keeper.sign(CHAIN, now=True)
    with db.read() as session:
        rows = [list(row) for page in pages_of(session, CHAIN) for row in page]
    keys = keeper.trusted()
    points = [parse_checkpoint(note, keys) for note in keeper.folder.notes(CHAIN)]
    assert [p.size for p in points] == [7, 14, 21, 28, 35, 40]
    yield Signed(db, keeper, folder, rows, points, tool, tool.read_folder(folder / "checkpoints", CHAIN, ""))
    db.close()


def line_of(row: Row) -> bytes:
    return b'{"entry":%s,"hash":"%s"}\n' % (bytes_of(row), str(row[10]).encode())


def places(signed: Signed, rows: list[Row], *, checkpoints: bool = True) -> tuple[int | None, int | None]:
    """Where each of the two verifiers says that the chain breaks; None when it holds."""
    pages = [rows[start : start + 9] for start in range(0, len(rows), 9)]
    ours = check_pages(pages, signed.points if checkpoints else [])
    try:
        signed.tool.check_trail(map(line_of, rows), signed.tool_points if checkpoints else [])
        theirs = None
    except signed.tool.Wrong as wrong:
        theirs = wrong.seq
    return (ours.fault.seq if ours.fault else None), theirs


def rehash(row: Row) -> None:
    row[10] = hashlib.sha256(DOMAIN + bytes_of(row)).hexdigest()


def relink(rows: list[Row]) -> None:
    prev = GENESIS
    for number, row in enumerate(rows, start=1):
        row[7], row[9] = prev, number
        rehash(row)
        prev = row[10]


def changed(row: Row, column: int) -> Row:
    """The row with another value in one column that still reads as JSON."""
    new = list(row)
    if column == 3:
        new[3] = json.dumps({**json.loads(row[3]), "code": "other"}, sort_keys=True, separators=(",", ":"))
    elif column in (7, 10):
        new[column] = hashlib.sha256(row[column].encode()).hexdigest()
    else:
        new[column] = row[column] + "x"
    return new


def tamper(data: st.DataObject, rows: list[Row]) -> tuple[str, list[Row]]:
    """One random act of tampering without the key."""
    act = data.draw(
        st.sampled_from(["edit", "edit and rehash", "delete", "insert", "reorder", "duplicate", "truncate", "rewrite"])
    )
    place = data.draw(st.integers(0, SIZE - 1), label="place")
    rows = [list(row) for row in rows]
    if act == "edit":
        rows[place] = changed(rows[place], data.draw(st.sampled_from(EDITABLE)))
    elif act == "edit and rehash":
        rows[place] = changed(rows[place], data.draw(st.sampled_from([0, 1, 2, 3, 5, 6, 8])))
        rehash(rows[place])
    elif act == "delete":
        del rows[place : place + data.draw(st.integers(1, 5))]
    elif act == "insert":
        forged = changed(rows[place], 1)
        rehash(forged)
        rows.insert(place, forged)
        if data.draw(st.booleans(), label="renumber"):
            for number, row in enumerate(rows, start=1):
                row[9] = number
    elif act == "reorder":
        other = data.draw(st.integers(0, SIZE - 1).filter(lambda n: n != place))
        rows[place], rows[other] = rows[other], rows[place]
        if data.draw(st.booleans(), label="renumber"):
            for number, row in enumerate(rows, start=1):
                row[9] = number
    elif act == "duplicate":
        rows.insert(place + 1, list(rows[place]))
    elif act == "truncate":
        del rows[max(place, 1) :]
    else:
        rows[place] = changed(rows[place], 1)
        if data.draw(st.booleans(), label="and drop some"):
            del rows[data.draw(st.integers(1, SIZE - 1)) :]
        relink(rows)
    return act, rows


def test_both_verifiers_accept_the_chain_as_it_was_written(signed: Signed) -> None:
    assert places(signed, signed.rows) == (None, None)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_both_verifiers_find_every_tampering_at_the_same_place(signed: Signed, data: st.DataObject) -> None:
    act, rows = tamper(data, signed.rows)
    ours, theirs = places(signed, rows)
    assert ours is not None, act
    assert ours == theirs


def test_a_chain_written_anew_holds_by_itself_but_not_against_its_checkpoints(signed: Signed) -> None:
    rows = [list(row) for row in signed.rows]
    rows[24] = changed(rows[24], 1)
    relink(rows)
    assert places(signed, rows, checkpoints=False) == (None, None)
    assert places(signed, rows) == (22, 22)  # the checkpoint at 21 still agrees, the one at 28 does not


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_tampering_in_the_database_is_found_by_the_keeper_and_in_its_export(
    signed: Signed, data: st.DataObject
) -> None:
    _act, rows = tamper(data, signed.rows)
    rows = sorted({row[9]: row for row in rows}.values(), key=lambda row: row[9])  # what a database would keep
    if rows == signed.rows:
        return
    put(signed.db, rows)
    try:
        fault = signed.keeper.verify(CHAIN).fault
        with signed.db.read() as session:
            lines = b"".join(chain_lines(session, CHAIN)).splitlines(keepends=True)
        with pytest.raises(signed.tool.Wrong) as wrong:
            signed.tool.check_trail(lines, signed.tool_points)
    finally:
        put(signed.db, signed.rows)
    assert fault is not None
    assert fault.seq == wrong.value.seq


def put(db: Database, rows: list[Row]) -> None:
    with db.write() as session:
        session.execute(delete(AuditEntry))
        values = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        for value in values:
            value["facts"] = json.loads(value["facts"])
        session.execute(insert(AuditEntry), values)


@pytest.mark.parametrize("spoil", ["text", "signature", "stranger's key", "other chain"])
def test_a_checkpoint_that_is_not_the_portals_is_refused_by_both(signed: Signed, tmp_path: Path, spoil: str) -> None:
    import shutil

    from portal.audit.signing import SigningKeys

    copy = tmp_path / "checkpoints"
    shutil.copytree(signed.folder / "checkpoints", copy)
    path = copy / CHAIN / "000000000021.checkpoint"
    note = path.read_text()
    if spoil == "text":
        path.write_text(note.replace("\n21\n", "\n22\n"))
    elif spoil == "signature":
        path.write_text(note[:-6] + ("AAAA=\n" if not note.endswith("AAAA=\n") else "BBBB=\n"))
    elif spoil == "stranger's key":
        stranger = SigningKeys(tmp_path / "stranger")
        stranger.renew()
        path.write_text(stranger.sign(note.rpartition("\n\n")[0] + "\n"))
    else:
        shutil.copytree(copy / CHAIN, copy / ("b" * 32))
        (copy / CHAIN / "000000000021.checkpoint").unlink()
    chain = "b" * 32 if spoil == "other chain" else CHAIN
    fault = signed.keeper.verify(chain, folder=audit.open_folder(str(copy))).fault
    assert fault is not None and fault.seq == 0
    with pytest.raises(signed.tool.Wrong):
        signed.tool.read_folder(copy, chain, "")


def test_the_stand_alone_verifier_answers_on_the_command_line(signed: Signed, tmp_path: Path) -> None:
    trail = tmp_path / "trail.jsonl"
    trail.write_bytes(b"".join(line_of(row) for row in signed.rows))
    key = str(signed.keeper.trusted()[0])
    command = [sys.executable, str(TOOL), str(trail), "--checkpoints", str(signed.folder / "checkpoints"), "--key", key]
    good = subprocess.run(command, capture_output=True, text=True)
    assert (good.returncode, "40 entries, 6 signed checkpoints agree" in good.stdout) == (0, True)
    trail.write_bytes(trail.read_bytes().replace(b"account1", b"account2", 1))
    bad = subprocess.run(command, capture_output=True, text=True)
    assert (bad.returncode, bad.stdout) == (1, "trail.jsonl does not hold: entry 2 was changed after it was written.\n")


def test_the_stand_alone_verifier_needs_nothing_of_the_portal() -> None:
    assert "import portal" not in TOOL.read_text() and "from portal" not in TOOL.read_text()


# Large trails are checked in stretches at once; these tests make every trail a large one ------------------------------


@pytest.fixture
def in_stretches(monkeypatch: pytest.MonkeyPatch, tool: ModuleType) -> None:
    """Three stretches of pages of 4 in the portal, three of a few hundred bytes a read in the stand-alone verifier."""
    monkeypatch.setattr(certifying, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(certifying, "CHECKPOINT_COST", 0)
    monkeypatch.setattr(certifying, "MOST_PROCESSES", 3)
    monkeypatch.setattr(certifying.os, "sched_getaffinity", lambda _pid: {0, 1, 2}, raising=False)
    monkeypatch.setattr(certifying, "PAGE", 4)
    monkeypatch.setattr(stretch, "PAGE", 4)
    monkeypatch.setattr(tool, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(tool, "READ_AT_ONCE", 700)
    monkeypatch.setattr(tool.os, "cpu_count", lambda: 3)
    monkeypatch.setattr(tool, "ProcessPoolExecutor", ThreadPoolExecutor)


def test_a_chain_is_certified_in_stretches_by_processes_of_their_own(
    signed: Signed, in_stretches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [[*row[:3], row[3].replace('"code":"odd \\"\\\\ \\n é",', ""), *row[4:]] for row in signed.rows]
    relink(plain)
    walked: list[int] = []
    look = certifying._take

    def seen(verdict: Any, certificate: Any, points: Any) -> bool:
        walked.append(certificate.last)
        return look(verdict, certificate, points)

    monkeypatch.setattr(certifying, "_take", seen)
    put(signed.db, plain)
    try:
        with certifying.certifying(signed.db, CHAIN, []) as quick:
            found = quick.verdict([])
    finally:
        put(signed.db, signed.rows)
    assert (found.sound, found.head, found.last_at) == (SIZE, plain[-1][10], plain[-1][2])
    assert found.frontier.root() == tree_root([bytes.fromhex(row[10]) for row in plain])
    assert walked == [12, 24, 40]
    verdict = signed.keeper.verify(CHAIN)
    assert verdict.holds and (verdict.sound, verdict.checkpoints, verdict.frontier.root()) == (
        SIZE, 6, signed.points[-1].root,
    )  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_tampering_with_a_large_trail_is_found_at_the_same_place_by_both(
    signed: Signed, in_stretches: None, tmp_path: Path, data: st.DataObject
) -> None:
    act, rows = tamper(data, signed.rows)
    fault = places(signed, rows)[0]
    path = tmp_path / "trail.jsonl"
    path.write_bytes(b"".join(line_of(row) for row in rows))
    trail = signed.tool.Trail(signed.tool_points, CHAIN)
    with pytest.raises(signed.tool.Wrong) as wrong, path.open("rb") as file:
        file.seek(signed.tool.check_quickly(path, trail))
        signed.tool.check_trail(file, signed.tool_points, trail)
    assert wrong.value.seq == fault, act


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_tampering_with_a_large_chain_in_the_database_is_named_as_a_walk_names_it(
    signed: Signed, in_stretches: None, data: st.DataObject
) -> None:
    _act, rows = tamper(data, signed.rows)
    rows = sorted({row[9]: row for row in rows}.values(), key=lambda row: row[9])
    put(signed.db, rows)
    try:
        fault = signed.keeper.verify(CHAIN).fault
    finally:
        put(signed.db, signed.rows)
    assert (fault.seq if fault else None) == places(signed, rows)[0]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_certificate_for_what_only_looks_the_same_when_run_together(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Columns whose contents were moved across their borders, or escaped by hand, give the same bytes unescaped."""
    url = f"sqlite:///{tmp_path / 'a.sqlite3'}" if kind == "sqlite" else request.getfixturevalue("new_postgres")()
    db = Database(open_engine(url))
    Base.metadata.create_all(db.engine)
    with db.write() as session:
        audit.record(session, CHAIN, "who", "export:state", object_id='a","origin":"b', origin="c")
        audit.record(session, CHAIN, "who", "export:state", object_id="a\\b", origin="c")
        audit.record(session, CHAIN, "who", "export:state", object_id="plain", origin="d", code='quoted "é" \\ here')
    job = stretch.Job(certifying._database(db), CHAIN, 1, 3)
    assert stretch.certify(stretch.Job(job.database, CHAIN, 3, 3)) is not None
    assert stretch.certify(job) is None
    with db.read() as session:
        assert audit.verify_chain(session, CHAIN) == (3, None)
    with db.write() as session:  # as the canonical JSON writes them
        session.execute(update(AuditEntry).where(AuditEntry.seq == 1).values(object_id='a\\",\\"origin\\":\\"b'))
    assert stretch.certify(stretch.Job(job.database, CHAIN, 1, 1)) is None
    with db.write() as session:
        session.execute(update(AuditEntry).where(AuditEntry.seq == 1).values(object_id='a","origin":"b'))
        session.execute(update(AuditEntry).where(AuditEntry.seq == 2).values(object_id="a\\\\b"))
    assert stretch.certify(stretch.Job(job.database, CHAIN, 2, 2)) is None
    db.close()


def test_no_certificate_for_a_column_of_another_kind(tmp_path: Path) -> None:
    db = Database(open_engine(f"sqlite:///{tmp_path / 'a.sqlite3'}"))
    Base.metadata.create_all(db.engine)
    with db.write() as session:
        for _ in range(3):
            audit.record(session, CHAIN, "who", "export:state", object_id="x")
    job = stretch.Job(certifying._database(db), CHAIN, 1, 3, [2])
    assert stretch.certify(job) is not None
    with db.write() as session:
        session.execute(text("UPDATE audit_entries SET object_id = CAST('x' AS BLOB) WHERE seq = 2"))
    assert stretch.certify(job) is None
    db.close()


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_FACTS = st.dictionaries(st.sampled_from(["code", "attempt", "from"]), st.one_of(_TEXT, st.integers(), st.none()))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(st.tuples(_TEXT, _TEXT, _TEXT, _FACTS), min_size=1, max_size=6))
def test_a_certificate_vouches_for_the_canonical_bytes_of_whatever_was_written(
    quick_database: Database, entries: list[tuple[str, str, str, dict[str, Any]]]
) -> None:
    db = quick_database
    with db.write() as session:
        session.execute(delete(AuditEntry))
        for actor, thing, origin, facts in entries:
            audit.record(session, CHAIN, actor, "export:state", object_id=thing, origin=origin, **facts)
    with db.read() as session:
        rows = [row for page in pages_of(session, CHAIN) for row in page]
    for row in rows:
        assert hashlib.sha256(DOMAIN + bytes_of(row)).hexdigest() == row[10]
    found = stretch.certify(stretch.Job(certifying._database(db), CHAIN, 1, len(rows)))
    texts = "".join("".join(part[:3]) for part in entries)
    if not any(c in '"\\' or c < " " for c in texts):
        assert found is not None
    if found is not None:
        assert found.head == rows[-1][10]


@pytest.fixture(scope="module")
def quick_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    db = Database(open_engine(f"sqlite:///{tmp_path_factory.mktemp('quick') / 'a.sqlite3'}"))
    Base.metadata.create_all(db.engine)
    yield db
    db.close()
