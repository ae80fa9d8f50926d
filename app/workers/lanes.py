"""Lanes: alerts in order within a strategy and account, in parallel across them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.domain.errors import StoreUnavailable
from app.domain.events import Fact
from app.domain.inbox import Alert
from app.services.pace import LISTEN_S, Pace
from app.services.trading.execute import Progress, Trader
from app.workers.supervisor import Attempt, Spawn

LaneKey = tuple[str, str]
"""Strategy and account."""

#: How long a lane waits for the venue before it looks again by itself, in seconds.
_LOOK_AGAIN: Final = 0.25
#: How often an execution that raises is tried before the alert is given up.
_TRIES: Final = 5


@dataclass(slots=True)
class _Lane:
    alerts: deque[Alert] = field(default_factory=deque)
    event: threading.Event = field(default_factory=threading.Event)
    running: bool = False
    failures: int = 0


class Lanes:
    """Runs each lane in a background task of its own while it has alerts.

    A lane that waits for a slow venue holds up no other.  ``attempt`` runs one execution and tells
    by None that it raised: the alert stays at the head of its lane and is tried again a little
    later, a few times; then it ends as failed, for all to see.  A database that does not answer is
    no failing of the alert: it is waited for.  ``pace`` says when execution has to stand back for
    alerts that come in.
    """

    def __init__(
        self,
        trader: Trader,
        spawn: Spawn,
        attempt: Attempt,
        stopping: Callable[[], bool],
        pause: Callable[[], None],
        pace: Pace,
    ) -> None:
        self._trader = trader
        self._spawn = spawn
        self._attempt = attempt
        self._stopping = stopping
        self._pause = pause
        self._pace = pace
        self._lanes: dict[LaneKey, _Lane] = {}
        self._lock = threading.Lock()
        self._stand_back = threading.Event()
        self._turn = threading.Lock()

    def put(self, alert: Alert, account_id: str) -> None:
        """Queue the alert for the account in its order, unless it is there already."""
        key = (alert.strategy_id, account_id)
        with self._lock:
            lane = self._lanes.setdefault(key, _Lane())
            _line_up(lane.alerts, alert)
            start = not lane.running
            lane.running = True
        if start:
            self._spawn(self._run, key, lane)

    def clear(self) -> None:
        """Forget every alert; what is under way ends without a next one."""
        with self._lock:
            self._lanes.clear()

    def hear(self, facts: Sequence[Fact]) -> None:
        """Listen to the bus: news about an order wakes the lane that may wait for it."""
        for fact in facts:
            if fact.order_id and fact.strategy_id and fact.account_id:
                lane = self._lanes.get((fact.strategy_id, fact.account_id))
                if lane is not None:
                    lane.event.set()

    @property
    def busy(self) -> int:
        """How many alerts are queued or under way."""
        return sum(len(lane.alerts) for lane in list(self._lanes.values()))

    @property
    def running(self) -> bool:
        """Whether any lane is at work."""
        return any(lane.running for lane in list(self._lanes.values()))

    def _run(self, key: LaneKey, lane: _Lane) -> None:
        while True:
            with self._lock:
                if self._lanes.get(key) is not lane:
                    return
                if not lane.alerts or self._stopping():
                    lane.running = False
                    if not lane.alerts:
                        self._lanes.pop(key, None)
                    return
                alert = lane.alerts[0]
            if self._advance(lane, alert, key[1]):
                lane.alerts.popleft()
                lane.failures = 0
                self._pause()

    def _advance(self, lane: _Lane, alert: Alert, account_id: str) -> bool:
        """Take the alert as far as it goes; whether the lane is done with it."""
        # One lane at a time looks whether it may: hundreds that look together starve the intake.
        with self._turn:
            while not self._pace.may_execute():
                self._stand_back.wait(LISTEN_S)
            self._pace.began()
        lane.event.clear()
        failures = lane.failures
        progress = self._attempt("executor", lambda: self._turn_of(lane, alert, account_id))
        self._pace.ended()
        if progress is Progress.DONE:
            return True
        if progress is not None:
            lane.failures = failures
        lane.event.wait(_LOOK_AGAIN * max(1, lane.failures))
        return False

    def _turn_of(self, lane: _Lane, alert: Alert, account_id: str) -> Progress:
        """Execute once; each failure counts that is the alert's own."""
        act = self._trader.advance if lane.failures < _TRIES else self._trader.give_up
        lane.failures += 1
        try:
            return act(alert, account_id)
        except StoreUnavailable:
            lane.failures -= 1
            raise


def _line_up(alerts: deque[Alert], alert: Alert) -> None:
    """Put the alert behind all that came before it, and behind the one that may be under way."""
    place = len(alerts)
    while place > 0 and alerts[place - 1].id >= alert.id:
        place -= 1
    if place < len(alerts) and alerts[place].id == alert.id:
        return
    alerts.insert(max(place, min(1, len(alerts))), alert)
