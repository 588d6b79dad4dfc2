"""Which cases of a merchant are one person's: those in which one of the same identifiers stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.tables import Merchant
from portal.vault import FieldSealer

TELLS_NOBODY = "struck"


def identifiers_of(session: Session, case_id: str) -> Sequence[CaseIdentifier]:
    """By what the person is known, but for what was struck and the last four digits, which are many people's."""
    return session.scalars(
        select(CaseIdentifier)
        .where(CaseIdentifier.case_id == case_id, CaseIdentifier.standing != TELLS_NOBODY)
        .where(CaseIdentifier.kind != IdentifierKind.LAST_FOUR)
        .order_by(CaseIdentifier.number)
    ).all()


def indexes_of_case(session: Session, sealer: FieldSealer, case: Case) -> list[str]:
    """The blind indexes of the person of a case, under each key of the merchant; of an identifier that is destroyed the
    one that is kept."""
    known = identifiers_of(session, case.id)
    values = CaseSeal(sealer).values(session, known)
    kept = [row.value_index for row, value in zip(known, values, strict=True) if not value]
    return kept + indexes_of(session, sealer, case.merchant_id, filter(None, values))


def indexes_of(session: Session, sealer: FieldSealer, merchant_id: str, values: Iterable[str]) -> list[str]:
    wrapped = session.get_one(Merchant, merchant_id).sealed_index_keyset
    found = (sealer.indexes(value, merchant_id=merchant_id, wrapped_keyset=wrapped) for value in values)
    return [index for indexes in found for index in indexes]


def of_person(merchant_id: str, indexes: Sequence[str]) -> ColumnElement[bool]:
    """Is a case of `cases` the person's, by one of these blind indexes?"""
    named = select(CaseIdentifier.case_id).where(
        CaseIdentifier.merchant_id == merchant_id,
        CaseIdentifier.value_index.in_(indexes),
        CaseIdentifier.kind != IdentifierKind.LAST_FOUR,
        CaseIdentifier.standing != TELLS_NOBODY,
    )
    return (Case.merchant_id == merchant_id) & Case.id.in_(named)
