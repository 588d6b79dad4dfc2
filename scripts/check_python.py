"""Say plainly when this Python is too old for the portal."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is for the older ones
    sys.exit(
        f"The portal needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make run PYTHON=python3.12"
    )
