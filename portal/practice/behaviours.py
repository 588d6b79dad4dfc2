"""How each situation behaves on the wire. Data only; ``gdpr_routes.py`` and ``downloads.py`` act on it."""

from dataclasses import dataclass
from typing import Final, Literal

JsonShape = Literal["nested", "rows"]
CsvShape = Literal["rows", "stacked", "semicolon"]
Link = Literal["api", "presigned", "relative", "unlisted"]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the server does for one customer; the defaults are an ordinary one.

    ``answer`` is what the POST replies; ``accepted_then_*`` and the odd bodies are sent after the export was made.
    ``link_life`` picks the clock of the download link; ``file`` what the download sends. ``mailbox``: asked by email,
    the file holds everybody with it.
    """

    json_shape: JsonShape = "nested"
    csv_shape: CsvShape = "rows"
    link: Link = "api"
    answer: Literal[
        "export",
        "slow",
        "forbidden",
        "unprocessable",
        "accepted_then_502",
        "accepted_then_silence",
        "html",
        "incomplete",
    ] = "export"
    first_try: Literal["works", "429", "429_without_retry_after"] = "works"
    link_life: Literal["ordinary", "soon", "past"] = "ordinary"
    file: Literal["whole", "drip", "cut", "html", "large", "redirect"] = "whole"
    content: Literal["own", "nothing", "two_people", "mailbox"] = "own"
    status: str = "completed"


BEHAVIOURS: Final[dict[str, Behaviour]] = {
    "ordinary": Behaviour(),
    "many_cards": Behaviour(link="presigned"),
    "flat_json": Behaviour(json_shape="rows"),
    "flat_csv": Behaviour(link="presigned"),
    "stacked_csv": Behaviour(csv_shape="stacked"),
    "semicolon_csv": Behaviour(csv_shape="semicolon", link="presigned"),
    "tricky_text": Behaviour(),
    "none_found": Behaviour(content="nothing"),
    "two_people": Behaviour(content="two_people"),
    "slow": Behaviour(answer="slow", file="drip"),
    "rate_limited": Behaviour(first_try="429", link="presigned"),
    "rate_limited_silent": Behaviour(first_try="429_without_retry_after"),
    "expired": Behaviour(link_life="past"),
    "expires_soon": Behaviour(link_life="soon"),
    "refused": Behaviour(answer="forbidden"),
    "not_accepted": Behaviour(answer="unprocessable"),
    "cut_off": Behaviour(file="cut"),
    "server_error": Behaviour(answer="accepted_then_502"),
    "no_answer": Behaviour(answer="accepted_then_silence"),
    "html_answer": Behaviour(answer="html"),
    "incomplete_answer": Behaviour(answer="incomplete"),
    "queued": Behaviour(status="queued"),
    "unlisted_host": Behaviour(link="unlisted"),
    "relative_link": Behaviour(link="relative"),
    "redirected": Behaviour(file="redirect"),
    "wrong_file": Behaviour(file="html"),
    "large_file": Behaviour(file="large", link="presigned"),
    "same_address": Behaviour(),
    "other_merchant": Behaviour(link="presigned"),
    # The people of `invented.people`.
    "page_three": Behaviour(content="nothing"),
    "two_ids": Behaviour(),
    "family": Behaviour(content="mailbox"),
    "merged": Behaviour(link="presigned"),
    "search_only": Behaviour(),
    "export_only": Behaviour(),
    "lookalikes": Behaviour(),
    "logged": Behaviour(),
    "unlogged": Behaviour(),
}


def ordinary_behaviour(number: int) -> Behaviour:
    """The behaviour of the ``number``-th ordinary customer: the shape follows the customer, half are presigned."""
    return Behaviour(
        json_shape="rows" if number % 3 == 2 else "nested",
        csv_shape="stacked" if number % 4 == 3 else "rows",
        link="presigned" if number % 2 else "api",
    )
