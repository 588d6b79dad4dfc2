"""``python -m portal``: see `portal.cli`."""

from portal.cli import main

if __name__ == "__main__":
    main()
