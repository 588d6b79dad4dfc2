"""`python -m portal …` run in the test's own process: to start one takes longer than most commands do."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import structlog

from portal.cli import main
from portal.log import NOISY

NOT_HANDED_ON = ("PORTAL_", "PRACTICE_")


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def run_command(*words: object, data: Path, typed: str = "", variables: Mapping[str, str] | None = None) -> Ran:
    """`data` is the data folder, `typed` what comes by standard input. Nothing of the test run's own PORTAL_ variables
    is seen. Fails on a stack trace."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(NOT_HANDED_ON)}
    environment |= {"PORTAL_DATA_DIR": str(data), "NO_COLOR": "1", "COLUMNS": "200", **(variables or {})}
    given, out, err = (io.TextIOWrapper(io.BytesIO(b), encoding="utf-8") for b in (typed.encode(), b"", b""))
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", ["portal", *map(str, words)]),
        mock.patch.object(sys, "stdin", given),
        redirect_stdout(out),
        redirect_stderr(err),
        logging_as_before(),
    ):
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    said = [_text(stream) for stream in (out, err)]
    assert "Traceback" not in said[1], said[1]
    return Ran(status, *said)


@contextmanager
def logging_as_before() -> Iterator[None]:
    """What sends the log to a standard error of its own gives it back: the tests after it read theirs."""
    before, was_configured = structlog.get_config(), structlog.is_configured()
    levels = {name: logging.getLogger(name).level for name in ("", *NOISY)}
    try:
        yield
    finally:
        structlog.configure(**before)
        if not was_configured:
            structlog.reset_defaults()
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]
