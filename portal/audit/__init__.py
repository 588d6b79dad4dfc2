"""The audit trail: an append-only hash chain per merchant."""

from portal.audit.actions import ACTIONS, Action
from portal.audit.chain import PORTAL_CHAIN, AuditUnavailable, ChainFault, record, verify_chain
from portal.audit.reading import AuditRow, entries_about

__all__ = [
    "ACTIONS",
    "PORTAL_CHAIN",
    "Action",
    "AuditRow",
    "AuditUnavailable",
    "ChainFault",
    "entries_about",
    "record",
    "verify_chain",
]
