"""The sentences of an answer that are ours: facts of the law, of the case and of code lists."""

from __future__ import annotations

from collections.abc import Mapping

from portal.letters.answer.facts import Outcome, SearchOutcome
from portal.letters.profile.items import (
    DataCategory,
    KindsOnly,
    LegalBasis,
    LetterLaw,
    ProfileItem,
    RecipientRole,
    Safeguard,
)

HEADINGS: Mapping[ProfileItem, str] = {
    ProfileItem.CONTROLLER: "Who is responsible",
    ProfileItem.DPO: "Data protection officer",
    ProfileItem.PURPOSES: "What we use your data for",
    ProfileItem.CATEGORIES: "Which kinds of data we hold",
    ProfileItem.RECIPIENTS: "Who receives your data",
    ProfileItem.THIRD_COUNTRIES: "Data in other countries",
    ProfileItem.STORAGE: "How long we keep your data",
    ProfileItem.RIGHTS: "Your rights",
    ProfileItem.COMPLAINT: "Where you may complain",
    ProfileItem.SOURCE: "Where your data come from",
    ProfileItem.AUTOMATED: "Automated decisions",
    ProfileItem.MISTAKES: "If something here is not about you",
}
CONFIRMATION: Mapping[Outcome, str] = {
    Outcome.YES: "We hold data about you, and a copy of them comes with this letter.",
    Outcome.PARTLY: "We hold data about you, and a copy of them comes with this letter, without what is named below.",
    Outcome.NOTHING: "We searched the systems named below and found no data about you in them.",
}
MORE_TIME = "We had told you that our answer would come by {until}."
SEARCHED: Mapping[SearchOutcome, str] = {
    SearchOutcome.FOUND: "Data about you were found.",
    SearchOutcome.NOTHING: "Nothing was found.",
    SearchOutcome.APART: "You get a letter of its own about it.",
}
SEARCHED_ON = "{name}: searched on {when}."
SEARCHED_BY = "Searched by: {by}."
CATEGORY_WORDS: Mapping[DataCategory, str] = {
    DataCategory.CONTACT: "How to reach you",
    DataCategory.CARDS: "Gift cards",
    DataCategory.TRANSACTIONS: "Purchases and top-ups",
    DataCategory.MEMBERSHIP: "Membership and points",
    DataCategory.CONSENTS: "What you agreed to",
    DataCategory.MESSAGES: "Messages",
    DataCategory.DEVICES: "Phones and wallets with a card",
    DataCategory.ACCESSES: "Who looked at your data",
    DataCategory.REQUESTS: "Your requests about your data",
    DataCategory.OTHER: "Other data",
}
COUNTED = "{category}. Number of entries: {records}."
BASES: Mapping[LegalBasis, str] = {
    LegalBasis.CONSENT: "Legal basis: your consent (Art. 6(1)(a) {law}).",
    LegalBasis.CONTRACT: "Legal basis: a contract with you (Art. 6(1)(b) {law}).",
    LegalBasis.LEGAL_OBLIGATION: "Legal basis: a duty by law (Art. 6(1)(c) {law}).",
    LegalBasis.LEGITIMATE_INTERESTS: "Legal basis: our legitimate interests (Art. 6(1)(f) {law}).",
}
LAW_NAMES: Mapping[LetterLaw, str] = {LetterLaw.EU: "GDPR", LetterLaw.UK: "UK GDPR"}
ROLES: Mapping[RecipientRole, str] = {
    RecipientRole.PLATFORM: "It runs our gift cards and loyalty programs.",
    RecipientRole.WALLET: "It keeps cards on phones.",
    RecipientRole.MAIL: "It sends our messages.",
    RecipientRole.PAYMENT: "It takes payments.",
    RecipientRole.TILL: "It runs our tills.",
    RecipientRole.ACCOUNTANT: "It keeps our books.",
    RecipientRole.HOSTING: "It runs our computers.",
    RecipientRole.AUTHORITY: "It is an authority.",
    RecipientRole.OTHER: "It works for us.",
}
SAFEGUARDS: Mapping[Safeguard, str] = {
    Safeguard.NONE: "",
    Safeguard.ADEQUACY: "The law there is recognised as protecting your data (Art. 45 {law}).",
    Safeguard.STANDARD_CLAUSES: "Standard clauses in our contract protect your data (Art. 46 {law}).",
    Safeguard.BINDING_RULES: "Binding rules of its group protect your data (Art. 47 {law}).",
    Safeguard.DEROGATION: "It is allowed in this case (Art. 49 {law}).",
}
KINDS_ONLY: Mapping[KindsOnly, str] = {
    KindsOnly.IMPOSSIBLE: "We give the kinds of recipients, because we cannot tell which of them received your data.",
    KindsOnly.EXCESSIVE: "We give the kinds of recipients, because your request for each name is excessive.",
}
NO_RECIPIENT = "We found no recipient of your data."
NAMED = "{name}, {country}."
SINCE = "Since: {since}."
COPY_AT = "You get a copy of the clauses here: {place}."
NO_THIRD_COUNTRY: Mapping[LetterLaw, str] = {
    LetterLaw.EU: "None of these recipients is outside the European Economic Area.",
    LetterLaw.UK: "None of these recipients is outside the United Kingdom.",
}
RIGHTS = (
    "You may ask us to correct or to erase your data, or to restrict their use.",
    "You may also object to their use.",
)
SENT_BY = "Cards were sent to you by: {names}."
NOT_APPLICABLE = "This does not apply here:"
ONLY_IN = "Part of this letter is in another language ({language}): we have these words in no other."
PACKAGE_KEPT = "We keep the copy that we send you until {until}."
KEPT_HEADING = "How long we keep this answer"
LEFT_OUT_HEADING = "What we left out"
VERSION = "This letter follows version {version} of what we say about data."
