"""`audit`: check the trail, sign it, take it or a part of it out."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from portal import audit
from portal.audit import AuditUnavailable, Keeper, open_folder
from portal.commands.acting import acting_user, opened_portal
from portal.errors import InputError, InputErrors
from portal.exports import Download
from portal.exports.trail import About

app = typer.Typer(no_args_is_help=True, help="The trail of all acts: verify, sign, hand out.")
As = Annotated[str | None, typer.Option("--as", help="the account that acts (email or id)")]
Out = Annotated[Path, typer.Option(help="file to write; must not exist")]
DAY = ["%Y-%m-%d"]


@app.command("verify")
def verify(
    checkpoints: Annotated[str, typer.Option(help="folder or URL of checkpoints; empty: the portal's own")] = "",
    key: Annotated[str, typer.Option(help="verifier key you trust, see `audit keys`")] = "",
    every_entry: Annotated[bool, typer.Option("--every-entry", help="hash each entry, signed digest or not")] = False,
) -> None:
    """Check every merchant's chain and its signed checkpoints. Exit status 1 when one does not hold."""
    with opened_portal() as portal:
        keeper: Keeper = portal.exports.keeper
        folder = open_folder(checkpoints) if checkpoints else keeper.folder
        chains = sorted({*keeper.chains(), *(folder.chains())})
        broken = 0
        for chain in chains:
            found = keeper.verify(chain, folder=folder, anchor=key, every_entry=every_entry)
            if found.fault is not None:
                broken += 1
                place = f"entry {found.fault.seq} " if found.fault.seq else ""
                print(f"{chain} does not hold: {place}{found.fault.what}.")
                continue
            signed = f"signed up to {found.signed.size:,}" if found.signed else "no checkpoint yet"
            since = f" since {found.first_at[:10]}" if found.first_at else ""
            print(f"{chain} holds{since}: {found.sound:,} entries, {found.checkpoints:,} checkpoints, {signed}.")
        with contextlib.suppress(AuditUnavailable), portal.db.write() as session:  # a broken trail is still reported
            audit.record(
                session, audit.PORTAL_CHAIN, "cli", "audit:verify", origin="cli",
                result="broken" if broken else "ok", holds=not broken,
            )  # fmt: skip
    if broken:
        raise typer.Exit(1)


@app.command("checkpoint")
def checkpoint() -> None:
    """Sign every chain now, whether or not it is due."""
    with opened_portal() as portal:
        keeper = portal.exports.keeper
        keeper.ensure_key()
        for chain in keeper.chains():
            point = keeper.sign(chain, now=True)
            if point is not None:
                print(f"{chain} signed up to {point.size:,} ({point.at})")


@app.command("keys")
def keys() -> None:
    """Print the verifier keys, oldest first: give them to whoever shall check without trusting the portal."""
    with opened_portal() as portal:
        portal.exports.keeper.ensure_key()
        for key in portal.exports.keeper.trusted():
            print(key)


@app.command("rotate-key")
def rotate_key() -> None:
    """Make a new signing key; the former one vouches for it and is destroyed. Old checkpoints stay verifiable."""
    with opened_portal() as portal:
        print(portal.exports.keeper.rotate_key("cli", "cli"))


@app.command("export")
def export(out: Out, account: As = None) -> None:
    """Write the merchant's chain as JSON lines, for tools/verify_audit.py."""
    with opened_portal() as portal:
        _write(portal.exports.export_trail(acting_user(portal, account)), out)


@app.command("evidence")
def evidence(
    out: Out,
    export: Annotated[str, typer.Option(help="about this export")] = "",
    person: Annotated[str, typer.Option(help="about this person: email or customer ID, whole")] = "",
    since: Annotated[dt.datetime | None, typer.Option("--from", formats=DAY, help="first day, UTC")] = None,
    until: Annotated[dt.datetime | None, typer.Option("--to", formats=DAY, help="last day, UTC")] = None,
    account: As = None,
) -> None:
    """Write evidence about one export, one person or some days; .html to read, .json for machines."""
    if sum((bool(export), bool(person), bool(since or until))) != 1:
        raise InputErrors([InputError("Give one of --export, --person, --from with --to.", field="export")])
    about = About(
        export_id=export, person=person, since=since.date() if since else None, until=until.date() if until else None
    )
    with opened_portal() as portal:
        try:
            _write(portal.exports.evidence(acting_user(portal, account), about, _kind(out)), out)
        except InputError as problem:
            raise InputErrors([problem]) from None


@app.command("about-person")
def about_person(
    out: Out,
    person: Annotated[str, typer.Option(help="email or customer ID, whole")],
    account: As = None,
) -> None:
    """Write what the portal itself holds and did about one person, to hand out to them."""
    with opened_portal() as portal:
        try:
            _write(portal.exports.about_person(acting_user(portal, account), person=person, kind=_kind(out)), out)
        except InputError as problem:
            raise InputErrors([problem]) from None


def _kind(out: Path) -> Literal["html", "json"]:
    return "json" if out.suffix.lower() == ".json" else "html"


def _write(download: Download, out: Path) -> None:
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputErrors([InputError(f"{out.name} cannot be written: {error.strerror}.", field="out")]) from None
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(download.chunks)
    print(out)
