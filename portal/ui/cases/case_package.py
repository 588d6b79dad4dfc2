"""The step Package: what it waits for, building a version, looking at it as the person will, approving it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from portal.cases.facts import DemandOutcome, Right
from portal.cases.services.views import CaseView
from portal.cases.states import OPEN_STATES
from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import Permission, User, allows
from portal.language import LANGUAGES
from portal.letters.words import letter_language
from portal.package.layout import READ_ME
from portal.package.parts import LETTER_ALONE, Variant
from portal.package.versions.views import PackageState, PackageView, Standing
from portal.redaction.reasons import Reason
from portal.sources.views import SourceList
from portal.ui.cases.package.encrypted_copy import encrypted_copy_button, forget_words
from portal.ui.common import navigation
from portal.ui.common.acting import act_and_tell
from portal.ui.common.badges import Badge
from portal.ui.common.file_link import file_link
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone, size, when
from portal.ui.common.words import _, later, plain, plural, sentence
from portal.ui.preview.review.review_words import REASON_WORDS

VARIANT_WORDS: Mapping[Variant, str] = {
    Variant.ACCESS: later("Everything"),
    Variant.PORTABILITY: later("Portable copy"),
}
STANDING_BADGES: Mapping[Standing, Badge] = {
    Standing.DRAFT: Badge(later("Draft"), ":material/draft:", "blue"),
    Standing.APPROVED: Badge(later("Approved"), ":material/verified:", "green"),
    Standing.OUTDATED: Badge(later("Outdated"), ":material/history:", "orange"),
    Standing.REPLACED: Badge(later("Replaced"), ":material/history:", "gray"),
    Standing.DESTROYED: Badge(later("Destroyed"), ":material/delete:", "gray"),
}
PORTABLE = frozenset({Right.PORTABILITY})


def package_state(portal: Portal, user: User, view: CaseView, sources: SourceList) -> PackageState | None:
    """None before something was collected or the case ended with a letter, and where it cannot be read just now."""
    if not sources.collected and not _ended_with_letter(view):
        return None
    try:
        return portal.packages.state(user, view.row.id, *_chosen(view))
    except PortalError as error:
        show_problem(error)
        return None


def draw_package(portal: Portal, user: User, view: CaseView, state: PackageState, *, leads: bool) -> None:
    """`leads`: this is the open step, so its next act is the primary one."""
    forget_words()
    st.header(_("Package"))
    case_id = view.row.id
    variant, language = _chosen(view)
    newest = newest_of(state, variant)
    if newest is not None:
        _draw_version(portal, user, view, newest, state, leads=leads)
    _draw_needs(user, state)
    if state.may_build:
        again = newest is not None and newest.standing in (Standing.DRAFT, Standing.APPROVED)
        with st.expander(_("Another version"), key="package_again") if again else st.container(key="package_again"):
            _options(view)
            if st.button(
                _("Build it again") if newest is not None else _("Build the package"), key="package_build",
                type="primary" if leads and not again else "secondary", icon=":material/package_2:",
            ):  # fmt: skip
                with st.spinner(_("The package is built and checked …")):
                    act_and_tell(
                        partial(portal.packages.build, user, case_id, variant, language), _("The package is built.")
                    )
    _draw_earlier([one for one in state.versions if one is not newest])


def newest_of(state: PackageState, variant: Variant = Variant.ACCESS) -> PackageView | None:
    return next((one for one in state.versions if one.variant is variant), None)


def packed(state: PackageState | None) -> bool:
    """Is a version approved that may go out?"""
    return state is not None and any(one.standing is Standing.APPROVED for one in state.versions)


def _ended_with_letter(view: CaseView) -> bool:
    letters = (DemandOutcome.REFUSED, DemandOutcome.NOT_IDENTIFIED)
    return view.row.state not in OPEN_STATES and any(one.outcome in letters for one in view.demands)


def _chosen(view: CaseView) -> tuple[Variant, str]:
    """Kept over reruns; at first what the person asks for, in the case's language."""
    asked = {one.right for one in view.demands}
    first = Variant.PORTABILITY if asked and asked <= PORTABLE else Variant.ACCESS
    variant: Variant = st.session_state.get("package_variant") or first
    return variant, st.session_state.get("package_language") or letter_language(view.language)


def _options(view: CaseView) -> None:
    variant, language = _chosen(view)
    left, right = st.columns(2)
    left.selectbox(
        _("What it holds"), list(Variant), index=list(Variant).index(variant), key="package_variant",
        format_func=lambda one: _(VARIANT_WORDS[one]),
        help=_("A portable copy holds what the person gave and what was recorded of them, for machines."),
    )  # fmt: skip
    right.selectbox(
        _("Its language"), list(LANGUAGES), index=list(LANGUAGES).index(language), key="package_language",
        format_func=lambda code: LANGUAGES[code],
    )  # fmt: skip


def _draw_needs(user: User, state: PackageState) -> None:
    for need in state.needs:
        with st.container(horizontal=True, vertical_alignment="center"):
            words = sentence(need.words)
            if need.names:
                words = f"{words.removesuffix('.')}: {', '.join(_(name) for name in need.names)}."
            words = f"{words} {sentence(need.next_step)}".strip()
            if need.count > 1 and not need.names:
                words += f" ({need.count})"
            st.text(f"□ {words}", width="stretch")
            if need.code == "profile" and allows(user.role, Permission.SETTINGS):
                st.page_link(navigation.SETTINGS, label=_("Settings"), icon=":material/settings:")


def _draw_version(
    portal: Portal, user: User, view: CaseView, one: PackageView, state: PackageState, *, leads: bool
) -> None:  # fmt: skip
    address = f"/cases/{view.row.id}/packages/{one.id}"
    with st.container(border=True, key="package_newest"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            badge = STANDING_BADGES[one.standing]
            st.badge(badge.label, icon=badge.icon, color=badge.colour)
            st.text(_said(one), width="stretch")
        st.caption(plain(_built_said(one, user)))
        if one.outcome in LETTER_ALONE:
            st.caption(_("It holds the letter with which the case ended, and nothing else about the person."))
        if one.left_out:
            st.caption(plain(_left_out_said(one)))
        if one.standing is Standing.OUTDATED:
            st.caption(_("Something changed since it was built, so it cannot go out. Build it again."))
        if not one.opens:
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            file_link(
                _("Open it as the person will"), f"{address}/look/answer-{view.row.name}/{READ_ME}",
                icon="visibility", key="package-look", tab=True,
            )  # fmt: skip
            if one.standing is Standing.APPROVED:
                file_link(_("Save it"), f"{address}/file", icon="save", key="package-file", primary=leads)
                encrypted_copy_button(portal, user, view.row.id, one)
        _draw_approve(portal, user, view, one, state, leads=leads)
        with st.expander(_("Files in it and their checksums")):
            _draw_members(portal, user, view, one)


def _draw_approve(
    portal: Portal, user: User, view: CaseView, one: PackageView, state: PackageState, *, leads: bool
) -> None:  # fmt: skip
    if one.standing is not Standing.DRAFT:
        return
    if not state.may_approve:
        st.caption(_("It can be approved once it is recorded how the person was recognised."))
    elif state.second_person and one.built_by_me:
        st.caption(_("A colleague approves it on this page: your shop wants a second person."))
    elif st.button(
        _("Approve"), key="package_approve", type="primary" if leads else "secondary", icon=":material/verified:"
    ):  # fmt: skip
        act_and_tell(
            partial(portal.packages.approve, user, view.row.id, one.id, one.sha256),
            _("Approved. This very file may go out."),
        )


def _draw_members(portal: Portal, user: User, view: CaseView, one: PackageView) -> None:
    st.caption(_("Fingerprints of the package and of its list of files (SHA-256): an engineer can compare them."))
    st.code(f"{one.sha256}\n{one.manifest_sha256}", language=None, wrap_lines=True)
    if not st.toggle(_("List the files"), key=f"package_members_{one.id}"):
        return
    try:
        members = portal.package_files.members(user, view.row.id, one.id)
    except PortalError as error:
        show_problem(error)
        return
    st.code("\n".join(f"{size(each.size_bytes):>10}  {each.path}" for each in members), language=None)


def _draw_earlier(earlier: list[PackageView]) -> None:
    if not earlier:
        return
    with st.expander(plural("{n} other version", "{n} other versions", len(earlier))):
        for one in earlier:
            st.text(f"{_said(one)} · {STANDING_BADGES[one.standing].label}")


def _said(one: PackageView) -> str:
    files = plural("{n} file", "{n} files", one.file_count)
    version = _("Version {n}").format(n=one.number)
    return " · ".join((version, _(VARIANT_WORDS[one.variant]), LANGUAGES[one.language], files, size(one.size_bytes)))


def _built_said(one: PackageView, user: User) -> str:
    zone = reader_zone(user.time_zone)
    words = _("Built by {name}, {when}.").format(name=one.by, when=when(one.built_at, zone))
    if one.approved_at is not None:
        words += " " + _("Approved by {name}, {when}.").format(name=one.approved_by, when=when(one.approved_at, zone))
    if one.destroy_after is not None:
        words += " " + _("Kept until {when}.").format(when=when(one.destroy_after, zone))
    return words


def _left_out_said(one: PackageView) -> str:
    counted = (f"{_(REASON_WORDS[Reason(code)])} {count}" for code, count in sorted(one.left_out.items()))
    return _("Left out: {what}.").format(what=", ".join(counted))
