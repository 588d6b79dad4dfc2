"""What the practice merchant says in its letters: invented like the merchant, in two languages, so that a letter in a
third shows what happens."""

from __future__ import annotations

from portal.letters.profile.items import DataCategory, LegalBasis, ProfileItem, RecipientRole, Safeguard
from portal.letters.profile.model import ItemText, Profile, Recipient

_SAID: tuple[tuple[ProfileItem, str, str], ...] = (
    (
        ProfileItem.CONTROLLER,
        "Brook & Bean Coffee Ltd, 12 Invented Lane, Dublin, Ireland. Write to privacy@brookandbean.example.com.",
        "Brook & Bean Coffee Ltd, 12 Invented Lane, Dublin, Irland. Schreiben Sie an privacy@brookandbean.example.com.",
    ),
    (
        ProfileItem.PURPOSES,
        "We use them to run your gift cards and your place in the Coffee Club, to tell you about a card you got, and "
        "to keep our books.",
        "Wir brauchen sie für Ihre Geschenkkarten und den Coffee Club, um Ihnen eine erhaltene Karte anzukündigen und "
        "für unsere Buchhaltung.",
    ),
    (
        ProfileItem.CATEGORIES,
        "Your name and address for messages, your cards with each payment, and the points you earned.",
        "Ihr Name und Ihre Adresse für Nachrichten, Ihre Karten mit jeder Zahlung und Ihre gesammelten Punkte.",
    ),
    (
        ProfileItem.STORAGE,
        "Until two years after your last visit. Your points go when you leave the Coffee Club.",
        "Bis zwei Jahre nach Ihrem letzten Besuch. Ihre Punkte gehen, wenn Sie den Coffee Club verlassen.",
    ),
    (
        ProfileItem.RIGHTS,
        "Write to privacy@brookandbean.example.com or ask at any of our tills. No form is needed.",
        "Schreiben Sie an privacy@brookandbean.example.com oder fragen Sie an einer Kasse, ohne Formular.",
    ),
    (
        ProfileItem.SOURCE,
        "You gave them to us when you joined or bought a card; payments come from our tills; who sent you a card gave "
        "us your name.",
        "Sie gaben sie uns beim Beitritt oder Kauf; Zahlungen kommen von unseren Kassen; wer Ihnen eine Karte "
        "schickte, gab uns Ihren Namen.",
    ),
    (
        ProfileItem.AUTOMATED,
        "On your birthday a voucher is sent by itself. Nothing else is decided by a machine.",
        "Zum Geburtstag geht ein Gutschein von selbst hinaus. Sonst entscheidet keine Maschine.",
    ),
    (
        ProfileItem.MISTAKES,
        "If you read about somebody else in here, tell privacy@brookandbean.example.com at once, please.",
        "Lesen Sie hier über jemand anderen, sagen Sie es bitte gleich privacy@brookandbean.example.com.",
    ),
)
_NO_DPO = (
    "We are a small business and need no data protection officer.",
    "Wir sind ein kleines Unternehmen und brauchen keine Datenschutzbeauftragte.",
)
_PAYMENTS = (
    "For six years after the end of the year of the payment, as tax law asks.",
    "Sechs Jahre nach dem Ende des Jahres der Zahlung, wie es das Steuerrecht verlangt.",
)


def practice_profile() -> Profile:
    items = {item: ItemText(_both(english, german)) for item, english, german in _SAID}
    items[ProfileItem.DPO] = ItemText(not_applicable=_both(*_NO_DPO))
    items[ProfileItem.STORAGE] = ItemText(
        items[ProfileItem.STORAGE].texts, {DataCategory.TRANSACTIONS: _both(*_PAYMENTS)}
    )
    return Profile(
        items=items,
        bases={
            DataCategory.CARDS: LegalBasis.CONTRACT,
            DataCategory.TRANSACTIONS: LegalBasis.LEGAL_OBLIGATION,
            DataCategory.MEMBERSHIP: LegalBasis.CONTRACT,
            DataCategory.MESSAGES: LegalBasis.CONSENT,
        },
        recipients=(
            Recipient("LoyaltyDog (practice)", RecipientRole.PLATFORM, "IE", "2021", Safeguard.ADEQUACY),
            Recipient("Ledger & Loaf (invented)", RecipientRole.ACCOUNTANT, "CH", "2022", Safeguard.ADEQUACY),
            Recipient("Paper Plane Mail (invented)", RecipientRole.MAIL, "IE", "2023", Safeguard.ADEQUACY),
            Recipient("Pocket Wallet Inc (invented)", RecipientRole.WALLET, "US", "2022", Safeguard.STANDARD_CLAUSES,
                      "privacy@brookandbean.example.com"),
        ),
        authorities=("IE", "GB"),
    )  # fmt: skip


def _both(english: str, german: str) -> dict[str, str]:
    return {"en": english, "de": german}
