"""`accounts`: making and ending sign-ins from the command line."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from portal.commands.current_user import opened_portal
from portal.errors import InputError as InputProblem
from portal.errors import InputErrors, NotFound
from portal.identity import Role, User
from portal.identity.factors.passwords import check_policy
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
            merchant_id = portal.accounts.create_merchant(merchant, actor="cli")
            account = portal.accounts.add_account(
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


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="streamlit-authenticator credentials, YAML")
    ],
    merchant: Annotated[str, typer.Option(help="the merchant's name; made when it is new")],
) -> None:
    """Add everyone of a streamlit-authenticator credentials file; existing accounts are never changed."""
    with opened_portal() as portal:
        try:
            merchant_id = portal.accounts.create_merchant(merchant, actor="cli")
            report = portal.account_exchange.import_accounts(
                file.read_text(encoding="utf-8"), merchant_id=merchant_id, actor="cli", origin="cli"
            )
        except (InputProblem, UnicodeDecodeError) as problem:
            wrong = (
                problem if isinstance(problem, InputProblem) else InputProblem("The file is not text.", field="file")
            )
            raise InputErrors([wrong]) from None
    for name, reason in report.skipped:
        print(f"{name}: {reason}", file=sys.stderr)
    print(json.dumps({"added": report.added, "skipped": len(report.skipped)}))


@app.command("export")
def export_file(
    merchant: Annotated[str, typer.Option(help="the merchant's name")],
    out: Annotated[Path, typer.Option(help="file to write, mode 600; never overwritten")],
) -> None:
    """Write the merchant's password accounts as a streamlit-authenticator credentials file. Holds password hashes."""
    with opened_portal() as portal:
        with portal.db.read() as session:
            merchant_id = session.scalar(select(Merchant.id).where(Merchant.name == merchant))
        if merchant_id is None:
            raise NotFound("There is no merchant by that name.", next_step="See `accounts list`.")
        text = portal.account_exchange.export_accounts(merchant_id, actor="cli", origin="cli")
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputErrors([InputProblem(f"{out.name} is there already.", field="out")]) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(text)
    print(json.dumps({"file": str(out), "merchant": merchant}))


def _operator(account: User) -> User:
    """Acts as a manager of the account's merchant, as a command-line user already has the keys."""
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
        named = portal.accounts.user_for_account(email, origin="cli")
        portal.accounts.disable_account(_operator(named), named.account_id)
    print(json.dumps({"account": named.account_id, "email": named.email, "disabled": True}))
