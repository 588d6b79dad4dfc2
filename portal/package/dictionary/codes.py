"""Plain words for the codes of LoyaltyDog's fields: the field's name in small letters, then the code as it stands."""

from __future__ import annotations

from collections.abc import Mapping

_CARD = {
    "active": "Can be used",
    "pending": "Not activated yet",
    "suspended": "Suspended for now",
    "expired": "No longer valid",
    "voided": "Cancelled for good",
    "depleted": "Used up",
}
_PURPOSE = {
    "marketing": "Advertising and offers",
    "analytics": "Statistics on how you shop",
    "receipts": "Receipts by email",
    "data_sharing": "Passing your data on to partners",
    "email": "Messages by email",
    "sms": "Messages by text message",
    "push": "Messages on your phone",
    "terms": "Terms of use",
    "privacy": "Privacy notice",
}
CODES: Mapping[str, Mapping[str, str]] = {
    "status": _CARD,
    "cardstatus": _CARD,
    "transactiontype": {
        "PURCHASE": "Card bought",
        "ACTIVATION": "Card activated",
        "REDEMPTION": "Paid with the card",
        "RELOAD": "Card topped up",
        "REFUND": "Money refunded",
        "TRANSFER_IN": "Money moved to this card",
        "TRANSFER_OUT": "Money moved to another card",
        "CONSOLIDATION": "Cards put together",
        "OWNERSHIP_TRANSFER": "Card passed on to another person",
        "RESEND_CODE": "Card sent again",
        "VOID": "Card cancelled",
    },
    "activitytype": {
        "points_earned": "Points earned",
        "points_redeemed": "Points spent",
        "points_expired": "Points expired",
    },
    "tier": {"basic": "Basic level", "silver": "Silver level", "gold": "Gold level"},
    "purpose": _PURPOSE,
    "purposes": _PURPOSE,
    "consenttype": _PURPOSE,
    "action": {
        "pii_access": "Looked at your data",
        "gdpr_export": "Made a copy of your data",
        "gdpr_erasure": "Erased your data",
    },
    "resourcetype": {"gift_card_customer": "Customer of gift cards", "gift_card": "Gift card"},
    "actortype": {"user": "A person", "system": "The software by itself", "anonymous": "Not signed in"},
    "method": {"form": "In a form", "checkbox": "By ticking a box", "import": "Taken over from another system"},
}
