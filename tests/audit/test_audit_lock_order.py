"""Whoever moves a row and writes the chain takes the row first: two acts never wait for each other for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from portal import audit
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.errors import StateConflict
from portal.exports import State
from portal.exports.core import ledger
from portal.identity import Role, User
from portal.storage.tables import Account, Export, ExportAsked, ExportFile, ExportResponse
from tests.one_case import add_case

PATIENCE_SECONDS = 30


@pytest.fixture
def portal(new_postgres: Callable[[], str], tmp_path: Path) -> Iterator[Portal]:
    opened = build_portal(Settings(data_dir=tmp_path, mode="practice", database_url=new_postgres()))
    yield opened
    opened.stop()


def a_ready_export(portal: Portal) -> tuple[User, str]:
    merchant = portal.accounts.create_merchant("Shop")
    with portal.db.write() as session:
        account = Account(merchant_id=merchant, email="maya@shop.example", name="Maya", role="manager")
        session.add(account)
        session.flush()
        case_id = add_case(session, merchant)
        row = Export(
            merchant_id=merchant, case_id=case_id, state=State.READY, requested_by=account.id, subject_index="i",
            ask_index="a", format="csv", asked=ExportAsked(subject_kind="email", sealed_subject=b"x"),
            response=ExportResponse(), file=ExportFile(size_bytes=10),
        )  # fmt: skip
        session.add(row)
        session.flush()
        return User(
            account.id, merchant, "Shop", account.email, "Maya", Role.MANAGER, True, "UTC", origin="cli"
        ), row.id


def waiting(portal: Portal) -> bool:
    with portal.db.read() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_a_file_destroyed_while_its_link_expires_does_not_lock_both_up(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, export_id = a_ready_export(portal)
    has_the_row, recorded = threading.Event(), audit.record
    moving: list[threading.Thread] = []

    def slowly(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() in moving:  # holds the row, and goes for the chain when the other one waits
            has_the_row.set()
            for _ in range(PATIENCE_SECONDS * 50):
                if waiting(portal):
                    break
                threading.Event().wait(0.02)
        return recorded(*args, **kwargs)

    def expire() -> bool:
        moving.append(threading.current_thread())
        with portal.db.write() as session:
            return ledger.move(session, ledger.load(session, export_id), State.EXPIRED, code="link_expired")

    monkeypatch.setattr(audit, "record", slowly)
    with ThreadPoolExecutor(2) as pool:
        expired = pool.submit(expire)
        assert has_the_row.wait(PATIENCE_SECONDS)
        destroyed = pool.submit(portal.retention.destroy, user, export_id)
        assert expired.result() is True
        with pytest.raises(StateConflict):  # it came second, and was told so
            destroyed.result()
    portal.retention.destroy(user, export_id)
    with portal.db.read() as session:
        assert audit.verify_chain(session, user.merchant_id)[1] is None
        acts = [(row.action, row.facts.get("to")) for row in audit.entries_about(session, user.merchant_id, export_id)]
    refused, left = acts[1], [acts[0], *acts[2:]]
    assert refused == ("act:refused", None), "the one that came second"
    assert left == [("export:state", "expired"), ("export:state", "purged"), ("export:destroy", None)]
