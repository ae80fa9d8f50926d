"""Structured logs: one line an event, with its context, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Final

import structlog

_SECRET_FIELDS: Final = re.compile(
    r"(key|secret|token|password|authorization|cookie)", re.IGNORECASE
)
_HARMLESS: Final = frozenset({"dedupe_key", "key_id", "token_id"})
#: A webhook's key in its address, a password in a URL, a token in a header.
_SECRETS: Final = re.compile(
    r"(/webhook/)[^/\s\"'?]+|(://[^/\s:@]*:)[^/\s@]+(?=@)|(\bbearer )[^\s\"',]+", re.IGNORECASE
)


def mask(text: str) -> str:
    """Return ``text`` with three stars for every secret that can be told by its surroundings."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or found[3]}***", text)


def redact(
    _logger: object, _name: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Mask fields named like secrets, at any depth, and secrets inside texts."""
    for field, value in event.items():
        event[field] = _masked(field, value)
    return event


def _masked(field: str, value: object) -> object:
    if _SECRET_FIELDS.search(field) and field not in _HARMLESS:
        return "***"
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {name: _masked(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", inner) for inner in value]
    return value


class MaskedRecord(logging.LogRecord):
    """A record of a library that logs by itself (the server, the sockets), without secrets."""

    def getMessage(self) -> str:  # noqa: N802  the name that logging calls
        """Return the message masked."""
        return mask(super().getMessage())


def configure(level: str, style: str) -> None:
    """Set up logging to stderr: ``style`` is json, console, or auto (console on a terminal)."""
    json_lines = style == "json" or (style == "auto" and not sys.stderr.isatty())
    renderer = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    logging.setLogRecordFactory(MaskedRecord)
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
