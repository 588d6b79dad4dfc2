"""The calendars that may be chosen: a list of our own, because the library takes some codes it does not know.

`holidays` accepts FR with GES and leaves out Good Friday, and GB without a nation and leaves out Easter Monday. A code
outside this list is refused with what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.cases.clock.regimes import Regime
from portal.errors import InputError

EU_STATES = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)  # fmt: skip
EEA_STATES = EU_STATES | {"IS", "LI", "NO"}
GB = "GB"
US_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY"
).split()
REGIONS: Mapping[str, frozenset[str]] = {
    "AT": frozenset("123456789"),
    "CA": frozenset("AB BC MB NB NL NS NT NU ON PE QC SK YT".split()),
    "CH": frozenset(
        "AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH".split()
    ),
    "DE": frozenset("BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH".split()),
    "ES": frozenset("AN AR AS CB CE CL CM CN CT EX GA IB MC MD ML NC PV RI VC".split()),
    "FR": frozenset("57 6AE 971 972 973 974 976".split()),
    "GB": frozenset("ENG SCT NIR WLS".split()),
    "IT": frozenset({"BZ"}),
    "PT": frozenset({"20", "30"}),
    "US": frozenset(US_STATES),
}  # fmt: skip
"""Regions whose public holidays differ from their country's."""
OTHER_NAMES: Mapping[str, str] = {
    "EL": "GR",
    "QC": "CA-QC",
    "FR-ALSACE": "FR-6AE",
    "FR-67": "FR-6AE",
    "FR-68": "FR-6AE",
    "FR-MOSELLE": "FR-57",
}
HELP: Mapping[str, str] = {
    "GB": "Name the nation: GB-ENG, GB-SCT, GB-NIR or GB-WLS.",
    "UK": "Name the nation: GB-ENG, GB-SCT, GB-NIR or GB-WLS.",
    "FR-GES": "Alsace is FR-6AE, Moselle FR-57, the rest of France FR.",
}
FITTING: Mapping[Regime, frozenset[str]] = {
    Regime.EU: EEA_STATES,  # "of the Member State", Regulation 1182/71 art. 2(1)
    Regime.UK: frozenset({GB}),
    Regime.CH: frozenset({"CH"}),
    Regime.CALIFORNIA: frozenset({"US"}),
    Regime.FORTY_FIVE_DAYS: frozenset({"US"}),
    Regime.BRAZIL: frozenset({"BR"}),
    Regime.CANADA: frozenset({"CA"}),
    Regime.QUEBEC: frozenset({"CA"}),
}
"""Countries whose calendars a regime may be calculated with."""
_COUNTRIES = frozenset().union(*FITTING.values())


@dataclass(frozen=True, slots=True)
class CalendarCode:
    country: str
    region: str = ""

    def __str__(self) -> str:
        return f"{self.country}-{self.region}" if self.region else self.country


def calendar_code(text: str) -> CalendarCode:
    """`DE`, `DE-BY`, `GB-ENG`. Raises InputError for any other, saying what to write where that is known."""
    written = text.strip().upper()
    code = OTHER_NAMES.get(written, written)
    country, dash, region = code.partition("-")
    known = country in _COUNTRIES and (region in REGIONS.get(country, ()) if dash else country != GB)
    if not known:
        advice = HELP.get(written, "Write a country such as DE, or a region such as DE-BY.")
        raise InputError(f"There is no calendar “{text}”. {advice}", field="calendar")
    return CalendarCode(country, region)


def countries_in(calendars: str) -> tuple[str, ...]:
    """Of the calendars of a case or merchant: `DE`, `GB` of `DE-BY+GB-ENG`."""
    return tuple(one.strip().partition("-")[0] for one in calendars.split("+") if one.strip())


def country_in(calendars: str) -> str:
    """The first of them, which is the merchant's; nothing without one."""
    return next(iter(countries_in(calendars)), "")


def fits(code: CalendarCode, regime: Regime) -> bool:
    """May this regime be calculated with that calendar? California takes no other state's."""
    if regime is Regime.CALIFORNIA and code.region not in ("", "CA"):
        return False
    if regime is Regime.QUEBEC and code.region not in ("", "QC"):
        return False
    return code.country in FITTING[regime]


def fitting_codes(regime: Regime) -> tuple[str, ...]:
    """Every calendar that the regime may be calculated with, countries with their regions after them."""
    codes = [
        CalendarCode(country, region)
        for country in sorted(FITTING[regime])
        for region in ("", *sorted(REGIONS.get(country, ())))
    ]
    return tuple(str(code) for code in codes if fits(code, regime) and str(code) != GB)
