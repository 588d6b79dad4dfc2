"""Random interleavings of people, workers, crashes and the vendor's answers over the real tables (SEC-12 to SEC-14).

The vendor is an object in this process, since it must answer, and let others act, at chosen moments;
the wire is tested elsewhere. A crash is an exception nobody catches, raised at a labelled point; real
kills are in tests/crash. What must hold: no move outside the table, no export lost, no second POST.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import audit
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.errors import PortalError, SealBroken
from portal.exports import State, parse_request
from portal.exports.core.ledger import set_columns, value_of
from portal.exports.core.states import HOLDS_FILE, MOVES, RUNNING
from portal.exports.core.vendor import Vendor
from portal.exports.workflow.results import Done, StepResult, Wait
from portal.exports.workflow.send_step import SendStep
from portal.exports.workflow.steps import build_steps
from portal.loyaltydog import ExportAnswer, ExportAsk, FetchedFile
from portal.loyaltydog.errors import ConnectionLost, Forbidden, Gone, NoConnection, RateLimited, TimedOut
from portal.loyaltydog.retry import RetryDecision
from portal.practice_start import seed_practice
from portal.storage.blobs import StorageTrouble
from portal.storage.tables import AuditEntry, Export, ExportFile, FileKey, utc_now
from portal.vault.files import FilePlace, SealingWriter

pytestmark = pytest.mark.keeps("SEC-12", "SEC-13", "SEC-14")

POST_ANSWERS = ("accepted", "accepted", "accepted", "expired", "refused", "busy", "unreached", "lost", "cut")
FETCH_ANSWERS = ("file", "file", "two people", "not json", "dead link", "cut", "full disk")
OUTSIDE_TRANSACTIONS = (
    "send.begin send.sent_committed send.answered send.answered_with_error send.accepted_committed "
    "send.refused_committed "
    "fetch.begin fetch.key_committed fetch.first_bytes fetch.fetched fetch.sealed fetch.committed "
    "inspect.begin inspect.read inspect.committed"
).split()
WHILE_THE_POST_IS_OUT = "send.sent_committed send.answered send.answered_with_error send.accepted send.refused".split()
INSIDE = "send.marked send.accepted send.refused fetch.key_written fetch.moved inspect.moved send.given_up".split()


class Crash(BaseException):
    """The process ends here."""


class ScriptedVendor(Vendor):
    """Answers as it was told; counts what it took on, by customer."""

    post_answer = "accepted"
    fetch_answer = "file"

    def __init__(self, portal: Portal) -> None:
        super().__init__(portal.settings, portal.sealer)
        self.taken: Counter[str] = Counter()

    def client(self, connection: object) -> ScriptedVendor:  # type: ignore[override]
        return self

    def request_export(self, ask: ExportAsk) -> ExportAnswer:
        answer = self.post_answer
        if answer == "unreached":
            raise NoConnection("refused", delivery="never_sent")
        if answer == "busy":
            raise RateLimited("429", status=429, delivery="answered", retry_after_seconds=30.0)
        self.taken[str(ask.customer_email)] += 1
        if answer == "refused":
            raise Forbidden("403", status=403, delivery="answered")
        if answer in ("lost", "cut"):
            raise (TimedOut if answer == "lost" else ConnectionLost)("after the request was sent")
        now = utc_now()
        lifetime = dt.timedelta(seconds=1) if answer == "expired" else dt.timedelta(hours=48)
        return ExportAnswer(
            "e1", SecretStr("https://files.example.com/x"), ask.format, now, now + lifetime, "completed"
        )

    def fetch(self, access: Any, address: str, *, sink: Callable[[bytes], None], **_: Any) -> FetchedFile:  # type: ignore[override]
        answer = self.fetch_answer
        if answer == "dead link":
            raise Gone("410", status=410, delivery="answered")
        people = ["one@example.com"] if answer != "two people" else ["one@example.com", "other@example.com"]
        cards = [{"customerEmail": person, "cardNumber": "1"} for person in people]
        data = b"no json at all" if answer == "not json" else json.dumps({"giftCards": cards}).encode()
        sink(data[:10])
        if answer == "cut":
            raise ConnectionLost("half-way")
        if answer == "full disk":
            raise StorageTrouble(detail="ENOSPC")
        sink(data[10:])
        return FetchedFile(len(data), hashlib.sha256(data).hexdigest(), "application/json", None, len(data))


class House(RuleBasedStateMachine):
    exports = Bundle("exports")

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.when: dict[str, Callable[[], None]] = {}
        self.portal = build_portal(
            Settings(mode="practice", data_dir=self.folder, demo_password=SecretStr("violet-tractor-pond-91")),
            checkpoint=self.checkpoint,
        )
        seed_practice(self.portal, 9)
        self.vendor = ScriptedVendor(self.portal)
        self.steps = build_steps(
            self.portal.db,
            self.portal.sealed,
            self.portal.history.seal,
            self.vendor,
            retention_days=7,
            edge_requests=0,
            checkpoint=self.checkpoint,
        )
        self.user = self.portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
        self.customers: dict[str, str] = {}
        self.seen_entries = 0
        self.last_state: dict[str, str] = {}

    def checkpoint(self, label: str) -> None:
        happening = self.when.pop(label, None)
        if happening is not None:
            happening()

    # What workers do ---------------------------------------------------------------------------

    def step(self, export_id: str) -> StepResult:
        """What the durable workflow would do next; every step may be run again at any time."""
        result = self.steps.send(export_id)
        tried = 0
        while result == Done(State.ACCEPTED) or (tried and isinstance(result, Wait)):
            result = self.steps.fetch(export_id, tried)
            tried += 1
        if result == Done(State.COLLECTED):
            result = self.steps.inspect(export_id)
        return result

    def crash(self) -> None:
        raise Crash

    @rule(target=exports, number=st.integers(0, 10**9))
    def somebody_asks(self, number: int) -> str:
        email = f"c{number}.{len(self.customers)}@example.com"
        export_id = self.portal.submissions.submit(self.user, parse_request(email=email, format="json"), force=True)
        self.customers[export_id] = email
        return export_id

    @rule(export_id=exports, post=st.sampled_from(POST_ANSWERS), fetch=st.sampled_from(FETCH_ANSWERS))
    def a_worker_runs(self, export_id: str, post: str, fetch: str) -> None:
        self.vendor.post_answer, self.vendor.fetch_answer = post, fetch
        self.step(export_id)

    @rule(
        export_id=exports,
        post=st.sampled_from(POST_ANSWERS),
        fetch=st.sampled_from(FETCH_ANSWERS),
        label=st.sampled_from(OUTSIDE_TRANSACTIONS + INSIDE),
    )
    def a_worker_dies(self, export_id: str, post: str, fetch: str, label: str) -> None:
        self.vendor.post_answer, self.vendor.fetch_answer = post, fetch
        self.when[label] = self.crash
        with suppress(Crash):
            self.step(export_id)
        self.when.clear()

    @rule(
        target=exports,
        number=st.integers(0, 10**9),
        post=st.sampled_from(POST_ANSWERS),
        label=st.sampled_from(WHILE_THE_POST_IS_OUT),
    )
    def a_worker_dies_with_the_request_out_and_another_takes_over(self, number: int, post: str, label: str) -> str:
        export_id = self.somebody_asks(number)
        self.a_worker_dies(export_id, post, "file", label)
        self.step(export_id)
        return export_id

    @rule(
        export_id=exports,
        post=st.sampled_from(POST_ANSWERS),
        fetch=st.sampled_from(FETCH_ANSWERS),
        label=st.sampled_from(OUTSIDE_TRANSACTIONS),
        act=st.sampled_from(("run", "stop", "close", "again", "destroy", "release", "house")),
    )
    def others_act_while_a_worker_runs(self, export_id: str, post: str, fetch: str, label: str, act: str) -> None:
        """A second worker, believing the first dead, or a person, in the middle of a workflow."""
        self.vendor.post_answer, self.vendor.fetch_answer = post, fetch
        self.when[label] = lambda: self.act(act, export_id)
        self.step(export_id)
        self.when.clear()

    # What people and time do -------------------------------------------------------------------

    def act(self, act: str, export_id: str) -> None:
        portal = self.portal
        acts: dict[str, Callable[[], object]] = {
            "run": lambda: self.step(export_id),
            "stop": lambda: portal.decisions.stop_waiting(self.user, export_id),
            "close": lambda: portal.decisions.close_unknown(self.user, export_id),
            "again": lambda: portal.decisions.retry_fetch(self.user, export_id),
            "destroy": lambda: portal.retention.destroy(self.user, export_id),
            "release": lambda: portal.decisions.release(self.user, export_id, "looked at it"),
            "house": portal.retention.run_housekeeping,
        }
        with suppress(PortalError):
            acts[act]()

    @rule(export_id=exports, act=st.sampled_from(("stop", "close", "again", "destroy", "release", "house")))
    def somebody_acts(self, export_id: str, act: str) -> None:
        self.act(act, export_id)

    @rule(export_id=exports, what=st.sampled_from(("wait", "link", "retention")))
    def time_passes(self, export_id: str, what: str) -> None:
        """A wait, the link's life or the retention of one export comes to its end."""
        past = utc_now() - dt.timedelta(seconds=1)
        column = {"wait": "retry_at", "link": "link_expires_at", "retention": "destroy_after"}[what]
        with self.portal.db.write() as session:
            row = session.get_one(Export, export_id)
            if value_of(row, column) is not None:
                set_columns(row, {column: past})
        self.portal.retention.run_housekeeping()

    @rule()
    def a_sweep_runs(self) -> None:
        self.portal.retention.sweep(dt.timedelta(seconds=-5))

    # What must hold ----------------------------------------------------------------------------

    @invariant()
    def moves_are_in_the_table_and_follow_each_other(self) -> None:
        with self.portal.db.read() as session:
            entries = session.scalars(
                select(AuditEntry)
                .where(AuditEntry.action == "export:state", AuditEntry.merchant_id == self.user.merchant_id)
                .where(AuditEntry.seq > self.seen_entries)
                .order_by(AuditEntry.seq)
            )
            for entry in entries:
                here, there = State(entry.facts["from"]), State(entry.facts["to"])
                assert there in MOVES[here]
                assert self.last_state.get(entry.object_id, "requested") == here
                self.last_state[entry.object_id] = there.value
                self.seen_entries = entry.seq
            rows = dict(session.execute(select(Export.id, Export.state)).all())
        assert set(rows) == set(self.customers)
        assert rows == {export_id: self.last_state.get(export_id, "requested") for export_id in rows}

    @invariant()
    def no_request_was_taken_twice(self) -> None:
        assert all(count == 1 for count in self.vendor.taken.values())

    @invariant()
    def what_is_listed_as_here_opens(self) -> None:
        with self.portal.db.read() as session:
            rows = session.execute(
                select(Export, FileKey)
                .join(Export.file)
                .outerjoin(FileKey, (FileKey.export_id == Export.id) & (FileKey.blob_name == ExportFile.blob_name))
                .where(Export.state.in_(HOLDS_FILE), ExportFile.size_bytes.is_not(None))
            ).all()
        for row, key in rows:
            place = FilePlace(row.merchant_id, row.id, row.file.blob_name)
            self.portal.sealed.verify(place, key.sealed_keyset, sha256=row.file.sha256, size_bytes=row.file.size_bytes)

    def teardown(self) -> None:
        if not hasattr(self, "portal"):
            return
        try:
            self.vendor.post_answer, self.vendor.fetch_answer = "accepted", "file"
            for export_id in self.customers:
                for _ in range(4):
                    self.time_passes(export_id, "wait")
                    self.step(export_id)
            self.moves_are_in_the_table_and_follow_each_other()
            self.no_request_was_taken_twice()
            ends = {State(state) for state in self.last_state.values()}
            assert not ends & RUNNING, "an export that nobody would ever finish"
            self.a_sweep_runs()
            with self.portal.db.read() as session:
                assert audit.verify_chain(session, self.user.merchant_id)[1] is None
        finally:
            self.portal.stop()
            shutil.rmtree(self.folder)


# The machine itself is tried: with a fault planted in the portal, it must find it. -------------------


def _asks_again_what_was_sent(patch: pytest.MonkeyPatch) -> None:
    """Whoever finds `sent` takes the request for unsent, as a bare durable step would."""
    mark = SendStep._mark_sent

    def forgetful(self: SendStep, session: Session, export_id: str, held: bool) -> Any:
        session.execute(update(Export).where(Export.id == export_id, Export.state == "sent").values(state="requested"))
        return mark(self, session, export_id, held)

    patch.setattr(SendStep, "_mark_sent", forgetful)


def _repeats_a_lost_answer(patch: pytest.MonkeyPatch) -> None:
    """An answer that was never seen is taken for a request that never left."""
    patch.setattr("portal.exports.workflow.send_step.retry_export_post", lambda *_: RetryDecision(True, 0.0))


def _forgets_the_audit_entry(patch: pytest.MonkeyPatch) -> None:
    """The row is moved and nobody writes it down."""
    record = audit.record

    def silent(session: Session, merchant_id: str, actor: str, action: str, **given: Any) -> Any:
        if action == "export:state" and given.get("to") == "collected":
            return None
        return record(session, merchant_id, actor, action, **given)

    patch.setattr("portal.exports.core.ledger.audit.record", silent)


def _seals_other_bytes_than_it_hashed(patch: pytest.MonkeyPatch) -> None:
    """A file is listed as here that is not the one collected."""
    write = SealingWriter.write

    def short(self: SealingWriter, chunk: bytes) -> None:
        write(self, chunk)
        if self.size_bytes > 10:
            self._stream.write(b" ")

    patch.setattr(SealingWriter, "write", short)


@pytest.mark.parametrize(
    "plant",
    [
        _asks_again_what_was_sent,
        _repeats_a_lost_answer,
        _forgets_the_audit_entry,
        _seals_other_bytes_than_it_hashed,
    ],
)
def test_a_planted_fault_is_found(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, SealBroken)):
        run_state_machine_as_test(
            House,
            settings=settings(
                TestInterleavings.settings, max_examples=150, derandomize=True, database=None, phases=[Phase.generate]
            ),
        )


TestInterleavings = House.TestCase
TestInterleavings.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
