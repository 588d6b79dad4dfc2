"""Words on the screen: gettext from the first line on, and text kept out of Markdown's hands."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

LOCALES = Path(__file__).resolve().parent.parent / "locales"
_catalogue = gettext.translation("portal", LOCALES, languages=["en"], fallback=True)
_LOOKALIKE = re.compile(
    r"(?<=@)(?=\w)|(?<=://)|(?<=www)(?=\.)|(?<=:)(?=material[/_]|streamlit:)|(?<=[<>~-])(?=[>=-])", re.I
)
WORD_JOINER = "\u2060"
"""Shows nothing. Streamlit's Markdown makes links of bare addresses, pictures of `:material/…:` and `:streamlit:`, and
arrows of `->` and its like, escaped or not (1.67)."""
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~<>$:@&-])")


def _(message: str) -> str:
    """The sentence in the reader's language (English until other catalogues exist)."""
    return _catalogue.gettext(message)


def plural(one: str, many: str, n: int) -> str:
    """The right form for `n`, with ``{n}`` filled in."""
    return _catalogue.ngettext(one, many, n).format(n=f"{n:,}")


def plain(text: str) -> str:
    """`text` for a place that reads Markdown, so that it shows as written (SEC-21).

    For our own sentences that quote a character or name; a data subject's data goes to `st.text` or
    `st.dataframe` instead.
    """
    return _MARKDOWN.sub(r"\\\1", _LOOKALIKE.sub(WORD_JOINER, text)).replace("\n", " ")
