"""`confirm` and `copy`: what is left out of an export's file, and its copies, for scripts and operators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from portal.commands.current_user import acting_user, opened_portal
from portal.commands.exporting import As
from portal.commands.writing import check_target, write_whole
from portal.errors import InputError, InputErrors, PortalError
from portal.exports.core.download import FileKind
from portal.review.copying.copies import Undecided

ExportId = Annotated[str, typer.Argument(metavar="EXPORT", help="id of the export, as `history` prints it")]


def confirm(export_id: ExportId, account: As = None) -> None:
    """Decide as proposed about everybody in an export's file who is undecided. Prints what stands then, as JSON."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        before = portal.review.state(user, export_id).undecided
        portal.review.confirm_proposals(user, export_id)
        state = portal.review.state(user, export_id)
    second = state.needs_second.value if state.needs_second is not None and state.approved_by is None else None
    told = {
        "export": export_id,
        "decided": before - state.undecided,
        "left_out": state.left_out,
        "needs_second": second,
    }
    print(json.dumps(told, indent=2))


def copy(
    export_id: ExportId,
    out: Annotated[Path, typer.Option("--out", help="file to write; never overwritten unless --force")],
    kind: Annotated[FileKind, typer.Option(help="redacted (the file), csv or xlsx")] = FileKind.REDACTED,
    account: As = None,
    force: Annotated[bool, typer.Option("--force", help="replace the file if it is there")] = False,
) -> None:
    """Save a copy of an export's file without what is left out of it: decided on its preview, or by `confirm`."""
    if kind is FileKind.ORIGINAL:
        raise InputErrors([InputError("The original is saved by `export`.", field="kind")])
    check_target(out, force)
    with opened_portal() as portal:
        user = acting_user(portal, account)
        try:
            download = portal.files.open_file(user, export_id, kind)
        except Undecided as error:
            step = (
                f"Decide it on the export's preview, or confirm what is proposed: python -m portal confirm {export_id}"
            )
            raise PortalError(error.message, next_step=step, detail=error.detail) from None
        write_whole(download, None, out)
    print(json.dumps({"export": export_id, "kind": kind.value, "file": str(out)}, indent=2, ensure_ascii=False))
