"""Names that people give: of a system, and of an attached file. Pure."""

from __future__ import annotations

import unicodedata

from portal.errors import InputError

NAME_MAX = 80
FILE_NAME_MAX = 150


def checked_name(name: str) -> str:
    """A system's name on one line. Raises InputError(field="name")."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise InputError("Enter a name.", field="name")
    if len(name) > NAME_MAX:
        raise InputError(f"A name may have at most {NAME_MAX} characters.", field="name")
    if not name.isprintable():
        raise InputError("The name holds characters that cannot be shown.", field="name")
    return name


def key_of(name: str) -> str:
    """The form in which names are compared: letters' case does not matter."""
    return unicodedata.normalize("NFC", name.casefold())


def file_name(given: str) -> str:
    """What a browser named a file, without folders and what cannot be shown; its ending is kept when it is cut."""
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    plain = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")
    if len(plain) > FILE_NAME_MAX:
        stem, dot, ending = plain.rpartition(".")
        kept = f"{dot}{ending}" if dot and len(ending) <= 10 else ""
        plain = (stem or plain)[: FILE_NAME_MAX - len(kept)] + kept
    return plain or "file"
