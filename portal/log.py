"""Structured logs: one JSON object a line, only declared fields (SEC-48, SEC-30).

A field outside `ALLOWED` is dropped and its name noted, so that nothing personal slips in by a
careless call. structlog's JSON renderer escapes line breaks and control characters.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any


def _without_rich() -> Any:
    """structlog, whose console writer would load rich and pygments (3.5 MiB, 35 ms): our lines are JSON."""
    missing, sys.modules["rich"] = "rich" not in sys.modules, sys.modules.get("rich")  # type: ignore[assignment]
    try:
        import structlog
    finally:
        if missing:
            del sys.modules["rich"]
    return structlog


structlog = _without_rich()
ALLOWED = frozenset(
    "event level timestamp export case delivery merchant account code status detail reference request_id state worker"
    " route seconds count attempt kind error_type mail where method outcome port version".split()
)
MAX_VALUE_CHARS = 300
NOISY = ("httpx", "httpcore", "dbos", "uvicorn.access")
"""Loggers of libraries of which warnings are enough."""


def _only_allowed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = [key for key in event if key not in ALLOWED]
    kept = {
        key: value[:MAX_VALUE_CHARS] if isinstance(value, str) else value
        for key, value in event.items()
        if key in ALLOWED
    }
    if dropped:
        kept["detail"] = f"{kept.get('detail', '')} dropped fields: {len(dropped)}".strip()
    return kept


def configure_logging(level: str = "INFO") -> None:
    """Send our events to standard error as JSON lines; keep libraries to warnings."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)


log: Any = structlog.get_logger()
