"""The audit trail: an append-only hash chain per merchant."""

from portal.audit.actions import ACTIONS, Act
from portal.audit.chain import PORTAL_CHAIN, AuditUnavailable, ChainFault, record
from portal.audit.checking import verify_chain
from portal.audit.keeper import ChainBroken, Keeper, open_folder, open_keeper
from portal.audit.reading import AuditRow, entries_about

__all__ = [
    "ACTIONS",
    "PORTAL_CHAIN",
    "Act",
    "AuditRow",
    "AuditUnavailable",
    "ChainBroken",
    "ChainFault",
    "Keeper",
    "entries_about",
    "open_folder",
    "open_keeper",
    "record",
    "verify_chain",
]
