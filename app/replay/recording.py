"""A recording: the quotes of one contract, and the alerts that a strategy sent over them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from app.brokers.bars import read_quotes
from app.domain.errors import InvalidInput
from app.domain.instruments import Contract, resolve
from app.domain.quotes import Quote

_EXPECTED: Final = frozenset({"accepted", "duplicate", "refused"})


@dataclass(frozen=True, slots=True)
class RecordedAlert:
    """One request: when it arrived, as what, and what the recording says became of it."""

    line: int
    at: datetime
    content_type: str
    body: bytes
    expect: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Quotes and alerts, each oldest first; ``name`` is the file of the quotes."""

    name: str
    contract: Contract
    quotes: Sequence[Quote]
    alerts: Sequence[RecordedAlert]

    @property
    def start(self) -> datetime:
        """The instant of the first quote or alert."""
        return min([self.quotes[0].at, *(alert.at for alert in self.alerts[:1])])


def read_recording(quotes: Path, alerts: Path, symbol: str) -> Recording:
    """Read both files; ``symbol`` names the contract of the quotes, as of the first alert's day.

    Raises InvalidInput with the file, the line and what is wrong there.
    """
    sent = read_alerts(alerts)
    if not sent:
        raise InvalidInput(f"{alerts.name} holds no alerts.", code="BAD_ALERTS")
    contract = resolve(symbol, sent[0].at.date())
    # Where only closes are known, a spread of two ticks flatters nobody.
    prices = read_quotes(quotes, contract.symbol, contract.instrument.tick_size)
    return Recording(quotes.name, contract, prices, sent)


def read_alerts(path: Path) -> list[RecordedAlert]:
    """Return the alerts of a JSON Lines file with ``at``, ``body`` and, if known, ``content_type``
    and ``expect`` (accepted, duplicate or refused), oldest first.

    Raises InvalidInput with the line of the first fault.
    """
    alerts: list[RecordedAlert] = []
    for line, text in enumerate(_text(path).splitlines(), start=1):
        if not text.strip():
            continue
        alert = _alert(path, line, text)
        if alerts and alert.at < alerts[-1].at:
            _fault(path, line, "at", "is earlier than the alert before")
        alerts.append(alert)
    return alerts


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", code="BAD_ALERTS") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path.name} is not UTF-8 text.", code="BAD_ALERTS") from None


def _alert(path: Path, line: int, text: str) -> RecordedAlert:
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        _fault(path, line, "line", "is no JSON object")
    expect = fields.get("expect")
    if expect is not None and expect not in _EXPECTED:
        _fault(path, line, "expect", f"must be one of {', '.join(sorted(_EXPECTED))}")
    return RecordedAlert(
        line=line,
        at=_instant(path, line, _string(path, line, fields, "at")),
        content_type=_string(path, line, {"content_type": "", **fields}, "content_type"),
        body=_string(path, line, fields, "body").encode(),
        expect=expect,
    )


def _string(path: Path, line: int, fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        _fault(path, line, name, "must be text")
    return value


def _instant(path: Path, line: int, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        _fault(path, line, "at", "must be like 2026-01-31T14:30:00Z")
    if at.tzinfo is None:
        _fault(path, line, "at", "must say its time zone, as in 2026-01-31T14:30:00Z")
    return at.astimezone(UTC)


def _fault(path: Path, line: int, field: str, fault: str) -> NoReturn:
    raise InvalidInput(
        f"{path.name}, line {line}: {field} {fault}.",
        code="BAD_ALERTS",
        fields={field: f"line {line}: {field} {fault}"},
    )
