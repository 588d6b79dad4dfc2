"""The mark of a merchant's exports is another one whenever one of its exports has come or moved, and only then."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import update

from portal.exports.history.changes import marks
from portal.storage.tables import Export


def set_state(desk: Any, export_id: str, state: str, at: dt.datetime) -> None:
    with desk.portal.db.write() as session:
        session.execute(update(Export).where(Export.id == export_id).values(state=state, updated_at=at))


def test_the_mark_moves_with_the_merchants_exports_and_with_no_others(desk: Any) -> None:
    db, ours, theirs = desk.portal.db, desk.user().merchant_id, desk.user(merchant="two").merchant_id
    before = marks(db, [ours, theirs, "nobody"])
    assert set(before) == {ours, theirs}
    desk.run()
    after = marks(db, [ours, theirs])
    assert after[ours] != before[ours]
    assert after[theirs] == before[theirs]
    assert marks(db, [ours, theirs]) == after


def test_an_end_with_an_earlier_time_that_is_kept_later_moves_it_too(desk: Any) -> None:
    db, ours = desk.portal.db, desk.user().merchant_id
    export = desk.run()
    early = export.requested_at - dt.timedelta(days=1)
    set_state(desk, export.id, "accepted", early)
    running = marks(db, [ours])
    set_state(desk, export.id, "ready", early)
    assert marks(db, [ours]) != running
