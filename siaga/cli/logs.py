"""Logging: structlog's and the standard library's loggers through one chain to stderr, redacted before it is written.

Pretty on a terminal; one JSON object per line elsewhere and under systemd.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from siaga.redaction import HIDDEN, SECRET_KEY, redacted_text, without_known

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
"""Level by number of -v."""
TALKATIVE: Final = ("alembic", "apscheduler", "httpcore", "httpx")
"""Libraries that tell each of their steps at level info: they are heard only at -vv."""
UNTOUCHED: Final = frozenset({"timestamp", "run_id", "level", "logger"})


def configure(verbosity: int = 0) -> None:
    """Set both kinds of loggers up; call once, at the start of a verb."""
    on_terminal = sys.stderr.isatty() and "JOURNAL_STREAM" not in os.environ
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            structlog.dev.ConsoleRenderer(colors=on_terminal) if on_terminal else structlog.processors.JSONRenderer(),
        ],
    )
    handler = _CurrentStderr()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = LEVELS[min(verbosity, len(LEVELS) - 1)]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING if level == logging.INFO else logging.NOTSET)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _CurrentStderr(logging.Handler):
    """Writes to whatever stderr is now: a live table on the terminal replaces it while it is up."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            # once more as a whole: objects that the renderer spelled out may hold a secret too
            sys.stderr.write(without_known(self.format(record)) + "\n")
        except Exception:  # noqa: BLE001 - logging must never end a call: the standard library's own rule
            self.handleError(record)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide secrets by key and in texts, and all but the ends of long numbers. A processor of structlog."""
    return {key: value if key in UNTOUCHED else _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: object) -> object:
    if SECRET_KEY.search(key):
        return HIDDEN
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, dict):
        return {k: _redacted(str(k), v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(key, item) for item in value]
    return value
