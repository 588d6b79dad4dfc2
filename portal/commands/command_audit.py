"""The command line in the trail: each command that is run, and keys that were made before there was a trail."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sqlalchemy import Text, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal import audit
from portal.composition import Portal
from portal.config import load_settings
from portal.errors import PortalError
from portal.storage.engine import Database, open_engine
from portal.storage.tables import AuditEntry

GROUPS = frozenset({"accounts", "audit", "backup", "cases", "database", "keys", "mail", "merchants"})
STILL_WITHOUT_A_TRAIL = frozenset({"audit verify"})  # says what is wrong with it
AFTERWARDS = frozenset({"backup restore"})  # fills an empty database, in which no entry may stand yet
_WORD = re.compile(r"[a-z][a-z-]{1,30}")


def command_name() -> str:
    """The command as it was called, without its arguments: they may name a person or a file."""
    words = [word for word in sys.argv[1:3] if _WORD.fullmatch(word)]
    return " ".join(words[: 2 if words[:1] and words[0] in GROUPS else 1])


def note_command(portal: Portal) -> None:
    """Write down that this command runs, before it does anything. Raises AuditUnavailable."""
    command = command_name()
    try:
        note_master_keys(portal)
        portal.db.group_commit(lambda session: _command(session, command))
    except audit.AuditUnavailable:
        if command not in STILL_WITHOUT_A_TRAIL:
            raise


def note_outside_portal() -> None:
    """The same for a command that opens no portal: where there is a trail to write in, and it can be written."""
    try:
        settings = load_settings()
        engine = open_engine(settings.database) if _is_there(settings.database) else None
        if engine is None:
            return
        db = Database(engine)
        try:
            db.group_commit(lambda session: _command(session, command_name()))
        finally:
            db.close()
    except (PortalError, SQLAlchemyError, ValueError, OSError):
        return  # what it reads is no merchant's data; a data folder of another version is no reason to refuse


def note_master_keys(portal: Portal) -> None:
    """The birth of a master key whose maker had no trail to write it in: the first one."""

    def write(session: Session) -> None:
        for key_id in portal.master.key_ids():
            known = select(AuditEntry.seq).where(
                AuditEntry.merchant_id == audit.PORTAL_CHAIN,
                AuditEntry.action == "key:create",
                type_coerce(AuditEntry.facts, Text) == f'{{"key":"{key_id:08x}"}}',
            )
            if session.scalar(known.limit(1)) is None:
                audit.record(session, audit.PORTAL_CHAIN, "system", "key:create", origin="cli", key=f"{key_id:08x}")

    portal.db.group_commit(write)


def _command(session: Session, command: str) -> None:
    audit.record(session, audit.PORTAL_CHAIN, "cli", "command:run", origin="cli", command=command)


def _is_there(url: str) -> bool:
    return not url.startswith("sqlite") or Path(url.partition("///")[2]).is_file()
