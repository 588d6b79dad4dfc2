"""Every service function, two merchants, three roles: found by introspection, so that none can be forgotten."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.errors import InputErrors, NotFound, NotPermitted, PortalError, StepUpNeeded
from portal.exports import Exports
from portal.exports.request import ExportRequest
from portal.exports.trail import About
from portal.identity import PERMISSIONS, Identity, Permission, Role, User
from portal.loyaltydog.errors import LoyaltyDogError
from portal.storage.tables import Account, utc_now

pytestmark = pytest.mark.keeps("SEC-39", "SEC-41")

P = Permission
OWN = None  # about the caller's own session or account: any role, no one else's object can be named
EXPECTED: dict[str, Permission | None] = {
    "Exports.about_person": P.EXPORT_RELEASE,  # reading the trail and opening exports together: managers only
    "Exports.count": P.EXPORT_LIST,
    "Exports.evidence": P.AUDIT_READ,
    "Exports.expiries_ics": P.EXPORT_LIST,
    "Exports.export_trail": P.AUDIT_READ,
    "Exports.figures": P.EXPORT_LIST,
    "Exports.register_xlsx": P.EXPORT_LIST,
    "Exports.trail": P.AUDIT_READ,
    "Exports.trail_people": P.AUDIT_READ,
    "Exports.verify_trail": P.AUDIT_READ,
    "Exports.answers": P.EXPORT_LIST,
    "Exports.record_acknowledged": P.EXPORT_CREATE,
    "Exports.record_closed": P.EXPORT_CREATE,
    "Exports.record_extended": P.EXPORT_CREATE,
    "Exports.record_refused": P.EXPORT_CREATE,
    "Exports.record_sent": P.EXPORT_CREATE,
    "Exports.take_back_answer": P.EXPORT_CREATE,
    "Exports.ask_again": P.EXPORT_CREATE,
    "Exports.asked_person": P.EXPORT_OPEN,
    "Exports.check_open": P.EXPORT_OPEN,
    "Exports.close_unknown": P.EXPORT_CREATE,
    "Exports.compare": P.EXPORT_OPEN,
    "Exports.destroy": P.EXPORT_DESTROY,
    "Exports.earlier_of_same_person": P.EXPORT_OPEN,
    "Exports.fetch_again": P.EXPORT_CREATE,
    "Exports.get": P.EXPORT_LIST,
    "Exports.history": P.EXPORT_LIST,
    "Exports.keep": P.EXPORT_CREATE,
    "Exports.merchant_settings": P.SETTINGS,
    "Exports.note_file_search": P.EXPORT_OPEN,
    "Exports.note_reveal": P.EXPORT_OPEN,
    "Exports.note_search": P.EXPORT_LIST,
    "Exports.open_file": P.EXPORT_OPEN,
    "Exports.open_preview": P.EXPORT_OPEN,
    "Exports.open_reading": P.EXPORT_OPEN,
    "Exports.programs": P.EXPORT_CREATE,
    "Exports.programs_used": P.EXPORT_LIST,
    "Exports.refresh": P.EXPORT_CREATE,
    "Exports.register_csv": P.EXPORT_LIST,
    "Exports.release": P.EXPORT_RELEASE,
    "Exports.request_of": P.EXPORT_CREATE,
    "Exports.reveal": P.EXPORT_OPEN,
    "Exports.save_settings": P.SETTINGS,
    "Exports.search_cards": P.EXPORT_CREATE,
    "Exports.stop_waiting": P.EXPORT_CREATE,
    "Exports.submit": P.EXPORT_CREATE,
    "Exports.test_connection": P.SETTINGS,
    "Exports.timeline": P.EXPORT_LIST,
    "Exports.today": P.EXPORT_LIST,
    "Identity.accounts": P.ACCOUNTS,
    "Identity.confirm_identity": OWN,
    "Identity.disable_account": P.ACCOUNTS,
    "Identity.enable_account": P.ACCOUNTS,
    "Identity.end_other_sessions": OWN,
    "Identity.forget_sign_on": P.ACCOUNTS,
    "Identity.idle_seconds_left": OWN,
    "Identity.invite": P.ACCOUNTS,
    "Identity.own_account": OWN,
    "Identity.own_sessions": OWN,
    "Identity.reset_second_factor": P.ACCOUNTS,
    "Identity.second_factor_policy": P.ACCOUNTS,
    "Identity.set_password": P.ACCOUNTS,
    "Identity.set_role": P.ACCOUNTS,
    "Identity.set_second_factor_policy": P.ACCOUNTS,
    "Identity.set_language": OWN,
    "Identity.step_up_ways": OWN,
    "Identity.vendor_refused": OWN,
    "Identity.vendor_token": OWN,
    "Identity.want_second_factor": OWN,
}
# The way in, the workers and the command line: no user yet, so each is guarded by its own secret (password,
# code, cookie, ticket, vendor, provider) or reachable only from the command line, a worker and the start.
WITHOUT_USER = {
    "Exports.at",
    "Exports.destroy_all_of",
    "Exports.keep_checkpoints",
    "Exports.keep_house",
    "Exports.sweep",
    "Identity.add_account",
    "Identity.check_code",
    "Identity.check_password",
    "Identity.confirm_totp",
    "Identity.create_merchant",
    "Identity.end_all_sessions",
    "Identity.end_session",
    "Identity.export_accounts",
    "Identity.import_accounts",
    "Identity.issue_ticket",
    "Identity.language_of",
    "Identity.living",
    "Identity.look",
    "Identity.look_cookie",
    "Identity.look_socket",
    "Identity.new_totp",
    "Identity.oidc_finish",
    "Identity.oidc_start",
    "Identity.redeem_ticket",
    "Identity.renew_cookie",
    "Identity.resolve",
    "Identity.resolve_hash",
    "Identity.start_session",
    "Identity.user_for_account",
    "Identity.vendor_code",
    "Identity.vendor_sign_in",
}
GIVEN: dict[str, Any] = {
    "about": About(since=utc_now().date(), until=utc_now().date()),
    "request": ExportRequest(email=SecretStr("canary.two@example.com"), format="json"),
    "text": "canary",
    "reason": "a reason long enough to count",
    "what": "email",
    "earlier_id": "f" * 32,
    "channel": "email",
    "answer": "not-the-password-at-all",
    "email": "fresh@one.example",
    "name": "Fresh",
    "role": "auditor",
    "password": "harbour-mustard-kite-38",
    "policy": "all",
    "language": "de",
    "api_url": "",
    "token": "",
    "download_hosts": "",
    "retention_days": 7,
    "time_zone": "",
    "requests_per_minute": None,
}
OBJECTS = {"export_id", "account_id"}


def functions() -> dict[str, Callable[..., Any]]:
    return {
        f"{service.__name__}.{name}": function
        for service in (Exports, Identity)
        for name, function in inspect.getmembers(service, inspect.isfunction)
        if not name.startswith("_")
    }


def takes_user(function: Callable[..., Any]) -> bool:
    return list(inspect.signature(function).parameters)[1:2] == ["user"]


USER_FUNCTIONS = sorted(name for name, function in functions().items() if takes_user(function))
WITH_OBJECT = [n for n in USER_FUNCTIONS if OBJECTS & set(inspect.signature(functions()[n]).parameters)]


class World:
    """A whole portal on SQLite with one export and four accounts per merchant."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.ids: dict[str, str] = {}
        self.exports: dict[str, str] = {}
        for shop in ("one", "two"):
            merchant = portal.identity.create_merchant(f"Shop {shop}")
            with portal.db.write() as db:
                for who in ("agent", "manager", "auditor", "spare"):
                    role = "agent" if who == "spare" else who
                    account = Account(merchant_id=merchant, email=f"{who}@{shop}.example", role=role)
                    db.add(account)
                    self.ids[f"{who}@{shop}"] = account.id
            self.exports[shop] = portal.exports.submit(
                self.user("manager", shop), ExportRequest(email=SecretStr(f"canary.{shop}@example.com"), format="json")
            )

    def user(self, who: str, shop: str = "one", *, fresh: bool = True) -> User:
        found = self.portal.identity.user_for_account(self.ids[f"{who}@{shop}"], origin="198.51.100.7")
        return dataclasses.replace(found, proof_at=utc_now() if fresh else None)

    def call(self, name: str, user: User, *, shop: str = "one", missing: bool = False) -> Any:
        """Call a service function as `user` on the objects of `shop` (or on ids nobody has)."""
        service = self.portal.exports if name.startswith("Exports.") else self.portal.identity
        method = getattr(service, name.partition(".")[2])
        objects = {"export_id": self.exports[shop], "account_id": self.ids[f"spare@{shop}"]}
        given = {**GIVEN, **(dict.fromkeys(objects, "f" * 32) if missing else objects)}
        wanted = {
            p.name: given[p.name]
            for p in inspect.signature(method).parameters.values()
            if p.name != "user" and (p.default is p.empty or p.name in OBJECTS)
        }
        return method(user, **wanted)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    portal = build_portal(Settings(data_dir=tmp_path))
    yield World(portal)
    portal.stop()


def test_every_public_service_function_is_in_the_matrix() -> None:
    found = functions()
    assert {n for n in found if takes_user(found[n])} <= set(EXPECTED), "declare what the new function needs"
    assert {n for n in found if not takes_user(found[n])} <= WITHOUT_USER, "say why it needs no user, or give it one"


@pytest.mark.parametrize("name", USER_FUNCTIONS)
def test_each_role_may_do_what_its_row_says_and_nothing_else(world: World, name: str) -> None:
    needed = EXPECTED[name]
    for role in Role:
        user = world.user(role.value)
        allowed = needed is None or needed in PERMISSIONS[role]
        try:
            world.call(name, user)
        except NotPermitted:
            assert not allowed, f"{role} must be allowed {name}"
        except (PortalError, LoyaltyDogError, InputErrors):
            assert allowed, f"{role} must be refused by role, before anything else"
        else:
            assert allowed, f"{role} must not be allowed {name}"


@pytest.mark.parametrize("name", WITH_OBJECT)
def test_another_merchants_object_and_none_at_all_are_the_same_answer(world: World, name: str) -> None:
    said = []
    for shop, missing in (("two", False), ("two", True)):
        with pytest.raises(NotFound) as refused:
            world.call(name, world.user("manager"), shop=shop, missing=missing)
        said.append((refused.value.message, refused.value.next_step, refused.value.code, refused.value.detail))
    assert said[0] == said[1]


@pytest.mark.parametrize("name", sorted(set(USER_FUNCTIONS) - set(WITH_OBJECT)))
def test_nothing_of_another_merchant_is_ever_in_an_answer(world: World, name: str) -> None:
    try:
        answer = world.call(name, world.user("manager"))
    except (PortalError, LoyaltyDogError, InputErrors) as refused:
        answer = (str(refused), getattr(refused, "message", ""))
    if hasattr(answer, "chunks"):
        answer = b"".join(answer.chunks)
    shown = repr(answer)
    foreign = [world.exports["two"], *(i for who, i in world.ids.items() if who.endswith("@two")), "two.example"]
    assert not [mark for mark in foreign if mark in shown]


FRESH = {
    "Exports.check_open",
    "Exports.destroy",
    "Exports.note_reveal",
    "Exports.open_file",
    "Exports.open_preview",
    "Exports.open_reading",
    "Exports.reveal",
    "Exports.save_settings",
    "Identity.disable_account",
    "Identity.enable_account",
    "Identity.forget_sign_on",
    "Identity.invite",
    "Identity.reset_second_factor",
    "Identity.set_password",
    "Identity.set_role",
    "Identity.set_second_factor_policy",
}


@pytest.mark.parametrize("name", sorted(FRESH))
def test_sensitive_acts_need_a_fresh_proof(world: World, name: str) -> None:
    with pytest.raises(StepUpNeeded):
        world.call(name, world.user("manager", fresh=False))


def test_the_matrix_covers_all_roles_and_permissions() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert P.EXPORT_OPEN not in PERMISSIONS[Role.AUDITOR]
    assert {role for role, may in product(Role, [P.ACCOUNTS]) if may in PERMISSIONS[role]} == {Role.MANAGER}
