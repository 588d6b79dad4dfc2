"""`cases clock`: the dates of cases that are given line by line, without a database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from portal.cases.clock.lines import answer_line
from portal.commands.printing import print_lines
from portal.errors import InputError


def clock(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON line for each, with the steps as `why`")] = False,
) -> None:
    """Calculate the dates of cases given on standard input, one JSON object a line, without a database.

    A line holds id, received, time_zone, regime, calendar and events (docs/cases.md). Exit status 2 when a line was
    wrong: it is answered with what is wrong in it, and the others with their dates.
    """
    wrong = 0

    def answers() -> Iterator[dict[str, Any]]:
        nonlocal wrong
        for answer in _answers(sys.stdin.buffer):
            wrong += "error" in answer
            yield answer

    print_lines(map(_as_json if as_json else _in_words, answers()))
    if wrong:
        print(f"{wrong} of the lines could not be calculated.", file=sys.stderr)
        raise typer.Exit(2)


def _answers(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for number, raw in enumerate(lines, 1):
        if raw.strip():
            yield _answer(raw, number)


def _answer(raw: bytes, number: int) -> dict[str, Any]:
    try:
        line = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {"id": None, "error": f"line {number}: This is no JSON."}
    named = line.get("id") if isinstance(line, dict) else None
    try:
        return answer_line(line)
    except InputError as error:
        field = error.field if named is not None else f"line {number}, {error.field}"
        return {"id": named, "error": f"{field}: {error.message}"}


def _as_json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)


def _in_words(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return f"{answer['id']}: {answer['error']}"
    head = f"{answer['id']}: target {answer['target_on']}, last lawful day {answer['last_lawful_on']}"
    return "\n  ".join([head, *answer["why"]])
