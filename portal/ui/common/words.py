"""Text on the screen: translated into the reader's language, and escaped for Markdown.

`_("…")` and `plural(…)` translate where a screen is drawn; `later("…")` marks a constant that `_` translates when it is
drawn (a module is imported once, for readers of all languages); `sentence(…)` translates a finished sentence of a
service.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
from decimal import Decimal

import streamlit as st

from portal.language import ENGLISH, Catalogue, best_language, catalogue_of, current_language, formats, known_or_english
from portal.web.streamlit.page_run import LANGUAGE_KEY, current_run

_LOOKALIKE = re.compile(
    r"(?<=@)(?=\w)|(?<=://)|(?<=www)(?=\.)|(?<=:)(?=material[/_]|streamlit:)|(?<=[<>~-])(?=[>=-])", re.I
)
WORD_JOINER = "\u2060"
"""Shows nothing. Streamlit's Markdown makes links of bare addresses, pictures of `:material/…:` and `:streamlit:`, and
arrows of `->` and its like, escaped or not (1.67)."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~<>$:@&-])")


class _ThisRun(threading.local):
    """The run a thread is in, and its language."""

    run: object = None
    language = ENGLISH


_this_run = _ThisRun()


def language() -> str:
    """The code of the language this page is drawn in."""
    run = current_run()
    if run is None:
        return current_language.get()
    if _this_run.run is not run:  # called hundreds of times for a table, and session state is slow
        _this_run.run, _this_run.language = run, str(st.session_state.get(LANGUAGE_KEY) or _wanted())
    return _this_run.language


def choose_language() -> None:
    """Set the language of this run: the gate's (a saved choice, or Accept-Language), else the browser's own."""
    st.session_state[LANGUAGE_KEY] = _wanted()
    _this_run.run = None


def _wanted() -> str:
    handed = str(st.user.get("language") or "")
    return known_or_english(handed) if handed else best_language(st.context.locale or "")


def _catalogue() -> Catalogue:
    return catalogue_of(language())


def _(message: str) -> str:
    """The sentence in the reader's language."""
    return _catalogue().text(message)


def later(message: str) -> str:
    """Mark a message for the catalogues and return it in English; translate it with `_(…)` when drawing."""
    return message


def plural(one: str, many: str, n: int) -> str:
    """The right form for `n`, with ``{n}`` filled in."""
    return _catalogue().plural(one, many, n).format(n=number(n))


def sentence(english: str) -> str:
    """Translate a finished English sentence of an error, a finding or a row of the database."""
    return _catalogue().sentence(english)


def number(value: float, digits: int = 0) -> str:
    """``1,234`` as the reader writes it."""
    return formats.number(value, language(), digits)


def percent(share: float) -> str:
    """A share of 0 to 1 as ``26 %``."""
    return formats.percent(share, language())


def money(amount: Decimal, currency: str) -> str:
    """``€54.20`` as the reader writes it."""
    return formats.money(amount, currency, language())


def day(local: dt.date) -> str:
    """``23 Nov 2026``."""
    return formats.day(local, language())


def day_of_year(local: dt.date) -> str:
    """``23 Nov``."""
    return formats.day_of_year(local, language())


def month_of_year(local: dt.date) -> str:
    """``Nov 2026``."""
    return formats.month_of_year(local, language())


def country(code: str) -> str:
    """``Germany`` for ``DE``."""
    return formats.territory(code, language())


def date_field() -> str:
    """How a date field shows its date."""
    return formats.DATE_FIELDS[language()]


def plain(text: str) -> str:
    """Escape `text` for a function that renders Markdown, so that it shows as written (SEC-21).

    For our own sentences that quote a character or a name. A data subject's data goes to `st.text` or
    `st.dataframe` instead.
    """
    return _MARKDOWN.sub(r"\\\1", _LOOKALIKE.sub(WORD_JOINER, text)).replace("\n", " ")
