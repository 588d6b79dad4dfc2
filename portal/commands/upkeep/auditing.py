"""`audit`: check the trail, sign it, take it or a part of it out."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from portal import audit
from portal.audit import AuditUnavailable, ChainBroken, Keeper, open_folder
from portal.audit.acknowledging import acknowledge as accept
from portal.audit.acknowledging import shortened
from portal.audit.checking import Verdict
from portal.commands.current_user import acting_user, opened_portal
from portal.errors import InputError, InputErrors
from portal.exports import Download
from portal.exports.core.download import DocumentKind
from portal.trail.evidence import About

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
        keeper: Keeper = portal.keeper
        folder = open_folder(checkpoints) if checkpoints else keeper.folder
        chains = sorted({*keeper.chains(), *folder.chains()})
        broken = 0
        for chain in chains:
            found = keeper.verify(chain, folder=folder, anchor=key, every_entry=every_entry)
            if found.fault is not None:
                broken += 1
                place = f"entry {found.fault.seq} " if found.fault.seq else ""
                print(f"{ascii(chain)[1:-1]} does not hold: {place}{found.fault.what}.")
                continue
            print(f"{chain} {_how_far(found)}")
        with contextlib.suppress(AuditUnavailable), portal.db.write() as session:  # a broken trail is still reported
            audit.record(
                session, audit.PORTAL_CHAIN, "cli", "audit:verify", origin="cli",
                result="broken" if broken else "ok", holds=not broken,
            )  # fmt: skip
    if broken:
        print("When a backup was restored: python -m portal audit acknowledge", file=sys.stderr)
        raise typer.Exit(1)


def _how_far(found: Verdict) -> str:
    older = f" {found.older:,} older ones were signed before that key and do not count." if found.older else ""
    if found.signed is None:
        return f"holds by itself: {found.sound:,} entries, none of them signed yet.{older}"
    rest = f"{found.unsigned:,} {'entry' if found.unsigned == 1 else 'entries'} after it not signed yet"
    return (
        f"holds up to entry {found.signed.size:,}, signed at {found.signed.at}; "
        f"{rest if found.unsigned else 'the last one'}. Checkpoints that agree: {found.checkpoints:,}.{older}"
    )


@app.command("acknowledge")
def acknowledge(
    yes: Annotated[
        bool, typer.Option("--yes", help="accept all that is listed; without it they are only listed")
    ] = False,
) -> None:
    """After a restore: accept chains that end earlier than was signed. Writes an audit entry.

    What was signed is set aside in the checkpoints' folder, not deleted. An inconsistent chain is never accepted.
    Status 1 when there is something to accept and --yes is missing, or a chain cannot be accepted.
    """
    waiting = broken = 0
    with opened_portal() as portal:
        keeper = portal.keeper
        for chain in sorted({*keeper.chains(), *keeper.folder.chains()}):
            try:
                found = shortened(keeper, chain)
            except ChainBroken as error:
                broken += 1
                print(f"{ascii(chain)[1:-1]} cannot be accepted: entry {error.fault.seq} {error.fault.what}.")
                continue
            if found is None:
                continue
            says = f"signed up to entry {found.signed.size:,} ({found.signed.at}), now {found.entries:,} entries"
            print(f"{chain} {says}{': accepted' if yes else ''}.")
            waiting += not yes
            if yes:
                accept(keeper, found, actor="cli", origin="cli")
        if not waiting and not broken:
            print("Every chain agrees with what was signed.")
    if waiting or broken:
        raise typer.Exit(1)


@app.command("checkpoint")
def checkpoint() -> None:
    """Sign every chain now, whether or not it is due."""
    with opened_portal() as portal:
        keeper = portal.keeper
        keeper.ensure_key()
        broken = 0
        for chain in keeper.chains():
            try:
                point = keeper.sign(chain, now=True)
            except ChainBroken as error:
                broken += 1
                print(f"{ascii(chain)[1:-1]} is not signed: entry {error.fault.seq} {error.fault.what}.")
                continue
            if point is not None:
                print(f"{chain} signed up to {point.size:,} ({point.at})")
    if broken:
        raise typer.Exit(1)


@app.command("keys")
def keys() -> None:
    """Print the verifier keys, oldest first: for verifiers that do not trust the portal."""
    with opened_portal() as portal:
        portal.keeper.ensure_key()
        for key in portal.keeper.trusted():
            print(key)


@app.command("rotate-key")
def rotate_key() -> None:
    """Make a new signing key; the former one signs it and is destroyed. Old checkpoints stay verifiable."""
    with opened_portal() as portal:
        print(portal.keeper.rotate_key("cli", "cli"))


@app.command("export")
def export(out: Out, account: As = None) -> None:
    """Write the merchant's chain as JSON lines, for tools/verify_audit.py."""
    with opened_portal() as portal:
        _write(portal.trail.export_trail(acting_user(portal, account)), out)


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
            _write(portal.evidence.document(acting_user(portal, account), about, _kind(out)), out)
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
            _write(
                portal.person_records.about_person(acting_user(portal, account), person=person, kind=_kind(out)), out
            )
        except InputError as problem:
            raise InputErrors([problem]) from None


def _kind(out: Path) -> DocumentKind:
    return DocumentKind.JSON if out.suffix.lower() == ".json" else DocumentKind.HTML


def _write(download: Download, out: Path) -> None:
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputErrors([InputError(f"{out.name} cannot be written: {error.strerror}.", field="out")]) from None
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(download.chunks)
    print(out)
