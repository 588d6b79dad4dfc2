"""Sets up the practice portal: invented people and the printed sign-ins."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator

from sqlalchemy import select

from portal import audit
from portal.composition import Portal
from portal.config import practice_port
from portal.front_door.ledger import DoorSeal
from portal.front_door.settings import put_door
from portal.identity import Role
from portal.identity.factors.passwords import hash_password, matches
from portal.letters.profile.saved import SavedBy, add_version, profile_in_force
from portal.practice.process import is_answering, practice_merchant, wait_for
from portal.practice.settings import MERCHANT_ONE_TOKEN, MERCHANT_TWO_TOKEN
from portal.practice_profile import practice_profile
from portal.storage.tables import Account, FrontDoor, Merchant

MERCHANTS = (
    ("Brook & Bean Coffee", MERCHANT_ONE_TOKEN, "brookandbean.example.com"),
    ("Northwind Books", MERCHANT_TWO_TOKEN, "northwindbooks.example.com"),
)
PRACTICE_DOOR = "brook-and-bean"
PEOPLE = (
    ("maya", "Maya Brook", Role.MANAGER),
    ("sam", "Sam Counter", Role.AGENT),
    ("iris", "Iris Ledger", Role.AUDITOR),
)


@contextlib.contextmanager
def practice_data(portal: Portal, origin: str) -> Iterator[None]:
    """People and their merchant's process, unless one answers at its port already; then says how to sign in."""
    port = practice_port(portal.settings)
    with contextlib.ExitStack() as merchant:
        if not is_answering(port):
            merchant.enter_context(practice_merchant(port))
        password = seed_practice(portal, port)
        wait_for(port)
        print_sign_ins(origin, port, password)
        yield


def seed_practice(portal: Portal, practice_port: int) -> str:
    """Make merchants and accounts on first use; point them at this run's practice merchant. Gives the password."""
    for name, token, domain in MERCHANTS:
        merchant_id = portal.accounts.create_merchant(name, practice=True)
        with portal.db.write() as session:
            merchant = session.get_one(Merchant, merchant_id)
            merchant.api_url = f"http://127.0.0.1:{practice_port}"
            merchant.download_hosts = [f"127.0.0.1:{practice_port + 1}"]
            if merchant.sealed_api_token is None:
                merchant.sealed_api_token = portal.sealer.seal(
                    token, merchant_id=merchant_id, table="merchants", column="api_token", row=merchant_id
                )
            known = set(session.scalars(select(Account.email).where(Account.merchant_id == merchant_id)))
            for local, person, role in PEOPLE:
                if f"{local}@{domain}" not in known:
                    account = Account(merchant_id=merchant_id, email=f"{local}@{domain}", name=person, role=role.value)
                    session.add(account)
                    audit.record(
                        session, merchant_id, "system", "account:create",
                        object_id=account.id, origin="cli", role=role.value, method="password",
                    )  # fmt: skip
    _seed_profile(portal)
    _open_front_door(portal)
    return _set_password(portal)


def _seed_profile(portal: Portal) -> None:
    """The first merchant says all that a letter needs; with the second one the guide in Settings can be tried."""
    name, _token, domain = MERCHANTS[0]
    with portal.db.write() as session:
        manager = session.scalars(
            select(Account).join(Merchant).where(Merchant.name == name, Account.email == f"{PEOPLE[0][0]}@{domain}")
        ).one()
        if profile_in_force(session, portal.sealer, manager.merchant_id).version == 0:
            by = SavedBy(manager.merchant_id, manager.id, "cli")
            add_version(session, portal.sealer, by, practice_profile())


def _open_front_door(portal: Portal) -> None:
    """The first merchant's page for requests, once: who shuts it finds it shut at the next start."""
    with portal.db.write() as session:
        merchant = session.scalars(select(Merchant).where(Merchant.name == MERCHANTS[0][0], Merchant.practice)).one()
        if session.get(FrontDoor, merchant.id) is None:
            put_door(
                session, DoorSeal(portal.sealer), merchant.id, is_open=True, name=PRACTICE_DOOR, by="system"
            )  # fmt: skip


def _set_password(portal: Portal) -> str:
    """One password for all practice sign-ins: PORTAL_DEMO_PASSWORD, or one made once and kept beside the data."""
    chosen = portal.settings.demo_password
    if chosen is not None:
        password = chosen.get_secret_value()
    else:
        kept = portal.settings.root / "practice-password"
        if not kept.exists():
            descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write("-".join(secrets.token_hex(3) for _ in range(3)))
        password = kept.read_text()
    practice = select(Account).join(Merchant).where(Merchant.practice, Account.method == "password")
    with portal.db.read() as session:
        accounts = list(session.scalars(practice))
    first = next((a.password_hash for a in accounts if a.password_hash), "")
    if first and all(a.password_hash == first for a in accounts) and matches(password, first):
        return password
    hashed = hash_password(password)
    with portal.db.write() as session:
        for account in session.scalars(practice):
            account.password_hash = hashed
            audit.record(session, account.merchant_id, "system", "account:password", object_id=account.id, origin="cli")
    return password


def print_sign_ins(origin: str, practice_port: int, password: str) -> None:
    """What a newcomer needs, on standard output."""
    print(f"\n  Privacy portal      {origin}")
    print(f"  Practice merchant   http://127.0.0.1:{practice_port}  (everyone in it is invented)")
    print(f"  Practice mailbox    http://127.0.0.1:{practice_port}/_practice/mails  (every mail ends here)\n")
    print(f"  Sign in with the password  {password}")
    for name, _, domain in MERCHANTS:
        for local, _, role in PEOPLE:
            print(f"    {local + '@' + domain:<40} {role.value:<8} {name}")
    print(f"\n  People ask for themselves at  {origin}/ask/{PRACTICE_DOOR}")
    print("\n  Ctrl-C stops both.\n", flush=True)
