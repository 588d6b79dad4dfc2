"""The portal's widgets and nothing of the portal: navigation, sidebar, Past exports and Preview, drawn from constants.

Served by `streamlit run` with stock settings. `bench/load.py` checks that every page here draws the very elements
that the portal's page draws, so that the ratio says what the portal adds and not what it left out.
"""

import pandas as pd
import streamlit as st

ROWS, COLUMNS = 50, 12
STATES = ["Ready", "Failed", "Expired", "Rejected", "Purged"]
PAST = [
    {
        "Requested": f"{1 + n % 28:02} Nov 2026, 10:{n % 60:02}", "Customer": f"c…{n}@e….com", "Scope": "Everything",
        "Format": "CSV" if n % 3 else "JSON", "Status": f"● {STATES[n % 5]}", "Expires": f"{n} h · 24 Nov, 10:00",
        "Answer": f"Due {1 + n % 28} Dec", "Size": f"{n * 13} KB", "By": "Maya Brook", "Reference": f"T-{n:05}",
    }
    for n in range(ROWS)
]  # fmt: skip
FILE = [{f"column{c}": f"value {r} of column {c}, some text" for c in range(COLUMNS)} for r in range(ROWS)]
AMBER = "background-color: rgba(217, 140, 0, 0.22)"
draw_link = st.components.v2.component("bench.link", html="<a></a>", js="export default () => {}")


def link(words: str, key: str) -> None:
    """As the portal's links that save a file."""
    draw_link(key=key, data={"words": words, "address": "/a"}, width="content")


@st.fragment(run_every=3)
def watch() -> None:
    """As the portal watches its session."""


def frame_of(rows: list[dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, dtype=object)


def past_exports() -> None:
    st.title("Past exports")
    st.caption("Every export your merchant asked for, when it expires and where it stands.")
    search, order = st.columns([3, 1], vertical_alignment="bottom")
    search.text_input("Search", key="text", icon=":material/search:", placeholder="Whole email or customer ID")
    order.selectbox("Order", ["Newest first", "Expiring soonest"], key="sort")
    with st.expander("More filters", icon=":material/filter_list:"):
        one, two, three = st.columns(3)
        one.multiselect("Status", STATES, key="states", placeholder="Any status")
        two.selectbox("Format", ["", "JSON", "CSV"], key="format")
        three.selectbox("Program", ["", "One", "Two"], key="program")
        one, two, three = st.columns(3)
        one.date_input("From", value=None, key="since", format="YYYY-MM-DD")
        two.date_input("To", value=None, key="until", format="YYYY-MM-DD")
        three.selectbox("Answer", ["", "Open", "Overdue"], key="answered")
        three.toggle("Only mine", key="mine")
    with st.container(horizontal=True, horizontal_alignment="right"):
        link("Download list", "list")
        link("As workbook", "workbook")
        link("Calendar of expiries", "calendar")
    past_rows()


@st.fragment(run_every=12)
def past_rows() -> None:
    frame = frame_of(PAST)
    styled = frame.style.apply(lambda _column: [AMBER] * len(frame), subset=["Expires"])
    picked = st.dataframe(
        styled, key="past", hide_index=True, height=740, on_select="rerun", selection_mode="multi-row",
        column_config={
            name: st.column_config.ButtonColumn(name, type="tertiary", alignment="left", key=f"past_{name}")
            for name in frame.columns
        },
        alt="Exports.",
    )  # fmt: skip
    if picked.selection.rows:
        st.switch_page(preview_page)
    st.caption("50 exports on this page. Click a row to open it; tick boxes to act on several.")
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        st.button("Previous", icon=":material/chevron_left:", disabled=True)
        st.caption("Page 1")
        st.button("Next", icon=":material/chevron_right:", icon_position="right")
    with st.container(), st.container(), st.popover("Why this day?"):
        pass


def facts() -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="facts"):
        st.text("p…w@e….com")
        st.button("Show", key="reveal", icon=":material/visibility:", type="tertiary", help="Shown and audited.")
        st.text("Everything · CSV")
        st.badge("Ready", icon=":material/check_circle:", color="green")
        st.space("stretch")
        st.text("Answer due 30 Dec · 30 days left")
        st.popover("Why this day?", icon=":material/info:", type="tertiary")


def findings_and_actions() -> None:
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        st.markdown(":green[:material/check_circle:] Nobody else is in this file.")
    with right:
        st.expander("4 checks hold", icon=":material/check_circle:", key="checks", on_change="rerun")
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        link("Download to send", "to_send")
        with st.popover("Other copies", icon=":material/file_copy:", key="other_copies"):
            st.button("Why are the card numbers needed?", key="original")
            link("Download spreadsheet", "spreadsheet")
        st.menu_button("More", ["Ask again", "Destroy file"], icon=":material/more_horiz:", key="more")
        st.space("stretch")
        st.text("12.00 on 1 card is at risk here.")
    with st.container(horizontal=True, key="copy_check"):
        st.caption("Read again after it was made: 0 places left out.")


def preview() -> None:
    with st.container(gap=None):
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.title("Preview")
        with right.container(horizontal=True, horizontal_alignment="right"):
            st.page_link(preview_page, label="The case", icon=":material/folder_open:")
    facts()
    st.caption("The person is not recognised yet. Until then no package goes out.")
    findings_and_actions()
    with st.container(), st.container():
        left, right, _ = st.columns([3, 3, 3], vertical_alignment="bottom")
        left.text_input("Search all tables", key="search", icon=":material/search:")
        right.button("Show card numbers", key="clear")
    table, raw = st.tabs(["table (120)", "Raw"], key="tabs", on_change="rerun")
    if table.open:
        with table:
            slot = st.container()
            number = st.pagination(3, key="page")
            frame = frame_of(FILE)
            with slot:
                st.dataframe(
                    frame.style.apply(lambda _: pd.DataFrame("", index=frame.index, columns=frame.columns), axis=None),
                    column_config={name: st.column_config.TextColumn(str(name)) for name in frame.columns},
                    alt="Rows.",
                )
                st.caption(f"Rows {50 * number - 49} to {50 * number} of 120")
            st.expander("About the columns", icon=":material/view_column:", key="about", on_change="rerun")
    if raw.open:
        with raw:
            st.code("raw", language=None)
    st.expander("Look at the copies", icon=":material/preview:", key="copies", on_change="rerun")
    st.expander("Compare with an earlier export", icon=":material/compare:", key="compare", on_change="rerun")
    st.expander("How was this answered?", icon=":material/outgoing_mail:", key="answer", on_change="rerun")
    st.expander("Details", icon=":material/timeline:", key="details", on_change="rerun")


st.set_page_config(page_title="Same widgets", layout="wide")
preview_page = st.Page(preview, title="Preview", icon=":material/table_view:", url_path="preview")
page = st.navigation([
    st.Page(past_exports, title="Past exports", icon=":material/history:", url_path="past_exports", default=False),
    preview_page,
])  # fmt: skip
with st.sidebar:
    with st.container(border=True, key="who"):
        st.text("Maya Brook")
        st.caption("Manager · Brook and Bean Coffee")
        st.button("Sign out", icon=":material/logout:", width="stretch", key="sign_out")
    st.selectbox("Language", ["English", "Deutsch"], key="language")
    watch()
with st.container(horizontal=True, vertical_alignment="center", key="page_head"):
    st.badge("Practice merchant: everyone here is invented", icon=":material/science:", color="orange", width="stretch")
    st.space("stretch")
    st.button("New export", key="head_new_export", type="tertiary", icon=":material/add:", shortcut="Alt+N")
    st.page_link(page, label="Help", icon=":material/help:")
page.run()
