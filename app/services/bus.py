"""The bus: hands committed facts to everybody who listens; one listener never harms another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.domain.events import Fact

Listener = Callable[[Sequence[Fact]], None]


class Bus:
    """Synchronous fan-out; a listener that raises is reported and the rest go on."""

    def __init__(self, report: Callable[[Exception], None]) -> None:
        self._report = report
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` with the facts of every later transaction."""
        self._listeners.append(listener)

    def publish(self, facts: Sequence[Fact]) -> None:
        """Hand the facts to every listener, in the order of subscription."""
        for listener in self._listeners:
            try:
                listener(facts)
            except Exception as error:  # noqa: BLE001  a broken page must never stop an order
                self._report(error)
