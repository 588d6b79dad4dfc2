"""Parses a refusal of LoyaltyDog: which field of ours, in our words where the error type is known.

A 422 of FastAPI is ``{"detail": [{"loc", "msg", "type", "input", "ctx"}]}``. `input` always repeats what was typed and
is not read; `msg` may, so the rest is kept sealed on the export's row (SEC-18, SEC-26).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from portal.loyaltydog import FieldProblem, LoyaltyDogError

FIELDS = {
    "customerEmail": "email",
    "customerId": "customer_id",
    "programId": "program_id",
    "cardId": "card_id",
    "format": "format",
}
"""Field names of GDPRExportRequest and of its query, and those of our export form."""
SHORT = 200
NOT_PLAIN = frozenset("<>{}")


@dataclass(frozen=True)
class RefusedField:
    """One field: its name on the export form (empty when it is none of ours), and a sentence for the person."""

    field: str
    sentence: str


@dataclass(frozen=True)
class VendorRefusal:
    """`says`: LoyaltyDog's own short words about the whole request, or nothing. `fields`: one entry a field."""

    says: str = ""
    fields: tuple[RefusedField, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.says or self.fields)

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> VendorRefusal:
        kept = json.loads(text)
        return cls(kept["says"], tuple(RefusedField(**entry) for entry in kept["fields"]))


def refusal_of(error: LoyaltyDogError) -> VendorRefusal:
    """What the error says beside its own sentence; false when that is nothing."""
    fields = dict.fromkeys(_refused_field(problem) for problem in error.fields)
    return VendorRefusal(short_words(error.vendor_says), tuple(fields))


def short_words(text: str | None) -> str:
    """The vendor's words when they are short plain text, else nothing: no markup, no dump of an object."""
    words = (text or "").strip()
    return words if len(words) <= SHORT and not NOT_PLAIN & set(words) else ""


def _refused_field(problem: FieldProblem) -> RefusedField:
    field = next((FIELDS[part] for part in reversed(problem.loc) if isinstance(part, str) and part in FIELDS), "")
    return RefusedField(field, _known(problem.type, field) or _quoted(problem.msg, problem.loc))


def _known(kind: str, field: str) -> str:
    """Our sentence for an error type of pydantic (its list of types, 2.x; v1 wrote value_error.missing and so on)."""
    match kind.removeprefix("value_error.").removeprefix("type_error."):
        case "missing" | "any_str.empty" | "string_too_short" | "any_str.min_length":
            return "LoyaltyDog needs a value here."
        case "string_too_long" | "any_str.max_length":
            return "This is too long for LoyaltyDog."
        case "email" | "value_error" if field == "email":
            return "LoyaltyDog does not take this as an email address."
        case "string_pattern_mismatch" | "str.regex" | "value_error" | "is_instance_of" if field.endswith("_id"):
            return "LoyaltyDog does not take this as an ID."
        case "enum" | "literal_error" | "const":
            return "LoyaltyDog does not know this choice."
        case "string_type" | "str" | "extra_forbidden" | "extra":
            return "LoyaltyDog does not take this here."
    return ""


def _quoted(msg: str, loc: Sequence[str | int]) -> str:
    words = short_words(msg)
    if words:
        return f"LoyaltyDog says about it: “{words}”."
    place = ".".join(map(str, loc)) or "?"
    return f"LoyaltyDog refused the field {place}."
