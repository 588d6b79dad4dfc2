"""Accounts: who may sign in for this merchant, as what, and how. Managers only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from portal.errors import PortalError
from portal.identity import AccountRow, Role
from portal.identity.factors.passwords import suggest_password
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.account.step_up import draw_step_up, proof_is_fresh
from portal.ui.common.danger import Danger, ask_first, danger_button
from portal.ui.common.problems import show_problem
from portal.ui.common.times import reader_zone, when_and_ago
from portal.ui.common.words import _, plain

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
user = current_user()
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


def draw_unchanged() -> None:
    """Say that the choice equals the current value."""
    st.info(_("Nothing was changed: it is so already."), icon=":material/info:")


def show_result() -> None:
    said, secret = st.session_state.pop(SAID, ("", ""))
    if said:
        st.success(plain(said), icon=":material/check_circle:")
    if secret:
        st.text(_("Hand this password over in person or by phone. It is not shown again."))
        st.code(secret, language=None)


def people_table(rows: list[AccountRow]) -> AccountRow | None:
    """Everyone, and the one who was picked."""
    cells = {
        _("Email"): [r.email for r in rows],
        _("Name"): [r.name for r in rows],
        _("Role"): [ROLE_WORDS[r.role] for r in rows],
        _("Signs in with"): [METHODS.get(r.method, r.method) for r in rows],
        _("Second factor"): [_("set up") if r.second_factor else _("none") for r in rows],
        _("Status"): [_("switched off") if r.disabled else _("active") for r in rows],
        _("Last sign-in"): [when_and_ago(r.last_sign_in_at, zone) if r.last_sign_in_at else _("never") for r in rows],
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
        if not st.form_submit_button(_("Change role")):
            return
    if role == row.role:
        draw_unchanged()
        return
    act(
        lambda: portal.accounts.set_role(user, row.id, role),
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
        asked = st.form_submit_button(_("Reset password"), key="danger_password")
    if asked:
        password = chosen or suggest_password()
        ask_first(
            about(row, "password", _("Reset this password?"),
                  _("The old password no longer works, and this person is signed out everywhere."), _("Reset now")),
            lambda: act(
                lambda: portal.accounts.set_password(user, row.id, password),
                _("{email} has a new password and was signed out everywhere.").format(email=row.email),
                "" if chosen else password,
            ),
        )  # fmt: skip


def about(row: AccountRow, key: str, question: str, words: str, button: str) -> Danger:
    """An act on one person, who is named in the question."""
    return Danger(key, question, [row.name, row.email] if row.name else [row.email], words, button)


def switches(row: AccountRow) -> None:
    with st.container(horizontal=True):
        if row.second_factor and danger_button(
            _("Reset second factor"), key="factor", icon=":material/phonelink_erase:"
        ):
            ask_first(
                about(row, "factor", _("Reset this second factor?"),
                      _("The codes of this person's app and the recovery codes no longer work."), _("Reset now")),
                lambda: act(
                    lambda: portal.second_factor.reset_second_factor(user, row.id),
                    _("{email} sets up a new second factor at the next sign-in.").format(email=row.email),
                ),
            )  # fmt: skip
        if row.sign_on_known and danger_button(
            _("Forget single sign-on identity"),
            key="sign_on",
            icon=":material/person_search:",
            help=_("After a change of provider, or when your provider has made this person's account anew."),
        ):
            ask_first(
                about(row, "sign_on", _("Forget this single sign-on identity?"),
                      _("This person is signed out. Whoever signs in next with this address is taken for them."),
                      _("Forget now")),
                lambda: act(
                    lambda: portal.accounts.forget_sign_on(user, row.id),
                    _("{email} was signed out. Who signs in next with this address is the one from then on.").format(
                        email=row.email
                    ),
                ),
            )  # fmt: skip
        if row.disabled:
            if st.button(_("Switch on"), icon=":material/person_check:"):
                act(
                    lambda: portal.accounts.enable_account(user, row.id),
                    _("{email} may sign in.").format(email=row.email),
                )
        elif row.id != user.account_id and danger_button(_("Disable"), key="disable", icon=":material/person_off:"):
            ask_first(
                about(row, "disable", _("Disable this account?"),
                      _("This person is signed out everywhere, and cannot sign in until the account is switched on."),
                      _("Disable now")),
                lambda: act(
                    lambda: portal.accounts.disable_account(user, row.id),
                    _("{email} was signed out everywhere and cannot sign in.").format(email=row.email),
                ),
            )  # fmt: skip


def one_person(row: AccountRow) -> None:
    with st.container(border=True):
        st.header(plain(row.name or row.email), anchor=False)
        left, right = st.columns(2)
        with left:
            role_form(row)
        with right:
            if row.method == "password":
                password_form(row)
        switches(row)


def invite_form() -> None:
    ways = ["password", "loyaltydog", *(["oidc"] if portal.single_sign_on.oidc_on else [])]
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
                lambda: portal.accounts.invite(
                    user, email=email, name=name, role=role or Role.AGENT, password=password, method=method
                ),
                _("{email} may sign in.").format(email=email.strip()),
                password if password and not chosen else "",
            )


def policy_form() -> None:
    with st.expander(_("Second factor"), icon=":material/phonelink_lock:"), st.form("account_policy", border=False):
        names = list(POLICIES)
        now = portal.second_factor.second_factor_policy(user)
        policy = st.selectbox(_("Who needs one"), names, index=names.index(now), format_func=POLICIES.__getitem__)
        if not st.form_submit_button(_("Save")):
            return
        if policy == now:
            draw_unchanged()
            return
        act(
            lambda: portal.second_factor.set_second_factor_policy(user, policy),
            _("Saved. It applies from each person's next sign-in."),
        )


def show() -> None:
    st.title(_("Accounts"))
    st.caption(_("Who may sign in for your merchant, and what they may do."))
    show_result()
    picked = people_table(portal.accounts.rows(user))
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
