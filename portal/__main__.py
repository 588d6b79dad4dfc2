"""``python -m portal``: see `portal.cli`."""

from __future__ import annotations

import io
import sys
from typing import NoReturn

from portal.commands.plain_words import errors_as_sentences
from portal.commands.serving import run_demo, run_serve


def main() -> None:
    """Run the command line. `demo` and `serve` do without the other commands' imports, two seconds of them, so that
    their port is open at once."""
    for stream in (sys.stdout, sys.stderr):  # into a pipe too, a line comes when it is printed
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    if sys.argv[1:] == ["demo"] or sys.argv[1:] == ["serve"]:
        serve(sys.argv[1])
    from portal.cli import main as command_line

    command_line()


def serve(command: str) -> NoReturn:
    with errors_as_sentences():
        sys.exit(run_demo() if command == "demo" else run_serve())


if __name__ == "__main__":
    main()
