"""Fields that hold a secret: passwords, their hashes, tokens, security codes, addresses of wallet passes with a key in
them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portal.preview import Bare, Table
from portal.preview import words as field_words

_SECRETS = frozenset(
    "password passwords passwd pwd passwort kennwort passphrase motdepasse contrasena wachtwoord parola haslo losenord"
    " secret secrets token tokens apikey otp totp salt".split()
)
_KEY_BEFORE = frozenset("api access refresh auth authentication session private secret security".split())
_KEYS = frozenset("key token hash code".split())
_NOT_ITSELF = frozenset(
    "date time at created updated changed expires expiry valid count type status policy set reset last".split()
)
_SECRET_IN_LINK = re.compile(r"(?i)[?&#](?:[a-z_]*token|auth[a-z]*|sig(?:nature)?|secret|key|code)=[^&#\s]{6,}")
_YES_NO = frozenset({"true", "false", "yes", "no", "0", "1", "null"})


def names_a_secret(column: str) -> bool:
    parts = field_words.meaning(column)
    if parts & _NOT_ITSELF:
        return False
    return bool(parts & _SECRETS) or bool(parts & _KEYS and parts & _KEY_BEFORE) or {"password", "hash"} <= parts


def secrets_in(table: Table, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, str, str]]:
    """(row, column, text) of each cell that holds one."""
    named = [name not in table.link_columns and names_a_secret(name) for name in table.columns]
    for index, row in table.iterate(start=start, stop=stop):
        for at, cell in enumerate(row):
            if not isinstance(cell, str) or not cell or (isinstance(cell, Bare) and cell in ("[]", "{}")):
                continue
            if (named[at] and cell.casefold() not in _YES_NO) or ("=" in cell and _SECRET_IN_LINK.search(cell)):
                yield index, table.columns[at], cell
