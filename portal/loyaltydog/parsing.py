"""Parses untrusted JSON: bytes in, plain or typed values out. Pure; no I/O.

Rules kept: nothing in a body raises anything but UnreadableAnswer, whose ``detail`` never quotes it; numbers stay the
text they were sent as; duplicate keys, NaN and deep nesting are refused.
"""

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from .errors import UnreadableAnswer
from .network.limits import MAX_JSON_DEPTH

__all__ = ["for_person", "parse_json", "place", "read_list", "read_model", "without_addresses", "without_emails"]

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_EMAIL = re.compile(r"[^\s@]{1,256}@[^\s@]{1,256}")
_LONG_NUMBER = re.compile(r"\d(?:[ .-]?\d){6,}")
Model = TypeVar("Model", bound=BaseModel)


class _Number(str):
    """A JSON number as it was written: ``1.10`` stays ``1.10`` and 5,000 digits stay harmless."""

    __slots__ = ()


def parse_json(body: bytes) -> Any:
    """JSON with numbers as the text they were sent as, lone surrogates replaced. Raises UnreadableAnswer."""
    problem: str
    try:
        text = body.decode("utf-8-sig")
        return _checked(
            json.loads(
                text,
                parse_float=_Number,
                parse_int=_Number,
                parse_constant=_refuse,
                object_pairs_hook=_without_duplicates,
            )
        )
    except UnicodeDecodeError:
        problem = "body is not UTF-8"
    except RecursionError:
        problem = "body is nested too deeply"
    except ValueError as trouble:
        problem = str(trouble) if isinstance(trouble, _NotPlainJson) else "body is not JSON"
    raise UnreadableAnswer(problem)


def read_model(model: type[Model], value: object) -> Model:
    """One object of the expected kind. Raises UnreadableAnswer naming the fields, never their values."""
    try:
        return model.model_validate(value)
    except ValidationError as trouble:
        names = sorted(
            {place(problem["loc"]) for problem in trouble.errors(include_input=False, include_context=False)}
        )
    raise UnreadableAnswer(f"{model.__name__} not as documented: {', '.join(names[:10])}")


def read_list(model: type[Model], value: object) -> list[Model]:
    """A bare list, or an envelope around one. Raises UnreadableAnswer."""
    if isinstance(value, dict):
        value = next(
            (value[key] for key in ("items", "data", "results", "cards", "programs", "transactions") if key in value),
            None,
        )
    if not isinstance(value, list):
        raise UnreadableAnswer(f"no list of {model.__name__} in the answer")
    return [read_model(model, item) for item in value]


def place(loc: tuple[int | str, ...]) -> str:
    """A field's place as ``body.customerEmail``, for the log: parts that are no plain names are left out."""
    return ".".join(str(part) for part in loc if isinstance(part, int) or _NAME.fullmatch(part)) or "?"


def for_person(text: str, max_chars: int = 500) -> str:
    """A vendor's words in one line, without control characters."""
    return _CONTROL.sub(" ", text).strip()[:max_chars]


def without_addresses(text: str) -> str:
    """The text with email addresses and long numbers (cards, phones) dotted out: a word of state needs neither."""
    return _LONG_NUMBER.sub("…", _EMAIL.sub("…", text))


def without_emails(text: str) -> str:
    """The text with email addresses dotted out: for ids, which may be long numbers."""
    return _EMAIL.sub("…", text)


class _NotPlainJson(ValueError):
    """Our own findings inside ``json.loads``; their text quotes nothing."""


def _refuse(_: str) -> Any:
    raise _NotPlainJson("body holds NaN or Infinity")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotPlainJson("body repeats a key")
    return found


def _checked(value: Any) -> Any:
    """The same value with lone surrogates replaced, nested at most MAX_JSON_DEPTH deep."""

    def clean(item: Any, depth: int) -> Any:
        if depth > MAX_JSON_DEPTH:
            raise _NotPlainJson("body is nested too deeply")
        if isinstance(item, _Number):
            return item
        if isinstance(item, str):
            return _SURROGATE.sub("\ufffd", item)
        if isinstance(item, list):
            return [clean(entry, depth + 1) for entry in item]
        if isinstance(item, dict):
            return {_SURROGATE.sub("\ufffd", key): clean(entry, depth + 1) for key, entry in item.items()}
        return item

    return clean(value, 0)
