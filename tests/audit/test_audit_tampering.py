"""Random tampering with a signed chain: the portal's check and the stand-alone verifier both find it, at one place."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update

from portal import audit
from portal.audit import blocks, certifying
from portal.audit import keeper as keeping
from portal.audit.chain import DOMAIN, GENESIS
from portal.audit.checking import block_of, bytes_of, check_pages, pages_of
from portal.audit.checkpoints import Checkpoint, parse_checkpoint
from portal.audit.evidence import chain_lines
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
    yield Signed(db, keeper, folder, rows, points, tool, tool.read_folder(folder / "checkpoints", CHAIN, "")[0])
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
    assert (
        good.returncode,
        "holds up to entry 40, the last one" in good.stdout and "6 signed checkpoints agree" in good.stdout,
    ) == (0, True)
    trail.write_bytes(trail.read_bytes().replace(b"account1", b"account2", 1))
    bad = subprocess.run(command, capture_output=True, text=True)
    assert (bad.returncode, bad.stdout) == (1, "trail.jsonl does not hold: entry 2 was changed after it was written.\n")


def test_the_stand_alone_verifier_needs_nothing_of_the_portal() -> None:
    assert "import portal" not in TOOL.read_text() and "from portal" not in TOOL.read_text()


# What was signed is compared block by block, several blocks at once; these tests make every trail a large one ---------


@pytest.fixture
def in_shares(monkeypatch: pytest.MonkeyPatch, tool: ModuleType) -> None:
    """Three shares of the blocks in the portal, three in the stand-alone verifier."""
    monkeypatch.setattr(certifying, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(certifying, "CHECKPOINT_COST", 0)
    monkeypatch.setattr(certifying, "MOST_PROCESSES", 3)
    monkeypatch.setattr(certifying.os, "sched_getaffinity", lambda _pid: {0, 1, 2}, raising=False)
    monkeypatch.setattr(tool, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(tool, "CHECKPOINT_COST", 0)
    monkeypatch.setattr(tool.os, "cpu_count", lambda: 3)
    monkeypatch.setattr(tool, "ProcessPoolExecutor", ThreadPoolExecutor)


def test_a_signed_chain_holds_by_its_digests_without_a_walk(
    signed: Signed, in_shares: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with certifying.certifying(signed.db, CHAIN, [p.size for p in signed.points]) as quick:
        found = quick.verdict(signed.points)
        shares = [len(job.bounds) for job in quick.jobs]
    assert sum(shares) == 6 and len(shares) == 3 and all(shares)
    assert (found.sound, found.head, found.last_at) == (SIZE, signed.rows[-1][10], signed.rows[-1][2])
    walked: list[int] = []
    honest = keeping.pages_of
    monkeypatch.setattr(
        keeping,
        "pages_of",
        lambda *given, **more: (walked.append(len(page)) or page for page in honest(*given, **more)),
    )
    quick_verdict = signed.keeper.verify(CHAIN)
    assert walked == []
    thorough = signed.keeper.verify(CHAIN, every_entry=True)
    assert walked == [SIZE]
    for verdict in (quick_verdict, thorough):
        assert verdict.holds and (verdict.sound, verdict.checkpoints, verdict.signed) == (SIZE, 6, signed.points[-1])


def test_entries_since_the_last_checkpoint_are_walked(signed: Signed, in_shares: None) -> None:
    with signed.db.write() as session:
        for number in range(3):
            audit.record(session, CHAIN, "later", "export:state", attempt=number)
    try:
        assert signed.keeper.verify(CHAIN).sound == SIZE + 3
        with signed.db.write() as session:
            session.execute(update(AuditEntry).where(AuditEntry.seq == SIZE + 2).values(actor="another"))
        fault = signed.keeper.verify(CHAIN).fault
    finally:
        put(signed.db, signed.rows)
    assert fault is not None and fault.seq == SIZE + 2


def test_checkpoints_without_digests_are_walked_to(signed: Signed, in_shares: None, tmp_path: Path) -> None:
    """As they were signed before digests were."""
    import shutil

    copy = tmp_path / "checkpoints"
    shutil.copytree(signed.folder / "checkpoints", copy)
    for point in signed.points[:3]:
        note = signed.keeper.keys.sign(replace(point, block=None).text())
        (copy / CHAIN / f"{point.size:012}.checkpoint").write_text(note)
    verdict = signed.keeper.verify(CHAIN, folder=audit.open_folder(str(copy)))
    assert verdict.holds and (verdict.sound, verdict.checkpoints) == (SIZE, 6)
    trail = tmp_path / "trail.jsonl"
    trail.write_bytes(b"".join(line_of(row) for row in signed.rows))
    assert "6 signed checkpoints agree" in signed.tool.verify_trail(trail, copy, "", 0)


@pytest.mark.parametrize(("since", "holds_quickly"), [(0, True), (10, True), (14, True), (21, False)])
def test_checkpoints_of_two_processes_may_overlap_but_leave_no_gap(
    signed: Signed, in_shares: None, tmp_path: Path, since: int, holds_quickly: bool
) -> None:
    import shutil

    copy = tmp_path / "checkpoints"
    shutil.copytree(signed.folder / "checkpoints", copy)
    (copy / CHAIN / "000000000021.checkpoint").unlink()
    point = replace(signed.points[3], block=block_of(since, signed.rows[since:28]))
    (copy / CHAIN / "000000000028.checkpoint").write_text(signed.keeper.keys.sign(point.text()))
    points = [parse_checkpoint(note, signed.keeper.trusted()) for note in audit.open_folder(str(copy)).notes(CHAIN)]
    with certifying.certifying(signed.db, CHAIN, [p.size for p in points]) as quick:
        assert quick.verdict(points).sound == (SIZE if holds_quickly else 0)
    assert signed.keeper.verify(CHAIN, folder=audit.open_folder(str(copy))).sound == SIZE


def test_a_keeper_goes_on_from_what_another_signed_meanwhile(tmp_path: Path) -> None:
    options = Settings(data_dir=tmp_path)
    db = Database(open_engine(options.database))
    Base.metadata.create_all(db.engine)
    one, other = audit.open_keeper(db, options), audit.open_keeper(db, options)
    for keeper in (one, other, one):
        with db.write() as session:
            audit.record(session, CHAIN, "who", "export:state")
        keeper.sign(CHAIN, now=True)
    points = [parse_checkpoint(note, one.trusted()) for note in one.folder.notes(CHAIN)]
    assert [(p.block.since, p.size) for p in points if p.block] == [(0, 1), (1, 2), (2, 3)]
    db.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_tampering_with_a_large_trail_is_found_at_the_same_place_by_both(
    signed: Signed, in_shares: None, tmp_path: Path, data: st.DataObject
) -> None:
    act, rows = tamper(data, signed.rows)
    fault = places(signed, rows)[0]
    path = tmp_path / "trail.jsonl"
    path.write_bytes(b"".join(line_of(row) for row in rows))
    with pytest.raises(signed.tool.Wrong) as wrong:
        signed.tool.verify_trail(path, signed.folder / "checkpoints", "", 0)
    assert wrong.value.seq == fault, act


@pytest.mark.parametrize("slipped_in", ["the line again", "another entry's line", "an empty line", "words"])
def test_a_line_slipped_into_a_large_trail_is_found_wherever_it_stands(
    signed: Signed, in_shares: None, tmp_path: Path, slipped_in: str
) -> None:
    """Between two shares too, where a line would be in neither."""
    lines = [line_of(row) for row in signed.rows]
    path = tmp_path / "trail.jsonl"
    for place in range(1, SIZE + 1):
        extra = {
            "the line again": lines[place - 1],
            "another entry's line": lines[place % SIZE],
            "an empty line": b"\n",
            "words": b'{"entry":{"seq":7}}\n',
        }[slipped_in]
        path.write_bytes(b"".join([*lines[:place], extra, *lines[place:]]))
        with pytest.raises(signed.tool.Wrong) as wrong:
            signed.tool.verify_trail(path, signed.folder / "checkpoints", "", 0)
        # The next entry's line twice: the first of the two is right, the second is not.
        again = slipped_in == "another entry's line" and place < SIZE
        assert wrong.value.seq == place + (2 if again else 1)


def test_a_large_trail_that_holds_is_not_read_line_by_line(
    signed: Signed, in_shares: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trail.jsonl"
    path.write_bytes(b"".join(line_of(row) for row in signed.rows))
    checked: list[int] = []
    monkeypatch.setattr(signed.tool, "check_line", lambda line, number, prev, chain: checked.append(number) or "0" * 64)
    said = signed.tool.verify_trail(path, signed.folder / "checkpoints", "", 0)
    assert checked == [] and "holds up to entry 40, the last one, signed at" in said
    assert len(signed.tool.shares_of(path, [7, 14, 21, 28, 35, 40])) == 3


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_tampering_with_a_large_chain_in_the_database_is_named_as_a_walk_names_it(
    signed: Signed, in_shares: None, data: st.DataObject
) -> None:
    _act, rows = tamper(data, signed.rows)
    rows = sorted({row[9]: row for row in rows}.values(), key=lambda row: row[9])
    put(signed.db, rows)
    try:
        fault = signed.keeper.verify(CHAIN).fault
    finally:
        put(signed.db, signed.rows)
    assert (fault.seq if fault else None) == places(signed, rows)[0]


def digest_in(db: Database, last: int) -> list[str]:
    return blocks.digests(blocks.Job(certifying._database(db), CHAIN, [(1, last)]))


def digest_of(db: Database) -> str:
    with db.read() as session:
        return block_of(0, [row for page in pages_of(session, CHAIN) for row in page]).rows


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_digest_is_the_same_for_what_only_looks_the_same_when_run_together(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Columns whose contents were moved across their borders, escaped by hand, or hidden behind a zero."""
    url = f"sqlite:///{tmp_path / 'a.sqlite3'}" if kind == "sqlite" else request.getfixturevalue("new_postgres")()
    db = Database(open_engine(url))
    Base.metadata.create_all(db.engine)
    with db.write() as session:
        audit.record(session, CHAIN, "who", "export:state", object_id='a","b', origin="c")
        audit.record(session, CHAIN, "who", "export:state", object_id="a\\b", origin="é")
        audit.record(session, CHAIN, "who", "export:state", object_id="plain", origin="d", code='quoted "é" \\ here')
    signed = [digest_of(db)]
    assert digest_in(db, 3) == signed
    forgeries: list[tuple[int, dict[str, Any]]] = [
        (1, {"object_id": "a", "origin": 'b","c'}),
        (1, {"object_id": 'a\\",\\"b'}),
        (2, {"object_id": "a\\\\b"}),
        (3, {"origin": "", "object_id": "plaind"}),
        (3, {"actor": "who "}),
    ]
    if kind == "sqlite":
        forgeries.append((3, {"origin": "d\x00and more"}))
    for seq, values in forgeries:
        with db.write() as session:
            before = session.execute(select(AuditEntry.object_id, AuditEntry.origin, AuditEntry.actor).where(
                AuditEntry.seq == seq)).one()._mapping  # fmt: skip
            session.execute(update(AuditEntry).where(AuditEntry.seq == seq).values(**values))
        assert digest_in(db, 3) != signed, values
        with db.write() as session:
            session.execute(update(AuditEntry).where(AuditEntry.seq == seq).values(**before))
    assert digest_in(db, 3) == signed
    db.close()


def test_no_digest_for_a_column_of_another_kind(tmp_path: Path) -> None:
    db = Database(open_engine(f"sqlite:///{tmp_path / 'a.sqlite3'}"))
    Base.metadata.create_all(db.engine)
    with db.write() as session:
        for _ in range(3):
            audit.record(session, CHAIN, "who", "export:state", object_id="x")
    assert digest_in(db, 3) == [digest_of(db)]
    with db.write() as session:
        session.execute(text("PRAGMA ignore_check_constraints = ON"))
        session.execute(text("UPDATE audit_entries SET object_id = CAST('x' AS BLOB) WHERE seq = 2"))
    assert digest_in(db, 3) == []
    db.close()


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_FACTS = st.dictionaries(st.sampled_from(["code", "attempt", "from"]), st.one_of(_TEXT, st.integers(), st.none()))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(st.tuples(_TEXT, _TEXT, _TEXT, _FACTS), min_size=1, max_size=6))
def test_the_database_comes_to_the_digest_of_whatever_was_written(
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
    texts = "".join("".join(part[:3]) for part in entries)
    if not any(c < " " for c in texts):  # control characters may be written in two ways: then the chain is walked
        assert digest_in(db, len(rows)) == [digest_of(db)]


@pytest.fixture(scope="module")
def quick_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    db = Database(open_engine(f"sqlite:///{tmp_path_factory.mktemp('quick') / 'a.sqlite3'}"))
    Base.metadata.create_all(db.engine)
    yield db
    db.close()
