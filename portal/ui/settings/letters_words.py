"""What each item of the letters means, with an example. Examples are shown, never filled in."""

from __future__ import annotations

from collections.abc import Mapping

from portal.letters.profile.items import KindsOnly, LegalBasis, ProfileItem, Safeguard
from portal.ui.common.words import later

MEANS: Mapping[ProfileItem, str] = {
    ProfileItem.CONTROLLER: later("Your business: its full name, its address and how to reach it."),
    ProfileItem.DPO: later("Whom you named for data protection, and how to reach them. Many small shops need nobody."),
    ProfileItem.PURPOSES: later("What you do with the data, so that a customer recognises it."),
    ProfileItem.CATEGORIES: later("What the data are, as a customer would say it. The letter adds how many there are."),
    ProfileItem.RECIPIENTS: later("Everybody outside your business who gets customers' data, by name."),
    ProfileItem.THIRD_COUNTRIES: later("Whether data go to a country with other laws, and what protects them there."),
    ProfileItem.STORAGE: later("How long each kind is kept, or what that depends on."),
    ProfileItem.RIGHTS: later("How a customer asks you to correct, erase or restrict data, or objects to their use."),
    ProfileItem.COMPLAINT: later("The authority for data protection where your business is."),
    ProfileItem.SOURCE: later("Where you have the data from: the customer, the giver of a card, your till."),
    ProfileItem.AUTOMATED: later("Whether a machine alone decides something that matters to a customer."),
    ProfileItem.MISTAKES: later("Whom a customer tells that something in the answer is about somebody else."),
}
EXAMPLES: Mapping[ProfileItem, str] = {
    ProfileItem.CONTROLLER: later(
        "Corner Bakery Ltd, 4 Mill Street, Cork, Ireland. You reach us at privacy@corner-bakery.example."
    ),
    ProfileItem.DPO: later("Alex Doe, dpo@corner-bakery.example, or by post to the address of our business."),
    ProfileItem.PURPOSES: later(
        "We use your data to run your gift card and your points, to deliver what you order, and to keep our books."
    ),
    ProfileItem.CATEGORIES: later(
        "Your name and email address, your cards with each payment, and the points you earned."
    ),
    ProfileItem.RECIPIENTS: later("Nobody else gets your data; our accountant sees payments without names."),
    ProfileItem.THIRD_COUNTRIES: later("All companies that work for us keep your data in Ireland."),
    ProfileItem.STORAGE: later(
        "Payments are kept for six years after the end of the year, as tax law asks. Points go when you leave the club."
    ),
    ProfileItem.RIGHTS: later("Write to privacy@corner-bakery.example or ask at the till. You need no form."),
    ProfileItem.COMPLAINT: later("You are welcome to tell us first, but you need not."),
    ProfileItem.SOURCE: later("You gave us your data when you joined. Payments come from our till."),
    ProfileItem.AUTOMATED: later("A voucher is sent on your birthday. Nothing else is decided by a machine."),
    ProfileItem.MISTAKES: later("Tell privacy@corner-bakery.example at once, please, and show it to nobody."),
}
BASIS_WORDS: Mapping[LegalBasis, str] = {
    LegalBasis.CONSENT: later("Consent"),
    LegalBasis.CONTRACT: later("Contract with the customer"),
    LegalBasis.LEGAL_OBLIGATION: later("Duty by law"),
    LegalBasis.LEGITIMATE_INTERESTS: later("Legitimate interests"),
}
SAFEGUARD_WORDS: Mapping[Safeguard, str] = {
    Safeguard.NONE: later("None needed: the same law holds there"),
    Safeguard.ADEQUACY: later("The country is recognised as safe"),
    Safeguard.STANDARD_CLAUSES: later("Standard clauses in the contract"),
    Safeguard.BINDING_RULES: later("Binding rules of its group"),
    Safeguard.DEROGATION: later("Allowed in this case"),
}
KINDS_ONLY_WORDS: Mapping[KindsOnly, str] = {
    KindsOnly.IMPOSSIBLE: later("Kinds only: nobody can tell who received what"),
    KindsOnly.EXCESSIVE: later("Kinds only: requests for each name are excessive"),
}
