"""What one seldom needs of an export: times, sizes, checksum, the vendor's request ID, its timeline."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from portal.composition import Portal
from portal.exports import ExportView
from portal.identity import User
from portal.ui.common.problems import request_id
from portal.ui.common.refresh_throttle import skip_refresh_for
from portal.ui.common.times import ago, expires_in, reader_zone, size, when, when_exact
from portal.ui.common.words import _, day, number
from portal.ui.history.evidence_link import draw_evidence_link
from portal.ui.preview.outcome import draw_timeline

DAY_SECONDS = 24 * 3600
MINUTE_SECONDS = 60.0


def draw_details(portal: Portal, user: User, view: ExportView, zone: dt.tzinfo) -> None:
    """Folded: the facts, the checksum, what happened to the export."""
    with st.expander(_("Details"), icon=":material/timeline:", key="details", on_change="rerun") as details:
        if not details.open:
            return
        _facts(view, zone)
        if view.holds_file:
            left, right = st.columns(2)
            with left:
                st.caption(_("SHA-256 of the original"))
                st.code(view.sha256, language=None, wrap_lines=True)
                st.caption(_("A fingerprint: the same for the same bytes, another one if a single character differs."))
            with right:
                if view.vendor_request_id:
                    request_id(view.vendor_request_id)
        draw_evidence_link(user, view.id)
        st.caption(_("Timeline"))
        draw_timeline(portal.history.timeline(user, view.id), zone)


def _facts(view: ExportView, zone: dt.tzinfo) -> None:
    with st.container(horizontal=True, gap="medium"):
        with st.container(width="content"):
            st.caption(_("Requested"))
            st.text(when(view.requested_at, zone), help=when_exact(view.requested_at, zone))
            _ago(view.requested_at)
            st.text(_("by {name}").format(name=view.requested_by))
        with st.container(width="content"):
            st.caption(_("LoyaltyDog's link"))
            _expiry(view.link_expires_at)
        with st.container(width="content"):
            st.caption(_("Size"))
            _size(view)


def _size(view: ExportView) -> None:
    if view.size_bytes is None:
        st.text("–")
        return
    st.text(size(view.size_bytes), help=_("{n} bytes").format(n=number(view.size_bytes)))
    if view.destroyed_at:
        st.text(_("destroyed {when}").format(when=when(view.destroyed_at, reader_zone())))
    elif view.destroy_after:
        st.text(_("kept until {day}").format(day=day(view.destroy_after.astimezone(reader_zone()))))


@st.fragment(run_every=MINUTE_SECONDS)
def _ago(time: dt.datetime) -> None:
    st.text(ago(time))


@st.fragment(run_every=5)
def _expiry(expires_at: dt.datetime | None) -> None:
    """Updates its countdown by a timer."""
    if expires_at is None:
        st.text("–")
        return
    zone = reader_zone()
    left = (expires_at - dt.datetime.now(dt.UTC)).total_seconds()
    skip_refresh_for(min(MINUTE_SECONDS, abs(left) - MINUTE_SECONDS))  # minutes are shown, seconds in the last one
    st.text(expires_in(left), help=when_exact(expires_at, zone))
    if left <= 0:
        st.badge(_("Link expired"), icon=":material/history:", color="gray")
    elif left < DAY_SECONDS:
        st.badge(_("Expires soon"), icon=":material/timer:", color="orange")
    else:
        st.text(when(expires_at, zone))
