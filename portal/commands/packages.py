"""`package`: the answer of a case as one sealed file: built, looked at, approved, saved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from portal.commands.cases.given import As, AsJson, Named, case_id_of
from portal.commands.cases.told import as_json
from portal.commands.current_user import acting_user, opened_portal
from portal.commands.printing import print_lines
from portal.commands.writing import check_target, write_whole
from portal.composition import Portal
from portal.errors import InputError, StateConflict
from portal.identity import User
from portal.language import LANGUAGES
from portal.package.parts import Variant
from portal.package.versions.views import PackageView

app = typer.Typer(no_args_is_help=True, help="The answer of a case as one sealed file.")
NOT_READY = 1
Kind = Annotated[Variant, typer.Option("--variant", help="everything, or the portable copy of Article 20")]
Number = Annotated[int, typer.Option("--version", help="which version; the newest when not given")]


@app.command("build")
def build(
    case: Named,
    variant: Kind = Variant.ACCESS,
    language: Annotated[str, typer.Option(help="of the answer: two letters; the case's own when not given")] = "",
    account: As = None,
    json_: AsJson = False,
) -> None:
    """Build the next version and print it. Exit status 1 with what is missing when there is nothing to build yet."""
    if language and language not in LANGUAGES:
        raise InputError(f"The portal speaks {', '.join(LANGUAGES)}.", field="language")
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        needs = portal.packages.state(user, case_id, variant, language).needs
        for need in needs:
            words = f"{need.words.removesuffix('.')}: {', '.join(need.names)}." if need.names else need.words
            print(f"{words} {need.next_step}".strip(), file=sys.stderr)
        if needs:
            raise typer.Exit(NOT_READY)
        built = portal.packages.build(user, case_id, variant, language)
        print_lines([_said(built, json_=json_)])


@app.command("show")
def show(case: Named, files: bool = False, account: As = None, json_: AsJson = False) -> None:
    """List the versions of a case; with --files the files in the newest."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        state = portal.packages.state(user, case_id)
        print_lines(_said(one, json_=json_) for one in state.versions)
        if files and state.newest is not None:
            members = portal.package_files.members(user, case_id, state.newest.id)
            print_lines(f"{one.size_bytes:>12}  {one.path}" for one in members)


@app.command("approve")
def approve(
    case: Named,
    sha256: Annotated[str, typer.Option("--sha256", help="of the package that was looked at, as `show` prints it")],
    account: As = None,
) -> None:
    """Approve the version with this SHA-256, when it is the newest and nothing changed since."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        wanted = next((one for one in portal.packages.state(user, case_id).versions if one.sha256 == sha256), None)
        if wanted is None:
            raise StateConflict("No version has this SHA-256.", next_step="See `package show`.", detail="sha256")
        portal.packages.approve(user, case_id, wanted.id, sha256)


@app.command("save")
def save(
    case: Named,
    out: Annotated[Path, typer.Option("--out", help="file to write; never overwritten unless --force")],
    version: Number = 0,
    account: As = None,
    force: Annotated[bool, typer.Option("--force", help="replace the file if it is there")] = False,
    encrypted: Annotated[
        bool, typer.Option("--encrypted", help="a copy for an attachment or a stick; prints the six words that open it")
    ] = False,
) -> None:
    """Write an approved version to a file, the very bytes that were looked at."""
    check_target(out, force)
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        wanted = _version(portal, user, case_id, version)
        if encrypted:
            copy = portal.package_files.encrypt(user, case_id, wanted.id)
            found, size = portal.package_files.encrypted(user, case_id, wanted.id, copy.id), None
        else:
            found, size = portal.package_files.download(user, case_id, wanted.id), wanted.size_bytes
        if not write_whole(found, size, out, "The package itself is in its case."):
            raise typer.Exit(NOT_READY)
        if encrypted:
            print_lines([copy.words])


def _version(portal: Portal, user: User, case_id: str, number: int) -> PackageView:
    """The newest for 0. Raises StateConflict."""
    versions = portal.packages.state(user, case_id).versions
    found = next((one for one in versions if number in (0, one.number)), None)
    if found is None:
        raise StateConflict("There is no such version.", next_step="See `package show`.", detail="version")
    return found


def _values(view: PackageView) -> dict[str, Any]:
    return {
        "version": view.number,
        "variant": view.variant.value,
        "standing": view.standing.value,
        "outcome": view.outcome.value,
        "language": view.language,
        "size_bytes": view.size_bytes,
        "sha256": view.sha256,
        "manifest_sha256": view.manifest_sha256,
        "files": view.file_count,
        "left_out": dict(view.left_out),
        "profile_version": view.profile_version,
        "built_at": view.built_at.isoformat(),
        "approved_at": view.approved_at.isoformat() if view.approved_at else None,
        "destroyed_at": view.destroyed_at.isoformat() if view.destroyed_at else None,
        "package": view.id,
    }


def _said(view: PackageView, *, json_: bool) -> str:
    if json_:
        return as_json(_values(view))
    left_out = f"{sum(view.left_out.values())} left out" if view.left_out else ""
    parts = (
        f"v{view.number}", view.variant.value, view.standing.value, view.language, f"{view.size_bytes} bytes",
        f"{view.file_count} files", left_out, view.sha256,
    )  # fmt: skip
    return "  ".join(part for part in parts if part)
