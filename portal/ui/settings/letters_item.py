"""The fields of one item: its words in one language, why it does not apply, and what belongs to it besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from portal.letters.answer.wording import CATEGORY_WORDS
from portal.letters.profile.authorities import AUTHORITIES, TO_CHECK
from portal.letters.profile.checks import TEXT_MAX
from portal.letters.profile.items import BY_CATEGORY, MAY_NOT_APPLY, DataCategory, LegalBasis, ProfileItem
from portal.letters.profile.model import ByLanguage, ItemText, Profile
from portal.ui.common.words import _, country, plain
from portal.ui.settings.letters_recipients import recipients_form
from portal.ui.settings.letters_words import BASIS_WORDS, EXAMPLES, MEANS

LISTED = frozenset({ProfileItem.RECIPIENTS, ProfileItem.COMPLAINT})
"""A list says what is needed; words are an addition."""


def item_form(profile: Profile, item: ProfileItem, code: str) -> Profile | None:
    """Gives the changed profile when somebody saves it. Before the first save the language written in becomes the
    profile's first."""
    base = profile if profile.version else replace(profile, language=code)
    st.text(_(MEANS[item]))
    changed = recipients_form(base) if item is ProfileItem.RECIPIENTS else None
    text = base.item(item)
    applies = True
    if item in MAY_NOT_APPLY:
        applies = not st.toggle(
            _("This does not apply to us"), value=bool(text.not_applicable), key=_key(base, item, code, "applies")
        )
    with st.container(border=True):
        st.caption(_("For example:"))
        st.text(_(EXAMPLES[item]))
    with st.form(f"letters_{item}", border=False):
        now = _fields(base, item, code, applies=applies)
        if st.form_submit_button(_("Save this item"), type="primary", icon=":material/save:"):
            return now
    return changed


def _key(profile: Profile, item: ProfileItem, code: str, name: str) -> str:
    """Fields are drawn anew after each save and for each language."""
    return f"letters_{item}_{code}_{profile.version}_{name}"


def _fields(base: Profile, item: ProfileItem, code: str, *, applies: bool) -> Profile:
    text = base.item(item)
    if not applies:
        why = _words(_("Why it does not apply"), text.not_applicable, code, _key(base, item, code, "why"))
        return base.with_item(item, ItemText(not_applicable=_with(text.not_applicable, code, why)))
    authorities = _authorities(base) if item is ProfileItem.COMPLAINT else base.authorities
    label = _("For all data") if item in BY_CATEGORY else _("Words of the letter")
    if item in LISTED:
        label = _("More words, if you like")
    words = _with(text.texts, code, _words(label, text.texts, code, _key(base, item, code, "text")))
    own, bases = text.own, base.bases
    if item in BY_CATEGORY:
        with st.expander(
            _("Where one kind of data differs"), expanded=bool(own or (item is ProfileItem.PURPOSES and bases))
        ):
            own, bases = _by_category(base, item, code)
    return replace(base.with_item(item, ItemText(words, own)), authorities=authorities, bases=bases)


def _words(label: str, texts: ByLanguage, code: str, key: str) -> str:
    return st.text_area(label, value=texts.get(code, ""), key=key, max_chars=TEXT_MAX, height=100) or ""


def _with(texts: ByLanguage, code: str, words: str) -> dict[str, str]:
    others = {one: said for one, said in texts.items() if one != code}
    return others | {code: words.strip()} if words.strip() else others


def _by_category(
    base: Profile, item: ProfileItem, code: str
) -> tuple[Mapping[DataCategory, ByLanguage], Mapping[DataCategory, LegalBasis]]:
    own: dict[DataCategory, ByLanguage] = {}
    bases: dict[DataCategory, LegalBasis] = {}
    for category in DataCategory:
        known = base.item(item).own.get(category, {})
        key = _key(base, item, code, category)
        said = _with(known, code, _words(_(CATEGORY_WORDS[category]), known, code, key))
        if said:
            own[category] = said
        if item is ProfileItem.PURPOSES:
            chosen = st.selectbox(
                _("Legal basis"), list(LegalBasis), index=_place(base.bases.get(category)), key=f"{key}_basis",
                format_func=lambda one: _(BASIS_WORDS[one]), placeholder=_("Not said"),
            )  # fmt: skip
            if chosen is not None:
                bases[category] = chosen
    return own, bases if item is ProfileItem.PURPOSES else base.bases


def _place(basis: LegalBasis | None) -> int | None:
    return list(LegalBasis).index(basis) if basis is not None else None


def _authorities(base: Profile) -> tuple[str, ...]:
    chosen = st.multiselect(
        _("Authority"), sorted(AUTHORITIES, key=lambda code: (country(AUTHORITIES[code].country), code)),
        default=list(base.authorities), key=f"letters_authorities_{base.version}",
        format_func=lambda code: f"{country(AUTHORITIES[code].country)} · {AUTHORITIES[code].name}",
    )  # fmt: skip
    for code in chosen:
        if code in TO_CHECK:
            words = _("Check the name of this authority: {name}. It may be {other} by now.")
            st.caption(plain(words.format(name=AUTHORITIES[code].name, other=TO_CHECK[code])))
    return tuple(chosen)
