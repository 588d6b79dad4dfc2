"""The items of a merchant's profile, and the code lists that they use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from portal.cases.clock.calendar_codes import EEA_STATES, GB
from portal.cases.clock.regimes import Regime


class ProfileItem(StrEnum):
    """In the order in which they are asked for."""

    CONTROLLER = "controller"
    DPO = "dpo"
    PURPOSES = "purposes"
    CATEGORIES = "categories"
    RECIPIENTS = "recipients"
    THIRD_COUNTRIES = "third_countries"
    STORAGE = "storage"
    RIGHTS = "rights"
    COMPLAINT = "complaint"
    SOURCE = "source"
    AUTOMATED = "automated"
    MISTAKES = "mistakes"


ARTICLE: Mapping[ProfileItem, str] = {
    ProfileItem.CONTROLLER: "Art. 13(1)(a)",
    ProfileItem.DPO: "Art. 13(1)(b)",
    ProfileItem.PURPOSES: "Art. 15(1)(a)",
    ProfileItem.CATEGORIES: "Art. 15(1)(b)",
    ProfileItem.RECIPIENTS: "Art. 15(1)(c)",
    ProfileItem.THIRD_COUNTRIES: "Art. 15(2)",
    ProfileItem.STORAGE: "Art. 15(1)(d)",
    ProfileItem.RIGHTS: "Art. 15(1)(e)",
    ProfileItem.COMPLAINT: "Art. 15(1)(f)",
    ProfileItem.SOURCE: "Art. 15(1)(g)",
    ProfileItem.AUTOMATED: "Art. 15(1)(h)",
    ProfileItem.MISTAKES: "Art. 33",
}
"""Of the GDPR and of the UK GDPR."""
MAY_NOT_APPLY = frozenset(
    {ProfileItem.DPO, ProfileItem.RECIPIENTS, ProfileItem.THIRD_COUNTRIES, ProfileItem.SOURCE, ProfileItem.AUTOMATED}
)
"""The others hold for everybody who keeps data of customers."""
BY_CATEGORY = frozenset({ProfileItem.PURPOSES, ProfileItem.CATEGORIES, ProfileItem.STORAGE, ProfileItem.SOURCE})
AT_LEAST_20 = frozenset({ProfileItem.PURPOSES, ProfileItem.STORAGE, ProfileItem.SOURCE})
"""Too short a text says nothing (PKG-11)."""


class DataCategory(StrEnum):
    """A group of fields in words for people."""

    CONTACT = "contact"
    CARDS = "cards"
    TRANSACTIONS = "transactions"
    MEMBERSHIP = "membership"
    CONSENTS = "consents"
    MESSAGES = "messages"
    DEVICES = "devices"
    ACCESSES = "accesses"
    """Who looked at the person's data."""
    REQUESTS = "requests"
    """What the portal keeps of this and earlier requests."""
    OTHER = "other"
    """What other systems of the merchant hold."""


class LegalBasis(StrEnum):
    """Art. 6(1)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTERESTS = "legitimate_interests"


class RecipientRole(StrEnum):
    PLATFORM = "platform"
    WALLET = "wallet"
    MAIL = "mail"
    PAYMENT = "payment"
    TILL = "till"
    ACCOUNTANT = "accountant"
    HOSTING = "hosting"
    AUTHORITY = "authority"
    OTHER = "other"


class Safeguard(StrEnum):
    """What protects data in a country whose law does not (Art. 45, 46, 49)."""

    NONE = "none"
    ADEQUACY = "adequacy"
    STANDARD_CLAUSES = "standard_clauses"
    BINDING_RULES = "binding_rules"
    DEROGATION = "derogation"


class KindsOnly(StrEnum):
    """Why recipients are given by kind and not by name (C-154/21)."""

    IMPOSSIBLE = "impossible"
    EXCESSIVE = "excessive"


class LetterLaw(StrEnum):
    """Whose wording a letter has."""

    EU = "EU"
    UK = "UK"


OWN_COUNTRIES: Mapping[LetterLaw, frozenset[str]] = {
    LetterLaw.EU: frozenset(EEA_STATES),
    LetterLaw.UK: frozenset({GB}),
}
"""Any other country is a third one."""


def named_laws(regimes: Iterable[Regime]) -> tuple[LetterLaw, ...]:
    """Those of the EU and the UK among them."""
    given = set(regimes)
    return tuple(law for law in LetterLaw if Regime(law) in given)


def laws_in(regimes: Iterable[Regime]) -> tuple[LetterLaw, ...]:
    """Laws without a wording of their own are answered as the EU's asks, which wants the most."""
    return named_laws(regimes) or (LetterLaw.EU,)
