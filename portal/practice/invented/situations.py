"""Customers worth trying: one invented person for each thing that can happen to an export.

Light on purpose (standard library only). Served as JSON at ``GET /_practice/situations``; how each one behaves on the
wire is in ``behaviours.py`` under the same key.
"""

from dataclasses import dataclass
from typing import Final, Literal

ExportFormat = Literal["json", "csv"]


@dataclass(frozen=True, slots=True)
class Situation:
    """One customer worth trying. ``merchant`` is ``one`` or ``two``; ``format`` is the one to ask for."""

    key: str
    title: str
    what_happens: str
    email: str
    customer_id: str
    format: ExportFormat = "json"
    merchant: str = "one"


def fixed_id(number: int) -> str:
    """The id of an invented customer that is the same in every world."""
    return f"5eed{number:020x}"


SITUATIONS: Final[tuple[Situation, ...]] = (
    Situation(
        "ordinary", "Ordinary customer", "A small nested JSON file about one person.", "ada@example.com", fixed_id(1)
    ),
    Situation(
        "many_cards",
        "Many cards",
        "About 60 cards and 900 transactions in one nested JSON file.",
        "many.cards@example.com",
        fixed_id(2),
    ),
    Situation(
        "flat_json",
        "Flat JSON list",
        "The JSON file is a list of transaction rows instead of a nested record.",
        "flat.list@example.com",
        fixed_id(3),
    ),
    Situation(
        "flat_csv",
        "Flat CSV",
        "One CSV table with a row for each transaction.",
        "flat.csv@example.com",
        fixed_id(4),
        "csv",
    ),
    Situation(
        "stacked_csv",
        "Stacked CSV",
        "One CSV file holds several tables under each other, each with a title line.",
        "stacked@example.com",
        fixed_id(5),
        "csv",
    ),
    Situation(
        "semicolon_csv",
        "Semicolon CSV",
        "The CSV file starts with a byte order mark and separates its columns with semicolons.",
        "semicolon@example.com",
        fixed_id(6),
        "csv",
    ),
    Situation(
        "tricky_text",
        "Tricky text",
        "Names and messages that break careless software: NA, Null, formulas, emoji and right-to-left writing.",
        "tricky.text@example.com",
        fixed_id(7),
    ),
    Situation(
        "none_found",
        "None found",
        "The export works, but its file holds nothing.",
        "empty@example.com",
        fixed_id(8),
    ),
    Situation(
        "two_people",
        "Two people",
        "The file also contains the whole record of another customer.",
        "two.people@example.com",
        fixed_id(9),
    ),
    Situation(
        "slow",
        "Slow",
        "LoyaltyDog takes about 8 seconds to answer and the file arrives in drips.",
        "slow@example.com",
        fixed_id(10),
    ),
    Situation(
        "rate_limited",
        "Rate limited",
        "The first try is turned away with a wait of 5 seconds; the next one works.",
        "busy@example.com",
        fixed_id(11),
    ),
    Situation(
        "rate_limited_silent",
        "Rate limited, no wait given",
        "The first try is turned away without saying how long to wait; the next one works.",
        "busy.silent@example.com",
        fixed_id(12),
    ),
    Situation(
        "expired",
        "Expired link",
        "The link has already expired when it is handed out.",
        "expired@example.com",
        fixed_id(13),
    ),
    Situation(
        "expires_soon",
        "Link expires soon",
        "The link works for about 5 seconds and is gone after that.",
        "expires.soon@example.com",
        fixed_id(14),
    ),
    Situation(
        "refused",
        "Refused",
        "LoyaltyDog says that this account may not export this customer.",
        "refused@example.com",
        fixed_id(15),
    ),
    Situation(
        "unknown_customer",
        "Unknown customer",
        "LoyaltyDog does not know this customer.",
        "nobody@example.com",
        fixed_id(16),
    ),
    Situation(
        "not_accepted",
        "Input not accepted",
        "LoyaltyDog does not accept the address although it looks right.",
        "not.accepted@example.com",
        fixed_id(17),
    ),
    Situation(
        "cut_off",
        "Cut off",
        "The download stops half-way.",
        "cut.off@example.com",
        fixed_id(18),
    ),
    Situation(
        "server_error",
        "Server error after accepting",
        "LoyaltyDog makes the export and then answers with an error.",
        "bad.gateway@example.com",
        fixed_id(19),
    ),
    Situation(
        "no_answer",
        "No answer",
        "LoyaltyDog makes the export and never answers.",
        "no.answer@example.com",
        fixed_id(20),
    ),
    Situation(
        "html_answer",
        "Answer is a web page",
        "LoyaltyDog answers with a web page instead of the documented reply.",
        "html.answer@example.com",
        fixed_id(21),
    ),
    Situation(
        "incomplete_answer",
        "Incomplete answer",
        "The reply lacks the export ID and the link.",
        "incomplete@example.com",
        fixed_id(22),
    ),
    Situation(
        "queued",
        "Unknown status word",
        "The reply says queued, yet its link already works.",
        "queued@example.com",
        fixed_id(23),
    ),
    Situation(
        "unlisted_host",
        "Link to an unlisted host",
        "The link points at a host that is not on the list of allowed download hosts.",
        "unlisted@example.com",
        fixed_id(24),
    ),
    Situation(
        "relative_link",
        "Relative link",
        "The link is a path without a host.",
        "relative@example.com",
        fixed_id(25),
    ),
    Situation(
        "redirected",
        "Redirected download",
        "The link sends the download on to the file host.",
        "redirected@example.com",
        fixed_id(26),
    ),
    Situation(
        "wrong_file",
        "File is a web page",
        "The download is a web page instead of the file asked for.",
        "wrong.file@example.com",
        fixed_id(27),
    ),
    Situation(
        "large_file",
        "Large file",
        "A CSV file of more than 20 megabytes, sent without saying its size.",
        "large.file@example.com",
        fixed_id(28),
        "csv",
    ),
    Situation(
        "same_address",
        "Same address at both merchants",
        "The other merchant has a different customer with this address; only yours is exported.",
        "sam@example.com",
        fixed_id(29),
    ),
    Situation(
        "other_merchant",
        "Customer of the second merchant",
        "Found with the second merchant's account only; the first merchant gets none.",
        "grace@example.com",
        fixed_id(30),
        "json",
        "two",
    ),
)
