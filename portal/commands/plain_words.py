"""What goes wrong on the command line becomes words and a status, never a stack trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from portal.errors import InputErrors, PortalError


@contextmanager
def in_plain_words() -> Iterator[None]:
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
