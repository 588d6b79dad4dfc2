"""Where LibreOffice and Gnumeric are, with which the tests open the files that people open.

`find_programs` installs them; `tests/derived` looks for the two by the same names.
"""

from __future__ import annotations

import shutil
from pathlib import Path

MAC_OFFICE = "/Applications/LibreOffice.app/Contents/MacOS/soffice"


def libreoffice() -> str | None:
    """Path of LibreOffice's `soffice`, else None."""
    return shutil.which("soffice") or shutil.which("libreoffice") or (MAC_OFFICE if Path(MAC_OFFICE).exists() else None)


def gnumeric() -> str | None:
    """Path of Gnumeric's `ssconvert`, else None."""
    return shutil.which("ssconvert")
