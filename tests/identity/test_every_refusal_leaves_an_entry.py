"""Every refusal leaves an entry: all of them by introspection, and no flood of them fills the trail."""

from __future__ import annotations

import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

import portal
from portal.composition import build_portal
from portal.config import Settings
from portal.errors import InputError, InputErrors, NotPermitted, PortalError, StepUpNeeded, TryLater
from portal.identity import PERMISSIONS, Role, User
from portal.identity.errors import CodeRefused, SignInRefused
from portal.identity.factors.passwords import hash_password
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.refusal_rate import MINUTE, RefusalRate
from portal.storage.engine import Database, open_engine
from portal.storage.tables import Account, AuditEntry, Base

pytestmark = pytest.mark.keeps("SEC-41", "SEC-49")


def matrix() -> ModuleType:
    """The module that knows every service function, and what each needs."""
    path = Path(__file__).with_name("test_role_and_merchant_matrix.py")
    spec = importlib.util.spec_from_file_location("role_and_merchant_matrix", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


M = matrix()
REFUSABLE = [name for name in M.USER_FUNCTIONS if M.EXPECTED[name] is not None]
ADDRESS = "198.51.100.7"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Any]:
    opened = build_portal(Settings(data_dir=tmp_path))
    yield M.World(opened)
    opened.stop()


def refusals(db: Database) -> list[AuditEntry]:
    with db.read() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.result == "refused").order_by(AuditEntry.at)))


@pytest.mark.parametrize("name", REFUSABLE)
def test_every_service_function_refused_by_role_leaves_one_entry(world: Any, name: str) -> None:
    for role in Role:
        if M.EXPECTED[name] in PERMISSIONS[role]:
            continue
        before = len(refusals(world.portal.db))
        with pytest.raises(NotPermitted):
            world.call(name, world.user(role.value))
        (entry,) = refusals(world.portal.db)[before:]
        assert (entry.action, entry.facts) == ("access:refused", {"act": name.partition(".")[2]})
        assert (entry.actor, entry.origin) == (world.ids[f"{role.value}@one"], ADDRESS)


@pytest.mark.parametrize("name", sorted(M.FRESH))
def test_every_service_function_refused_for_an_old_proof_leaves_one_entry(world: Any, name: str) -> None:
    before = len(refusals(world.portal.db))
    with pytest.raises(StepUpNeeded):
        world.call(name, world.user("manager", fresh=False))
    (entry,) = refusals(world.portal.db)[before:]
    assert (entry.action, entry.facts) == ("act:refused", {"act": name.partition(".")[2], "reason": "step_up"})


@pytest.mark.parametrize("name", M.USER_FUNCTIONS)
def test_whatever_a_service_function_refuses_leaves_one_entry(world: Any, name: str) -> None:
    """As the matrix calls it, on what a manager may see, and on what there is not."""
    for shop, missing in (("one", False), ("two", False), ("one", True)):
        before = len(refusals(world.portal.db))
        try:
            world.call(name, world.user("manager"), shop=shop, missing=missing)
        except PortalError as error:
            assert len(refusals(world.portal.db)) - before == int(error.refusal), (name, error)
        except Exception as error:  # LoyaltyDog's
            assert not isinstance(error, PortalError)


# Every kind of refusal ----------------------------------------------------------------------------


def every_error() -> list[type[PortalError]]:
    for found in pkgutil.walk_packages(portal.__path__, "portal."):
        if not found.name.startswith(("portal.practice", "portal.asgi", "portal.app", "portal.__main__", "portal.ui")):
            importlib.import_module(found.name)

    def below(kind: type[PortalError]) -> Iterator[type[PortalError]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    return sorted({one for one in below(PortalError) if one.__module__.startswith("portal.")}, key=lambda c: c.__name__)


# Not refusals: something is broken, away, not set up or to be corrected. A new class goes here or says `refusal`.
FAULTS = {
    *("PackageError", "NotTheSameBytes", "DoesNotReconcile", "NotReadable", "BadName", "TooLarge"),  # of building one
    *("MailNotSetUp", "NoReplyAddress"),  # the operator's or a manager's to set
    "ProfileIncomplete",  # named among the needs before anything is built
    "AuditUnavailable", "BackupTrouble", "ChainBroken", "DatabaseTooNew", "DatabaseTooOld", "EmailsShared",
    "InputError", "InputErrors", "KeyTrouble", "NoActingUser", "NotACode", "NotConfigured", "NotShown", "OidcTrouble",
    "PdfRefused", "PictureRefused", "PortTaken", "SealBroken", "SeveralNamed", "SigningTrouble", "StorageTrouble",
    "TamperedRows", "VendorUnavailable", "WrongSettings",
}  # fmt: skip


def made(kind: type[PortalError]) -> PortalError:
    if issubclass(kind, TryLater):
        return kind(wait_seconds=1)
    if kind.__name__ == "AskedAlready":
        return kind.__new__(kind)
    return kind()


@refusals_audited
class Service:
    def __init__(self, db: Database) -> None:
        self.db = db
        self.refusal_audit = RefusalAudit(db)

    def act(self, user: User, error: PortalError) -> None:
        raise error

    def from_outside(self, error: PortalError, *, address: str) -> None:
        raise error


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    db = Database(open_engine(f"sqlite:///{tmp_path / 'a.sqlite3'}"))
    Base.metadata.create_all(db.engine)
    yield Service(db)
    db.close()


def somebody() -> User:
    return User("a" * 32, "b" * 32, "Shop", "a@shop.example", "A", Role.AGENT, False, "UTC", origin=ADDRESS)


def test_every_error_of_the_portal_is_a_refusal_or_a_fault() -> None:
    unknown = {kind.__name__ for kind in every_error() if not kind.refusal} - FAULTS
    assert unknown == set(), "say whether it refuses (`refusal = True`) or add it to the faults"
    assert not [kind.__name__ for kind in every_error() if kind.refusal and kind.__name__ in FAULTS]


@pytest.mark.parametrize("kind", [kind for kind in every_error() if kind.refusal], ids=lambda kind: kind.__name__)
def test_every_class_of_refusal_leaves_one_entry_signed_in_or_not(service: Service, kind: type[PortalError]) -> None:
    with pytest.raises(kind):
        service.act(somebody(), made(kind))
    (entry,) = refusals(service.db)
    assert (entry.merchant_id, entry.actor, entry.origin) == ("b" * 32, "a" * 32, ADDRESS)
    with pytest.raises(kind):
        service.from_outside(made(kind), address=f"{ADDRESS}/{kind.__name__}")
    entry = refusals(service.db)[1]
    assert (entry.merchant_id, entry.actor, entry.facts["reason"]) == ("portal", "anonymous", kind.code)


@pytest.mark.parametrize("error", [InputError("x", field="email"), InputErrors([])])
def test_a_field_to_correct_is_no_refusal(service: Service, error: PortalError) -> None:
    with pytest.raises(PortalError):
        service.act(somebody(), error)
    assert refusals(service.db) == []


# A proof of identity ------------------------------------------------------------------------------

PASSWORD = "violet-tractor-pond-91"


@pytest.fixture
def person(world: Any) -> User:
    with world.portal.db.write() as session:
        account = session.get(Account, world.ids["manager@one"])
        account.password_hash, account.method = hash_password(PASSWORD), "password"
        account.sealed_totp = world.portal.sealer.seal(
            "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            merchant_id=account.merchant_id,
            table="accounts",
            column="sealed_totp",
            row=account.id,
        )
    found: User = world.user("manager")
    return found


@pytest.mark.parametrize(("answer", "reason"), [("not-the-password", "password"), ("000000", "code")])
def test_a_wrong_proof_of_identity_is_audited_with_its_person(
    world: Any, person: User, answer: str, reason: str
) -> None:
    with pytest.raises((SignInRefused, CodeRefused)):
        world.portal.step_up.confirm_identity(person, answer)
    (entry,) = refusals(world.portal.db)
    assert (entry.action, entry.actor, entry.facts) == (
        "session:step_up_refused", person.account_id, {"reason": reason}
    )  # fmt: skip
    assert (entry.merchant_id, entry.object_id, entry.origin) == (person.merchant_id, person.account_id, ADDRESS)
    assert answer not in str(entry.facts)


def test_throttled_proofs_are_audited_at_a_limited_rate(world: Any, person: User) -> None:
    waits = 0
    for _ in range(60):
        try:
            world.portal.step_up.confirm_identity(person, "not-the-password")
        except TryLater:
            waits += 1
        except SignInRefused:
            pass
    found = refusals(world.portal.db)
    wrong = [e for e in found if e.action == "session:step_up_refused"]
    waited = [e for e in found if e.action == "act:refused"]
    assert len(wrong) == 60 - waits and 0 < len(waited) <= 20 < waits
    assert {e.facts["reason"] for e in waited} == {"try_later"}


# Whoever is not signed in -------------------------------------------------------------------------


def test_throttled_sign_ins_are_audited_at_a_limited_rate(world: Any) -> None:
    waits = 0
    for _ in range(120):
        try:
            world.portal.password_sign_in.check_password("nobody@one.example", "wrong", address="203.0.113.5")
        except TryLater:
            waits += 1
        except SignInRefused:
            pass
    throttled = [e for e in refusals(world.portal.db) if e.action == "act:refused"]
    assert waits > 50 and 1 <= len(throttled) <= 2
    assert throttled[0].facts == {"act": "check_password", "reason": "try_later"}
    assert throttled[0].origin == "203.0.113.5"


def test_what_was_left_out_is_told_by_the_next_entry() -> None:
    often = RefusalRate(each=2, all_together=5)
    assert [often.times("a", 0.0) for _ in range(6)] == [1, 1, 0, 0, 0, 0]
    assert [often.times(kind, 1.0) for kind in "bcdef"] == [1, 1, 1, 0, 0]
    assert often.times("a", MINUTE + 2) == 5
