"""Every misbehaviour through a whole portal: where the export ends, what the person reads, what arrives and leaks."""

import base64
import contextlib
import datetime as dt
import io
import logging
import re
import ssl
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import structlog
import time_machine

from portal.exports import ExportView, State
from portal.exports.workflow.results import Done, StepResult, Wait
from portal.exports.workflow.steps import ExportSteps
from portal.log import configure_logging
from portal.loyaltydog import LoyaltyDogError
from tests.hostile.house import House, open_house
from tests.hostile.plays import CARD_NUMBER, Play
from tests.hostile.whole_plays import SCENES, Scene

pytestmark = pytest.mark.keeps("SEC-9", "SEC-16", "SEC-30")

MEMORY_BOUND_KIB = 64 * 1024
SLOW_MACHINE_SECONDS = 10.0
"""Not a figure: most scenes take milliseconds, and one that hung would take for ever."""
MARKS = [b"canary", CARD_NUMBER.encode()]


@dataclass(frozen=True)
class End:
    """How a scene ended."""

    view: ExportView
    posts: int
    gets: int
    above_idle_kib: int
    waited: tuple[float, ...]
    longest_call: float
    """Seconds of the longest step that talks to the vendor."""


@dataclass
class Theatre:
    """A portal on disk and the vendor it talks to; each scene is played once."""

    house: House
    vendor: Any
    logs: io.StringIO
    raised: list[LoyaltyDogError]
    folder: Path
    longest_call: float = 0.0
    played: dict[str, End] = field(default_factory=dict)

    def end_of(self, name: str) -> End:
        if name not in self.played:
            self.played[name] = self._play(SCENES[name])
        return self.played[name]

    def set_the_stage(self, scene: Scene) -> None:
        self.vendor.play = played(scene.good_answer if scene.asked is None else scene.asked)
        self.vendor.file_play = played(scene.file)
        self.vendor.requests.clear()

    def _play(self, scene: Scene) -> End:
        self.set_the_stage(scene)
        steps = self.house.steps(**settings_for(scene))
        self.longest_call = 0.0
        export_id = self.house.ask(scene.format)
        with peak_above_idle() as peak:
            waited = self._run(steps, export_id, scene)
        view = self.house.view(export_id)
        return End(view, self.vendor.posts, self.vendor.count(b"GET "), peak(), tuple(waited), self.longest_call)

    def _timed(self, step: Callable[..., StepResult], *facts: Any) -> StepResult:
        began = time.perf_counter()
        outcome = step(*facts)
        self.longest_call = max(self.longest_call, time.perf_counter() - began)
        return outcome

    def _run(self, steps: ExportSteps, export_id: str, scene: Scene) -> list[float]:
        """The workflow's loop (`steps.run_steps`), with its waits noted instead of waited."""
        waited = []
        if isinstance(result := self._timed(steps.send, export_id), Wait):
            waited.append(result.seconds)
            view = self.house.view(export_id)
            assert (view.state, view.running) == (State.WAITING, True) and view.retry_at is not None
            assert isinstance(steps.send(export_id), Wait), "sent too early, it waits on"
            self.vendor.play = played(scene.good_answer)
            with time_machine.travel(view.retry_at + dt.timedelta(seconds=0.1)):
                result = steps.send(export_id)
        tried = 0
        while result == Done(State.ACCEPTED) or isinstance(result, Wait):
            tried += 1 if isinstance(result, Wait) and not result.paced else 0
            result = self._timed(steps.fetch, export_id, tried)
        if result == Done(State.COLLECTED):
            steps.inspect(export_id)
        return waited


def settings_for(scene: Scene) -> dict[str, Any]:
    patience: dict[str, dict[str, Any]] = {
        "deadline": {"answer_seconds": 0.4, "deadline_seconds": 0.4},
        "rate": {"min_rate_grace_seconds": 0.2},
    }
    return {"download_redirects": scene.redirects, **patience.get(scene.impatient, {})}


def deadline_of(scene: Scene) -> float:
    return 0.4 if scene.impatient == "deadline" else 20.0


def played(what: Play | bytes) -> Play:
    return (lambda line: line.sendall(what)) if isinstance(what, bytes) else what


@contextlib.contextmanager
def peak_above_idle() -> Iterator[Callable[[], int]]:
    """KiB of resident memory at its highest above the beginning, by the kernel's high-water mark."""
    if not Path("/proc/self/clear_refs").exists():
        yield lambda: 0
        return
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the high-water mark
    idle = memory("VmRSS")
    peak: list[int] = []
    yield lambda: peak[0]
    peak.append(memory("VmHWM") - idle)


def memory(row: str) -> int:
    found = re.search(rf"^{row}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return int(found[1]) if found else 0


@pytest.fixture(scope="module")
def stage(localhost_tls: ssl.SSLContext, hostile_vendor: Callable[..., Any]) -> Iterator[Any]:
    vendor = hostile_vendor(localhost_tls)
    yield vendor
    vendor.close()


@pytest.fixture(scope="module")
def theatre(stage: Any, trusting: ssl.SSLContext, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "temp").mkdir()
    logs, raised = io.StringIO(), []
    patch = pytest.MonkeyPatch()
    patch.setattr(tempfile, "tempdir", str(folder / "temp"))
    patch.setattr(sys, "stderr", logs)
    configure_logging("DEBUG")
    handler = logging.StreamHandler(logs)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)

    begin = LoyaltyDogError.__init__

    def begin_and_keep(error: LoyaltyDogError, *facts: Any, **more: Any) -> None:
        begin(error, *facts, **more)
        raised.append(error)

    patch.setattr(LoyaltyDogError, "__init__", begin_and_keep)
    try:
        with open_house(folder / "data", stage, trusting) as house:
            yield Theatre(house, stage, logs, raised, folder)
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(level)
        structlog.reset_defaults()
        patch.undo()


@pytest.mark.parametrize("name", SCENES)
def test_misbehaviour_ends_where_it_should_and_is_told_in_plain_words(theatre: Theatre, name: str) -> None:
    scene, end = SCENES[name], theatre.end_of(name)
    assert (end.view.state, end.view.problem_code) == (scene.state, scene.code or end.view.problem_code)
    assert (end.posts, end.gets) == (scene.posts, scene.gets)
    assert set(scene.notes) == set(end.view.notes)
    assert end.above_idle_kib <= MEMORY_BOUND_KIB
    assert end.longest_call <= deadline_of(scene) + SLOW_MACHINE_SECONDS
    if scene.state is State.READY:
        assert (end.view.problem, end.view.next_step, end.view.problem_code) == ("", "", "")
        return
    for words in (end.view.problem, end.view.next_step):
        assert words.endswith((".", "?")) and words[0].isupper() and len(words) >= 10
        assert not any(odd in words for odd in ("HTTP", "{", "<", "Error", "Exception", "@", "://", "None", "canary"))
    assert end.view.turn in {"you", "manager", "loyaltydog", "nobody"}


def test_wait_that_was_asked_for_is_kept(theatre: Theatre) -> None:
    assert theatre.end_of("asked: 429 in seconds").waited == (7.0,)
    assert theatre.end_of("asked: 429 as a date").waited == (7.0,)
    assert 0 < theatre.end_of("asked: 429 without a wait").waited[0] <= 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("answered: status nobody documented", "frobnicated"),
        ("answered: status a word of waiting", "queued"),
        ("answered: status a number", "7"),
        ("answered: status left out", ""),
        ("answered: status naming the customer", "for …"),
        ("answered: status naming a card", "card …"),
    ],
)
def test_word_of_status_is_shown_and_stops_nothing(theatre: Theatre, name: str, shown: str) -> None:
    view = theatre.end_of(name).view
    assert (view.state, view.vendor_status) == (State.READY, shown)
    assert view.vendor_status.isprintable()


def test_deadline_of_a_fetch_is_a_state_that_says_so(theatre: Theatre) -> None:
    for name, code in (("silence", "timed_out"), ("drip in the head", "timed_out"), ("drip in the body", "too_slow")):
        end = theatre.end_of(f"fetched: {name}")
        assert (end.view.state, end.view.problem_code, end.gets) == (State.FAILED, code, 3)


def test_nothing_is_kept_of_a_file_that_was_not_taken(theatre: Theatre) -> None:
    for name, scene in SCENES.items():
        end = theatre.end_of(name)
        blobs = [path for path in (theatre.folder / "data" / "files").rglob("*") if end.view.id in path.name]
        assert len(blobs) == (scene.state in (State.READY, State.ATTENTION)), name


def test_durable_engine_plays_the_same(theatre: Theatre, wait_for: Callable[..., None]) -> None:
    """A few scenes with everything in place, so that the engine's own tables are there to be searched."""
    house, portal = theatre.house, theatre.house.portal
    names = ("held: two people", "fetched: storage error", "asked: echo of the typed address", "linked: link to a file")
    portal.workers._vendor = house.vendor()
    portal.start_workers("web")
    for name in names:
        scene = SCENES[name]
        theatre.set_the_stage(scene)
        export_id = house.ask(scene.format)
        wait_for(lambda export_id=export_id: not house.view(export_id).running, name)
        view = house.view(export_id)
        assert (view.state, view.problem_code, theatre.vendor.posts) == (scene.state, scene.code, 1), name


def test_nothing_personal_or_secret_leaks_anywhere(theatre: Theatre) -> None:
    for name in SCENES:
        theatre.end_of(name)
    places = {str(path): path.read_bytes() for path in theatre.folder.rglob("*") if path.is_file()}
    assert {"portal.sqlite3", "workflows.sqlite3"} <= {Path(path).name for path in places}
    assert any("/files/" in path for path in places)
    errors = "".join(
        "".join((str(error), repr(error), repr(error.args), *traceback.format_exception(error)))
        for error in theatre.raised
    )
    assert len(theatre.raised) > 100
    logs = theatre.logs.getvalue()
    assert logs.count("export.") > 100 and "\x1b" not in logs
    places |= {"log": logs.encode(), "errors": errors.encode(), "metrics": prometheus_client.generate_latest()}
    found = [(place, mark) for place, content in places.items() for mark in disguises() if mark in content]
    assert [(place, mark) for place, mark in found if not by_chance(place, mark)] == []


def by_chance(place: str, mark: bytes) -> bool:
    """Four letters of base64 stand in a sealed file of many megabytes now and then: its bytes are as good as random."""
    return "/files/" in place and len(mark) <= 4


def disguises() -> list[bytes]:
    """The markers as they are, in UTF-16, and inside base64 at each of its three alignments."""
    found = []
    for mark in MARKS:
        found += [mark, mark.decode().encode("utf-16-le")]
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + mark + b"\0" * 3)
            found.append(encoded[4 : (shift + len(mark)) * 4 // 3 // 4 * 4])
    return found


def test_search_for_leaks_would_find_one() -> None:
    text = base64.b64encode(b"user kim.canary@example.com") + base64.b64encode(b"x" + CARD_NUMBER.encode() * 2)
    assert sum(mark in text for mark in disguises()) >= 2
