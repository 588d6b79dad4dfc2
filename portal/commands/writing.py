"""A file that a command writes: beside its place first and then renamed, so that a half one is never seen."""

from __future__ import annotations

import os
from pathlib import Path

from portal.errors import InputError, InputErrors, PortalError
from portal.exports.core.download import Download


def check_target(out: Path, force: bool) -> None:
    """Raises InputErrors for a file that is there, without `force`, and for a folder that is not."""
    if out.exists() and not force and not (out.is_file() and out.stat().st_size == 0):  # an empty one loses nothing
        raise InputErrors([InputError(f"{out.name} is there already; use --force to replace it.", field="out")])
    if not out.absolute().parent.is_dir():
        raise InputErrors([InputError("The folder for the file does not exist.", field="out")])


def write_whole(
    download: Download, size_bytes: int | None, out: Path, next_step: str = "The export itself is in Past exports."
) -> bool:
    """True when it is whole: of this size, if one is known. Raises PortalError when it cannot be written."""
    draft = out.absolute().with_name(f".{out.name}.{os.getpid()}.part")
    try:
        size = 0
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in download.chunks:
                size += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if size_bytes is not None and size != size_bytes:
            return False
        draft.replace(out)
        return True
    except OSError as error:
        raise PortalError(f"The file could not be written: {error.strerror}.", next_step=next_step) from None
    finally:
        draft.unlink(missing_ok=True)
