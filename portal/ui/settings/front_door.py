"""The part of Settings about the merchant's own page for requests: open or shut, its address, how it is embedded."""

from __future__ import annotations

import streamlit as st

from portal.errors import InputError, PortalError
from portal.front_door.settings import NAME_MAX
from portal.identity import User
from portal.runtime import get_portal
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.words import _


def front_door(user: User) -> None:
    now = get_portal().front_doors.show(user)
    st.header(_("Page for requests"))
    st.caption(_("People ask there for themselves. It becomes a case once they have shown that the mailbox is theirs."))
    if not now.ready:
        st.info(
            _("It needs mail: set the mail server and where answers go first. Until then the page stays shut."),
            icon=":material/mail_off:",
        )
    with st.form("front_door"):
        is_open = st.checkbox(_("The page is open"), value=now.is_open, key="door_open")
        name = st.text_input(
            _("Its name in the address"), value=now.name, max_chars=NAME_MAX, key="door_name", autocomplete="off",
            help=_("Small letters, digits and dashes. One that is used in print should not change any more."),
        )  # fmt: skip
        problem = st.container()
        saved = st.form_submit_button(_("Save the page"), icon=":material/save:")
    if now.is_open:
        st.text(_("Put this address where people look for it: your website, your privacy notice, a sign at the till."))
        st.code(now.link, language=None)
    if not saved:
        return
    try:
        get_portal().front_doors.save(user, is_open=is_open, name=name)
    except InputError as wrong:
        with problem:
            field_problem(wrong.message)
    except PortalError as error:
        show_problem(error)
    else:
        add_notice(_("The page for requests is saved."))
        st.rerun()
