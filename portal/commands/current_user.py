"""Who acts on the command line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from sqlalchemy import select

from portal.commands.command_audit import AFTERWARDS, command_name, note_command
from portal.composition import Portal, build_portal
from portal.config import load_settings
from portal.errors import PortalError
from portal.identity import Role, User
from portal.log import configure_logging
from portal.storage.tables import Account, Merchant


class NoActingUser(PortalError):
    code = "nobody_to_act_as"
    message = "Say which account acts, with --as EMAIL."
    next_step = "See `python -m portal accounts list`."


@contextlib.contextmanager
def opened_portal() -> Iterator[Portal]:
    """The portal of the environment's data folder, closed at the end."""
    configure_logging("WARNING")
    portal = build_portal(load_settings())
    afterwards = command_name() in AFTERWARDS
    try:
        if not afterwards:
            note_command(portal)
        yield portal
        if afterwards:
            note_command(portal)
    finally:
        portal.stop()


def acting_user(portal: Portal, account: str | None) -> User:
    """The account named, or the only sensible one: the first manager or agent of the only merchant.

    The practice data has two merchants; there it is the first one's.
    """
    if account:
        return portal.accounts.user_for_account(account, origin="cli")
    with portal.db.read() as session:
        merchants = list(session.scalars(select(Merchant).order_by(Merchant.created_at, Merchant.id)))
        if not merchants:
            raise NoActingUser(
                "There is no account in this data folder yet.",
                next_step="Make one: python -m portal accounts add EMAIL --merchant NAME --password-stdin",
            )
        if len(merchants) > 1 and not all(m.practice for m in merchants):
            raise NoActingUser(detail="several merchants")
        found = session.scalar(
            select(Account.id)
            .where(
                Account.merchant_id == merchants[0].id,
                Account.disabled_at.is_(None),
                Account.role.in_((Role.MANAGER, Role.AGENT)),
            )
            .order_by(Account.role.desc(), Account.created_at)
            .limit(1)
        )
    if found is None:
        raise NoActingUser(detail="no manager or agent")
    user = portal.accounts.user_for_account(found, origin="cli")
    print(f"Acting as {user.email} ({user.role}) of {user.merchant_name}.", file=sys.stderr)
    return user
