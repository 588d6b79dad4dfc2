"""The three steps of an export: ask, collect, inspect.

Each step reads the row, does its one thing and moves the row by a guarded, audited UPDATE. A step
may be run again after a crash at any point; the row's state decides what is left to do. What a step
returns is a bare code: the durable engine keeps results in clear, so nothing personal may be in one.

What cannot be asked a second time (the vendor's answer, the sealed file) is written with
`Database.insist`: a database away for half a minute costs time, not knowledge.
"""

from __future__ import annotations

from portal.exports import ledger
from portal.exports.asking import MAX_ASK_TRIES, Asking
from portal.exports.collecting import MAX_FETCH_TRIES, Collecting
from portal.exports.findings import findings
from portal.exports.states import State
from portal.exports.timing import EXPORT_SECONDS
from portal.exports.walk_base import PACED, wait_code, wait_seconds
from portal.exports.walk_words import (
    GIVEN_UP_WORDS,
)
from portal.storage.tables import FileKey, utc_now

__all__ = ["MAX_ASK_TRIES", "MAX_FETCH_TRIES", "PACED", "Walk", "wait_code", "wait_seconds"]


class Walk(Asking, Collecting):
    """The steps over one database, vault and vendor. `at(label)` is a seam for the crash tests."""

    def inspect(self, export_id: str) -> str:
        """Check format, whole and whose; then ready or attention."""
        self._at("inspect.begin")
        with self._db.read() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.COLLECTED:
                return "stop"
            key = session.get(FileKey, (row.id, row.blob_name))
            subject = self._seal.open(row, "subject") or ""
        found = findings(self._files, row, key, subject)
        self._at("inspect.read")
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) is not State.COLLECTED:
                return "stop"
            to = State.READY if found.pop("good") else State.ATTENTION
            ledger.move(session, row, to, code=found.get("problem_code", ""), inspected_at=utc_now(), **found)
            self._at("inspect.moved")
        self._at("inspect.committed")
        EXPORT_SECONDS.observe((utc_now() - row.requested_at).total_seconds())
        return to.value

    def give_up(self, export_id: str) -> None:
        """After many runs that all broke off: put the export where a person decides."""
        places = {
            State.REQUESTED: State.FAILED,
            State.WAITING: State.FAILED,
            State.SENT: State.UNKNOWN,
            State.ACCEPTED: State.FAILED,
            State.COLLECTED: State.ATTENTION,
        }
        with self._db.write() as session:
            row = ledger.load(session, export_id)
            if State(row.state) in places:
                ledger.move(session, row, places[State(row.state)], code="given_up", retry_at=None, **GIVEN_UP_WORDS)
