"""Who receives customers' data: the list, one more, and one out."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from babel import Locale

from portal.letters.answer.wording import ROLES
from portal.letters.profile.items import KindsOnly, RecipientRole, Safeguard
from portal.letters.profile.model import Profile, Recipient
from portal.letters.profile.saved import NAME_MAX
from portal.ui.common.words import _, country
from portal.ui.settings.letters_words import KINDS_ONLY_WORDS, SAFEGUARD_WORDS

NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"})
COUNTRIES = tuple(
    code for code in map(str, Locale("en").territories) if code.isalpha() and code.isupper() and len(code) == 2
)


def recipients_form(base: Profile) -> Profile | None:
    """Gives the changed profile when a recipient was added or taken out, or names were exchanged for kinds."""
    changed = None
    for place, one in enumerate(base.recipients):
        with st.container(horizontal=True, vertical_alignment="center", key=f"letters_recipient_{place}"):
            st.text(f"{one.name} · {country(one.country)} · {_(ROLES[one.role])}", width="stretch")
            if st.button(
                _("Take out"), key=f"letters_out_{base.version}_{place}", type="tertiary", icon=":material/close:"
            ):
                left = tuple(other for at, other in enumerate(base.recipients) if at != place)
                changed = replace(base, recipients=left)
    return _add(base) or _kinds(base) or changed


def _add(base: Profile) -> Profile | None:
    with (
        st.popover(_("Add a recipient"), icon=":material/add:", key=f"letters_add_{base.version}"),
        st.form(f"letters_recipient_{base.version}", border=False),
    ):
        name = st.text_input(_("Name"), max_chars=NAME_MAX, autocomplete="off", key=f"letters_name_{base.version}")
        role = st.selectbox(
            _("What it does"), list(RecipientRole), format_func=lambda one: _(ROLES[one]),
            key=f"letters_role_{base.version}",
        )  # fmt: skip
        where = st.selectbox(
            _("Country"), sorted(set(COUNTRIES) - NO_COUNTRIES, key=country), index=None, format_func=country,
            key=f"letters_country_{base.version}", placeholder=_("Choose"),
        )  # fmt: skip
        since = st.text_input(_("Since"), max_chars=NAME_MAX, autocomplete="off", key=f"letters_since_{base.version}")
        safeguard = st.selectbox(
            _("What protects the data there"), list(Safeguard), format_func=lambda one: _(SAFEGUARD_WORDS[one]),
            key=f"letters_safeguard_{base.version}",
        )  # fmt: skip
        copy_at = st.text_input(
            _("Where a customer gets a copy of the clauses"), max_chars=NAME_MAX, autocomplete="off",
            key=f"letters_copy_{base.version}",
        )  # fmt: skip
        if not st.form_submit_button(_("Add"), type="primary", icon=":material/add:"):
            return None
    added = Recipient(
        name or "", role or RecipientRole.OTHER, where or "", since or "", safeguard or Safeguard.NONE, copy_at or ""
    )
    return replace(base, recipients=(*base.recipients, added))


def _kinds(base: Profile) -> Profile | None:
    chosen = st.selectbox(
        _("How the letter tells them"), [None, *KindsOnly], index=[None, *KindsOnly].index(base.kinds_only),
        format_func=lambda one: _("By name") if one is None else _(KINDS_ONLY_WORDS[one]),
        key=f"letters_kinds_{base.version}",
    )  # fmt: skip
    return replace(base, kinds_only=chosen) if chosen is not base.kinds_only else None
