"""Every declared act is recorded somewhere, and refusals leave their entry as acts do."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import audit
from portal.audit import ACTIONS
from portal.errors import NotFound, NotPermitted, PortalError
from portal.exports import parse_request
from portal.exports.core.states import State
from portal.exports.files.card_codes import CardReason
from portal.exports.form.submissions import AskedAlready
from portal.identity import User
from portal.loyaltydog import LoyaltyDogError
from portal.people.finding import Clue, ClueKind
from portal.storage.tables import AuditEntry, Export, Merchant, Worker, new_id, utc_now
from portal.trail.evidence import About
from tests.command_line import run_command

pytestmark = pytest.mark.keeps("SEC-41", "SEC-49")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def still(new_desk: Callable[..., AbstractContextManager[Any]]) -> Any:
    """A portal whose exports stay where they are put."""
    with new_desk(workers=False) as opened:
        yield opened


def entries(desk: Any, action: str) -> list[AuditEntry]:
    with desk.portal.db.read() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq)))


def asked_for(desk: Any, state: State = State.REQUESTED, *, who: str = "maya", merchant: str = "one") -> str:
    export_id = str(desk.ask(f"{new_id()}@example.com", by=desk.user(who, merchant)))
    with desk.portal.db.write() as session:
        session.execute(update(Export).where(Export.id == export_id).values(state=state))
    return export_id


def test_every_declared_act_is_recorded_somewhere() -> None:
    named = re.compile(r'"([a-z]+:[a-z_]+)"')
    source = [p for p in (ROOT / "portal").rglob("*.py") if p.name not in ("actions.py", "words.py", "reading.py")]
    found = {name for path in source for name in named.findall(path.read_text(encoding="utf-8"))}
    assert set(ACTIONS) - found == set()


REFUSED: dict[str, Callable[[Any, User, str], object]] = {
    "destroy": lambda d, u, e: d.portal.retention.destroy(u, e),
    "open_file": lambda d, u, e: d.portal.files.open_file(u, e),
    "open_preview": lambda d, u, e: d.portal.files.open_preview(u, e),
    "ask": lambda d, u, e: d.portal.card_access.ask(u, e, CardReason.DISPUTE),
    "reorder": lambda d, u, e: d.portal.submissions.reorder(u, e),
    "destroy_many": lambda d, u, e: d.portal.bulk.destroy_many(u, [e]),
    "invite": lambda d, u, e: d.portal.accounts.invite(
        u, email="new@shop.example", name="New", role="agent", password="harbour-mustard-kite-38"
    ),
}


@pytest.mark.parametrize("act", REFUSED)
def test_who_is_refused_by_role_is_written_down(still: Any, act: str) -> None:
    auditor = dataclasses.replace(still.user("iris"), origin="192.0.2.31", proof_at=utc_now())
    export_id = asked_for(still, State.READY)
    before = len(entries(still, "access:refused"))
    with pytest.raises(NotPermitted):
        REFUSED[act](still, auditor, export_id)
    (entry,) = entries(still, "access:refused")[before:]
    assert (entry.actor, entry.merchant_id) == (auditor.account_id, auditor.merchant_id)
    assert (entry.origin, entry.result, entry.facts) == ("192.0.2.31", "refused", {"act": act})
    assert entry.object_id in (export_id, "")


def test_an_agent_who_reads_the_trail_is_written_down(still: Any) -> None:
    agent = still.user("sam")
    before = len(entries(still, "access:refused"))
    for attempt in (
        lambda: still.portal.trail.entries(agent),
        lambda: still.portal.trail.verify_trail(agent),
        lambda: still.portal.evidence.document(agent, About(export_id=new_id())),
    ):
        with pytest.raises(NotPermitted):
            attempt()
    assert [e.facts["act"] for e in entries(still, "access:refused")[before:]] == [
        "entries",
        "verify_trail",
        "document",
    ]


def test_another_merchants_object_and_none_at_all_leave_the_same_entry(still: Any) -> None:
    foreign, absent, own = asked_for(still, merchant="two"), new_id(), asked_for(still)
    user = dataclasses.replace(still.user(), origin="192.0.2.32", proof_at=utc_now())
    before = len(entries(still, "gate:foreign_object"))
    for export_id in (foreign, absent):
        with pytest.raises(NotFound):
            still.portal.history.get(user, export_id)
        with pytest.raises(NotFound):
            still.portal.files.open_preview(user, export_id)
    still.portal.history.get(user, own)
    found = entries(still, "gate:foreign_object")[before:]
    assert [(e.object_id, e.facts["route"]) for e in found] == [
        (foreign, "get"), (foreign, "open_preview"), (absent, "get"), (absent, "open_preview"),
    ]  # fmt: skip
    assert {(e.actor, e.merchant_id, e.result) for e in found} == {(user.account_id, user.merchant_id, "refused")}


def test_what_is_no_id_never_gets_into_the_trail(still: Any) -> None:
    before = len(entries(still, "gate:foreign_object"))
    with pytest.raises(NotFound):
        still.portal.history.get(still.user(), "someone@example.com")
    assert entries(still, "gate:foreign_object")[before:] == []


def test_the_same_export_asked_for_twice_is_written_down(still: Any) -> None:
    user, request = still.user(), parse_request(email="twice@example.com")
    first = still.portal.submissions.submit(user, request)
    before = len(entries(still, "export:duplicate"))
    with pytest.raises(AskedAlready):
        still.portal.submissions.submit(user, request)
    (entry,) = entries(still, "export:duplicate")[before:]
    assert (entry.object_id, entry.facts, entry.result) == (first, {"of": first}, "refused")


def test_an_export_marked_as_not_sent_is_written_down(still: Any) -> None:
    export_id = asked_for(still, State.UNKNOWN)
    still.portal.decisions.close_unknown(still.user(), export_id)
    assert [e.object_id for e in entries(still, "export:mark_not_sent")] == [export_id]


def test_a_card_search_that_fails_is_written_down(still: Any) -> None:
    with still.portal.db.write() as session:
        merchant = session.get_one(Merchant, still.user(merchant="two").merchant_id)
        merchant.api_url = "http://127.0.0.1:9"
    before = len(entries(still, "cards:search"))
    with suppress(PortalError), pytest.raises(LoyaltyDogError):
        clue = Clue(ClueKind.EMAIL, "someone@example.com")
        still.portal.person_finder.look_up(still.user(merchant="two"), clue)
    (entry,) = entries(still, "cards:search")[before:]
    assert entry.result == "failed" and entry.facts == {"kind": "email"}


def test_work_taken_over_from_a_dead_process_is_written_down(
    new_desk: Callable[..., AbstractContextManager[Any]], wait_for: Callable[..., None], desk: Any
) -> None:
    long_ago = utc_now().replace(year=2020)
    with desk.portal.db.write() as session:
        session.add(Worker(id="web@elsewhere@1@gone", kind="web", seen_at=long_ago))
    wait_for(lambda: entries(desk, "worker:takeover"), "takeover")
    (entry,) = entries(desk, "worker:takeover")
    assert (entry.facts, entry.actor, entry.origin) == ({"from": "web@elsewhere@1@gone"}, "system", "worker")


@pytest.mark.parametrize(
    "command",
    [["audit", "verify"], ["keys", "check"], ["accounts", "list"], ["inspect", "{file}"],
     ["backup", "check", "{folder}"], ["database", "check"], ["doctor"]],
)  # fmt: skip
def test_a_command_that_only_reads_is_written_down_without_its_arguments(
    still: Any, tmp_path: Path, command: list[str]
) -> None:
    file = tmp_path / "ada-example.csv"
    file.write_text("email\nada@example.com\n")
    words = [word.format(file=file, folder=tmp_path) for word in command]
    before = len(entries(still, "command:run"))
    root = still.portal.settings.root
    run_command(*words, data=root, variables={"PORTAL_MODE": "practice"})
    (entry,) = entries(still, "command:run")[before:]
    name = " ".join(command[: 1 if command[0] in ("inspect", "doctor") else 2])
    assert (entry.actor, entry.merchant_id, entry.facts) == ("cli", audit.PORTAL_CHAIN, {"command": name})


def test_the_first_master_key_and_the_practice_people_have_their_entries(still: Any) -> None:
    from portal.commands.command_audit import note_master_keys

    note_master_keys(still.portal)
    note_master_keys(still.portal)
    ours = f"{still.portal.master.primary_id:08x}"
    assert [e.facts["key"] for e in entries(still, "key:create")].count(ours) == 1
    made = {e.object_id for e in entries(still, "account:create")}
    assert {still.user(who, m).account_id for who in ("maya", "sam", "iris") for m in ("one", "two")} <= made
