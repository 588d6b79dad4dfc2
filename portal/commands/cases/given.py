"""What the commands of cases are given: a case by its name, words from a file, a person's values from standard input.

A value on the command line stays in the shell's history and in the list of processes; `-` takes it from standard input.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from portal.composition import Portal
from portal.errors import InputError, InputErrors
from portal.identity import User

As = Annotated[str | None, typer.Option("--as", help="account that acts (email or id)")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of words")]
Named = Annotated[str, typer.Argument(metavar="CASE", help="the case: 2026-0042, or its id")]
DAY = ["%Y-%m-%d"]
STANDARD_INPUT = "-"
WORDS_BYTES = 1024 * 1024  # more than any letter


@contextlib.contextmanager
def options_named(**options: str) -> Iterator[None]:
    """A field that a service refuses is told by the option it came from: `options` where that has another name."""
    try:
        yield
    except InputError as problem:
        raise _wrong(problem.message, options.get(problem.field, problem.field)) from None


def case_id_of(portal: Portal, user: User, named: str) -> str:
    """The id of the case that is named. Raises NotFound."""
    return portal.case_register.find_by_name(user, named.strip()) if STANDARD_INPUT in named else named.strip()


def value_of(text: str, field: str) -> str:
    """The value of an option, or the next line of standard input when it is `-`. Raises InputErrors."""
    if text != STANDARD_INPUT:
        return text
    if sys.stdin.isatty():
        print(f"{field.replace('_', ' ')}: ", end="", file=sys.stderr, flush=True)
    return _decoded(sys.stdin.buffer.readline(WORDS_BYTES), field).strip("\r\n")


def words_of(place: str, field: str) -> str:
    """The text of a file, or all of standard input when it is `-`, as it is. Raises InputErrors."""
    if place == STANDARD_INPUT:
        read = sys.stdin.buffer.read(WORDS_BYTES + 1)
    else:
        try:
            with Path(place).open("rb") as file:
                read = file.read(WORDS_BYTES + 1)
        except OSError as error:
            raise _wrong(f"The file cannot be read: {error.strerror}.", field) from None
    if len(read) > WORDS_BYTES:
        raise _wrong("This is more than a letter: at most 1 MiB.", field)
    return _decoded(read, field)


def _decoded(read: bytes, field: str) -> str:
    try:
        return read.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong("This is no text in UTF-8.", field) from None


def _wrong(message: str, field: str) -> InputErrors:
    return InputErrors([InputError(message, field=field)])
