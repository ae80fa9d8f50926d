"""A recording for show: its quotes and alerts are sent to a running server, faster than they were.

The server trades today, so alerts get new ids, and quotes and alerts the name under which the
server finds today's contract of the same product.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from app.domain.errors import InvalidInput
from app.domain.instruments import Contract, InstrumentKind, resolve
from app.domain.money import wire
from app.domain.quotes import Quote
from app.replay.recording import RecordedAlert, Recording

#: Quiet stretches (a night, a weekend) are shortened to this many seconds.
LONGEST_PAUSE_S: Final = 2.0
_SYMBOL_FIELDS: Final = frozenset({"symbol", "ticker"})


class Server(Protocol):
    """The running server, as a sender sees it."""

    def quote(self, fields: Mapping[str, str]) -> None:
        """Send a price for the paper market."""
        ...

    def alert(self, body: bytes, content_type: str) -> str:
        """Send an alert and return in a word what became of it."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """One alert that was sent: when it was in the recording, and what the server said."""

    at: datetime
    line: int
    answer: str


def drive(
    recording: Recording, server: Server, speed: float, wait: Callable[[float], object], run: str
) -> Iterator[Sent]:
    """Send everything in its order, ``speed`` times as fast, and yield each alert that was sent.

    ``run`` sets this showing's ids apart from those of another one.
    """
    name = todays_name(recording.contract)
    before = recording.start
    for at, event in _in_order(recording):
        pause = (at - before).total_seconds() / speed
        if pause > 0:
            wait(min(pause, LONGEST_PAUSE_S))
        before = at
        if isinstance(event, Quote):
            server.quote(_fields(event, name))
        else:
            body = as_of_today(event, recording.contract, run)
            yield Sent(at, event.line, server.alert(body, event.content_type))


def todays_name(contract: Contract) -> str:
    """Return the name of the product that means today's contract: the future's front month."""
    future = contract.instrument.kind is InstrumentKind.FUTURE
    return f"{contract.root}1!" if future else contract.symbol


def as_of_today(alert: RecordedAlert, contract: Contract, run: str) -> bytes:
    """Return the message with its id set apart by ``run`` and ``contract`` named as of today.

    What is no JSON object is sent as it was.
    """
    try:
        fields = json.loads(alert.body)
    except ValueError:
        return alert.body
    if not isinstance(fields, dict):
        return alert.body
    changed = dict(fields)
    if isinstance(fields.get("id"), str):
        changed["id"] = f"{run}-{fields['id']}"
    for name in _SYMBOL_FIELDS & fields.keys():
        if _means(fields[name], contract, alert.at):
            changed[name] = todays_name(contract)
    return alert.body if changed == fields else json.dumps(changed).encode()


def _means(symbol: object, contract: Contract, at: datetime) -> bool:
    try:
        return isinstance(symbol, str) and resolve(symbol, at.date()) == contract
    except InvalidInput:
        return False


def _in_order(recording: Recording) -> Iterator[tuple[datetime, Quote | RecordedAlert]]:
    """Yield quotes and alerts by time; at the same instant the quote comes first."""
    events: list[Quote | RecordedAlert] = [*recording.quotes, *recording.alerts]
    for event in sorted(events, key=lambda event: event.at):
        yield event.at, event


def _fields(quote: Quote, name: str) -> dict[str, str]:
    fields = {"symbol": name, "bid": wire(quote.bid), "ask": wire(quote.ask)}
    return fields if quote.last is None else {**fields, "last": wire(quote.last)}
