"""One event is one line, whatever was put into it, and only declared fields stand in it (SEC-48)."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.log import ALLOWED, MAX_VALUE_CHARS, configure_logging, log

pytestmark = pytest.mark.keeps("SEC-48")

Written = Callable[..., str]
FORGERIES = [
    'x\n{"event": "session:start", "account": "manager"}',
    "x\r\nlevel=critical",
    "\x1b[2J\x1b[1;31mall is well\x1b[0m",
    "x\u2028second line\u2029third",
    "x\x85next",
    "back\x08\x08\x08\x7f",
    '", "event": "forged", "x": "',
    "\x00\x9b31m",
    "\ud800",
]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """Calls the portal's log and gives what stands on standard error after it."""

    def write(event: str, **fields: Any) -> str:
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        configure_logging()
        log.warning(event, **fields)
        return stream.getvalue()

    yield write
    structlog.reset_defaults()


def check_line(text: str) -> dict[str, Any]:
    """One line, plain ASCII without control characters but its end; gives its fields."""
    assert text.endswith("\n")
    line = text[:-1]
    assert line.isascii()
    assert line.isprintable()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_value_forges_a_second_line_or_a_terminals_command(written: Written, forgery: str) -> None:
    found = check_line(written("request.failed", reference=forgery, detail=forgery))
    assert found["event"] == "request.failed"
    assert found["reference"] == forgery
    assert check_line(written(forgery))["event"] == forgery


@given(st.text(), st.dictionaries(st.sampled_from(sorted(ALLOWED - {"event", "level", "timestamp"})), st.text()))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_stays_inside_its_own_field(written: Written, event: str, fields: dict[str, str]) -> None:
    found = check_line(written(event, **fields))
    assert found["event"] == event[:MAX_VALUE_CHARS]
    assert {name: found[name] for name in fields} == {name: value[:MAX_VALUE_CHARS] for name, value in fields.items()}


def test_a_field_nobody_declared_is_left_out_and_counted(written: Written) -> None:
    text = written("export failed", export="e1", customer="ann@example.com", password="hunter2-hunter2")
    found = check_line(text)
    assert set(found) == {"event", "level", "timestamp", "export", "detail"}
    assert found["detail"] == "dropped fields: 2"
    assert "example.com" not in text
    assert "hunter2" not in text


def test_every_line_says_when_in_utc_and_how_grave(written: Written) -> None:
    found = check_line(written("something"))
    assert datetime.fromisoformat(found["timestamp"]).tzinfo == UTC
    assert found["level"] == "warning"
