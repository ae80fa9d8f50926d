"""The executor: claims alerts from the table, oldest first, and puts them into their lanes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from app.domain.inbox import Alert
from app.services.ports import Store
from app.services.trading.decide import Decider
from app.services.trading.execute import Trader

#: Alerts claimed in one transaction.
BATCH: Final = 50
#: Alerts in the lanes at most: a lane that hangs must not keep the others from theirs.
_IN_HAND: Final = 5000


class Queue(Protocol):
    """Where claimed alerts go."""

    def put(self, alert: Alert, account_id: str) -> None:
        """Queue the alert for one account."""
        ...

    @property
    def busy(self) -> int:
        """How many alerts are queued or under way."""
        ...


class InlineQueue:
    """Executes each alert at once: for replays in virtual time, and for tests."""

    def __init__(self, trader: Trader) -> None:
        self._trader = trader

    def put(self, alert: Alert, account_id: str) -> None:
        """Execute the alert on the account."""
        self._trader.advance(alert, account_id)

    @property
    def busy(self) -> int:
        """Nothing is ever left over."""
        return 0


class Executor:
    """Claims alerts under a lease and hands each to the lanes of its accounts.

    ``may_claim`` says whether claiming has to stand back for alerts that come in; an executor with
    nothing in hand claims at once.
    """

    def __init__(
        self,
        store: Store,
        decider: Decider,
        trader: Trader,
        queue: Queue,
        name: str,
        lease: timedelta,
        may_claim: Callable[[], bool],
    ) -> None:
        self._store = store
        self._decider = decider
        self._trader = trader
        self._queue = queue
        self._name = name
        self._lease = lease
        self._may_claim = may_claim
        self._renew_at: datetime | None = None
        self._doubtful = False

    def step(self, now: datetime) -> bool:
        """Claim one batch, keep what is in hand; returns whether there may be more."""
        in_hand = self._queue.busy
        if in_hand and not self._may_claim():
            return False
        room = min(BATCH, _IN_HAND - in_hand)
        # A claim whose answer was lost may have been kept, and a step that hung may have claimed
        # before this one: what is not in hand must not wait.
        doubtful, self._doubtful = self._doubtful, True
        with self._store.write() as uow:
            if doubtful:
                uow.alerts.release_all(self._name)
            elif in_hand and self._renew_due(now):
                uow.alerts.renew(self._name, now + self._lease)
            alerts = uow.alerts.claim(self._name, now, now + self._lease, room) if room > 0 else []
            targets = [(alert, self._decider.targets(uow, alert)) for alert in alerts]
        for alert, accounts in targets:
            self._hand_out(alert, accounts)
        self._doubtful = False
        return room > 0 and len(alerts) == room

    def start(self) -> None:
        """Take up again what an earlier run under the same name claimed and did not end.

        Nothing newer may overtake it.
        """
        self.stop()

    def stop(self) -> None:
        """Give back what was claimed and not executed, for whoever starts next."""
        with self._store.write() as uow:
            uow.alerts.release_all(self._name)

    def _renew_due(self, now: datetime) -> bool:
        """Whether a third of the lease has passed since the claims were renewed."""
        due = self._renew_at is None or not timedelta(0) < self._renew_at - now <= self._lease
        if due:
            self._renew_at = now + self._lease / 3
        return due

    def _hand_out(self, alert: Alert, accounts: Sequence[str]) -> None:
        if not accounts:
            self._trader.refuse(alert, self._decider.no_target(alert))
        for account_id in accounts:
            self._queue.put(alert, account_id)
