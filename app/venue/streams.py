"""The streams of events that clients listen to, and what may go wrong on the way."""

from __future__ import annotations

import json
import queue
import random
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from app.brokers.chaos import wire
from app.brokers.chaos.faults import Fault
from app.domain.reports import FillReport, OrderReport
from app.venue.plan import LASTS_S, Scripted

#: How long shuffled events are gathered before they go out, in seconds.
_GATHER_S: Final = 0.1
_STORM_EVENTS: Final = 1000
_HUGE_BYTES: Final = 5 * 1024 * 1024
#: Messages that wait for a client that does not read; beyond it the stream is ended.
_BACKLOG: Final = 10_000

Json = dict[str, Any]


@dataclass(eq=False)
class Listener:
    """One stream that is open: its messages wait in ``queue``; None in it ends the stream.

    ``cut`` closes the connection under the stream without a word.
    """

    account_id: str
    cut: Callable[[], None]
    queue: queue.Queue[str | None] = field(default_factory=lambda: queue.Queue(_BACKLOG))
    muted: bool = False


class Streams:
    """Hands reports to whoever listens, as faulty as it was told; who is not there misses them."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)  # noqa: S311  no secret
        self._lock = threading.Lock()
        self._listeners: dict[str, list[Listener]] = defaultdict(list)
        self._marks: dict[str, Fault] = {}
        self._gathered: dict[str, list[Json]] = defaultdict(list)
        self._sent: dict[str, list[Json]] = defaultdict(list)
        self._storming: set[str] = set()
        self.opened = 0

    def mark(self, client_order_id: str, fault: Fault) -> None:
        """Let the events of this order meet ``fault``."""
        self._marks[client_order_id] = fault

    def tell(self, account_id: str, report: OrderReport | FillReport) -> None:
        """Send the report to those who listen to the account."""
        message = wire.report_out(report)
        fault = self._marks.get(report.client_order_id or "")
        if fault is Fault.LOST_EVENT:
            return
        if fault is Fault.SHUFFLED:
            self._gather(account_id, message)
            return
        self._send(account_id, message)
        if fault is Fault.DOUBLED:
            self._send(account_id, message)
        if fault is Fault.CONTRADICTING and isinstance(report, FillReport):
            self._send(account_id, _contradiction(message))

    def join(self, listener: Listener) -> bool:
        """Let a stream begin; False when it is to be closed at once."""
        with self._lock:
            self.opened += 1
            if listener.account_id in self._storming:
                return False
            self._listeners[listener.account_id].append(listener)
        return True

    def leave(self, listener: Listener) -> None:
        """Forget a stream that ended."""
        with self._lock:
            if listener in self._listeners[listener.account_id]:
                self._listeners[listener.account_id].remove(listener)

    def suffer(self, account_id: str, fault: Scripted) -> None:
        """Let the streams of the account meet a fault now."""
        seconds = LASTS_S if fault.seconds is None else fault.seconds
        if fault.fault is Fault.EVENT_STORM:
            self._storm(account_id)
        elif fault.fault is Fault.HUGE_FRAME:
            self._send(account_id, {"kind": "snapshot", "padding": "x" * _HUGE_BYTES}, keep=False)
        elif fault.fault in {Fault.STREAM_MUTE, Fault.STREAM_HALF_OPEN}:
            half_open = fault.fault is Fault.STREAM_HALF_OPEN
            self._mute(account_id, None if half_open else seconds)
        else:
            if fault.fault is Fault.STREAM_STORM:
                self._storming.add(account_id)
                later(seconds, lambda: self._storming.discard(account_id))
            self.cut(account_id)

    def cut(self, account_id: str | None = None) -> None:
        """Close the account's streams, or all, without a word."""
        with self._lock:
            names = list(self._listeners) if account_id is None else [account_id]
            ended = [each for name in names for each in self._listeners[name]]
        for listener in ended:
            self.leave(listener)
            listener.cut()

    def _mute(self, account_id: str, seconds: float | None) -> None:
        with self._lock:
            muted = list(self._listeners[account_id])
        for listener in muted:
            listener.muted = True

        def speak() -> None:
            for listener in muted:
                listener.muted = False

        if seconds is not None:
            later(seconds, speak)

    def _storm(self, account_id: str) -> None:
        said = self._sent[account_id] or [{"kind": "heartbeat"}]
        for number in range(_STORM_EVENTS):
            self._send(account_id, said[number % len(said)], keep=False)

    def _gather(self, account_id: str, message: Json) -> None:
        with self._lock:
            gathered = self._gathered[account_id]
            gathered.append(message)
            first = len(gathered) == 1
        if first:
            later(_GATHER_S, lambda: self._release(account_id))

    def _release(self, account_id: str) -> None:
        with self._lock:
            messages = self._gathered.pop(account_id, [])
        mixed = list(messages)
        self._chance.shuffle(mixed)
        for message in mixed if mixed != messages else reversed(mixed):
            self._send(account_id, message)

    def _send(self, account_id: str, message: Json, *, keep: bool = True) -> None:
        text = json.dumps(message)
        with self._lock:
            if keep:
                self._sent[account_id] = [*self._sent[account_id][-99:], message]
            listeners = list(self._listeners[account_id])
        for listener in listeners:
            try:
                listener.queue.put_nowait(text)
            except queue.Full:
                self.leave(listener)
                listener.cut()


def later(seconds: float, what: Callable[[], None]) -> None:
    """Call ``what`` after ``seconds``, unless the process ends before."""
    timer = threading.Timer(seconds, what)
    timer.daemon = True
    timer.start()


def _contradiction(message: Json) -> Json:
    """The same fill again under the same id, at another price and in another size."""
    fill = message["fill"]
    price, quantity = Decimal(fill["price"]), Decimal(fill["quantity"])
    other = {"price": wire.plain(price * 2), "quantity": wire.plain(quantity + 1)}
    return {**message, "fill": {**fill, **other}}
