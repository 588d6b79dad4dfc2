"""Sealed answers in a backup, under changed keys, with a removed merchant; and nothing personal in clear anywhere."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.log import configure_logging
from portal.operations import backup
from portal.sources.kinds import SourceKind, SourceState
from portal.sources.ledger import place_of
from portal.storage import copying
from portal.storage.answering.source_tables import CaseSource, SourceFile, SourceKey, SourcePage
from portal.storage.tables import utc_now
from portal.vault import rotation
from tests.command_line import logging_as_before
from tests.sources.conftest import collect_on

pytestmark = pytest.mark.keeps("LAW-17", "SEC-26", "SEC-55")
ADA = "ada@example.com"


@pytest.fixture
def collected(desk: Any, shop: Any, opened: Any, settle: Any) -> str:
    case_id: str = opened(email=ADA, phone="+44 20 7946 0123")
    desk.portal.case_sources.collect(desk.user(), case_id)
    settle(case_id)
    return case_id


def opens(portal: Portal, case_id: str) -> int:
    """How many pages of a case open, whole; raises SealBroken for one that does not."""
    with portal.db.read() as session:
        found = session.execute(
            select(CaseSource, SourcePage, SourceKey.sealed_keyset)
            .join(SourcePage, SourcePage.source_id == CaseSource.id)
            .join(SourceKey, (SourceKey.source_id == CaseSource.id) & (SourceKey.blob_name == SourcePage.blob_name))
            .where(CaseSource.case_id == case_id)
        ).all()
    for row, page, key in found:
        place = place_of(row, page.blob_name)
        portal.sealed.verify(place, key, sha256=page.sha256, size_bytes=page.size_bytes)
    return len(found)


def running(portal: Portal, case_id: str) -> str:
    """Make one source of the case stand as if it was about to be asked, where housekeeping does not look yet. Gives its
    id."""
    with portal.db.write() as session:
        wanted = select(CaseSource).where(CaseSource.case_id == case_id, CaseSource.state == SourceState.REFUSED)
        row = session.scalars(wanted).all()[0]
        row.state, row.updated_at = SourceState.PLANNED.value, utc_now() + dt.timedelta(days=1)
        return row.id


def restored(portal: Portal, folder: Path, keys: Path | None) -> Portal:
    """A new portal, on SQLite, with the old one's keyset."""
    made = folder / "data"
    (made / "keys").mkdir(parents=True)
    shutil.copy(portal.settings.keyset_file, made / "keys" / portal.settings.keyset_file.name)
    new = build_portal(Settings(mode="practice", data_dir=made))
    if (listed := portal.settings.destruction_list).exists():
        shutil.copy(listed, new.settings.destruction_list)
    checked = backup.check_files(folder / "backup", keys, new.master)
    backup.restore(new.db, new.blobs, checked, new.settings.destruction_list)
    return new


def destroy(portal: Portal, source_id: str) -> None:
    """As housekeeping does when the time of an answer is over."""
    with portal.db.write() as session:
        session.get_one(CaseSource, source_id).file.destroy_after = utc_now()
    portal.source_retention.run_housekeeping()


@pytest.mark.parametrize("with_keys", [True, False])
def test_a_backup_brings_answers_back_with_the_key_file_and_opens_none_without(
    desk: Any, collected: str, tmp_path: Path, with_keys: bool
) -> None:
    portal, keys = desk.portal, tmp_path / "keys"
    there = opens(portal, collected)
    assert there > 10
    under_way = running(portal, collected)
    backup.create(portal.db, portal.blobs, tmp_path / "backup", keys, portal.master)
    assert backup.check(tmp_path / "backup", portal.master) == []
    new = restored(portal, tmp_path, keys if with_keys else None)
    assert opens(new, collected) == (there if with_keys else 0)
    with new.db.read() as session:
        row = session.get_one(CaseSource, under_way)
        assert (row.state, row.problem_code) == (SourceState.FAILED, "restored")
        held = (
            select(CaseSource)
            .join(CaseSource.file)
            .where(CaseSource.case_id == collected, SourceFile.size_bytes.is_not(None))
        )
        assert {source.file.destroyed_at is None for source in session.scalars(held)} == {with_keys}
    new.stop()


def test_a_destroyed_answer_is_not_brought_back_by_an_older_backup(desk: Any, collected: str, tmp_path: Path) -> None:
    portal, keys = desk.portal, tmp_path / "keys"
    backup.create(portal.db, portal.blobs, tmp_path / "backup", keys, portal.master)
    with portal.db.read() as session:
        wanted = select(CaseSource.id).where(CaseSource.case_id == collected, CaseSource.kind == SourceKind.PROGRAMS)
        source_id = session.scalars(wanted).one()
    destroy(portal, source_id)
    new = restored(portal, tmp_path, keys)
    with new.db.read() as session:
        assert session.scalars(select(SourceKey).where(SourceKey.source_id == source_id)).all() == []
        assert session.get_one(CaseSource, source_id).file.destroyed_at is not None
    new.stop()


def test_what_is_sealed_is_brought_under_a_new_master_key(desk: Any, collected: str) -> None:
    """Each sealed column of sources is among those that a change of keys reseals, and opens."""
    names = {place.name for place in rotation.COLUMNS}
    assert {"case_sources.sealed_member", "case_source_keys.sealed_keyset"} <= names
    assert {"case_comparisons.sealed_facts", "case_matches.sealed_item"} <= names
    assert rotation.count_unopenable(desk.portal.db, desk.portal.sealer, desk.portal.master) == {}


def test_decisions_are_in_a_backup_and_what_was_copied_out_of_answers_is_not() -> None:
    names = {table.name for table in copying.tables()}
    assert "case_matches" in names and "case_comparisons" not in names


def test_a_removed_merchants_answers_are_destroyed_and_what_runs_is_stopped(desk: Any, collected: str) -> None:
    portal = desk.portal
    refused = running(portal, collected)
    assert portal.source_retention.destroy_all_of(desk.user().merchant_id, actor="cli", origin="cli") > 5
    assert opens(portal, collected) == 0
    with portal.db.read() as session:
        row = session.get_one(CaseSource, refused)
        assert (row.state, row.problem_code) == (SourceState.FAILED, "merchant_removed")
        rows = session.scalars(select(CaseSource).where(CaseSource.case_id == collected)).all()
        assert all(row.file.destroyed_at for row in rows if row.file.size_bytes is not None)


def test_nothing_of_the_person_is_in_clear_in_database_log_or_file(
    new_desk: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with logging_as_before(), new_desk(tmp_path) as own:
        configure_logging("DEBUG")
        case_id = collect_on(own, email=ADA, phone="+44 20 7946 0123")
        assert opens(own.portal, case_id) > 10
    said = "".join(capfd.readouterr())
    assert "source.not_fetched" in said, "the log was looked at"
    for mark in (ADA, "Ada Quill", "7946 0123", "79460123"):
        assert mark.lower() not in said.lower()
        found = [path for path in tmp_path.rglob("*") if path.is_file() and mark.encode() in path.read_bytes()]
        assert found == []
