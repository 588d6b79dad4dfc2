"""What people may do with an export: ask again, stop, fetch again, release, open, reveal, destroy."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import inspect
import io
import operator
import threading
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import func, select

from portal.composition import Portal
from portal.errors import InputError, NotConfigured, NotFound, NotPermitted, StateConflict, StepUpNeeded, TryLater
from portal.exports import AskedAlready, HistoryFilter, State, parse_request
from portal.exports.core.download import FileKind
from portal.exports.core.ledger import set_columns
from portal.exports.files.card_codes import CardReason
from portal.exports.form.submissions import MAX_SUBMITS_A_MINUTE
from portal.loyaltydog.retry import RetryDecision
from portal.people.finding import Clue, ClueKind
from portal.practice.settings import MERCHANT_ONE_TOKEN
from portal.preview import Place
from portal.review.kinds import Choice
from portal.storage.tables import AuditEntry, Export, FileKey, Merchant, utc_now

pytestmark = pytest.mark.keeps("LAW-17", "LAW-23", "SEC-14", "SEC-41", "SEC-45")

ADA = parse_request(email="ada@example.com")


@pytest.fixture(scope="module")
def portal(desk: Any) -> Portal:
    service: Portal = desk.portal
    return service


@pytest.fixture(scope="module")
def ready(desk: Any) -> Any:
    return desk.run()


@pytest.fixture(scope="module")
def mixed(desk: Any) -> Any:
    """An export whose file holds somebody else too."""
    return desk.run("two.people@example.com")


def on_the_web(user: Any, *, fresh: bool = True) -> Any:
    return dataclasses.replace(user, origin="198.51.100.7", proof_at=utc_now() if fresh else None)


def entries(desk: Any, export_id: str, action: str) -> list[AuditEntry]:
    with desk.portal.db.read() as session:
        return list(
            session.scalars(
                select(AuditEntry)
                .where(AuditEntry.object_id == export_id, AuditEntry.action == action)
                .order_by(AuditEntry.seq)
            )
        )


def change(desk: Any, export_id: str, **values: Any) -> None:
    with desk.portal.db.write() as session:
        set_columns(session.get_one(Export, export_id), values)


def traces(desk: Any, export_id: str) -> tuple[int, list[Any]]:
    """Key rows and blobs of an export."""
    with desk.portal.db.read() as session:
        keys = session.scalar(select(func.count()).select_from(FileKey).where(FileKey.export_id == export_id)) or 0
    return keys, [name for name in desk.portal.blobs.names() if export_id in name]


# Asking --------------------------------------------------------------------------------------------


def test_the_same_ask_within_a_minute_points_to_the_first(desk: Any, portal: Portal) -> None:
    sam = desk.user("sam", "two")
    request = parse_request(email="grace@example.com", reference="once")
    first = portal.submissions.submit(sam, request)
    with pytest.raises(AskedAlready) as caught:
        portal.submissions.submit(desk.user("maya", "two"), parse_request(email="GRACE@example.com"))
    assert caught.value.export_id == first
    for other in (
        {"email": "grace@example.com", "format": "csv"},
        {"email": "grace@example.com", "program_id": "5eed00000000000000000001"},
        {"customer_id": "grace@example.com"},
    ):
        assert portal.submissions.submit(sam, parse_request(**other)) != first
    assert portal.submissions.submit(sam, request, force=True) != first
    change(desk, first, requested_at=utc_now() - dt.timedelta(seconds=61))


def test_asking_for_the_same_is_free_again_after_a_minute(desk: Any, portal: Portal) -> None:
    request = parse_request(customer_id="nobody-at-all-1")
    first = portal.submissions.submit(desk.user("sam"), request)
    change(desk, first, requested_at=utc_now() - dt.timedelta(seconds=61))
    assert portal.submissions.submit(desk.user("sam"), request) != first


def test_fifty_submits_at_once_make_one_export_and_one_post(desk: Any, portal: Portal, shop: Any) -> None:
    request = parse_request(email="queued@example.com", reference="fifty")
    made: list[str] = []
    told: list[str] = []
    together = threading.Barrier(50)

    def submit() -> None:
        together.wait()
        try:
            made.append(portal.submissions.submit(desk.user("sam"), request))
        except AskedAlready as already:
            told.append(already.export_id)

    threads = [threading.Thread(target=submit) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(told), set(told)) == (1, 49, set(made))
    desk.settled(made[0])
    assert shop.of("queued")["export_posts_valid"] == 1
    with desk.portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Export).where(Export.reference == "fifty")) == 1


def test_a_person_on_the_web_is_slowed_down_and_a_script_is_not(new_desk: Any) -> None:
    # Not the shared desk: nothing need run, only be written down.
    with new_desk(workers=False) as quiet:
        sam = on_the_web(quiet.user("sam"))
        for number in range(MAX_SUBMITS_A_MINUTE):
            quiet.portal.submissions.submit(sam, parse_request(customer_id=f"c{number}"))
        with pytest.raises(TryLater):
            quiet.portal.submissions.submit(sam, parse_request(customer_id="one too many"))
        quiet.portal.submissions.submit(on_the_web(quiet.user("maya")), parse_request(customer_id="a colleague"))
        quiet.ask("ada@example.com", by=quiet.user("sam"))


def test_asking_again_repeats_every_filter_and_is_linked(desk: Any, portal: Portal) -> None:
    first = desk.run(
        "many.cards@example.com",
        format="csv",
        program_id="5eed00000000000000000001",
        program_name="Gifts",
        reference="DSR-7",
        received_on=dt.date(2026, 1, 2),
    )
    second = desk.settled(portal.submissions.reorder(desk.user("sam"), first.id))
    assert second.id != first.id and second.repeat_of == first.id
    assert portal.submissions.request_of(desk.user(), second.id) == portal.submissions.request_of(desk.user(), first.id)
    assert portal.history.reveal(desk.user(), second.id) == "many.cards@example.com"
    (entry,) = entries(desk, second.id, "export:submit")
    assert entry.facts["repeat_of"] == first.id


def test_a_repeat_of_another_merchants_export_is_not_found(desk: Any, portal: Portal, ready: Any) -> None:
    with pytest.raises(NotFound):
        portal.submissions.submit(desk.user("maya", "two"), ADA, force=True, repeat_of=ready.id)


def test_an_auditor_asks_for_nothing(desk: Any, portal: Portal, ready: Any) -> None:
    iris = desk.user("iris")
    acts: list[Callable[[], object]] = [
        lambda: portal.submissions.submit(iris, ADA),
        lambda: portal.submissions.reorder(iris, ready.id),
        lambda: portal.decisions.stop_waiting(iris, ready.id),
        lambda: portal.decisions.retry_fetch(iris, ready.id),
        lambda: portal.decisions.close_unknown(iris, ready.id),
        lambda: portal.lookups.programs(iris),
        lambda: portal.person_finder.look_up(iris, Clue(ClueKind.LAST_FOUR, "0000")),
    ]
    for act in acts:
        with pytest.raises(NotPermitted):
            act()


# Deciding ------------------------------------------------------------------------------------------


def test_stopping_a_wait_sends_nothing_more(
    desk: Any, portal: Portal, shop: Any, wait_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.exports.workflow.send_step.retry_export_post", lambda *_: RetryDecision(True, 2.0))
    export_id = desk.ask("busy@example.com")
    wait_for(lambda: portal.history.get(desk.user(), export_id).state is State.WAITING, "waiting")
    waiting = portal.history.get(desk.user(), export_id)
    assert waiting.retry_at is not None and waiting.problem_code == "rate_limited" and waiting.turn == "nobody"
    portal.decisions.stop_waiting(desk.user("sam"), export_id)
    stopped = portal.history.get(desk.user(), export_id)
    assert (stopped.state, stopped.problem_code, stopped.retry_at) == (State.FAILED, "stopped", None)
    wait_for(lambda: DBOS.get_workflow_status(export_id).status == "SUCCESS", "the walk's end")
    assert shop.posts() == 1
    with pytest.raises(StateConflict):
        portal.decisions.stop_waiting(desk.user("sam"), export_id)


def test_an_unknown_export_is_closed_by_a_person_only(desk: Any, portal: Portal) -> None:
    view = desk.run("bad.gateway@example.com")
    assert view.state is State.UNKNOWN
    portal.decisions.close_unknown(desk.user("sam"), view.id)
    closed = portal.history.get(desk.user(), view.id)
    assert (closed.state, closed.turn) == (State.FAILED, "nobody")
    assert entries(desk, view.id, "export:state")[-1].actor == desk.user("sam").account_id
    with pytest.raises(StateConflict):
        portal.decisions.close_unknown(desk.user("sam"), view.id)
    with pytest.raises(StateConflict):
        portal.decisions.retry_fetch(desk.user(), view.id)  # there never was a link


def test_a_file_whose_host_was_added_later_is_fetched_without_asking_again(
    desk: Any, portal: Portal, shop: Any
) -> None:
    def allow(hosts: list[str]) -> None:
        with desk.portal.db.write() as session:
            session.get_one(Merchant, desk.user().merchant_id).download_hosts = hosts

    allow([])
    view = desk.run("flat.csv@example.com", format="csv")
    assert (view.state, view.problem_code) == (State.FAILED, "host_not_allowed")
    allow([shop.downloads])
    portal.decisions.retry_fetch(desk.user("sam"), view.id)
    again = desk.settled(view.id)
    assert (again.state, again.problem) == (State.READY, "")
    assert shop.posts() == 1
    with pytest.raises(StateConflict):
        portal.decisions.retry_fetch(desk.user("sam"), view.id)


@pytest.mark.parametrize("seconds_left", [-1, 30, 59])
def test_a_fetch_is_not_tried_again_with_a_link_that_is_dead_or_dies_within_a_minute(
    desk: Any, portal: Portal, seconds_left: int
) -> None:
    view = desk.run("wrong.file@example.com")
    change(desk, view.id, link_expires_at=utc_now() + dt.timedelta(seconds=seconds_left))
    with pytest.raises(StateConflict):
        portal.decisions.retry_fetch(desk.user(), view.id)
    assert portal.history.get(desk.user(), view.id).state is State.FAILED


def test_a_fetch_that_fails_again_says_so_again(desk: Any, portal: Portal, shop: Any) -> None:
    view = desk.run("wrong.file@example.com")
    portal.decisions.retry_fetch(desk.user(), view.id)
    assert desk.settled(view.id).problem_code == "wrong_media_type"
    portal.decisions.retry_fetch(desk.user(), view.id)
    assert desk.settled(view.id).problem_code == "wrong_media_type"
    assert (shop.posts(), shop.of("wrong_file")["downloads"]) == (1, 3)


def test_a_file_with_two_people_waits_for_a_manager_with_a_reason(desk: Any, portal: Portal) -> None:
    view = desk.run("two.people@example.com")
    sam, maya = desk.user("sam"), desk.user("maya")
    assert view.state is State.ATTENTION and not view.can_open
    for act in (portal.files.open_preview, portal.files.open_file, portal.files.check_open):
        with pytest.raises(NotPermitted):
            act(sam, view.id)
    assert portal.files.open_preview(maya, view.id).tables  # a manager may look, to decide
    with pytest.raises(StateConflict):
        portal.files.open_file(maya, view.id)  # but it does not leave
    with pytest.raises(NotPermitted):
        portal.decisions.release(sam, view.id, "because I say so")
    for reason in ("", "  ok  ", "\n\n\n\n\n\n"):
        with pytest.raises(InputError):
            portal.decisions.release(maya, view.id, reason)
    portal.decisions.release(maya, view.id, "  The other record is the giver's own card. ")
    assert portal.history.get(sam, view.id).state is State.READY
    assert portal.files.open_preview(sam, view.id).tables
    (entry,) = entries(desk, view.id, "export:release")
    assert (entry.actor, entry.facts) == (maya.account_id, {"reason": "The other record is the giver's own card."})
    with pytest.raises(StateConflict):
        portal.decisions.release(maya, view.id, "once more, please")


# Opening -------------------------------------------------------------------------------------------


def test_an_auditor_sees_the_list_and_opens_nothing(desk: Any, portal: Portal, ready: Any) -> None:
    iris = desk.user("iris")
    assert portal.history.get(iris, ready.id).id == ready.id
    assert portal.history.timeline(iris, ready.id)
    acts: list[Callable[[], object]] = [
        lambda: portal.files.open_preview(iris, ready.id),
        lambda: portal.files.open_file(iris, ready.id),
        lambda: portal.files.open_file(iris, ready.id, FileKind.CSV),
        lambda: portal.files.check_open(iris, ready.id),
        lambda: portal.history.reveal(iris, ready.id),
        lambda: portal.card_access.ask(iris, ready.id, CardReason.DISPUTE),
        lambda: portal.files.asked_person(iris, ready.id),
        lambda: portal.retention.destroy(iris, ready.id),
        lambda: portal.decisions.release(iris, ready.id, "a good reason"),
    ]
    for act in acts:
        with pytest.raises(NotPermitted):
            act()


def test_each_look_and_each_copy_leaves_an_entry(desk: Any, portal: Portal) -> None:
    view = desk.run()
    sam = desk.user("sam")
    portal.files.open_preview(sam, view.id)
    portal.card_access.ask(sam, view.id, CardReason.DISPUTE)
    b"".join(portal.files.open_file(sam, view.id).chunks)
    desk.decide_as_proposed(view.id)
    b"".join(portal.files.open_file(sam, view.id, FileKind.CSV).chunks)
    assert portal.history.reveal(sam, view.id) == "ada@example.com"
    acts = [
        (row.action, row.who, row.facts)
        for row in portal.history.timeline(sam, view.id)
        if "state" not in row.action and not row.action.startswith("review:")
    ]
    assert [act for act, _, _ in acts] == [
        "export:submit",
        "export:view",
        "cards:ask",
        "export:reveal",
        "export:download",
        "export:download",
        "export:handed_out",
        "export:reveal",
    ]
    assert {who for act, who, _ in acts if act != "export:submit"} == {"Sam Counter"}
    assert acts[4][2] == {"kind": "original", "bytes": view.size_bytes, "sha256": view.sha256, "cards": "full"}
    assert "ada@" not in str(acts)


def test_an_old_proof_opens_nothing_until_it_is_renewed(desk: Any, portal: Portal, ready: Any) -> None:
    stale = on_the_web(desk.user(), fresh=False)
    too_old = dataclasses.replace(stale, proof_at=utc_now() - dt.timedelta(minutes=16))
    for user in (stale, too_old):
        acts: list[Callable[[], object]] = [
            lambda user=user: portal.files.open_preview(user, ready.id),
            lambda user=user: portal.files.open_file(user, ready.id),
            lambda user=user: portal.card_access.ask(user, ready.id, CardReason.DISPUTE),
            lambda user=user: portal.retention.destroy(user, ready.id),
        ]
        for act in acts:
            with pytest.raises(StepUpNeeded):
                act()
    assert portal.files.open_preview(on_the_web(desk.user()), ready.id).tables


def test_the_spreadsheet_copy_runs_no_formula(desk: Any, portal: Portal) -> None:
    view = desk.run("tricky.text@example.com")
    desk.decide_as_proposed(view.id)
    data = b"".join(portal.files.open_file(desk.user(), view.id, FileKind.CSV).chunks)
    cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in row]
    dangerous = [c for c in cells if c.lstrip()[:1] in tuple("=@\t") or (c[:1] in "+-" and not _number(c))]
    assert [c for c in dangerous if c] == []
    assert any(c.startswith("'=") for c in cells), "the practice file holds a formula to be disarmed"


def _number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def test_a_file_changed_where_it_lies_is_not_opened(desk: Any, portal: Portal) -> None:
    view = desk.run()
    _, (name,) = traces(desk, view.id)
    blobs = desk.portal.blobs
    data = bytearray(blobs.reader(name).read())
    data[len(data) // 2] ^= 1
    blobs.delete(name)
    changed = blobs.writer(name)
    changed.write(bytes(data))
    changed.close()
    blobs.settle(name)
    from portal.errors import SealBroken

    desk.may_see_cards(view.id)
    for act in (portal.files.open_preview, portal.files.open_file):
        with pytest.raises(SealBroken):
            act(desk.user(), view.id)


# Destroying ----------------------------------------------------------------------------------------


def test_a_manager_destroys_key_and_file_and_the_facts_stay(desk: Any, portal: Portal) -> None:
    view = desk.run()
    assert traces(desk, view.id)[0] == 1
    with pytest.raises(NotPermitted):
        portal.retention.destroy(desk.user("sam"), view.id)
    portal.retention.destroy(desk.user(), view.id)
    after = portal.history.get(desk.user(), view.id)
    assert (after.state, after.holds_file, after.can_open) == (State.PURGED, False, False)
    assert traces(desk, view.id) == (0, [])
    kept = ("sha256", "size_bytes", "row_count", "verdict", "customer", "requested_at", "vendor_export_id")
    assert [getattr(after, name) for name in kept] == [getattr(view, name) for name in kept]
    (entry,) = entries(desk, view.id, "export:destroy")
    assert (entry.actor, entry.facts) == (desk.user().account_id, {"reason": "by hand"})
    with desk.portal.db.read() as session:
        assert session.get_one(Export, view.id).response.sealed_download_url is None
    for act in (portal.files.open_preview, portal.files.open_file, portal.retention.destroy, portal.files.check_open):
        with pytest.raises(StateConflict):
            act(desk.user(), view.id)


def test_nothing_is_destroyed_where_nothing_is(desk: Any, portal: Portal) -> None:
    for email in ("refused@example.com", "expired@example.com", "wrong.file@example.com"):
        view = desk.run(email)
        with pytest.raises(StateConflict):
            portal.retention.destroy(desk.user(), view.id)
        assert portal.history.get(desk.user(), view.id).state is view.state
        assert entries(desk, view.id, "export:destroy") == []


def test_a_dead_link_leaves_our_copy_and_retention_takes_it(desk: Any, portal: Portal) -> None:
    view, mixed = desk.run(), desk.run("two.people@example.com")
    past = utc_now() - dt.timedelta(seconds=1)
    change(desk, view.id, link_expires_at=past)
    portal.retention.run_housekeeping()
    expired = portal.history.get(desk.user(), view.id)
    assert (expired.state, expired.can_open) == (State.EXPIRED, True)
    assert portal.files.open_preview(desk.user("sam"), view.id).tables
    for export_id in (view.id, mixed.id):
        change(desk, export_id, destroy_after=past)
    portal.retention.run_housekeeping()
    for export_id in (view.id, mixed.id):
        assert portal.history.get(desk.user(), export_id).state is State.PURGED
        assert traces(desk, export_id) == (0, [])
        (entry,) = entries(desk, export_id, "export:destroy")
        assert (entry.actor, entry.origin, entry.facts) == ("system", "worker", {"reason": "retention"})
    portal.retention.run_housekeeping()
    assert len(entries(desk, view.id, "export:destroy")) == 1


def test_retention_counts_from_collection_by_the_merchants_own_days(desk: Any, ready: Any) -> None:
    assert ready.destroy_after - ready.collected_at == dt.timedelta(days=7)
    theirs = desk.user("maya", "two")
    with desk.portal.db.write() as session:
        session.get_one(Merchant, theirs.merchant_id).retention_days = 2
    other = desk.run("grace@example.com", by=theirs)
    assert other.destroy_after - other.collected_at == dt.timedelta(days=2)


# Whose it is ---------------------------------------------------------------------------------------

FILLERS: dict[str, Any] = {
    "reason": "a reason long enough", "what": "cards", "earlier_id": "0" * 32, "channel": "post", "letter": "Hello.",
    "numbers": (1,), "kind": FileKind.CSV, "group_id": "staff", "choice": Choice.KEEP, "number": 1, "rows": (0,),
    "places": (Place("giftCards", 0, "senderName"),), "table": "giftCards", "column": "senderName",
}  # fmt: skip
TAKING_AN_ID = [
    f"{service}.{name}"
    for service, kind in typing.get_type_hints(Portal).items()
    for name, method in inspect.getmembers(kind, inspect.isfunction)
    if not name.startswith("_")
    and {"user", "export_id"} <= set(inspect.signature(method).parameters)
    # Not one that is called within another's transaction, nor one of a case (`test_role_and_merchant_matrix`).
    and not {"session", "case_id"} & set(inspect.signature(method).parameters)
]


def test_the_list_of_functions_that_take_an_id_is_not_empty() -> None:
    assert {"history.get", "files.open_file", "retention.destroy", "decisions.release"} <= set(TAKING_AN_ID)
    assert {"history.reveal", "history.timeline"} <= set(TAKING_AN_ID)


@pytest.mark.parametrize("name", TAKING_AN_ID)
@pytest.mark.parametrize("kind", ["ready", "mixed"])
def test_another_merchants_export_is_the_same_as_none(
    desk: Any, portal: Portal, request: pytest.FixtureRequest, name: str, kind: str
) -> None:
    view = request.getfixturevalue(kind)
    stranger = desk.user("maya", "two")
    method = operator.attrgetter(name)(portal)
    needed = [
        p.name
        for p in inspect.signature(method).parameters.values()
        if p.default is p.empty and p.name not in ("user", "export_id")
    ]
    rest = {parameter: FILLERS[parameter] for parameter in needed}
    before = len(portal.history.timeline(desk.user(), view.id))
    answers = []
    for export_id in (view.id, "0" * 32, "x", "x' OR 1=1 --"):
        with pytest.raises(NotFound) as caught:
            method(stranger, export_id, **rest)
        answers.append((type(caught.value), caught.value.message, caught.value.next_step, caught.value.detail))
    assert len(set(answers)) == 1
    assert len(portal.history.timeline(desk.user(), view.id)) == before
    assert portal.history.get(desk.user(), view.id).state is view.state


# What the form needs -------------------------------------------------------------------------------


def test_programs_come_by_name_and_only_ones_own(desk: Any, portal: Portal) -> None:
    ours, theirs = portal.lookups.programs(desk.user("sam")), portal.lookups.programs(desk.user("sam", "two"))
    assert ours and theirs and not {p.id for p in ours} & {p.id for p in theirs}
    assert [p.name for p in ours] == sorted((p.name for p in ours), key=str.casefold)


# Connection ----------------------------------------------------------------------------------------


@pytest.fixture
def own_connection(desk: Any) -> Iterator[Callable[..., None]]:
    """Change merchant two's connection; put back afterwards."""
    merchant_id = desk.user("maya", "two").merchant_id
    with desk.portal.db.read() as session:
        merchant = session.get_one(Merchant, merchant_id)
        before = {name: getattr(merchant, name) for name in ("api_url", "sealed_api_token")}

    def put(**values: Any) -> None:
        with desk.portal.db.write() as session:
            row = session.get_one(Merchant, merchant_id)
            for name, value in values.items():
                setattr(row, name, value)

    yield put
    put(**before)


@pytest.mark.parametrize(
    ("token", "api_url"),
    [(None, ""), (None, "http://127.0.0.1:1"), ("tök€n", None), ("two words", None), (MERCHANT_ONE_TOKEN, "ftp://x")],
)
def test_an_export_without_a_usable_connection_fails_in_words_and_sends_nothing(
    desk: Any, own_connection: Callable[..., None], shop: Any, token: str | None, api_url: str | None
) -> None:
    maya = desk.user("maya", "two")
    sealed = token and desk.portal.sealer.seal(
        token, merchant_id=maya.merchant_id, table="merchants", column="api_token", row=maya.merchant_id
    )
    own_connection(sealed_api_token=sealed, **({} if api_url is None else {"api_url": api_url}))
    view = desk.run("grace@example.com", by=maya)
    assert (view.state, view.turn) == (State.FAILED, "manager")
    assert view.problem.endswith(".") and view.next_step.endswith(".")
    assert token is None or token not in view.problem
    assert shop.posts() == 0


def test_programs_without_a_connection_say_what_is_missing(
    desk: Any, portal: Portal, own_connection: Callable[..., None]
) -> None:
    own_connection(sealed_api_token=None)
    with pytest.raises(NotConfigured):
        portal.lookups.programs(desk.user("maya", "two"))


# How much, how fast (SEC-45) -----------------------------------------------------------------------


def test_unusually_many_exports_of_one_person_are_marked_in_the_trail(
    desk: Any, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = desk.user("sam", "two")
    before = len(portal.history.find(user, HistoryFilter(mine=True), size=500).rows)
    monkeypatch.setattr("portal.exports.form.submissions.UNUSUAL_A_DAY", before + 2)
    for _ in range(3):
        desk.settled(desk.ask("grace@example.com", by=user), by=user)
    marked = entries(desk, user.account_id, "export:unusual_volume")
    assert [entry.facts for entry in marked] == [{"count": before + 2}]
