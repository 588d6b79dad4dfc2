"""The part of Settings for what answers tell about the merchant's data, item by item, with a look at the letter."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from portal.cases.clock.applicable import laws_of
from portal.cases.clock.regimes import Regime
from portal.errors import InputErrors, PortalError
from portal.identity import User
from portal.language import LANGUAGES
from portal.letters.answer.example import example_facts
from portal.letters.answer.letter import answer_letter
from portal.letters.answer.wording import HEADINGS
from portal.letters.profile.checks import Missing, ProfileIncomplete, missing
from portal.letters.profile.items import ProfileItem
from portal.letters.profile.model import Profile
from portal.runtime import get_portal
from portal.ui.common.notices import add_notice
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.times import reader_zone, when
from portal.ui.common.words import _, language, number, plain, sentence
from portal.ui.settings.letters_item import item_form

ITEM, LANGUAGE = "letters_item", "letters_language"
NEXT = "_letters_next"
"""In the session's state after a save: the item to go on with."""


def letters_say(user: User) -> None:
    st.header(_("What your letters say"))
    st.caption(_("Written once, told in every answer to a customer. Each save is a version; older ones stay readable."))
    profile = get_portal().letter_profiles.in_force(user)
    regimes = _regimes(user)
    lacks = missing(profile, regimes, profile.language)
    _standing(user, profile, lacks)
    item, code = _choice(profile, lacks)
    if item is None or code is None:
        return
    changed = item_form(profile, item, code)
    if changed is not None:
        _save(user, changed, item, regimes)
    _letter(user, profile, regimes)


def _regimes(user: User) -> tuple[Regime, ...]:
    return tuple(law.regime for law in laws_of(get_portal().clock_settings.show(user).profile))


def _standing(user: User, profile: Profile, lacks: tuple[Missing, ...]) -> None:
    every = len(ProfileItem)
    done = every - len(lacks)
    said = _("{done} of {all} items are there").format(done=number(done), all=number(every))
    st.progress(done / every, text=said)
    if profile.version:
        newest = get_portal().letter_profiles.versions(user)[0]
        at = when(newest.saved_at, reader_zone(user.time_zone))
        st.text(
            _("Version {version} is in force, saved {when} by {name}.").format(
                version=number(newest.version), when=at, name=newest.by
            )
        )


def _choice(profile: Profile, lacks: tuple[Missing, ...]) -> tuple[ProfileItem | None, str | None]:
    """The item and the language that the fields below are about; the first item that is missing at first."""
    open_items = {one.item: one.why for one in lacks}
    if (wanted := st.session_state.pop(NEXT, None)) is not None:
        st.session_state[ITEM] = wanted
    elif ITEM not in st.session_state:
        st.session_state[ITEM] = next(iter(open_items), ProfileItem.CONTROLLER)
    if LANGUAGE not in st.session_state:
        st.session_state[LANGUAGE] = profile.language if profile.version else language()
    left, right = st.columns([3, 2])
    item = left.selectbox(
        _("Item"), list(ProfileItem), key=ITEM,
        format_func=lambda one: f"{'○' if one in open_items else '✓'} {_(HEADINGS[one])}",
    )  # fmt: skip
    code = right.selectbox(_("Language of the words"), list(LANGUAGES), key=LANGUAGE, format_func=LANGUAGES.__getitem__)
    if item is not None and item in open_items and not profile.item(item).empty:
        st.warning(plain(sentence(open_items[item])), icon=":material/warning:")
    return item, code


def _save(user: User, now: Profile, item: ProfileItem, regimes: tuple[Regime, ...]) -> None:
    try:
        get_portal().letter_profiles.save(user, now)
    except InputErrors as wrong:
        for problem in wrong.problems:
            field_problem(problem.message)
        return
    except PortalError as error:
        show_problem(error)
        return
    left = [one.item for one in missing(now, regimes, now.language)]
    later_ones = [one for one in left if list(ProfileItem).index(one) > list(ProfileItem).index(item)]
    st.session_state[NEXT] = next(iter([*later_ones, *left]), item)
    add_notice(_("Saved.") if left else _("Saved. Your letters have all that they need."))
    st.rerun()


def _shown(user: User, profile: Profile) -> Profile:
    """The version that is looked at: the one in force, or an older one."""
    if profile.version < 2:
        return profile
    versions = [one.version for one in get_portal().letter_profiles.versions(user)]
    chosen = st.selectbox(_("Version"), versions, key=f"letters_version_{profile.version}", format_func=number)
    return get_portal().letter_profiles.of_version(user, chosen)


def _letter(user: User, profile: Profile, regimes: tuple[Regime, ...]) -> None:
    with st.expander(_("See the letter"), icon=":material/mail:", key="letters_seen"):
        code = st.session_state.get(LANGUAGE, profile.language)
        today = dt.datetime.now(reader_zone(user.time_zone)).date()
        facts = example_facts(user.merchant_name, regimes, today)
        try:
            told = answer_letter(_shown(user, profile), facts, code)
        except ProfileIncomplete as incomplete:
            st.text(_("The letter can be seen once these items are there:"))
            st.text("\n".join(f"· {_(HEADINGS[one.item])}: {sentence(one.why)}" for one in incomplete.missing))
            return
        st.caption(_("An invented customer of whom you hold every kind of data."))
        st.code(told.text, language=None, wrap_lines=True)
