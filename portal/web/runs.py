"""How Streamlit's runs of a page begin here: in turns, none before the last one is told to its end, and no part of a
page that has been left.

Three semi-private parts of Streamlit 1.67 are wrapped, each with a contract test:

- `ScriptRunner._run_script` runs a page or a part of it, in a thread of its own: there the runs of one process take
  turns, and parts of another page than the one that is shown are left out.
- `AppSession._create_scriptrunner` begins such a thread: a part of a page waits there until the run before it is told.
- `ScriptRequests._request_rerun_locked` makes one of what is asked for meanwhile: a page that is asked for stays so.
"""

from __future__ import annotations

import functools
from typing import Any
from weakref import WeakKeyDictionary

from portal.web.turns import Turns

UNTOLD_SECONDS = 0.001
"""How soon to look again whether a run that has ended is told."""


def take_turns(turns: Turns) -> None:
    """Let page and fragment runs of this process take `turns`; a second call changes nothing.

    A run that was called off while it stood in line does not begin. Streamlit keeps one note a session of which page is
    asked for, so the run that took its place would draw the page that was left (measured: about 1 of 10,000 reruns of
    200 people).
    """
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
    from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

    run: Any = ScriptRunner._run_script
    if getattr(run, "takes_turns", False):
        return

    @functools.wraps(run)
    def run_in_turn(runner: ScriptRunner, rerun_data: Any) -> None:
        with turns.turn():
            if runner._requests._state is not ScriptRequestType.STOP:
                run(runner, rerun_data)

    run_in_turn.takes_turns = True  # type: ignore[attr-defined]
    ScriptRunner._run_script = run_in_turn  # type: ignore[method-assign, assignment]


def leave_pages_behind() -> None:
    """Draw no part of a page that has been left; a second call changes nothing.

    The timer or the click of a part may come when another page has begun, of which the browser has not heard yet.
    Streamlit then says that the old page begins anew, and a browser that hears of another page than its own clears the
    screen for good (measured in Chromium with stock Streamlit 1.67 and a timer of 0.1 s: 11 of 20 pages opened from a
    fragment stayed empty). Coming a moment earlier, such a request takes the place of the page that was asked for.
    """
    from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
    from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType

    run: Any = ScriptRunner._run_script
    if getattr(run, "leaves_pages_behind", False):
        return
    ask: Any = ScriptRequests._request_rerun_locked

    @functools.wraps(run)
    def run_if_there(runner: ScriptRunner, rerun_data: Any) -> None:
        here = runner._pages_manager.current_page_script_hash
        if not rerun_data.fragment_id_queue or rerun_data.page_script_hash in ("", here):
            run(runner, rerun_data)

    @functools.wraps(ask)
    def ask_for_the_page(requests: ScriptRequests, new: Any) -> bool:
        asked = requests._rerun_data
        page_waits = requests._state is ScriptRequestType.RERUN and not asked.fragment_id_queue
        if page_waits and new.fragment_id and new.page_script_hash not in ("", asked.page_script_hash):
            return True  # that page is left
        return bool(ask(requests, new))

    run_if_there.leaves_pages_behind = True  # type: ignore[attr-defined]
    ScriptRunner._run_script = run_if_there  # type: ignore[method-assign, assignment]
    ScriptRequests._request_rerun_locked = ask_for_the_page  # type: ignore[method-assign, assignment]


def hear_runs_out() -> None:
    """Let a part of a page begin only when the run before it is told to its end; a second call changes nothing.

    A run tells its session what it draws through the event loop, and its thread ends before all of that is heard. To a
    fragment's request that comes between the two Streamlit gives a new thread, and from then on drops what the old one
    told: half a page, its end included, or the answer to a click (measured: about 1 of 10,000 reruns of 200 people). A
    run of the whole page still takes the place of whatever goes on or waits.
    """
    from streamlit.runtime.app_session import AppSession, AppSessionState

    create: Any = AppSession._create_scriptrunner
    if getattr(create, "hears_out", False):
        return
    waiting: WeakKeyDictionary[AppSession, tuple[Any, list[Any]]] = WeakKeyDictionary()

    def look_again(session: AppSession) -> None:
        ended, asked = waiting.get(session, (None, []))
        if ended is not None and session._scriptrunner is ended:
            session._event_loop.call_later(UNTOLD_SECONDS, look_again, session)
            return
        waiting.pop(session, None)
        if session._state is AppSessionState.SHUTDOWN_REQUESTED:
            return
        for rerun_data in asked:
            if session._scriptrunner is None or not session._scriptrunner.request_rerun(rerun_data):
                create_in_order(session, rerun_data)

    @functools.wraps(create)
    def create_in_order(session: AppSession, rerun_data: Any) -> None:
        ended = session._scriptrunner
        if ended is None:
            waiting.pop(session, None)  # a run of the whole page draws the parts that wait, too
            create(session, rerun_data)
        elif session in waiting:
            waiting[session][1].append(rerun_data)
        else:
            waiting[session] = (ended, [rerun_data])
            session._event_loop.call_later(UNTOLD_SECONDS, look_again, session)

    create_in_order.hears_out = True  # type: ignore[attr-defined]
    AppSession._create_scriptrunner = create_in_order  # type: ignore[method-assign, assignment]
