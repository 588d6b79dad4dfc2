"""Whom a field names, read from the whole path that leads to it: table, object and field.

`data.customers.edges` with the column `node.id` is a customer's ID as `customer.id` is: words that only wrap (`data`,
`node`, `attributes`) are looked through. The word for a person nearest to the value decides; a sender or recipient
further out makes all of it a mention. Rules in words: docs/inspection.md.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from portal.preview import words
from portal.preview.inspection.fields import PERSON_WORDS, STRONG_CUSTOMER, role_of_name
from portal.preview.model import Table

Claim: TypeAlias = Literal["email", "id", "either", "alias", "merged", "link", "name", "phone", "loose", "mention"]
"""email, id, either: says whose the record is. alias: some other ID of a customer (`storeCustomerId`). merged: an ID
or email that became the customer's. link: an address that ends in a customer's ID. loose: nothing says whose; an email
there must be the customer's. mention: of a sender, a recipient, the merchant ...: no record of theirs."""

WRAPPERS: Final = frozenset(
    """data datum relationships relationship attributes attribute attrs attr node nodes edges edge fields field
    properties property props record records item items result results row rows object objects value values payload
    response body content contents document documents entity entities hits source export embedded included list elements
    element collection links related self info information details detail daten datos donnees dati gegevens doc
    col cells json root all get""".split()
)
_WRAPPED_VALUES: Final = frozenset(
    """$oid $uuid $numberlong $numberint $numberdecimal $numberdouble $symbol text #text s n stringvalue integervalue
    doublevalue""".split()
)
_NAMES_A_COLLECTION: Final = frozenset({"$ref", "$db"})
"""Of a MongoDB reference; its ID is beside them."""
_BESIDE_ID: Final = frozenset({"object", "reference", "internal", "unique", "primary", "by", "the", "of"})
_ALIAS: Final = frozenset(
    """external loyalty legacy old crm pos remote source global public system member membership loyaltydog eposn
    shopify klaviyo stripe hubspot salesforce""".split()
)
_EARLIER: Final = frozenset(
    """previous prior former formerly earlier alternate alternative secondary alias aliases historic historical past
    fruhere fruher vorherige ehemalige anterior anteriores ancien ancienne ancienne precedente precedenti vorige
    vroegere""".split()
)
_MERGED: Final = frozenset(
    """merged merge merges mergedfrom mergedinto zusammengefuhrt zusammengefuhrte fusionado fusionados fusionne
    fusionnes unito uniti samengevoegd absorbed""".split()
)
_MENTIONS: Final = frozenset({"sender", "recipient", "counterparty", "staff", "direction"})
_OUTER_MENTIONS: Final = frozenset({"sender", "recipient", "counterparty"})
_PLAIN_WEAK: Final = frozenset({"subject", "account", "guest", "profile"})
"""Words that mean a topic, a ledger account or a page at least as often as a person."""
_COLLECTIONS: Final = frozenset(
    """customers members users contacts subscribers clients holders owners persons
    kunden clientes clienti klanten""".split()
)
_LIKE_AN_ID = re.compile(r"(?=.*[0-9])[\w+-]{1,64}")
_COUNTED = re.compile(r" \(\d+\)$")
_KIND_WORDS = words.TRANSACTION | words.CARD | words.TRANSFER | words.MESSAGE | words.ADDRESS


@dataclass(frozen=True)
class Owner:
    """What a field says. strong: by a word that means only the merchant's customer. name: the field's identifying
    words, to tell an ID from a number. context: the word for the person, "" if none."""

    claim: Claim
    strong: bool = False
    name: frozenset[str] = frozenset()
    bare: bool = False
    often_else: bool = False
    """bare: a plain `email` that no word for a person stands around. often_else: an ID by a word that means something
    else at least as often (`accountId`), which counts in a file with no other word for a person."""


_MENTION: Final = Owner("mention")
_LOOSE: Final = Owner("loose")


def path_of(table: Table, column: str) -> list[str]:
    """The steps to a value: the table's name and the field's, each cut at dots. A list of plain values has the name
    of the list; what a reader added ("(2)", "[]", "value", "key") is left out."""
    name = table.name.removesuffix(" (more fields)")
    header = _header(table, column)
    added = header == "value" or column == table.key_column
    found = [*name.split("."), *([] if added and name not in ("file", "rows") else header.split("."))]
    return [step for step in (_COUNTED.sub("", step).removesuffix("[]").strip() for step in found) if step]


def key_of_person(table: Table) -> str:
    """`c9` of a table `cardsByCustomer.c9` or `customers.c9.cards`: whose the whole table is, else nothing."""
    steps = [_COUNTED.sub("", step).removesuffix("[]").strip() for step in table.name.split(".")]
    for parent, key in pairwise(steps):
        parts = words.meaning(parent)
        collection = parts & words.CUSTOMER and ("by" in parts or parent.lower() in _COLLECTIONS)
        if collection and _LIKE_AN_ID.fullmatch(key) and key.lower() not in WRAPPERS:
            return key
    return ""


def _header(table: Table, column: str) -> str:
    if table.headers and len(table.headers) == len(table.columns):
        return table.headers[table.columns.index(column)]
    return column


def owner_of(path: Iterable[str], *, is_key: bool = False) -> Owner:
    """What the value at the end of `path` says about the owner of its record."""
    steps = [step for step in path if step.strip()]
    while len(steps) > 1 and steps[-1].lower() in _WRAPPED_VALUES:
        steps.pop()
    steps = [step for at, step in enumerate(steps) if at == len(steps) - 1 or not _only_wraps(step)]
    if len(steps) > 1 and _only_wraps(steps[-1]):
        steps.pop()  # `customer.value`, and the position of a value in `customers[]`
    if not steps:
        return _LOOSE
    if steps[-1] in _NAMES_A_COLLECTION:
        return _LOOSE
    parts = words.meaning(steps[-1])
    attribute = _attribute(parts)
    at, role = _nearest_role(steps, parts, attribute)
    if role in _MENTIONS or any(_own_role(step, "other") in _OUTER_MENTIONS for step in steps[:at]):
        return _MENTION
    if parts & _MERGED:
        return Owner("merged")
    if role in ("terminal", "message", "business"):
        return _MENTION
    if role != "customer":
        bare = attribute == "email" and not parts - words.EMAIL - words.ADDRESS - {"main", "primary", "login"}
        return Owner("loose", bare=bare)
    return _of_customer(steps, at, parts, attribute, is_key=is_key)


def _of_customer(steps: list[str], at: int, parts: frozenset[str], attribute: str, *, is_key: bool) -> Owner:
    person = words.meaning(steps[at])
    strong = bool(person & STRONG_CUSTOMER)
    weak_word = not (person & words.CUSTOMER) - _PLAIN_WEAK
    here = at == len(steps) - 1
    table_of_people = not person & _KIND_WORDS or "by" in person
    if parts & _EARLIER and not (here or parts & words.CUSTOMER):
        return _MENTION if attribute == "email" else _LOOSE
    if parts & {"href", "uri"} and at == len(steps) - 2:
        return Owner("link")
    if is_key:
        return Owner("either", strong, frozenset({"id"})) if table_of_people else _LOOSE
    if attribute == "email":
        if parts & (words.NOT_A_PERSON | words.DATE):
            return _LOOSE
        return Owner("email", strong, often_else=weak_word) if here or table_of_people else _LOOSE
    extra = parts - words.CUSTOMER - words.ID - _BESIDE_ID
    if parts & words.ID:
        name = (parts & words.ID) - {"oid"} or frozenset({"id"})
        adjacent = here or (at == len(steps) - 2 and table_of_people)
        if adjacent and not extra:
            return Owner("id", strong, name, often_else=weak_word)
        if adjacent and extra <= _ALIAS | words.BUSINESS and not weak_word and here:
            return Owner("alias", strong, parts)
    if here and not parts - words.CUSTOMER:
        return Owner("either", strong, frozenset({"id"}), often_else=weak_word)
    if attribute in ("name", "phone"):
        return Owner("name" if attribute == "name" else "phone", strong)
    return _LOOSE


def _only_wraps(step: str) -> bool:
    found = words.words(step)
    return bool(found) and all(word in WRAPPERS or word.isdigit() for word in found)


def _attribute(parts: frozenset[str]) -> str:
    return next((name for name, known in PERSON_WORDS if parts & known), "other")


def _nearest_role(steps: list[str], parts: frozenset[str], attribute: str) -> tuple[int, str]:
    """(the step that says whom it is about, as what), from the value outward; (-1, "") when none does."""
    for at in range(len(steps) - 1, -1, -1):
        here = parts if at == len(steps) - 1 else words.meaning(steps[at])
        role = _own_role(steps[at], attribute if at == len(steps) - 1 else "other")
        if role == "business" and here & words.CUSTOMER:
            role = "customer"
        if role == "customer" and "contact" in here and _stands_under_business(steps[: at + 1]):
            role = "business"
        if role == "message" and at < len(steps) - 1 and here & words.CUSTOMER:
            role = "customer"
        if role:
            return at, role
    return -1, ""


def _stands_under_business(steps: list[str]) -> bool:
    return any(words.meaning(step) & words.BUSINESS for step in steps)


def _own_role(step: str, attribute: str) -> str:
    return role_of_name(step, words.meaning(step), attribute)
