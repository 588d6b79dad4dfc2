"""Say plainly, before anything is made, what this Python lacks. Runs on old ones too."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file is for the older ones
    sys.exit(
        "The portal needs Python 3.11 or newer; this is {}. Try: make run PYTHON=python3.12".format(  # noqa: UP032
            sys.version.split()[0]
        )
    )
try:
    import ensurepip  # noqa: F401 - Debian keeps it in another package than Python
    import venv  # noqa: F401
except ImportError:
    sys.exit(
        "This Python cannot make a virtual environment: its venv module is missing, and nothing was made yet.\n"
        "On Debian and Ubuntu it is a package of its own: apt-get install python3-venv (as root, or with sudo).\n"
        "Then run make again."
    )
