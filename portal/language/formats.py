"""Numbers, dates and days as each language writes them. English needs Babel for countries and money alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent

from portal.language.choosing import ENGLISH, Language

DATE_FIELDS: Mapping[str, str] = {
    Language.EN: "YYYY-MM-DD",
    Language.DE: "DD.MM.YYYY",
    Language.FR: "DD/MM/YYYY",
    Language.ES: "DD/MM/YYYY",
    Language.IT: "DD/MM/YYYY",
    Language.NL: "DD-MM-YYYY",
}
"""How a date field shows what is typed into it (the forms Streamlit's `date_input` takes)."""
_CODE = re.compile("[A-Z]{3}")


def number(value: float, language: str, digits: int = 0) -> str:
    """``1,234`` or ``1.234``, with so many digits behind the point."""
    if language == ENGLISH:
        return f"{value:,.{digits}f}"
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, format=pattern, locale=language))


def percent(share: float, language: str) -> str:
    """A share of 0 to 1 in whole percent."""
    if language == ENGLISH:
        return f"{100 * share:.0f} %"
    return str(format_percent(share, locale=language))


def money(amount: Decimal, currency: str, language: str) -> str:
    """``€54.20``; `currency` is a code, or whatever the source wrote instead."""
    if _CODE.fullmatch(currency):
        return str(format_currency(amount, currency, locale=language))
    return f"{format_decimal(amount, format='#,##0.00#', locale=language)} {currency}".rstrip()


def day(local: dt.date, language: str) -> str:
    """``23 Nov 2026``."""
    if language == ENGLISH:
        return f"{local.day} {local:%b %Y}"
    return str(format_skeleton("yMMMd", _midnight(local), locale=language))


def day_in_a_letter(local: dt.date, language: str) -> str:
    """``23 November 2026``: the month in full."""
    if language == ENGLISH:
        return f"{local.day} {local:%B %Y}"
    return str(format_date(local, format="long", locale=language))


def day_of_year(local: dt.date, language: str) -> str:
    """``23 Nov``."""
    if language == ENGLISH:
        return f"{local.day} {local:%b}"
    return str(format_skeleton("MMMd", _midnight(local), locale=language))


def month_of_year(local: dt.date, language: str) -> str:
    """``Nov 2026``."""
    if language == ENGLISH:
        return f"{local:%b %Y}"
    return str(format_skeleton("yMMM", _midnight(local), locale=language))


def territory(code: str, language: str) -> str:
    """A country's name; the code itself where there is none."""
    return str(Locale.parse(language).territories.get(code, code))


def language_name(code: str, language: str) -> str:
    """``German`` for `de`; the code itself where there is no name."""
    return str(Locale.parse(language).languages.get(code, code))


def moment(local: dt.datetime, language: str) -> str:
    """``23 Nov 2026, 14:05``; `local` is in the reader's zone already."""
    return f"{day(local, language)}, {local:%H:%M}"


def _midnight(local: dt.date) -> dt.datetime:
    return dt.datetime(local.year, local.month, local.day)
