"""``python -m portal``: see `portal.cli`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the two commands that serve without what the others load (half a second)."""
    if sys.argv[1:] not in (["demo"], ["serve"]):
        from portal.cli import main as command_line

        command_line()
        return
    from portal.commands.plain_words import in_plain_words
    from portal.commands.serving import run_demo, run_serve

    with in_plain_words():
        sys.exit(run_demo() if sys.argv[1] == "demo" else run_serve())


if __name__ == "__main__":
    main()
