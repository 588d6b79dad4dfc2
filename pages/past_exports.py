"""Past exports: every export of the merchant, with its expiry; found, sorted, opened again."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from portal.errors import PortalError
from portal.exports import ExportPage, ExportView, HistoryFilter, State
from portal.exports.form.bulk import BulkReport
from portal.exports.history.filters import from_address, to_address
from portal.identity import Permission, allows
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.cases.why_days import draw_why_days
from portal.ui.common import navigation
from portal.ui.common.acting import open_dialog
from portal.ui.common.badges import BADGES
from portal.ui.common.danger import danger_button, list_names
from portal.ui.common.file_link import file_link
from portal.ui.common.problems import show_problem
from portal.ui.common.refresh_throttle import mark_of, skip_refresh_for
from portal.ui.common.times import reader_zone, when
from portal.ui.common.words import _, date_field, later, number, plain, plural, sentence
from portal.ui.history.evidence_link import draw_evidence_link
from portal.ui.history.export_table import days_of_exports, expiries_good_for, export_list

NEWEST, EXPIRING = later("Newest first"), later("Expiring soonest")
ANSWERS: dict[str, str] = {
    "": later("Answered or not"), "open": later("Not answered yet"), "due": later("Due within 7 days"),
    "overdue": later("Overdue"), "answered": later("Answered"),
}  # fmt: skip
TICK_SECONDS = 3
KEEP: Final = "session"
UNFILTERED: Final[dict[str, object]] = {
    "history_text": "", "history_states": [], "history_format": "", "history_program": "", "history_since": None,
    "history_until": None, "history_mine": False, "history_answer": "",
}  # fmt: skip

portal = get_portal()
user = current_user()
zone = reader_zone(user.time_zone)
STATES_BY_WORD: dict[str, frozenset[State]] = {}
for state, badge in BADGES.items():
    STATES_BY_WORD[badge.word] = STATES_BY_WORD.get(badge.word, frozenset()) | {state}


def take_from_address() -> None:
    """A saved address sets the fields, once. It holds codes, ids and dates, never the search text (SEC-43)."""
    asked = st.query_params.to_dict()
    if not asked or asked == st.session_state.get("_history_address"):
        return
    found = from_address(asked)
    st.session_state["_history_address"] = asked
    st.session_state["history_sort"] = EXPIRING if found.sort == "expires" else NEWEST
    st.session_state["history_states"] = [w for w, states in STATES_BY_WORD.items() if states & found.states]
    st.session_state["history_format"] = found.format.upper()
    names = portal.history.programs_used(user)
    st.session_state["history_program"] = found.program_id if found.program_id in names else ""
    st.session_state["history_since"], st.session_state["history_until"] = found.since, found.until
    st.session_state["history_mine"] = found.mine
    st.session_state["history_answer"] = found.answer


def put_into_address(wanted: HistoryFilter) -> dict[str, str]:
    """The address one may save says what is filtered, without the search text."""
    address = to_address(wanted)
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)
    st.session_state["_history_address"] = address
    return address


def filters() -> HistoryFilter:
    """The filter row; kept while one moves about."""
    search, order = st.columns([3, 1], vertical_alignment="bottom")
    text = search.text_input(
        _("Search"), key="history_text", max_chars=400, autocomplete="off", icon=":material/search:",
        placeholder=_("Whole email or customer ID, or the start of a reference"),
        persist_state=KEEP,
    )  # fmt: skip
    sort = order.selectbox(_("Order"), [NEWEST, EXPIRING], key="history_sort", persist_state=KEEP, format_func=_)
    with st.expander(_("More filters"), icon=":material/filter_list:"):
        one, two, three = st.columns(3)
        words = one.multiselect(
            _("Status"),
            list(STATES_BY_WORD),
            key="history_states",
            persist_state=KEEP,
            placeholder=_("Any status"),
            format_func=_,
        )
        kind = two.selectbox(_("Format"), ["", "JSON", "CSV"], format_func=lambda k: k or _("Any format"),
                             key="history_format", persist_state=KEEP)  # fmt: skip
        names = portal.history.programs_used(user)
        program = three.selectbox(_("Program"), ["", *names], format_func=lambda p: names.get(p, _("Any program")),
                                  key="history_program", persist_state=KEEP)  # fmt: skip
        one, two, three = st.columns(3)  # a second row, so that a phone stacks them in this order
        since = one.date_input(_("From"), value=None, key="history_since", format=date_field(), persist_state=KEEP)
        until = two.date_input(_("To"), value=None, key="history_until", format=date_field(), persist_state=KEEP)
        answer = three.selectbox(_("Answer"), list(ANSWERS), format_func=lambda a: _(ANSWERS[a]), key="history_answer",
                                 persist_state=KEEP)  # fmt: skip
        mine = three.toggle(_("Only mine"), key="history_mine", persist_state=KEEP)
    return HistoryFilter(
        text=text or "",
        states=frozenset().union(*(STATES_BY_WORD[w] for w in words)),
        format="json" if kind == "JSON" else "csv" if kind == "CSV" else "",
        program_id=program or "",
        since=since,
        until=until,
        mine=mine,
        sort="expires" if sort == EXPIRING else "requested",
        answer=answer,  # type: ignore[arg-type]  # one of ANSWERS
    )


def unfilter() -> None:
    """Every field of the filter as it is at first; the order stays."""
    for key, value in UNFILTERED.items():
        st.session_state[key] = value


def cursors(wanted: HistoryFilter) -> list[str | None]:
    """Cursors of the pages turned so far. Reset when the filter changes."""
    if st.session_state.get("_history_filter") != wanted:
        st.session_state["_history_filter"] = wanted
        st.session_state["_history_cursors"] = [None]
        if wanted.text.strip():
            portal.history.note_search(user, wanted.text)
    way: list[str | None] = st.session_state["_history_cursors"]
    return way


def turn(page: ExportPage, way: list[str | None]) -> None:
    """Earlier and later pages."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        if st.button(_("Previous"), icon=":material/chevron_left:", disabled=len(way) == 1):
            way.pop()
            st.rerun(scope="app")
        st.caption(_("Page {n}").format(n=number(len(way))))
        if st.button(_("Next"), icon=":material/chevron_right:", icon_position="right", disabled=page.after is None):
            way.append(page.after)
            st.rerun(scope="app")


def downloads(address: dict[str, str]) -> None:
    """The register as filtered (all but the search text), and the expiries."""
    asked = f"?{urlencode(address)}" if address else ""
    with st.container(horizontal=True, horizontal_alignment="right"):
        file_link(
            _("Download list"), f"/exports/list.csv{asked}", icon="download", key="list",
            help=_("The list as a CSV file, without personal data, filtered as here except for the search."),
        )  # fmt: skip
        file_link(_("As workbook"), f"/exports/list.xlsx{asked}", icon="table", key="workbook")
        file_link(
            _("Calendar of expiries"), "/exports/expiries.ics", icon="event", key="calendar",
            help=_("When links expire, for your calendar. Holds ids only."),
        )  # fmt: skip


st.title(_("Past exports"))
st.caption(_("Every export your merchant asked for, when it expires and where it stands."))
take_from_address()
wanted = filters()
downloads(put_into_address(wanted))
way = cursors(wanted)
if wanted != HistoryFilter(sort=wanted.sort):
    found = portal.history.count(user, wanted)
    st.caption(
        _("More than 1,000 match.") if found > 1000 else plural("{n} export matches.", "{n} exports match.", found)
    )
if wanted.by_due_day:
    st.caption(_("Listed by the day the answer is due, the soonest first."))


def tell(report: BulkReport, done: str) -> None:
    """What happened, kept for the next drawing of the page."""
    lines = [f"{sentence(words)} ({export_id[:8]})" for export_id, words in report.failed.items()]
    if report.together:
        once = plural(
            "For {n} of them nothing new was needed: the same was asked for with another one, or a moment ago.",
            "For {n} of them nothing new was needed: the same was asked for with another one, or a moment ago.",
            report.together,
        )
        lines.insert(0, once)
    st.session_state["_history_told"] = (done, lines)
    st.session_state["_history_round"] = st.session_state.get("_history_round", 0) + 1
    st.session_state["_history_kept"] = None
    st.rerun()


def confirm_destroy(chosen: list[str], named: list[str]) -> None:
    n = len(chosen)
    st.markdown(
        plural("**{n} file will be destroyed for good.**", "**{n} files will be destroyed for good.**", n)
        + " "
        + _("The facts stay in the list. To see the data again, LoyaltyDog must be asked again.")
    )
    list_names(named)
    if st.button(_("Destroy now"), type="primary", icon=":material/delete_forever:", key="danger_destroy_now"):
        try:
            report = portal.bulk.destroy_many(user, chosen)
        except PortalError as error:
            show_problem(error)
            return
        tell(report, plural("{n} file destroyed.", "{n} files destroyed.", report.done))


def confirm_refresh(chosen: list[str]) -> None:
    n = len(chosen)
    st.markdown(
        plural("**{n} export will be asked for again**", "**{n} exports will be asked for again**", n)
        + " "
        + _("with the same filters. The old ones stay until their time is over.")
    )
    if st.button(_("Ask now"), type="primary", icon=":material/refresh:"):
        report = portal.bulk.refresh_many(user, chosen)
        tell(report, plural("{n} export asked for again.", "{n} exports asked for again.", report.done))


def name_of(row: ExportView) -> str:
    return f"{row.customer} · {sentence(row.scope)} · {when(row.requested_at, zone)}"


def why_days(page: ExportPage) -> None:
    draw_why_days(portal, user, days_of_exports(page.rows, dt.datetime.now(zone).date()), key="exports")


def tell_what_was_done() -> None:
    """After an act on several: what happened to them, above the list."""
    told = st.session_state.pop("_history_told", None)
    if told is not None:
        st.success(plain(told[0]), icon=":material/task_alt:")
        for line in told[1]:
            st.warning(plain(line), icon=":material/warning:")


def ask_what_was_pressed() -> None:
    """The question of an act, outside the list: the list draws itself again and would take its question along."""
    asked = st.session_state.pop("_history_asked", None)
    if asked is not None:
        act, chosen, named = asked
        if act == "destroy":
            open_dialog(_("Destroy files"), confirm_destroy, chosen, named)
        else:
            open_dialog(_("Ask again"), confirm_refresh, chosen)


def ask(act: str, chosen: list[ExportView]) -> None:
    st.session_state["_history_asked"] = (act, [row.id for row in chosen], [name_of(row) for row in chosen])
    st.rerun(scope="app")


def act_on(chosen: list[ExportView]) -> None:
    """What may be done with the rows whose box is ticked."""
    st.caption(plural("{n} chosen", "{n} chosen", len(chosen)), width="content")
    open_one = len(chosen) == 1 and st.button(_("Open preview"), icon=":material/visibility:")
    again = allows(user.role, Permission.EXPORT_CREATE) and st.button(_("Ask again"), icon=":material/refresh:")
    destroy = allows(user.role, Permission.EXPORT_DESTROY) and danger_button(
        _("Destroy files"), key="destroy", icon=":material/delete:"
    )
    if len(chosen) == 1:
        draw_evidence_link(user, chosen[0].id)
    if open_one:
        navigation.go_to_export(chosen[0].id)
    if again or destroy:
        ask("destroy" if destroy else "refresh", chosen)


def nothing_listed() -> bool:
    """What an empty list says; no row of it is chosen."""
    if wanted == HistoryFilter(sort=wanted.sort):
        st.info(_("No exports yet. They appear here as soon as somebody asks for one."), icon=":material/inbox:")
        if st.button(_("New export"), type="primary", icon=":material/add:"):
            st.switch_page(navigation.NEW_EXPORT)
    else:
        st.info(
            _("Nothing matches. An email or ID must be whole, as it was asked for; a reference may be its start."),
            icon=":material/search_off:",
        )
        st.button(_("Clear filters"), icon=":material/filter_list_off:", on_click=unfilter)
    return False


def rows(page: ExportPage, key: str) -> bool:
    """Draw the list with what one may do above it. True when some rows are chosen."""
    bar = st.container(horizontal=True, vertical_alignment="center", key="list_bar")
    picked = export_list(page.rows, zone, key=key)
    if picked.opened is not None:
        navigation.go_to_export(picked.opened)
    with bar:
        if picked.chosen:
            act_on([row for row in page.rows if row.id in picked.chosen])
        else:
            st.caption(plural("{n} export on this page. Click its row to open it.",
                              "{n} exports on this page. Click a row to open it; tick boxes to act on several.",
                              len(page.rows)), width="content")  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        why_days(page)
    if len(way) > 1 or page.after is not None:
        turn(page, way)
    return bool(picked.chosen)


def page_to_show() -> ExportPage:
    """The page as it is now; as it was drawn while rows of it are chosen, which a list that moves would exchange."""
    kept = st.session_state.get("_history_kept")
    if kept is not None and kept[:2] == (wanted, way[-1]):
        page: ExportPage = kept[2]
        return page
    return portal.history.find(user, wanted, after=way[-1])


def key_of(page: ExportPage) -> str:
    """Another list is another table, so that no tick passes to the row that took a row's place."""
    ids = zlib.crc32("".join(row.id for row in page.rows).encode())
    return f"history_{ids}_{st.session_state.get('_history_round', 0)}"


@st.fragment(run_every=TICK_SECONDS)
def live() -> None:
    """The rows move by themselves: drawn again when an export of the merchant has changed, else for the countdowns."""
    mark = mark_of(user.merchant_id)
    try:
        page = page_to_show()
        skip_refresh_for(expiries_good_for(page.rows), user.merchant_id, mark)
        chosen = rows(page, key_of(page)) if page.rows else nothing_listed()
        st.session_state["_history_kept"] = (wanted, way[-1], page) if chosen else None
    except PortalError as error:
        show_problem(error)


tell_what_was_done()
ask_what_was_pressed()
live()
