"""Which of a case's addresses are on file, so that a code or an answer may go there: the mailbox has to be that of the
person whose data they are.

Who names somebody else's card or customer ID beside an address of their own would else prove their own mailbox only.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal
from portal.people.graph import Node, Standing, node_of
from portal.sources.ledger import identifiers_of
from portal.sources.planning import KnownIdentifier
from portal.sources.whose.facts import as_facts
from portal.sources.whose.ledger import MARK_OF
from portal.storage.answering.source_tables import CaseComparison


def addresses_on_file(session: Session, seal: CaseSeal, case_id: str) -> tuple[KnownIdentifier, ...]:
    """Those that an answer brought, and a claimed one where nothing else was claimed or where, for each other claim,
    a record of LoyaltyDog holds both."""
    known = identifiers_of(session, seal, case_id)
    claimed = [one for one in known if one.standing == Standing.CLAIMED]
    emails = [one for one in known if one.kind is IdentifierKind.EMAIL]
    if len(claimed) < 2:
        return tuple(emails)
    records = _records(session, seal, case_id)
    return tuple(
        one for one in emails
        if one not in claimed or all(_together(records, one, other) for other in claimed if other is not one)
    )  # fmt: skip


def _together(records: list[frozenset[Node]], one: KnownIdentifier, other: KnownIdentifier) -> bool:
    wanted = {node_of(MARK_OF[each.kind], each.value) for each in (one, other)}
    return None not in wanted and any(wanted <= nodes for nodes in records)


def _records(session: Session, seal: CaseSeal, case_id: str) -> list[frozenset[Node]]:
    rows = session.scalars(
        select(CaseComparison).where(CaseComparison.case_id == case_id, CaseComparison.sealed_facts.is_not(None))
    )
    return [
        frozenset(found.record.nodes) for row in rows for found in as_facts(seal.opened(row, "facts"), row.id).records
    ]
