"""The whole core on an account of the fault broker: what must hold whatever the broker does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr

from app.bootstrap import core
from app.clock import VirtualClock
from app.config import Settings
from app.domain.accounts import Account
from app.domain.inbox import Alert
from app.domain.orders import Order
from app.domain.strategies import Strategy
from tests.support.chaos import TOKEN, InnerVenue, inner_venue
from tests.support.floor import ES, OPENING, Floor, floor_of
from tests.support.venue import ScriptedVenue

IDLE_S = 1.0
ANSWER_S = 0.5


@dataclass
class Shaky:
    """A floor whose one strategy trades at the fault broker, both in virtual time."""

    floor: Floor
    venue: InnerVenue
    account: Account
    strategy: Strategy

    def send(self, **fields: object) -> Alert:
        """Post a message and do what can be done for it now."""
        self.floor.quote("5000", "5000.25")
        return self.floor.send(self.strategy, **fields)

    def until_done(self, alert: Alert, seconds: float = 90.0) -> Alert:
        """Let virtual time pass until the alert has its outcome and the books are right."""
        end = self.floor.clock.monotonic() + seconds

        def done() -> bool:
            return self.floor.alert(alert.id).state.terminal and self.agrees()

        while self.floor.clock.monotonic() < end and not done():
            self.floor.quote("5000", "5000.25")
            self.floor.wait(0.5, step=0.5)
            time.sleep(0.02)
        self.soon(done)
        return self.floor.alert(alert.id)

    def order(self, alert: Alert) -> Order:
        """The one order of the alert, after what was reported so far is booked."""
        self.floor.work()
        (found,) = self.floor.orders(alert)
        return found

    def soon(self, what: Callable[[], bool], seconds: float = 10.0) -> bool:
        """Whether it comes about: real time passes for the stream, virtual time stands still."""
        end = time.monotonic() + seconds
        while not what() and time.monotonic() < end:
            time.sleep(0.02)
            self.floor.work()
        return what()

    def compare(self) -> None:
        """Compare the account with its venue, as happens each minute."""
        assert self.floor.core.reconciler.look(self.account.id)
        self.floor.work()

    def agrees(self) -> bool:
        """Whether our position is the venue's and every fill of its log is booked once."""
        there = self.venue.fills(self.account.id)
        total = sum((f.fill.quantity * f.fill.side.sign for f in there), Decimal(0))
        return total == self.held and Counter(self.booked()) == Counter(
            (f.venue_fill_id, f.fill.quantity, f.fill.price) for f in there
        )

    @property
    def held(self) -> Decimal:
        """What our books say."""
        return self.floor.held(self.strategy, self.account)

    def booked(self) -> list[tuple[str, Decimal, Decimal]]:
        """The fills of our books."""
        with self.floor.core.store.read() as uow:
            fills = uow.fills.of_book(self.floor.book(self.strategy, self.account, ES))
        return [(fill.venue_fill_id, fill.quantity, fill.price) for fill in fills]

    def sent(self) -> list[str | None]:
        """The ids under which orders were sent, as the venue kept them."""
        return [
            None if one["client_order_id"] is None else str(one["client_order_id"])
            for one in self.venue.requests()
            if one["verb"] == "submit"
        ]

    def there(self) -> list[str]:
        """The states of the orders that the venue has."""
        return [order.state.value for order in self.venue.orders(self.account.id)]

    @property
    def up(self) -> bool:
        """Whether the account's stream has caught up."""
        return self.floor.core.parts.chaos.up(self.account.id)


@contextmanager
def shaky(folder: Path) -> Iterator[Shaky]:
    """Open the core on the database in the folder, and an account at the fault broker."""
    clock = VirtualClock(OPENING)
    with inner_venue(folder / "venue", clock) as venue:
        options = Settings(
            _env_file=None,
            data_dir=folder,
            database_url=None,
            venue_url=venue.address,
            venue_token=SecretStr(TOKEN),
            broker_connect_timeout_s=0.5,
            broker_read_timeout_s=ANSWER_S,
            broker_idle_s=IDLE_S,
        )
        floor = floor_of(core(options, clock=clock, seed=2), ScriptedVenue(clock))
        account = floor.core.accounts.create_paper(None, "shaky", venue="chaos")
        floor.core.brokers.of(account.id)
        strategy = floor.strategy(accounts=[account])
        made = Shaky(floor, venue, account, strategy)
        try:
            assert made.soon(lambda: made.up)
            yield made
        finally:
            floor.core.close()
