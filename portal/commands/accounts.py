"""`accounts`: making and ending sign-ins from the command line."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from sqlalchemy import select

from portal.commands.acting import opened_portal
from portal.errors import InputError as InputProblem
from portal.errors import InputErrors, NotFound
from portal.identity import Role, User
from portal.identity.passwords import check_policy
from portal.storage.tables import Account, Merchant

app = typer.Typer(no_args_is_help=True, help="Sign-ins of the merchant's people.")


@app.command("add")
def add(
    email: Annotated[str, typer.Argument(help="sign-in email")],
    merchant: Annotated[str, typer.Option(help="the merchant's name; made when it is new")],
    role: Annotated[str, typer.Option(help="agent, manager or auditor")] = "agent",
    name: Annotated[str, typer.Option(help="the person's name")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="read the password from input")] = False,
) -> None:
    """Add an account. The password comes from standard input or a prompt, never from the command."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else typer.prompt("Password", hide_input=True)
    with opened_portal() as portal:
        try:
            check_policy(password, context=(email, name, merchant))  # before a new merchant is made for nothing
            merchant_id = portal.identity.create_merchant(merchant, actor="cli")
            account = portal.identity.add_account(
                merchant_id=merchant_id, email=email, name=name, role=role, password=password, actor="cli", origin="cli"
            )
        except InputProblem as problem:
            raise InputErrors([problem]) from None
    print(json.dumps({"account": account, "email": email, "merchant": merchant, "role": role}))


@app.command("list")
def list_accounts(as_json: Annotated[bool, typer.Option("--json", help="JSON instead of lines")] = False) -> None:
    """List all accounts of all merchants."""
    with opened_portal() as portal, portal.db.read() as session:
        found = session.execute(
            select(Account, Merchant.name).join(Merchant).order_by(Merchant.name, Account.email)
        ).all()
    rows = [
        {
            "account": account.id,
            "email": account.email,
            "name": account.name,
            "merchant": merchant,
            "role": account.role,
            "method": account.method,
            "disabled": account.disabled_at is not None,
            "last_sign_in_at": account.last_sign_in_at.isoformat() if account.last_sign_in_at else None,
        }
        for account, merchant in found
    ]
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['email']:<45} {row['role']:<8} {'disabled' if row['disabled'] else 'active':<8} {row['merchant']}")


def _operator(account: Account) -> User:
    """Whoever runs the command line already holds the keys: a manager of the account's merchant."""
    return User(
        account_id="cli",
        merchant_id=account.merchant_id,
        merchant_name="",
        email="",
        name="command line",
        role=Role.MANAGER,
        practice=False,
        time_zone="",
        origin="cli",
    )


@app.command("disable")
def disable(email: Annotated[str, typer.Argument(help="sign-in email or account id")]) -> None:
    """Disable an account and end its sessions at once."""
    with opened_portal() as portal:
        with portal.db.read() as session:
            account = session.scalar(select(Account).where((Account.email == email.lower()) | (Account.id == email)))
        if account is None:
            raise NotFound("There is no account by that email or id.", next_step="See `accounts list`.")
        portal.identity.disable_account(_operator(account), account.id)
    print(json.dumps({"account": account.id, "email": account.email, "disabled": True}))
