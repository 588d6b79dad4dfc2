"""People whose complete answer is worth collecting: each shows one way in which a person's data lie apart.

Rows like those of ``situations.py``, and as light; ``whole_answers.py`` puts the new ones into the world. Two facts are
the programs' own: "Tea Club" refuses every look (403), "Morning Regulars" has 600 members and sends all of them.
"""

from typing import Final

from portal.practice.invented.situations import Situation, fixed_id

MAILBOX: Final = "family@example.com"
TWO_IDS: Final = "two.ids@example.com"
MERGED: Final = "merged.new@example.com"
MERGED_OLD: Final = "merged.old@example.com"
SEARCH_ONLY: Final = "search.only@example.com"
EXPORT_ONLY: Final = "export.only@example.com"
PAGE_THREE: Final = "page.three@example.com"
LOGGED: Final = "well.logged@example.com"
UNLOGGED: Final = "no.traces@example.com"
NOWHERE: Final = "nothing.held@example.com"
LOOKALIKES: Final = ("robin.ash@example.com", "r.ash@example.com", "ash.robin@example.com")

FAMILY_IDS: Final = (fixed_id(101), fixed_id(102))
TWO_IDS_IDS: Final = (fixed_id(103), fixed_id(104))
MERGED_ID: Final = fixed_id(105)
MERGED_OLD_ID: Final = fixed_id(106)
LOOKALIKE_IDS: Final = (fixed_id(110), fixed_id(111), fixed_id(112))

PEOPLE: Final[tuple[Situation, ...]] = (
    Situation(
        "several_programs",
        "In several programs",
        "Gift cards and two loyalty programs; one of them has the address in capitals.",
        "ada@example.com",
        fixed_id(1),
    ),
    Situation(
        "cards_only",
        "Gift cards only",
        "In no loyalty program that can be read; Tea Club refuses.",
        "flat.list@example.com",
        fixed_id(3),
    ),
    Situation(
        "loyalty_only",
        "Loyalty only",
        "Member of the Coffee Club; the gift cards' file holds nothing.",
        "empty@example.com",
        fixed_id(8),
    ),
    Situation(
        "page_three",
        "On the third page",
        "One of 600 members of a program that sends all of them, on the last of three pages.",
        PAGE_THREE,
        fixed_id(109),
    ),
    Situation(
        "two_ids",
        "Two customer IDs",
        "One person, one address, two customer IDs: the export by email holds the older one only.",
        TWO_IDS,
        TWO_IDS_IDS[0],
    ),
    Situation(
        "family",
        "Family mailbox",
        "Two people with one address, other names and other phone numbers: the export by email holds both.",
        MAILBOX,
        FAMILY_IDS[0],
    ),
    Situation(
        "merged",
        "Merged customer",
        "An old customer ID and an old address lead to the new record; one card still bears the old ID.",
        MERGED,
        MERGED_ID,
    ),
    Situation(
        "search_only",
        "Card missing in the export",
        "The card search knows a card that the export lacks.",
        SEARCH_ONLY,
        fixed_id(107),
    ),
    Situation(
        "export_only",
        "Card missing in the search",
        "The export holds a card that the card search does not know.",
        EXPORT_ONLY,
        fixed_id(108),
    ),
    Situation(
        "lookalikes",
        "Three of one name",
        "Three people called Robin Ash: program, balance and last use tell them apart.",
        LOOKALIKES[0],
        LOOKALIKE_IDS[0],
    ),
    Situation(
        "logged",
        "Consents and a long log",
        "Agreed to everything, and looked at 230 times: two pages of LoyaltyDog's log.",
        LOGGED,
        fixed_id(113),
    ),
    Situation(
        "unlogged",
        "No consents, no log",
        "Never asked for consent and never looked at before you.",
        UNLOGGED,
        fixed_id(114),
    ),
    Situation(
        "nothing_held",
        "Nothing held",
        "No cards, no membership, no consents: the answer is that nothing is held.",
        NOWHERE,
        fixed_id(115),
    ),
)
