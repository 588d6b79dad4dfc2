"""The top of the page: what the shop knows, in one look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portal.language import formats
from portal.package.dictionary.codes import CODES
from portal.package.dictionary.kinds import Topic
from portal.package.facts import CardShown, Figures
from portal.package.layout import LEFT_OUT_PAGE
from portal.package.parts import CaseFacts
from portal.package.readable.chart import chart
from portal.package.readable.values import Values
from portal.package.texts import (
    ACTIVITY,
    AT_A_GLANCE,
    CONTENTS,
    FROM_TO,
    GLANCES,
    HOW_MANY,
    HOW_MANY_POINTS,
    INTRODUCTION,
    LEFT_ON_CARDS,
    PER_MONTH,
    PER_YEAR,
    PLACES_LEFT_OUT,
    POINTS_PER_MONTH,
    POINTS_PER_YEAR,
    PRIVATE,
    SHOW_STORED,
    TOPICS,
    YOUR_DATA,
)


def overview(
    values: Values, case: CaseFacts, figures: Figures, left_out: int, links: Sequence[tuple[Topic, str]]
) -> str:
    """Heading, figures, contents and picture. `links`: the sections and where they stand."""
    language = values.language
    lead = values.say(
        INTRODUCTION,
        merchant=case.merchant,
        reference=case.case,
        received=formats.day_in_a_letter(case.received_on, language),
        answered=formats.day_in_a_letter(case.answered_on, language),
    )
    tiles = "".join(_tile(values, topic, href, figures) for topic, href in links if topic is not Topic.OTHER)
    tiles += _left_out(values, left_out)
    contents = "".join(f'<li><a href="{href}">{values.say(TOPICS[topic])}</a></li>' for topic, href in links)
    return (
        f"<h1>{values.say(YOUR_DATA, merchant=case.merchant)}</h1>"
        f'<p class="lead">{lead} {values.say(PRIVATE)}</p>'
        f'<section aria-labelledby="glance"><h2 id="glance">{values.say(AT_A_GLANCE)}</h2>'
        f'<ul class="tiles">{tiles}</ul></section>'
        f'<nav class="noprint" aria-label="{values.say(CONTENTS)}"><h3>{values.say(CONTENTS)}</h3>'
        f'<ul class="toc">{contents}</ul></nav>{switch(values)}{_pictures(values, figures)}'
    )


def switch(values: Values) -> str:
    """Shows and hides the vendor's names and values, by the style sheet alone."""
    label = values.say(SHOW_STORED)
    return f'<p class="switch"><input type="checkbox" id="stored" checked><label for="stored">{label}</label></p>'


def cards(values: Values, shown_cards: Iterable[CardShown]) -> str:
    """The first cards as people know them: last four digits, program, balance, status."""
    made = []
    for card in shown_cards:
        status = values.catalogue.text(CODES["status"].get(card.status, "")) or card.status
        balance = values.money(card.balance) or card.balance
        lines = f"{values.plain(card.program)} …{values.plain(card.number)}"
        made.append(f"<li><small>{lines}</small><b>{values.plain(balance)}</b>{values.plain(status)}</li>")
    return f'<ul class="cards">{"".join(made)}</ul>' if made else ""


def _tile(values: Values, topic: Topic, href: str, figures: Figures) -> str:
    count, more = values.number(figures.counts[topic]), ""
    if topic is Topic.WHO:
        count, more = values.plain(figures.name) or count, values.plain(figures.email)
    elif topic is Topic.CONSENTS:
        words = CODES["purpose"]
        more = values.plain(", ".join(values.catalogue.text(words.get(code, "")) or code for code in figures.agreed))
    elif topic is Topic.CARDS and figures.balance is not None:
        amount = formats.number(figures.balance, values.language, 2)  # type: ignore[arg-type]  # a Decimal is exact
        more = values.say(LEFT_ON_CARDS, amount=amount)
    elif topic is Topic.HAPPENED and figures.first and figures.last:
        more = values.say(FROM_TO, first=values.day(figures.first), last=values.day(figures.last))
    elif topic is Topic.POINTS and figures.points is not None:
        count = values.number(int(figures.points))
        more = values.plain(values.catalogue.text(CODES["tier"].get(figures.tier, "")) or figures.tier)
    return f'<li><a href="{href}"><b>{count}</b>{values.say(GLANCES[topic])}<small>{more}</small></a></li>'


def _left_out(values: Values, places: int) -> str:
    if not places:
        return ""
    number = values.number(places)
    return f'<li><a href="{LEFT_OUT_PAGE}"><b>{number}</b>{values.say(PLACES_LEFT_OUT)}<small></small></a></li>'


def _pictures(values: Values, figures: Figures) -> str:
    happened = figures.months.get(Topic.HAPPENED)
    made = chart(values, happened, (PER_MONTH, PER_YEAR), HOW_MANY, "bar") if happened else ""
    if figures.earned:
        made += chart(values, figures.earned, (POINTS_PER_MONTH, POINTS_PER_YEAR), HOW_MANY_POINTS, "bar2")
    return (
        f'<section aria-labelledby="activity"><h2 id="activity">{values.say(ACTIVITY)}</h2>{made}</section>'
        if made
        else ""
    )
