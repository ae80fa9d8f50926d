"""A stage for the contract of brokers: one open account of an adapter, in real time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

import pytest

from app.brokers.quotes import QuoteBook
from app.clock import SystemClock
from app.domain.accounts import Account
from app.domain.instruments import Contract, resolve
from app.domain.orders import Fill, Order
from app.domain.quotes import Quote, QuoteSource
from app.domain.reports import FillReport, OrderReport, Report, VenueOrder
from app.services.ports import Broker, PairBroker
from tests.support.chaos import ALERT_AGE, QUOTE_AGE
from tests.support.paper import order as paper_order
from tests.support.serving import eventually

#: How long is waited for what must not come, and at most for what must.
QUIET_S = 0.15
LONGEST_S = 10.0
#: The rests between looks at what is here, and between questions to the venue.
LOOK_S = 0.005
ASK_S = 0.02

T = TypeVar("T")

NO_NETWORK = "There is no network between us and this venue that could fail."
NO_HOURS = "This market has no hours and no halts: it trades whenever there is a price."
NOBODY_ELSE = "Nobody but us can trade at this venue."
NO_SUCH_RULE = "This venue knows no such rule."


def answered(what: Callable[[], T | None]) -> T:
    """The first true answer of what asks the venue."""
    return eventually(what, LONGEST_S, ASK_S)


def _told(what: Callable[[], T | None]) -> T:
    """The first true answer of what only looks at what was told."""
    return eventually(what, LONGEST_S, LOOK_S)


class MovedClock(SystemClock):
    """The machine's clock, which may be set ahead."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class Backstage:
    """The venue behind a stage, and what can be done to it; what it cannot have is skipped."""

    def __init__(self, owner: Account, clock: MovedClock) -> None:
        self.owner = owner
        self.clock = clock
        self.quotes = QuoteBook(QUOTE_AGE, ALERT_AGE, lambda _quote, _reason: None)

    def broker(self) -> Broker:
        """Another broker of the account, which is not open yet."""
        raise NotImplementedError

    def hears(self) -> bool:
        """Whether the open broker hears what the venue tells."""
        return True

    def names(self) -> list[str]:
        """Each order that the venue's own memory has, by our id."""
        raise NotImplementedError

    def at_rest(self) -> bool:
        """Whether nothing is under way between the venue and its exchange."""
        return True

    def end(self) -> None:
        """Leave the venue as it was found."""

    def price(self, symbol: str, bid: str, ask: str) -> None:
        """Put a price, at which the venue offers what the stage was opened with."""
        now = self.clock.now()
        self.quotes.put(Quote(symbol, Decimal(bid), Decimal(ask), now, QuoteSource.STREAM))

    def end_session(self) -> None:
        """Let the session of day orders end: no weekend with its holidays is longer."""
        self.clock.advance(timedelta(days=5).total_seconds())

    def fault(self, *names: str, verb: str = "submit", **more: object) -> None:
        """Let the next requests of a verb meet these faults."""
        pytest.skip(NO_NETWORK)

    def lose_stream(self, seconds: float) -> None:
        """Cut the stream of events, and let no new one begin for a while."""
        pytest.skip(NO_NETWORK)

    def slow_down(self, seconds: float) -> None:
        """Let cancels and orders take so long to the exchange behind the venue."""
        pytest.skip("This venue is its own exchange: what it takes is there at once.")

    def by_hand(self, sent: Order) -> None:
        """Place an order as somebody else would who has the account's keys."""
        pytest.skip(NOBODY_ELSE)

    def trade(self, *, going: bool) -> None:
        """Close the market, or open it again."""
        pytest.skip(NO_HOURS)

    def halt(self, symbol: str, *, halted: bool) -> None:
        """Halt a symbol, or let it trade again."""
        pytest.skip(NO_HOURS)

    def forbid_day_trading(self) -> None:
        """Let the venue take the account for a pattern day trader's."""
        pytest.skip(NO_SUCH_RULE)


class Stage:
    """One open account of an adapter, a price, and what the venue reported."""

    def __init__(self, venue: Backstage) -> None:
        self.venue = venue
        self.account_id = venue.owner.id
        self.contract = resolve("SPY", venue.clock.now().date())
        self.reports: list[Report] = []
        self.broker = self._opened()
        self.quote("500", "500.01")

    def restart(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Close the broker and open another one, as a server does that starts again."""
        self.broker.close()
        meanwhile()
        self.broker = self._opened()

    def close(self) -> None:
        """Close the broker that is open."""
        self.broker.close()

    def now(self) -> datetime:
        """The instant, as the venue has it."""
        return self.venue.clock.now()

    def quote(self, bid: str, ask: str) -> None:
        self.venue.price(self.contract.symbol, bid, ask)

    def order(self, side: str, quantity: str, kind: str = "market", **more: object) -> Order:
        """An order of the account for the day, sent now."""
        given = {"contract": self.contract, "tif": "day", **more}
        made = paper_order(side, quantity, kind, **given)  # type: ignore[arg-type]
        now = self.now()
        return replace(made, account_id=self.account_id, created_at=now, updated_at=now)

    def send(self, sent: Order, contract: Contract | None = None) -> VenueOrder:
        return self.broker.submit(sent, contract or self.contract)

    def filled(self, side: str, quantity: str, name: str = "1") -> Fill:
        """Send an order at the market and return its fill."""
        self.send(self.order(side, quantity, name=name))
        (fill,) = self.fills(1, f"sb-{name}")
        return fill

    def exits(self, profit: Order, stop: Order) -> None:
        """Send two exits of one position, as a pair where the venue takes pairs."""
        if self.broker.capabilities.pairs:
            assert isinstance(self.broker, PairBroker)
            self.broker.submit_pair(profit, stop, self.contract)
            return
        for each in (profit, stop):
            self.send(replace(each, reduce_only=True))

    # --- what was reported, and what is there -----------------------------------------------------

    def told(self, client_order_id: str | None = None) -> list[Fill]:
        """The fills that were reported so far, of one order or of all."""
        return [
            one.fill
            for one in list(self.reports)
            if isinstance(one, FillReport) and client_order_id in {None, one.client_order_id}
        ]

    def fills(self, count: int, client_order_id: str | None = None) -> list[Fill]:
        """The fills that were reported, once there are so many; never more."""

        def found() -> list[Fill] | None:
            fills = self.told(client_order_id)
            return fills if len(fills) >= count else None

        fills = _told(found)
        assert len(fills) == count
        return fills

    def listed(self) -> list[FillReport]:
        """The fills that the venue lists when it is asked."""
        reports = self.broker.fills(self.now() - timedelta(minutes=1))
        return [one for one in reports if isinstance(one, FillReport)]

    def event(self, name: str, client_order_id: str) -> OrderReport:
        """The report of that event, once it has come."""

        def found() -> OrderReport | None:
            for one in list(self.reports):
                event = isinstance(one, OrderReport) and one.event == name
                if event and one.client_order_id == client_order_id:
                    assert isinstance(one, OrderReport)
                    return one
            return None

        return _told(found)

    def quiet(self) -> None:
        """Give what must not come the time to come."""
        time.sleep(QUIET_S)

    def becomes(self, client_order_id: str, state: str) -> VenueOrder:
        """The venue's order, once it has that state."""

        def found() -> VenueOrder | None:
            held = self.broker.order(client_order_id)
            return held if held is not None and held.state == state else None

        return answered(found)

    def rests(self, client_order_id: str) -> VenueOrder:
        """The venue's order, once it works and can be changed."""
        answered(self.venue.at_rest)
        return self.becomes(client_order_id, "accepted")

    def works(self) -> list[tuple[str, Decimal]]:
        """The working orders by our ids, each with its quantity."""
        return [(one.client_order_id, one.quantity) for one in self.broker.open_orders()]

    def held(self) -> Decimal:
        """The signed position."""
        positions = {one.symbol: one.quantity for one in self.broker.positions()}
        return positions.get(self.contract.symbol, Decimal(0))

    def _opened(self) -> Broker:
        broker = self.venue.broker()
        broker.listen(self.reports.append)
        broker.open()
        _told(self.venue.hears)
        return broker


#: Opens a stage on which each price offers so much, or all that is wanted.
Opened = Callable[[str | None], Stage]
