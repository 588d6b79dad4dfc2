"""What the asked person is known by, so that it is not taken for somebody else's. Pure."""

from __future__ import annotations

from portal.identifiers import normal
from portal.preview import AskedPerson, Preview
from portal.preview.inspection.addresses import address_in, normal_id
from portal.preview.inspection.people import Own, digits, own_values, people_records

_SHORTEST = 4
_FEWEST_PHONE_DIGITS = 7
NOTHING = Own(frozenset(), frozenset(), frozenset(), frozenset())


def is_own(text: str, own: Own) -> bool:
    """Is it what the asked person is known by?"""
    value = normal(text)
    if len(value) < _SHORTEST:
        return False
    number = digits(value)
    return (
        (address_in(value) or value) in own.emails
        or normal_id(value) in own.ids
        or (len(number) >= _FEWEST_PHONE_DIGITS and number in own.phones)
    )


def is_own_or_named(text: str, own: Own) -> bool:
    return is_own(text, own) or normal(text) in own.names


def own_of(preview: Preview, asked: AskedPerson) -> Own:
    """As the file itself tells it."""
    return own_values(people_records(preview).owned, asked.email, asked.customer_id)


def joined(one: Own, two: Own) -> Own:
    return Own(one.emails | two.emails, one.ids | two.ids, one.names | two.names, one.phones | two.phones)
