"""Lines of a command's result on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import typer


def print_lines(lines: Iterable[str]) -> None:
    """Print UTF-8 in any locale; a closed pipe (`| head`) is no error."""
    out = sys.stdout.buffer
    try:
        for line in lines:
            out.write(line.encode("utf-8", "backslashreplace") + b"\n")
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
