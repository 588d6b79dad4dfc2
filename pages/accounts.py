"""Accounts: who may sign in for this merchant, as what, and how. Managers only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from portal.errors import PortalError
from portal.identity import AccountRow, Role
from portal.identity.passwords import suggest_password
from portal.runtime import get_portal
from portal.ui.problems import show_problem
from portal.ui.session import the_user
from portal.ui.step_up import draw_step_up, proof_is_fresh
from portal.ui.times import reader_zone, when
from portal.ui.words import _, plain

SAID = "accounts.said"
ROLES = {
    Role.AGENT: _("Agent: asks for exports and opens them"),
    Role.MANAGER: _("Manager: everything, accounts and settings too"),
    Role.AUDITOR: _("Auditor: sees past exports and the trail, no contents"),
}
ROLE_WORDS = {Role.AGENT: _("Agent"), Role.MANAGER: _("Manager"), Role.AUDITOR: _("Auditor")}
METHODS = {"password": _("Password"), "loyaltydog": _("Sign in with LoyaltyDog"), "oidc": _("Single sign-on")}
POLICIES = {
    "off": _("Nobody has to"),
    "managers": _("Managers must"),
    "all": _("Everyone must"),
}

portal = get_portal()
identity = portal.identity
user = the_user()
zone = reader_zone(user.time_zone)


def act(change: Callable[[], object], said: str, secret: str = "") -> None:
    """Make a change; say what happened after the rerun, or show why it did not."""
    try:
        change()
    except PortalError as error:
        show_problem(error)
        return
    st.session_state[SAID] = (said, secret)
    st.rerun()


def what_was_done() -> None:
    said, secret = st.session_state.pop(SAID, ("", ""))
    if said:
        st.success(plain(said), icon=":material/check_circle:")
    if secret:
        st.text(_("Hand this password over in person or by phone. It is not shown again."))
        st.code(secret, language=None)


def people_table(rows: list[AccountRow]) -> AccountRow | None:
    """Everyone, and the one who was picked."""
    import pandas as pd

    cells = {
        _("Email"): [r.email for r in rows],
        _("Name"): [r.name for r in rows],
        _("Role"): [ROLE_WORDS[r.role] for r in rows],
        _("Signs in with"): [METHODS.get(r.method, r.method) for r in rows],
        _("Second factor"): [_("set up") if r.second_factor else _("none") for r in rows],
        _("Status"): [_("switched off") if r.disabled else _("active") for r in rows],
        _("Last sign-in"): [when(r.last_sign_in_at, zone) if r.last_sign_in_at else _("never") for r in rows],
    }
    picked: Any = st.dataframe(
        pd.DataFrame(cells, dtype=object),
        key="accounts_table",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={name: st.column_config.TextColumn(name) for name in cells},
        alt=_("Accounts: email, name, role, way to sign in, second factor, status, last sign-in."),
    )
    chosen = picked.selection.rows
    return rows[chosen[0]] if chosen and chosen[0] < len(rows) else None


def role_form(row: AccountRow) -> None:
    with st.form("account_role", border=False):
        roles = list(Role)
        role = st.selectbox(_("Role"), roles, index=roles.index(row.role), format_func=ROLES.__getitem__)
        if st.form_submit_button(_("Change role")) and role != row.role:
            act(
                lambda: identity.set_role(user, row.id, role),
                _("{email} is now: {role}.").format(email=row.email, role=ROLE_WORDS[role]),
            )


def password_form(row: AccountRow) -> None:
    with st.form("account_password", border=False, clear_on_submit=True):
        chosen = st.text_input(
            _("New password"),
            type="password",
            autocomplete="new-password",
            max_chars=200,
        )
        st.caption(_("At least 15 characters. Leave it empty and the portal makes one."))
        if st.form_submit_button(_("Reset password")):
            password = chosen or suggest_password()
            act(
                lambda: identity.set_password(user, row.id, password),
                _("{email} has a new password and was signed out everywhere.").format(email=row.email),
                "" if chosen else password,
            )


def switches(row: AccountRow) -> None:
    with st.container(horizontal=True):
        if row.second_factor and st.button(_("Reset second factor"), icon=":material/phonelink_erase:"):
            act(
                lambda: identity.reset_second_factor(user, row.id),
                _("{email} sets up a new second factor at the next sign-in.").format(email=row.email),
            )
        if row.sign_on_known and st.button(
            _("Forget single sign-on identity"),
            icon=":material/person_search:",
            help=_("After a change of provider, or when your provider has made this person's account anew."),
        ):
            act(
                lambda: identity.forget_sign_on(user, row.id),
                _("{email} was signed out. Who signs in next with this address is the one from then on.").format(
                    email=row.email
                ),
            )
        if row.disabled:
            if st.button(_("Switch on"), icon=":material/person_check:"):
                act(lambda: identity.enable_account(user, row.id), _("{email} may sign in.").format(email=row.email))
        elif row.id != user.account_id and st.button(_("Disable"), icon=":material/person_off:"):
            act(
                lambda: identity.disable_account(user, row.id),
                _("{email} was signed out everywhere and cannot sign in.").format(email=row.email),
            )


def one_person(row: AccountRow) -> None:
    with st.container(border=True):
        st.subheader(plain(row.name or row.email), anchor=False)
        left, right = st.columns(2)
        with left:
            role_form(row)
        with right:
            if row.method == "password":
                password_form(row)
        switches(row)


def invite_form() -> None:
    ways = ["password", "loyaltydog", *(["oidc"] if identity.oidc_on else [])]
    with st.expander(_("Invite someone"), icon=":material/person_add:"), st.form("account_invite", border=False):
        left, right = st.columns(2)
        email = left.text_input(_("Email"), autocomplete="off", max_chars=320)
        name = right.text_input(_("Name"), autocomplete="off", max_chars=200)
        role = left.selectbox(_("Role"), list(Role), format_func=ROLES.__getitem__)
        method = right.selectbox(_("Signs in with"), ways, format_func=METHODS.__getitem__)
        chosen = st.text_input(
            _("First password"),
            type="password",
            autocomplete="new-password",
            max_chars=200,
        )
        st.caption(_("At least 15 characters. Leave it empty and the portal makes one."))
        if st.form_submit_button(_("Invite"), type="primary"):
            password = (chosen or suggest_password()) if method == "password" else None
            act(
                lambda: identity.invite(
                    user, email=email, name=name, role=role or Role.AGENT, password=password, method=method
                ),
                _("{email} may sign in.").format(email=email.strip()),
                password if password and not chosen else "",
            )


def policy_form() -> None:
    with st.expander(_("Second factor"), icon=":material/phonelink_lock:"), st.form("account_policy", border=False):
        names = list(POLICIES)
        now = identity.second_factor_policy(user)
        policy = st.selectbox(_("Who needs one"), names, index=names.index(now), format_func=POLICIES.__getitem__)
        if st.form_submit_button(_("Save")) and policy != now:
            act(
                lambda: identity.set_second_factor_policy(user, policy),
                _("Saved. It applies from each person's next sign-in."),
            )


def show() -> None:
    st.title(_("Accounts"))
    st.caption(_("Who may sign in for your merchant, and what they may do."))
    what_was_done()
    picked = people_table(identity.accounts(user))
    if not proof_is_fresh(portal, user):
        draw_step_up(portal, user)
        return
    if picked is None:
        st.caption(_("Choose a row to change someone's role, password or access."))
    else:
        one_person(picked)
    invite_form()
    policy_form()


try:
    show()
except PortalError as problem:
    show_problem(problem)
