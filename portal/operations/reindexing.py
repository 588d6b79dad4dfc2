"""Rotates the keys of the blind indexes while exports run (SEC-27).

Three steps keep every row searchable throughout: add a key, which searches use from then on; write new rows under it
and reindex older ones; destroy older keys once no row uses them. Each step can be interrupted and repeated.

Separately: values are normalised before indexing (`INDEX_FORM`). When a version changes that form, the first process
that opens the portal reindexes each merchant's rows (`reindex_outdated`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, joinedload, load_only, raiseload

from portal.errors import SealBroken
from portal.exports.core.base import asked_words
from portal.exports.core.ledger import SubjectSeal
from portal.log import log
from portal.operations.case_reindexing import case_indexes, reindex_cases
from portal.operations.row_batches import change_rows
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import INDEX_FORM, Export, ExportAsked, Merchant
from portal.vault import FieldSealer
from portal.vault.fields import INDEX_BYTES

_ASKED = (
    load_only(
        Export.merchant_id, Export.subject_index, Export.ask_index, Export.program_id, Export.format, raiseload=True
    ),
    joinedload(Export.asked, innerjoin=True).load_only(
        ExportAsked.sealed_subject, ExportAsked.sealed_card_id, ExportAsked.subject_kind, raiseload=True
    ),
    raiseload(Export.response),
    raiseload(Export.file),
)
"""What an index is made of, and no more of a row."""


def add_index_keys(db: Database, sealer: FieldSealer) -> None:
    """Add an index key to each merchant's keyset, unless there is one that is not used yet."""

    def add(merchant_id: str, wrapped: bytes) -> bytes | None:
        keys = sealer.index_keys(merchant_id, wrapped)
        return sealer.add_index_key(merchant_id, wrapped) if keys.newest == keys.used else None

    _change_each(db, add)


def use_newest_index_keys(db: Database, sealer: FieldSealer) -> int:
    """Use each merchant's newest index key from now on and reindex older rows under it. Returns how many changed."""

    def use(merchant_id: str, wrapped: bytes) -> bytes | None:
        keys = sealer.index_keys(merchant_id, wrapped)
        return sealer.use_newest_index_key(merchant_id, wrapped) if keys.newest != keys.used else None

    _change_each(db, use)
    changed = 0
    for merchant_id in _merchants(db):
        changed += _reindex_older_keys(db, sealer, merchant_id) + reindex_cases(db, sealer, merchant_id)
    return changed


def drop_index_keys(db: Database, sealer: FieldSealer) -> int:
    """Destroy the index keys that are not in use and have no row under them. Returns how many.

    Audit entries with an index under such a key (a search for a person) can then no longer be tied to that person.
    """
    dropped = 0

    def drop(merchant_id: str, wrapped: bytes) -> bytes | None:
        nonlocal dropped
        keys = sealer.index_keys(merchant_id, wrapped)
        old = set(keys.all) - {keys.used} - set(uses[merchant_id])
        dropped += len(old)
        return sealer.drop_index_keys(merchant_id, wrapped, old) if old else None

    uses = index_uses(db)
    _change_each(db, drop)
    return dropped


def index_uses(db: Database) -> dict[str, Counter[int]]:
    """How many rows of each merchant are indexed under which key, without those whose person is destroyed."""
    found: dict[str, Counter[int]] = {merchant_id: Counter() for merchant_id in _merchants(db)}
    with db.read() as session:
        kinds = (Export.merchant_id, _key_part(Export.subject_index), _key_part(Export.ask_index))
        rows = select(*kinds, func.count()).join(Export.asked).where(ExportAsked.sealed_subject.is_not(None))
        for merchant_id, subject, asked, count in session.execute(rows.group_by(*kinds)):
            for key_id in {_key_id(subject), _key_id(asked)}:
                found[merchant_id][key_id] += count
        for merchant_id, key, count in case_indexes(session):
            found[merchant_id][_key_id(key)] += count
    return found


def rows_under_lost_keys(db: Database, sealer: FieldSealer) -> int:
    """How many rows no search finds because the key of their index is gone."""
    uses = index_uses(db)
    lost = 0
    with db.read() as session:
        for merchant in session.scalars(select(Merchant)):
            known = sealer.index_keys(merchant.id, merchant.sealed_index_keyset).all
            lost += sum(count for key_id, count in uses[merchant.id].items() if key_id not in known)
    return lost


def unfinished(db: Database, sealer: FieldSealer) -> bool:
    """Was a rotation interrupted: is a merchant's newest key not used yet, or a row indexed under an older one?"""
    uses = index_uses(db)
    with db.read() as session:
        for merchant in session.scalars(select(Merchant)):
            keys = sealer.index_keys(merchant.id, merchant.sealed_index_keyset)
            if keys.newest != keys.used or set(uses[merchant.id]) - {keys.used}:
                return True
    return False


def reindex_outdated(db: Database, sealer: FieldSealer) -> int:
    """Reindex the merchants whose rows have an older index form; returns how many rows changed. One query when there
    are none.

    No older version runs at the same time: the migration that added `index_form` needs all processes stopped. Several
    new ones write the same values. A row whose person does not open is left out; `keys check` reports it.
    """
    with db.read() as session:
        due = list(session.scalars(select(Merchant.id).where(Merchant.index_form < INDEX_FORM).order_by(Merchant.id)))
    changed = 0
    for merchant_id in due:
        changed += _reindex_all(db, sealer, merchant_id) + reindex_cases(db, sealer, merchant_id)
        with db.write() as session:
            session.get_one(Merchant, merchant_id).index_form = INDEX_FORM
    return changed


def _reindex_all(db: Database, sealer: FieldSealer, merchant_id: str) -> int:
    def reindex(session: Session, merchant: Merchant, row: Export) -> int:
        try:
            return _reindex_row(session, sealer, merchant, row)
        except SealBroken:
            log.error("exports.not_reindexed", export=row.id, merchant=merchant_id)
            return 0

    return change_rows(db, Export, merchant_id, reindex, options=_ASKED)


def _merchants(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Merchant.id).order_by(Merchant.id)))


def _change_each(db: Database, change: Callable[[str, bytes], bytes | None]) -> None:
    """Replace each merchant's index keyset by the result of `change`, under the merchant's lock: a concurrent submit
    cannot write under a key that the next step considers unused."""
    for merchant_id in _merchants(db):
        with db.write() as session:
            lock_merchant(session, merchant_id)
            merchant = session.get_one(Merchant, merchant_id, with_for_update={"key_share": True})
            changed = change(merchant_id, merchant.sealed_index_keyset)
            if changed is not None:
                merchant.sealed_index_keyset = changed


def _reindex_older_keys(db: Database, sealer: FieldSealer, merchant_id: str) -> int:
    def under_other_keys(merchant: Merchant) -> list[ColumnElement[bool]]:
        used = sealer.index_keys(merchant_id, merchant.sealed_index_keyset).used
        ending = f"%.{used:08x}"
        other = or_(Export.subject_index.not_like(ending), Export.ask_index.not_like(ending))
        return [other, Export.asked.has(ExportAsked.sealed_subject.is_not(None))]

    def reindex(session: Session, merchant: Merchant, row: Export) -> int:
        return _reindex_row(session, sealer, merchant, row)

    return change_rows(db, Export, merchant_id, reindex, where=under_other_keys)


def _reindex_row(session: Session, sealer: FieldSealer, merchant: Merchant, row: Export) -> int:
    """Write the row's two indexes under the key in use. Returns 1 when they changed, else 0."""
    seal = SubjectSeal(sealer)
    subject, card = seal.open(row, "subject"), seal.open(row, "card_id") or ""
    if subject is None:
        return 0

    def index(*words: str) -> str:
        return sealer.index(*words, merchant_id=merchant.id, wrapped_keyset=merchant.sealed_index_keyset)

    asked = asked_words(subject, row.program_id, card, row.format, row.asked.subject_kind)
    indexes = {"subject_index": index(subject), "ask_index": index(*asked)}
    if indexes == {"subject_index": row.subject_index, "ask_index": row.ask_index}:
        return 0
    done = session.execute(
        update(Export).where(Export.id == row.id).values(indexes).execution_options(synchronize_session=False)
    )
    return int(cast(CursorResult[Any], done).rowcount)


def _key_part(index: Any) -> ColumnElement[str]:
    """The key's id within an index: what stands after the pseudonym and a dot."""
    return func.substr(index, 2 * INDEX_BYTES + 2)


def _key_id(part: str) -> int:
    """0 when it is no key's id."""
    try:
        return int(part, 16)
    except ValueError:
        return 0
