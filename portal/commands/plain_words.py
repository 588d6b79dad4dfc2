"""What goes wrong on the command line becomes words and a status, never a stack trace."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from portal.errors import InputErrors, PortalError

REASONS = {
    errno.EACCES: "the user it runs as lacks the right",
    errno.EPERM: "it belongs to another user",
    errno.EROFS: "it is on a read-only disk",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.ENOTDIR: "a file stands where a folder should",
    errno.EISDIR: "it is a folder",
    errno.EEXIST: "a file stands where a folder should",
    errno.ENOENT: "it is not there",
    errno.ENAMETOOLONG: "its name is too long",
}


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Ends the process: 2 when the input was wrong, 130 when it was interrupted, 1 when it could not be done."""
    try:
        yield
    except InputErrors as error:
        for problem in error.problems:
            option = "--" + problem.field.replace("_", "-").removesuffix(
                "-id" if problem.field != "customer_id" else ""
            )
            print(f"{option}: {problem.message}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except PortalError as error:
        print(" ".join(part for part in (error.message, error.next_step) if part), file=sys.stderr)
        print(f"(reference {error.reference})", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in REASONS:
            raise
        place = error.filename if isinstance(error.filename, str) else "a file or folder it needs"
        print(f"The portal cannot use {place}: {REASONS[error.errno]}.", file=sys.stderr)
        print("`python -m portal doctor` says which settings lead there.", file=sys.stderr)
        sys.exit(1)
    except _database_errors() as error:
        print(f"The database cannot be opened or written ({type(error).__name__}).", file=sys.stderr)
        print("Look at PORTAL_DATABASE_URL and PORTAL_DATA_DIR, and at the rights and the room there.", file=sys.stderr)
        sys.exit(1)


def _database_errors() -> tuple[type[Exception], ...]:
    """Only what was loaded can have been raised."""
    loaded = sys.modules.get("sqlalchemy.exc")
    return (loaded.OperationalError, loaded.InterfaceError) if loaded is not None else ()
