"""The durable step of collecting: one question of a few sources of a case at a time, each answer sealed before it is
read.

A run that finds a source in `asking` goes on with its next page: a former one died in between, and a GET may be
repeated. What a source needs next is read from its rows alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.cases.clock.calendar_codes import country_in
from portal.cases.services.intake import IdentifierKind
from portal.cases.services.ledger import CaseSeal
from portal.cases.states import OPEN_STATES, CaseState
from portal.errors import NotConfigured
from portal.exports.core.rate_limit import reserve_slot
from portal.exports.core.vendor import Vendor
from portal.exports.workflow.metrics import VENDOR_SECONDS
from portal.log import log
from portal.loyaltydog import LoyaltyDog, LoyaltyDogError, RateLimited, UnreadableAnswer
from portal.loyaltydog.retry import retry_reads
from portal.sources import messages
from portal.sources.answers import Answer
from portal.sources.asking import Asked, Question, ask
from portal.sources.kinds import RUNNING, SourceKind, SourceState
from portal.sources.ledger import (
    NO_PROBLEM,
    SourceRows,
    forget_key,
    identifiers_of,
    move,
    new_place,
    pages_of,
    sources_of,
)
from portal.sources.planning import FoundProgram, in_programs, known_person
from portal.storage.answering.source_tables import CaseSource, SourceKey, SourcePage
from portal.storage.blobs import StorageTrouble
from portal.storage.case_tables import Case, CaseIdentifier
from portal.storage.engine import Database
from portal.storage.locks import lock_merchant
from portal.storage.tables import Merchant, utc_now
from portal.vault import SealedFiles
from portal.vault.files import FilePlace

SHORT_WAIT_SECONDS = 2.0  # a slot this near is waited for here; farther ones durably
STORE_AGAIN_SECONDS = 5.0
TOGETHER = 4  # questions of one case under way at once, each in a slot of its own
MAX_TRIES = 3
MAX_PAGES = 400
MAX_READ_BYTES = 64 * 1024 * 1024  # of loyalty data that is read whole to see whose it is


@dataclass(frozen=True)
class Next:
    """Run the step again after `seconds`; None: nothing of the case is left to ask."""

    seconds: float | None = 0.0


@dataclass(frozen=True)
class ToAsk:
    """The source is `asking`, the key of the file at `place` is stored: the question may leave."""

    source_id: str
    attempt: int
    client: LoyaltyDog
    question: Question
    place: FilePlace
    key: bytes


@dataclass(frozen=True)
class Taken:
    """A sealed answer, and what it says; or the error, when it cannot be read."""

    size_bytes: int
    sha256: str
    asked: Asked
    said: Answer | UnreadableAnswer


class CollectStep:
    """Asks, page by page, until every source of a case has ended.

    Questions wait for LoyaltyDog side by side, for most of a case's time is that wait; what is written of them is
    written one after the other under the merchant's lock.
    """

    def __init__(
        self,
        db: Database,
        files: SealedFiles,
        seal: CaseSeal,
        vendor: Vendor,
        checkpoint: Callable[[str], None],
        *,
        retention_days: int,
        edge_requests: int,
    ) -> None:
        self._db = db
        self._files = files
        self._seal = seal
        self._rows = SourceRows(seal)
        self._vendor = vendor
        self._checkpoint = checkpoint
        self._retention_days = retention_days
        self._edge_requests = edge_requests

    def run(self, case_id: str) -> Next:
        self._checkpoint("source.begin")
        with self._db.read() as session:
            sources, wait = _next_of(sources_of(session, case_id))
        if not sources:
            return Next(wait)
        with ThreadPoolExecutor(TOGETHER, thread_name_prefix="source") as pool:
            asked, seconds = self._ask_in_slots(pool, sources)
        for one in asked:
            one.result()
        return Next(seconds)

    def _ask_in_slots(self, pool: Executor, sources: Sequence[CaseSource]) -> tuple[list[Future[None]], float]:
        """The questions that left, and the seconds until the slot of those that did not."""
        asked: list[Future[None]] = []
        for source in sources:
            with self._db.write() as session:
                seconds = reserve_slot(
                    session, source.merchant_id, at_most=SHORT_WAIT_SECONDS, edge_requests=self._edge_requests
                )
            if seconds > SHORT_WAIT_SECONDS:
                return asked, seconds
            time.sleep(seconds)
            with self._db.write() as session:
                plan = self._begin(session, source)
            if plan is not None:
                self._checkpoint("source.key_committed")
                asked.append(pool.submit(self._ask, plan))
        return asked, 0.0

    def give_up(self, case_id: str) -> None:
        """After many workflows that all broke off: put what is left where a person decides."""
        with self._db.write() as session:
            for row in sources_of(session, case_id):
                if SourceState(row.state) in RUNNING:
                    lock_merchant(session, row.merchant_id)
                    move(session, row, SourceState.FAILED, **messages.problem("given_up", messages.GIVEN_UP))

    # Before the question ------------------------------------------------------------------------

    def _begin(self, session: Session, seen: CaseSource) -> ToAsk | None:
        lock_merchant(session, seen.merchant_id)
        row = session.get_one(CaseSource, seen.id, populate_existing=True)
        state = SourceState(row.state)
        if state not in RUNNING or row.attempt != seen.attempt:
            return None
        client = self._client(session, row)
        if client is None:
            return None
        if state is SourceState.PLANNED and not move(
            session, row, SourceState.ASKING,
            attempt=row.attempt + 1, tries=row.tries + 1, asked_at=utc_now(), settled_at=None, **NO_PROBLEM,
        ):  # fmt: skip
            return None
        place = new_place(row)
        key = self._files.new_key(place)
        session.add(
            SourceKey(source_id=row.id, blob_name=place.blob_name, merchant_id=row.merchant_id, sealed_keyset=key)
        )
        row.updated_at = utc_now()
        session.flush()
        self._checkpoint("source.key_written")
        return ToAsk(row.id, row.attempt, client, self._question(session, row), place, key)

    def _client(self, session: Session, row: CaseSource) -> LoyaltyDog | None:
        """The merchant's API; None after the source was moved to `failed` for want of a case or of a connection."""
        case = session.get(Case, row.case_id)
        if case is None or case.merchant_id != row.merchant_id or CaseState(case.state) not in OPEN_STATES:
            move(session, row, SourceState.FAILED, **messages.problem("case_needed", messages.CASE_ENDED))
            return None
        try:
            return self._vendor.client(self._vendor.access(session, row.merchant_id, row.asked_in).connection)
        except (NotConfigured, LoyaltyDogError) as error:
            words = messages.problem(error.code, (error.message, error.next_step))
            move(session, row, SourceState.FAILED, **words)
            return None

    def _question(self, session: Session, row: CaseSource) -> Question:
        by, value = None, self._rows.member(row)
        if row.identifier_id is not None:
            identifier = session.get_one(CaseIdentifier, row.identifier_id)
            by, value = IdentifierKind(identifier.kind), self._seal.value(session, identifier)
        country = country_in(session.get_one(Case, row.case_id).calendar)
        person = known_person(identifiers_of(session, self._seal, row.case_id), country)
        page = len(pages_of(session, row.id)) + 1
        return Question(SourceKind(row.kind), row.program_id, by, value, person, page)

    # The question and its answer ----------------------------------------------------------------

    def _ask(self, plan: ToAsk) -> None:
        try:
            with self._files.sealing(plan.place, plan.key) as writer, VENDOR_SECONDS.labels("source").time():
                asked = ask(plan.client, plan.question, writer.write)
                self._checkpoint("source.answered")
        except LoyaltyDogError as error:
            log.info(
                "source.not_fetched", source=plan.source_id, code=error.code, status=error.status, detail=error.detail
            )
            refused = error
            self._db.write_with_retry(lambda session: self._refused(session, plan, refused))
            self._checkpoint("source.refused_committed")
            return
        except StorageTrouble as error:
            log.error("source.not_stored", source=plan.source_id, code=error.code, detail=error.detail)
            trouble = error
            self._db.write_with_retry(lambda session: self._not_stored(session, plan, trouble))
            return
        self._checkpoint("source.sealed")
        taken = Taken(
            writer.size_bytes, writer.sha256, asked, self._read(plan, asked, writer.sha256, writer.size_bytes)
        )
        if not self._db.write_with_retry(lambda session: self._take(session, plan, taken)):
            self._files.destroy(plan.place.blob_name)
        self._checkpoint("source.page_committed")

    def _read(self, plan: ToAsk, asked: Asked, sha256: str, size_bytes: int) -> Answer | UnreadableAnswer:
        """What the sealed bytes say."""
        if plan.question.kind is SourceKind.LOYALTY_DATA and size_bytes > MAX_READ_BYTES:
            return UnreadableAnswer("loyalty data too large", message=messages.TOO_LARGE[0], status=200)
        try:
            return asked.read(lambda: self._files.read_all(plan.place, plan.key, sha256=sha256, size_bytes=size_bytes))
        except UnreadableAnswer as error:
            return error

    def _refused(self, session: Session, plan: ToAsk, error: LoyaltyDogError) -> None:
        row = self._still_asking(session, plan)
        forget_key(session, plan.source_id, plan.place.blob_name)
        if row is None:
            return
        state, words = messages.outcome_of(plan.question.kind, error)
        # A GET through the client was repeated there already; what is waited for longer is waited for durably here.
        patient = isinstance(error, RateLimited) or plan.question.kind is SourceKind.LOYALTY_DATA
        decision = retry_reads(error, row.tries)
        if state is SourceState.FAILED and patient and decision.retry:
            again = utc_now() + dt.timedelta(seconds=decision.after_seconds)
            move(session, row, SourceState.PLANNED, **{**words, "retry_at": again})
            return
        if state is SourceState.EMPTY:
            words = {**words, "row_count": 0}
        move(session, row, state, **{"settled_at": utc_now(), **words})

    def _not_stored(self, session: Session, plan: ToAsk, error: StorageTrouble) -> None:
        row = self._still_asking(session, plan)
        forget_key(session, plan.source_id, plan.place.blob_name)
        if row is None:
            return
        words = messages.problem(error.code, (error.message, error.next_step))
        if row.tries < MAX_TRIES:
            again = utc_now() + dt.timedelta(seconds=STORE_AGAIN_SECONDS)
            move(session, row, SourceState.PLANNED, retry_at=again, **words)
        else:
            move(session, row, SourceState.FAILED, settled_at=utc_now(), **words)

    def _still_asking(self, session: Session, plan: ToAsk) -> CaseSource | None:
        """The source; None when another run of this workflow has moved it on."""
        lock_merchant(session, plan.place.merchant_id)
        row = session.get_one(CaseSource, plan.source_id, populate_existing=True)
        asking = row.state == SourceState.ASKING and row.attempt == plan.attempt
        return row if asking and len(pages_of(session, row.id)) + 1 == plan.question.page else None

    def _take(self, session: Session, plan: ToAsk, taken: Taken) -> bool:
        """Add the page and what follows from it. False when the source has moved on: the file is not used then."""
        row = self._still_asking(session, plan)
        if row is None:
            if any(page.blob_name == plan.place.blob_name for page in pages_of(session, plan.source_id)):
                return True  # an earlier try of this transaction was committed after all
            forget_key(session, plan.source_id, plan.place.blob_name)
            return False
        said = taken.said if isinstance(taken.said, Answer) else Answer(0, 0)
        earlier = pages_of(session, row.id)
        session.add(
            SourcePage(
                source_id=row.id, number=plan.question.page, merchant_id=row.merchant_id,
                blob_name=plan.place.blob_name, size_bytes=taken.size_bytes, sha256=taken.sha256,
                item_count=said.items, row_count=said.theirs, doubtful_count=said.doubtful,
            )
        )  # fmt: skip
        session.flush()
        self._follow(session, row, said)
        pages = pages_of(session, row.id)
        if isinstance(taken.said, UnreadableAnswer):
            state, words = messages.outcome_of(plan.question.kind, taken.said)
        else:
            state, words = _standing(earlier, taken.sha256, said)
        self._settle(session, row, state, pages, {"status": taken.asked.status, **words}, taken.asked.request_id)
        return True

    def _follow(self, session: Session, row: CaseSource, said: Answer) -> None:
        """Add the sources that an answer leads to."""
        case, by, asked_in = (row.merchant_id, row.case_id), row.asked_by, row.asked_in
        if said.programs:
            identifiers = identifiers_of(session, self._seal, row.case_id)
            programs = [FoundProgram(one.id, one.name) for one in said.programs]
            self._rows.add(session, case, in_programs(programs, identifiers), by=by, asked_in=asked_in)
        if said.found_ids:
            self._rows.add(session, case, self._rows.for_found(session, row, said.found_ids), by=by, asked_in=asked_in)

    def _settle(
        self,
        session: Session,
        row: CaseSource,
        state: SourceState,
        pages: Sequence[SourcePage],
        words: dict[str, Any],
        request_id: str,
    ) -> None:
        """Write what the pages come to, and move the source unless a page follows."""
        now = utc_now()
        sums = {
            "size_bytes": sum(page.size_bytes for page in pages),
            "row_count": sum(page.row_count for page in pages),
            "doubtful_count": sum(page.doubtful_count for page in pages),
            "sha256": _sha256_of(pages),
            "destroy_after": now + dt.timedelta(days=self._retention(session, row)),
        }
        if state is SourceState.ASKING:
            for name, value in sums.items():
                setattr(row.file, name, value)
            row.vendor_request_id, row.updated_at = request_id[:128], now
            return
        session.flush()
        move(session, row, state, **{**sums, "vendor_request_id": request_id[:128], "settled_at": now, **words})

    def _retention(self, session: Session, row: CaseSource) -> int:
        merchant = session.get(Merchant, row.merchant_id)
        return (merchant.retention_days if merchant else None) or self._retention_days


def _next_of(rows: Sequence[CaseSource]) -> tuple[list[CaseSource], float | None]:
    """The sources to go on with: those that were begun first. Without any: the seconds to wait, None when all ended."""
    running = [row for row in rows if SourceState(row.state) in RUNNING]
    if not running:
        return [], None
    now = utc_now()
    free = [row for row in running if row.retry_at is None or row.retry_at <= now]
    if not free:
        return [], max(0.0, min((row.retry_at - now).total_seconds() for row in running if row.retry_at))
    return sorted(free, key=lambda row: (row.state != SourceState.ASKING, row.number))[:TOGETHER], None


def _standing(earlier: Sequence[SourcePage], sha256: str, said: Answer) -> tuple[SourceState, dict[str, Any]]:
    """Where a page that was read leaves its source: `asking` when another follows."""
    items = sum(page.item_count for page in earlier) + said.items
    theirs = sum(page.row_count for page in earlier) + said.theirs
    if said.items and any(page.sha256 == sha256 for page in earlier):
        return SourceState.FAILED, messages.problem("page_repeated", messages.REPEATED)
    if not said.last:
        if len(earlier) + 1 >= MAX_PAGES:
            return SourceState.FAILED, messages.problem("too_many_pages", messages.TOO_MANY)
        return SourceState.ASKING, {}
    if said.total is not None and items < said.total:
        return SourceState.FAILED, messages.problem("incomplete", messages.INCOMPLETE)
    return (SourceState.FETCHED if theirs else SourceState.EMPTY), {}


def _sha256_of(pages: Sequence[SourcePage]) -> str:
    """Of one page its own; of several that of their hashes, one a line."""
    if len(pages) == 1:
        return pages[0].sha256
    return hashlib.sha256("".join(f"{page.sha256}\n" for page in pages).encode()).hexdigest()
