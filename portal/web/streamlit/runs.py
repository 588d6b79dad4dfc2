"""How Streamlit's runs of a page begin: queued, each fragment after the run before it, none of a page that was left,
for a click in a fragment that is gone the whole page, and for a field that speaks late the page that was opened.

Each function wraps a private method of Streamlit and is idempotent. All are comfort patches: one whose method is
missing is logged and skipped (`private_parts.apply_comfort`).
"""

from __future__ import annotations

import functools
import time
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from portal.web.streamlit.private_parts import private_part
from portal.web.streamlit.run_queue import RunQueue, run_queue

POLL_SECONDS = 0.001
"""How soon to look again whether the messages of an ended run have been handled."""
LATE_SECONDS = 1.0
"""How long after a click on another page's link a field of the page before may still speak."""
SCRIPT_RUNNER = ("streamlit.runtime.scriptrunner.script_runner", "ScriptRunner", "_run_script")
RUN_REQUESTS = ("streamlit.runtime.scriptrunner_utils.script_requests", "ScriptRequests", "_request_rerun_locked")
REQUEST_TYPE = ("streamlit.runtime.scriptrunner_utils.script_requests", "ScriptRequestType", "STOP")
SESSION = ("streamlit.runtime.app_session", "AppSession", "_create_scriptrunner")
SESSION_REQUEST = ("streamlit.runtime.app_session", "AppSession", "request_rerun")
SESSION_STATE = ("streamlit.runtime.app_session", "AppSessionState", "SHUTDOWN_REQUESTED")


def queue_runs(queue: RunQueue = run_queue) -> None:
    """Let page and fragment runs of this process wait in `run_queue`.

    Upstream (Streamlit 1.67): each session runs in a thread of its own, without a limit. A run that was stopped while
    it waited does not begin: Streamlit keeps one note a session of which page is asked for, so the run that took its
    place would draw the page that was left (measured: about 1 of 10,000 reruns of 200 people). Contract test:
    `tests/web/streamlit/test_run_queue.py`.
    """
    script_runner = private_part(*SCRIPT_RUNNER)
    request_type = private_part(*REQUEST_TYPE)
    run = script_runner._run_script
    if getattr(run, "queued", False):
        return

    @functools.wraps(run)
    def run_in_slot(runner: Any, rerun_data: Any) -> None:
        with queue.slot():
            if runner._requests._state is not request_type.STOP:
                run(runner, rerun_data)

    run_in_slot.queued = True  # type: ignore[attr-defined]
    script_runner._run_script = run_in_slot


def drop_fragments_of_left_pages() -> None:
    """Run no fragment of a page that has been left.

    Upstream (Streamlit 1.67): a fragment's timer or click may arrive when another page has begun that the browser does
    not know of yet. Streamlit then announces the old page again, and a browser that gets another page than its own
    clears the screen for good (measured in Chromium with a timer of 0.1 s: 11 of 20 pages opened from a fragment stayed
    empty). Arriving a moment earlier, such a request replaces the one for the new page.
    Contract test: `tests/web/streamlit/test_runs_leave_pages_behind.py`.
    """
    script_runner = private_part(*SCRIPT_RUNNER)
    run_requests = private_part(*RUN_REQUESTS)
    request_type = private_part(*REQUEST_TYPE)
    run, request = script_runner._run_script, run_requests._request_rerun_locked
    if getattr(run, "drops_fragments_of_left_pages", False):
        return

    @functools.wraps(run)
    def run_on_current_page(runner: Any, rerun_data: Any) -> None:
        current = runner._pages_manager.current_page_script_hash
        if not rerun_data.fragment_id_queue or rerun_data.page_script_hash in ("", current):
            run(runner, rerun_data)

    @functools.wraps(request)
    def request_unless_left(requests: Any, new: Any) -> bool:
        queued = requests._rerun_data
        page_queued = requests._state is request_type.RERUN and not queued.fragment_id_queue
        if page_queued and new.fragment_id and new.page_script_hash not in ("", queued.page_script_hash):
            return True  # accepted and dropped
        return bool(request(requests, new))

    run_on_current_page.drops_fragments_of_left_pages = True  # type: ignore[attr-defined]
    script_runner._run_script = run_on_current_page
    run_requests._request_rerun_locked = request_unless_left


def run_page_for_gone_fragments() -> None:
    """Run the whole page for a click in a fragment that the page no longer has.

    Upstream (Streamlit 1.67): a fragment's last tick may redraw the page without it, and a click on what the browser
    still shows of it is dropped. The new page has a button of the same key, and the click is among the widgets' states,
    so a run of the whole page acts on it. A timer of such a fragment is dropped as before. Contract test:
    `tests/web/streamlit/test_clicks_in_gone_fragments.py`.
    """
    script_runner = private_part(*SCRIPT_RUNNER)
    app_session = private_part(*SESSION_REQUEST)
    run, request = script_runner._run_script, app_session.request_rerun
    if getattr(run, "runs_page_for_gone_fragments", False):
        return

    @functools.wraps(request)
    def request_page_instead(session: Any, state: Any) -> None:
        if state and state.fragment_id and not state.is_auto_rerun and not session.has_fragment(state.fragment_id):
            if state.page_script_hash not in ("", session._pages_manager.current_page_script_hash):
                return
            of_page = type(state)()
            of_page.CopyFrom(state)
            of_page.fragment_id = ""
            state = of_page
        request(session, state)

    @functools.wraps(run)
    def run_page_instead(runner: Any, rerun_data: Any) -> None:
        wanted = rerun_data.fragment_id_queue
        if wanted and _clicked(rerun_data) and not all(map(runner._fragment_storage.contains, wanted)):
            rerun_data = replace(rerun_data, fragment_id_queue=[], is_fragment_scoped_rerun=False, is_auto_rerun=False)
        run(runner, rerun_data)

    run_page_instead.runs_page_for_gone_fragments = True  # type: ignore[attr-defined]
    script_runner._run_script = run_page_instead
    app_session.request_rerun = request_page_instead


def _clicked(rerun_data: Any) -> bool:
    """A click that waits with a timer's request is marked as the timer's: the button's state tells."""
    states = rerun_data.widget_states.widgets if rerun_data.widget_states else ()
    return not rerun_data.is_auto_rerun or any(state.trigger_value for state in states)


def stay_on_opened_page() -> None:
    """Run the page that was just opened for what a field of the page before says late.

    Upstream (Streamlit 1.67): a text field hands its text over a moment after it lost the focus. When a click on
    another page's link took the focus, the request for that page comes first, and the field's, which names the page
    being left, undoes it: the click is lost (measured in Chromium: each time). A click back to the page that was left
    sends no more fields than the click before did, so it is obeyed. Contract test:
    `tests/web/streamlit/test_late_fields.py`.
    """
    app_session = private_part(*SESSION_REQUEST)
    request = app_session.request_rerun
    if getattr(request, "stays_on_opened_page", False):
        return
    opened: WeakKeyDictionary[Any, tuple[str, str, frozenset[str], float]] = WeakKeyDictionary()

    @functools.wraps(request)
    def request_of_opened_page(session: Any, state: Any) -> None:
        if state and state.page_script_hash and not state.fragment_id:
            sent, now = frozenset(one.id for one in state.widget_states.widgets), time.monotonic()
            left, page, known, until = opened.get(session, ("", "", frozenset(), 0.0))
            if state.page_script_hash == left and sent - known and now < until:
                of_page = type(state)()
                of_page.CopyFrom(state)
                of_page.page_script_hash = page
                state = of_page
            elif (current := session._pages_manager.current_page_script_hash) != state.page_script_hash:
                opened[session] = (current, state.page_script_hash, sent, now + LATE_SECONDS)
        request(session, state)

    request_of_opened_page.stays_on_opened_page = True  # type: ignore[attr-defined]
    app_session.request_rerun = request_of_opened_page


def deliver_messages_before_next_run() -> None:
    """Start a fragment's run only when the session has handled all messages of the run before it.

    Upstream (Streamlit 1.67): a run's messages reach its session through the event loop, and its thread ends before
    they are handled. A fragment's request in between gets a new thread, and the session then drops the old one's
    messages: half a page, its end included, or the result of a click (measured: about 1 of 10,000 reruns of 200
    people). A run of the whole page still replaces what runs or waits. Contract test:
    `tests/web/streamlit/test_runs_heard_out.py`.
    """
    app_session = private_part(*SESSION)
    session_state = private_part(*SESSION_STATE)
    create = app_session._create_scriptrunner
    if getattr(create, "delivers_messages_first", False):
        return
    waiting: WeakKeyDictionary[Any, tuple[Any, list[Any]]] = WeakKeyDictionary()

    def start_waiting_runs(session: Any) -> None:
        ended, requested = waiting.get(session, (None, []))
        if ended is not None and session._scriptrunner is ended:
            session._event_loop.call_later(POLL_SECONDS, start_waiting_runs, session)
            return
        waiting.pop(session, None)
        if session._state is session_state.SHUTDOWN_REQUESTED:
            return
        for rerun_data in requested:
            if session._scriptrunner is None or not session._scriptrunner.request_rerun(rerun_data):
                create_in_order(session, rerun_data)

    @functools.wraps(create)
    def create_in_order(session: Any, rerun_data: Any) -> None:
        ended = session._scriptrunner
        if ended is None:
            waiting.pop(session, None)  # a run of the whole page draws the waiting fragments too
            create(session, rerun_data)
        elif session in waiting:
            waiting[session][1].append(rerun_data)
        else:
            waiting[session] = (ended, [rerun_data])
            session._event_loop.call_later(POLL_SECONDS, start_waiting_runs, session)

    create_in_order.delivers_messages_first = True  # type: ignore[attr-defined]
    app_session._create_scriptrunner = create_in_order
