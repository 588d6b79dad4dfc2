from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from portal.web.gate.buckets import Rate
from portal.web.gate.foreign_logs import BY_FOREIGN_INPUT, LogThrottle, ThrottledLines, throttle_library_logs

pytestmark = pytest.mark.keeps("SEC-32", "SEC-52")

SECRET = "canary@example.com"


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def told() -> Iterator[tuple[logging.Logger, list[str], list[float]]]:
    """A library's logger, what comes out of it, and the clock."""
    now, kept = [0.0], Kept()
    lines = ThrottledLines(LogThrottle(Rate(3, 0.1), clock=lambda: now[0]))
    logger = logging.Logger("uvicorn.error")
    logger.addFilter(lines)
    logger.addHandler(kept)
    yield logger, kept.lines, now


def test_a_traceback_is_one_line_without_the_input(told) -> None:
    logger, lines, _now = told
    try:
        int(SECRET)
    except ValueError as error:
        logger.exception("Could not read %s", "it", stack_info=True)
        logger.warning("Again", exc_info=error)
    assert lines[0].startswith("Could not read it (ValueError in test_foreign_logs.py:")
    assert lines[1].startswith("Again (ValueError in test_foreign_logs.py:")
    assert not any("\n" in line or SECRET in line for line in lines)


def test_repeated_lines_are_throttled_and_counted(told) -> None:
    logger, lines, now = told
    for step in range(2):
        now[0] = 100.0 * step
        for number in range(50):
            logger.warning("Bad frame from %s", number)  # one kind, whatever is filled in
    assert len(lines) == 6
    assert lines[3] == "Bad frame from 0 [47 more of these left out]"
    logger.warning("Another kind")
    assert lines[-1] == "Another kind"


def test_lines_with_foreign_words_in_their_format_are_one_kind_too(told) -> None:
    logger, lines, _now = told
    for number in range(50):
        logger.warning(f"Bad frame {number}")
    assert len(lines) == 3


def test_every_logger_of_foreign_input_is_throttled_at_run_time() -> None:
    known = logging.getLogger("streamlit.some.module")
    throttle_library_logs()
    throttle_library_logs()
    for name in (*BY_FOREIGN_INPUT, known.name):
        assert [type(one) for one in logging.getLogger(name).filters].count(ThrottledLines) == 1
    assert not logging.getLogger("portal").filters
