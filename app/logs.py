"""Structured logs: one line an event, with its context, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Final

import structlog

_SECRET_FIELDS: Final = re.compile(
    r"(key|secret|token|password|authorization|cookie)", re.IGNORECASE
)
_WEBHOOK_PATH: Final = re.compile(r"(/webhook/)[^/\s\"?]+")
_HARMLESS: Final = frozenset({"dedupe_key", "key_id", "token_id"})


def redact(
    _logger: object, _name: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Mask fields named like secrets, and webhook keys inside paths."""
    for field, value in event.items():
        if _SECRET_FIELDS.search(field) and field not in _HARMLESS:
            event[field] = "***"
        elif isinstance(value, str) and "/webhook/" in value:
            event[field] = _WEBHOOK_PATH.sub(r"\1***", value)
    return event


def configure(level: str, style: str) -> None:
    """Set up logging to stderr: ``style`` is json, console, or auto (console on a terminal)."""
    json_lines = style == "json" or (style == "auto" and not sys.stderr.isatty())
    renderer = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
