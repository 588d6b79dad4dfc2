"""The encrypted copy of an approved package, for an attachment or a stick: its dialog shows the words once."""

from __future__ import annotations

import streamlit as st

from portal.composition import Portal
from portal.errors import PortalError
from portal.identity import User
from portal.package.versions.copy_words import HELD_MINUTES, EncryptedCopy
from portal.package.versions.views import PackageView
from portal.ui.common.acting import open_dialog
from portal.ui.common.file_link import file_link
from portal.ui.common.problems import show_problem
from portal.ui.common.words import _, plain

COPY = "_encrypted_copy"
"""In the session's state: the copy whose words are on the screen, until its dialog is shut."""


def forget_words() -> None:
    """At each drawing of the whole page: the dialog is shut by then."""
    st.session_state.pop(COPY, None)


def encrypted_copy_button(portal: Portal, user: User, case_id: str, one: PackageView) -> None:
    if st.button(_("Encrypted copy"), key="package_encrypted", icon=":material/lock:"):
        title = _("Encrypted copy for attachment or stick")
        open_dialog(title, _draw_dialog, portal, user, case_id, one)


def _draw_dialog(portal: Portal, user: User, case_id: str, one: PackageView) -> None:
    copy: EncryptedCopy | None = st.session_state.get(COPY)
    if copy is None:
        st.text(_("The same package in one file that opens only with six words."))
        st.text(_("7-Zip, Keka and WinZip open it. Windows Explorer does not: tell the person so."))
        if st.button(_("Make the copy"), key="package_encrypt_now", type="primary", icon=":material/lock:"):
            _make(portal, user, case_id, one)
        return
    st.text(_("The six words that open it:"))
    st.code(copy.words, language=None, wrap_lines=True)
    st.warning(
        _("They are shown only now and kept nowhere. Tell them by another way than the file: by phone or in person."),
        icon=":material/key:",
    )
    address = f"/cases/{case_id}/packages/{one.id}/encrypted/{copy.id}"
    file_link(_("Save the copy"), address, icon="save", key="package-encrypted", primary=True)
    st.caption(plain(_("It can be saved for {n} minutes. After that, make another copy.").format(n=HELD_MINUTES)))


def _make(portal: Portal, user: User, case_id: str, one: PackageView) -> None:
    try:
        st.session_state[COPY] = portal.package_files.encrypt(user, case_id, one.id)
    except PortalError as error:
        show_problem(error)
    else:
        st.rerun(scope="fragment")
