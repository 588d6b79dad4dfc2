"""`merchants list | remove`: the tenants of this portal."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from sqlalchemy import func, select

from portal.commands.current_user import opened_portal
from portal.merchants.removal import merchant_by_name, remove_merchant
from portal.storage.tables import Account, Merchant

app = typer.Typer(no_args_is_help=True, help="The merchants of this portal.")


@app.command("list")
def list_merchants() -> None:
    """List all merchants with the number of accounts that may sign in."""
    with opened_portal() as portal, portal.db.read() as session:
        active = func.count(Account.id).filter(Account.disabled_at.is_(None))
        for merchant, count in session.execute(
            select(Merchant, active).outerjoin(Account).group_by(Merchant.id).order_by(Merchant.name)
        ):
            print(f"{merchant.id}  {count:>4} active  {merchant.name}")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="the merchant's name")]) -> None:
    """Destroy all files and tokens of a merchant and end its sign-ins, for good. The facts and the trail stay.

    Asks for the merchant's name once more. Cut off half-way, it is finished by running it again.
    """
    with opened_portal() as portal:
        merchant_id = merchant_by_name(portal.db, name)
        print(
            f"All files of {name} will be destroyed, its tokens forgotten, its people signed out. No backup brings "
            "them back.",
            file=sys.stderr,
        )
        if typer.prompt("Type the merchant's name to go on", err=True).strip() != name:
            print("That is another name: nothing was changed.", file=sys.stderr)
            raise typer.Exit(1)
        done = remove_merchant(portal.retention, merchant_id)
    print(json.dumps({"merchant": merchant_id, **done.__dict__}))
