"""Nothing of a person's data is shown before it is settled who asks, whichever service is called (IDN-3)."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from portal.cases.facts import FactKind, IdentityMethod, IdentityResult
from portal.cases.recognition.hiding import ContentsHidden, hides
from portal.composition import build_portal
from portal.config import Settings
from portal.errors import NotFound, NotPermitted, PortalError, StepUpNeeded
from portal.exports.core.download import FileKind
from portal.loyaltydog.errors import LoyaltyDogError
from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.answering.recognition_tables import IdentityQuestions
from portal.storage.case_tables import Case
from portal.storage.tables import Export, FileKey, Merchant, utc_now
from portal.vault.files import FilePlace

pytestmark = pytest.mark.keeps("LAW-5", "SEC-41")
CANARY = "canary-contents"
FILE = f'{{"customer": {{"email": "canary.one@example.com", "name": "{CANARY}"}}, "giftCards": []}}'.encode()
ROWS = 1_234_567
OPENS = (
    "files.open_preview", "files.open_reading", "files.open_file", "files.check_open", "review.state", "review.marks",
    "review.decide", "review.confirm_proposals", "review.keep_everybody", "review.leave_out", "review.leave_out_words",
    "review.leave_out_field", "review.allow_same_text", "review.undo", "review.approve", "review.check_copy",
    "case_review.state", "case_review.marks", "case_review.decide", "case_review.confirm_proposals",
    "case_review.check_copy", "case_files.open_preview", "case_files.check_open", "case_files.decide_whole",
    "case_files.open_for_answer", "left_out_lists.document", "system_files.look", "system_files.check_open",
    "system_files.download", "package_files.members", "package_files.member", "package_files.download",
    "package_files.encrypt", "package_files.encrypted", "case_matches.decide", "case_matches.reveal",
    "case_matches.take_back", "nothing_held.draft", "nothing_held.record",
)  # fmt: skip
"""What shows contents or decides by them."""
ENDS_IT = {
    "retention.destroy", "bulk.destroy_many", "answers.record_sent", "answers.record_closed", "answers.record_refused",
    "case_file.close", "case_file.refuse", "case_file.close_not_identified", "case_file.record_identity",
    "case_questions.begin", "connection.save_settings", "submissions.submit", "submissions.reorder",
    "submissions.refresh", "case_systems.remove",
}  # fmt: skip
"""What would end the case, or take its files away, before the next one is called; none of it shows anything."""


def _matrix() -> Any:
    path = Path(__file__).parents[1] / "identity" / "test_role_and_merchant_matrix.py"
    spec = importlib.util.spec_from_file_location("role_and_merchant_matrix_of_hiding", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


M = _matrix()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A case of each merchant with a fetched file, an attached one and a package."""
    portal = build_portal(Settings(data_dir=tmp_path_factory.mktemp("hiding")))
    made = M.World(portal)
    for shop in ("one", "two"):
        with portal.db.write() as session:
            row = session.get_one(Export, made.exports[shop])
            row.state, row.file.blob_name = "ready", f"{row.merchant_id}/{row.id}"
            place = FilePlace(row.merchant_id, row.id, row.file.blob_name)
            key = portal.sealed.new_key(place)
            with portal.sealed.sealing(place, key) as writer:
                writer.write(FILE)
            row.file.sha256, row.file.size_bytes = writer.sha256, writer.size_bytes
            row.file.row_count, row.file.table_count, row.file.holds_cards = ROWS, ROWS, False
            row.file.verdict = "one_person"
            row.file.checks = [{"key": "content", "ok": True, "sentence": CANARY}]
            named = FileKey(
                export_id=row.id, blob_name=row.file.blob_name, merchant_id=row.merchant_id, sealed_keyset=key
            )
            session.add(named)
            package = session.get_one(CasePackage, made.packages[shop])
            session.add(
                PackageKey(
                    case_id=row.case_id, blob_name=package.blob_name, merchant_id=row.merchant_id, sealed_keyset=key
                )
            )  # fmt: skip
    yield made
    portal.stop()


def hide(world: Any, reason: str = "") -> None:
    """The case of merchant one shows nothing, for one of the three reasons; without one it does."""
    case_id = world.cases["one"]
    with world.portal.db.write() as session:
        case = session.get_one(Case, case_id)
        session.execute(delete(IdentityQuestions))
        if reason == "questions":
            session.add(IdentityQuestions(merchant_id=case.merchant_id, case_id=case_id, begun_at=utc_now()))
        case.channel = "form" if reason == "form" else "email"
        session.get_one(Merchant, case.merchant_id).looks_before_settled = reason != "setting"


@pytest.fixture(autouse=True)
def shown_again(world: Any) -> Iterator[None]:
    yield
    hide(world)


def told(value: Any) -> str:
    """All that a value holds, also what its printing leaves out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return " ".join(told(getattr(value, one.name)) for one in dataclasses.fields(value))
    if isinstance(value, dict):
        return " ".join(told(one) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple | set | frozenset | Iterator):
        return " ".join(told(one) for one in value)
    return str(value)


def test_no_service_tells_contents_or_counts_and_all_that_open_refuse(world: Any) -> None:
    hide(world, "form")
    with world.portal.db.read() as session:
        digest = session.get_one(Export, world.exports["one"]).file.sha256
    secrets = (CANARY, str(ROWS), digest)
    refused = set()
    lists = {name for name in M.USER_FUNCTIONS if name.startswith(("history.", "dashboard.", "register.", "case_"))}
    for name in sorted((set(M.WITH_OBJECT) | lists) - ENDS_IT):
        try:
            found = told(world.call(name, world.user("manager")))
        except ContentsHidden as error:
            refused.add(name)
            found = str(error) + error.detail
        except (PortalError, LoyaltyDogError, ValueError) as error:
            found = str(error)
        assert not any(secret in found for secret in secrets), name
    assert refused >= set(OPENS), set(OPENS) - refused


@pytest.mark.parametrize("reason", ["questions", "form", "setting"])
def test_counts_are_there_again_once_it_is_settled(world: Any, reason: str) -> None:
    portal, agent, case_id = world.portal, world.user("agent"), world.cases["one"]
    assert portal.history.get(agent, world.exports["one"]).row_count == ROWS
    hide(world, reason)
    assert portal.history.get(agent, world.exports["one"]).hidden and portal.case_register.show(agent, case_id).hidden
    assert portal.case_files.of_case(agent, case_id) == () and portal.case_sources.lines(agent, case_id).hidden
    assert portal.packages.state(agent, case_id).versions == ()
    assert [one.code for one in portal.packages.state(agent, case_id).needs] == ["identity"]
    portal.case_file.record_identity(agent, case_id, IdentityMethod.STAFF_KNOWS, IdentityResult.PROVED)
    try:
        assert portal.history.get(agent, world.exports["one"]).row_count == ROWS
        assert portal.files.open_preview(agent, world.exports["one"]).tables
        assert not portal.case_register.show(agent, case_id).hidden and portal.packages.state(agent, case_id).versions
        assert b"".join(portal.files.open_file(agent, world.exports["one"], FileKind.ORIGINAL).chunks) == FILE
        portal.case_file.record_identity(agent, case_id, IdentityMethod.CALLBACK, IdentityResult.DOUBTFUL)
        with pytest.raises(ContentsHidden):
            portal.files.open_preview(agent, world.exports["one"])
    finally:
        for fact in reversed(portal.case_register.show(agent, case_id).facts):
            if fact.holds and fact.kind is FactKind.IDENTITY:
                portal.case_file.take_back(world.user("manager"), case_id, fact.number)


def test_one_merchants_setting_says_nothing_of_anothers_cases(world: Any) -> None:
    """And nobody but the merchant's own managers turns it, with a fresh proof."""
    portal = world.portal

    def save(who: str, shop: str, looks: bool, *, fresh: bool = True) -> None:
        portal.connection.save_settings(
            world.user(who, shop, fresh=fresh), api_url="", tokens={}, download_hosts="", retention_days=7,
            time_zone="UTC", requests_per_minute=None, looks_before_settled=looks,
        )  # fmt: skip

    def hidden_in() -> list[bool]:
        with portal.db.read() as session:
            return [hides(session, world.cases[shop]) for shop in ("one", "two")]

    assert hidden_in() == [False, False]
    for who, shop, fresh, error in (
        ("agent", "one", True, NotPermitted), ("auditor", "one", True, NotPermitted),
        ("manager", "one", False, StepUpNeeded),
    ):  # fmt: skip
        with pytest.raises(error):
            save(who, shop, False, fresh=fresh)
    save("manager", "two", False)
    try:
        assert hidden_in() == [False, True]
        assert portal.connection.merchant_settings(world.user("manager", "one")).looks_before_settled
        with pytest.raises(NotFound):
            portal.files.open_preview(world.user("manager", "two"), world.exports["one"])
        with pytest.raises(ContentsHidden):
            portal.files.open_preview(world.user("manager", "two"), world.exports["two"])
    finally:
        save("manager", "two", True)
    assert hidden_in() == [False, False]
