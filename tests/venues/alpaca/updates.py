"""The trading stream: what happens to orders, told in order unless a fault says otherwise."""

from __future__ import annotations

from typing import Final

from app.brokers.chaos.faults import Fault
from app.venue.streams import later
from tests.venues.alpaca.lines import Line, Lines
from tests.venues.alpaca.words import Json

#: How long shuffled events are gathered before they go out, in seconds.
_GATHER_S: Final = 0.1


class Updates(Lines):
    """Every open trading stream; ``delay_s`` makes all events late."""

    def __init__(self) -> None:
        super().__init__()
        self.delay_s = 0.0
        self._marks: dict[str, frozenset[Fault]] = {}
        self._gathered: dict[str, list[Json]] = {}

    def mark(self, order_id: str, faults: frozenset[Fault]) -> None:
        """Let the events of an order meet these faults."""
        if faults:
            self._marks[order_id] = faults

    def listens(self, line: Line) -> bool:
        """Whether the client has asked for trade updates."""
        return line.wants("streams", "trade_updates")

    def tell(self, key: str, order_id: str, message: Json) -> None:
        """Send an event to those who listen to the account."""
        faults = self._marks.get(order_id, frozenset())
        if Fault.LOST_EVENT in faults:
            return
        if Fault.SHUFFLED in faults:
            self._gather(key, order_id, message)
            return
        for _ in range(2 if Fault.DOUBLED in faults else 1):
            self._late(key, message)

    def _late(self, key: str, message: Json) -> None:
        if self.delay_s:
            later(self.delay_s, lambda: self._send(key, message))
        else:
            self._send(key, message)

    def _send(self, key: str, message: Json) -> None:
        for line in self.of(key):
            if self.listens(line):
                self.put(line, message)

    def _gather(self, key: str, order_id: str, message: Json) -> None:
        gathered = self._gathered.setdefault(order_id, [])
        gathered.append(message)
        if len(gathered) == 1:
            later(_GATHER_S, lambda: self._release(key, order_id))

    def _release(self, key: str, order_id: str) -> None:
        for message in reversed(self._gathered.pop(order_id, [])):
            self._send(key, message)
