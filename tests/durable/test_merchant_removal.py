"""A removed merchant leaves facts only, whatever was under way, and no backup brings it back (LAW-17, SEC-55)."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from house import House
from shop import CountingShop
from sqlalchemy import func, select

from portal.errors import PortalError
from portal.exports import State
from portal.identity import User
from portal.merchants import removal as removing
from portal.storage.tables import (
    Account,
    AuditEntry,
    CardRequest,
    CaseMatch,
    Export,
    ExportFile,
    ExportResponse,
    FileKey,
    LoginSession,
    Merchant,
)

pytestmark = pytest.mark.keeps("LAW-17", "LAW-18", "SEC-55")

Command = Callable[..., Any]
NAME, OTHER = "Brook & Bean Coffee", "Northwind Books"


@pytest.fixture(params=["sqlite and a folder", "postgresql and a bucket"])
def shops(request: pytest.FixtureRequest, tmp_path: Path, counting_shop: CountingShop) -> Iterator[House]:
    """Two merchants; the first has three files, a session with a vendor token and an export in each open state."""
    places = {}
    if "bucket" in request.param:
        places = {"database": request.getfixturevalue("postgres")(), "blobs": request.getfixturevalue("new_bucket")()}
    house = House(tmp_path / "house", **places)
    counting_shop.posts.clear()
    house.furnish(counting_shop.port)
    assert house.run(submit=[f"c{n}@example.com" for n in range(3)]) == 0
    yield house
    house.close()


def merchant_of(house: House, name: str) -> str:
    return removing.merchant_by_name(house.portal.db, name)


def add_in_every_open_state(house: House) -> None:
    from portal.exports import parse_request

    user = house.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
    open_states = ("requested", "sent", "waiting", "accepted", "unknown")
    for state in open_states:
        request = parse_request(email=f"{state}@example.com", format="json")
        export_id = house.portal.submissions.submit(user, request)
        with house.portal.db.write() as session:
            row = session.get_one(Export, export_id)
            row.state, row.response.sealed_download_url = state, b"x"


def decide_and_ask(house: House, user: User) -> None:
    """A decision about whose a record is, and a request to see the card numbers of a file."""
    with house.portal.db.write() as session:
        export = session.scalars(select(Export).where(Export.merchant_id == user.merchant_id).limit(1)).one()
        session.add(
            CaseMatch(
                merchant_id=user.merchant_id, case_id=export.case_id, number=1, item="record", sealed_item=b"x",
                decision="in", code="same_person", decided_by=user.account_id,
            )
        )  # fmt: skip
        session.add(
            CardRequest(
                merchant_id=user.merchant_id, export_id=export.id, asked_by=user.account_id, role="manager",
                reason="dispute", state="waiting",
            )
        )  # fmt: skip


def files_of(house: House, merchant_id: str) -> tuple[int, int]:
    """Keys and blobs."""
    with house.portal.db.read() as session:
        keys = session.scalar(select(func.count()).select_from(FileKey).where(FileKey.merchant_id == merchant_id)) or 0
    return keys, len(list(house.portal.blobs.names(merchant_id)))


def test_a_removed_merchant_leaves_its_facts_and_nothing_else(shops: House, command: Command) -> None:
    merchant_id = merchant_of(shops, NAME)
    person = shops.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
    shops.portal.sessions.start_session(
        person.account_id, method="password", address="198.51.100.7", second_factor=False, vendor_token="a-vendor-token"
    )
    add_in_every_open_state(shops)
    decide_and_ask(shops, person)
    assert files_of(shops, merchant_id) == (3, 3)

    done = command(shops.data, "merchants", "remove", NAME, typed=NAME, **shops.variables)
    assert done.returncode == 0, done.stderr

    assert files_of(shops, merchant_id) == (0, 0)
    assert shops.outcomes() == {State.PURGED: 3, State.FAILED: 5}
    assert shops.broken_chains() == []
    assert shops.moves_without_entry() == []
    with shops.portal.db.read() as session:
        merchant = session.get_one(Merchant, merchant_id)
        assert merchant.sealed_api_token is None
        assert session.scalars(select(CaseMatch.sealed_item)).all() == [None]
        assert session.scalars(select(CardRequest)).all() == []
        links = select(ExportResponse.export_id).join(Export).where(Export.merchant_id == merchant_id)
        links = links.where(ExportResponse.sealed_download_url.is_not(None))
        assert session.scalars(links).all() == []
        for login in session.scalars(select(LoginSession).where(LoginSession.merchant_id == merchant_id)):
            assert (login.sealed_vendor_token, login.ended_because) == (None, "merchant_removed")
        accounts = session.scalars(select(Account).where(Account.merchant_id == merchant_id)).all()
        assert accounts and all(account.disabled_at for account in accounts)
        facts = select(ExportFile.sha256).join(Export).where(Export.merchant_id == merchant_id, ExportFile.sha256 != "")
        assert len(session.scalars(facts).all()) == 3
        acts = Counter(session.scalars(select(AuditEntry.action).where(AuditEntry.merchant_id == merchant_id)))
        (last,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "merchant:remove"))
    assert acts["export:destroy"] == 3 and acts["account:disable"] == len(accounts) and acts["session:end"] == 1
    assert last.facts == {"files": 3, "exports": 5, "accounts": len(accounts)}
    with pytest.raises(PortalError):
        shops.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
    assert (
        shops.portal.accounts.user_for_account("maya@northwindbooks.example.com", origin="cli").merchant_name == OTHER
    )

    shops.run(sweep=True)  # workers find nothing left to do
    assert shops.outcomes() == {State.PURGED: 3, State.FAILED: 5}
    assert shops.strays() == []
    assert command(shops.data, "merchants", "remove", NAME, **shops.variables).returncode == 1
    assert shops.portal.accounts.create_merchant(NAME) != merchant_id


def test_another_name_typed_changes_nothing(shops: House, command: Command) -> None:
    done = command(shops.data, "merchants", "remove", NAME, typed=OTHER, **shops.variables)
    assert done.returncode == 1 and "nothing was changed" in done.stderr
    assert files_of(shops, merchant_of(shops, NAME)) == (3, 3)


@pytest.mark.parametrize("step", ["stop_exports", "destroy_all_of", "release_name"])
def test_a_removal_cut_off_at_any_step_is_finished_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    assert house.run(submit=[f"c{n}@example.com" for n in range(3)]) == 0
    merchant_id, retention = merchant_of(house, NAME), house.portal.retention

    class Cut(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise Cut

    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(retention if step == "destroy_all_of" else removing, step, cut)
        removing.remove_merchant(retention, merchant_id)
    assert merchant_of(house, NAME) == merchant_id
    removing.remove_merchant(retention, merchant_id)
    assert files_of(house, merchant_id) == (0, 0)
    assert house.outcomes() == {State.PURGED: 3}
    assert house.broken_chains() == []


def test_a_file_that_arrives_while_its_merchant_is_removed_is_not_kept(house: House) -> None:
    """The worker holds the bytes already; the row says that nobody wants them any more."""
    with house.process(
        submit=["late@example.com"], until="told", wait_at="fetch.first_bytes", settings={"metrics_port": 0}
    ) as worker:
        assert worker.stdout is not None and worker.stdin is not None
        while "at fetch.first_bytes" not in worker.stdout.readline():
            assert worker.poll() is None
        removing.remove_merchant(house.portal.retention, merchant_of(house, NAME))
        worker.communicate("go\ngo\n", timeout=60)
    assert house.outcomes() == {State.FAILED: 1}
    assert house.strays() == []


def test_no_backup_brings_a_removed_merchant_back(house: House, command: Command, tmp_path: Path) -> None:
    assert house.run(submit=[f"c{n}@example.com" for n in range(3)]) == 0
    keys, merchant_id = tmp_path / "file-keys", merchant_of(house, NAME)
    assert command(house.data, "backup", "create", str(tmp_path / "b"), "--file-keys", str(keys)).returncode == 0
    assert command(house.data, "merchants", "remove", NAME, typed=NAME).returncode == 0

    new = House(tmp_path / "new")
    new.data.mkdir(parents=True)
    shutil.copytree(house.data / "keys", new.data / "keys")
    done = command(new.data, "backup", "restore", str(tmp_path / "b"), "--file-keys", str(keys))
    assert done.returncode == 0, done.stderr
    assert new.outcomes() == {State.PURGED: 3}
    assert files_of(new, merchant_id) == (0, 0)
    with new.portal.db.read() as session:
        merchant = session.get_one(Merchant, merchant_id)
        assert merchant.sealed_api_token is None and "removed" in merchant.name
        there = select(Account.disabled_at).where(Account.merchant_id == merchant_id)
        assert all(session.scalars(there))
        assert session.get_one(Merchant, merchant_of(new, OTHER)).sealed_api_token is not None
    assert new.broken_chains() == []
    new.close()


def test_the_list_of_destroyed_files_is_mended_when_the_mark_could_not_be_written(house: House) -> None:
    merchant_id = merchant_of(house, NAME)
    path = house.portal.settings.destruction_list
    path.mkdir()
    removing.remove_merchant(house.portal.retention, merchant_id)
    path.rmdir()
    house.portal.retention.sweep()
    assert removing.removal_mark(merchant_id) in path.read_text().split()
