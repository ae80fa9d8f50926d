"""A paper venue for tests: a log in memory that speaks JSON as a database would, and a stage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.brokers.paper import PaperBroker, PaperVenue
from app.brokers.quotes import QuoteBook
from app.clock import VirtualClock
from app.domain.accounts import Account, Mode
from app.domain.errors import Conflict, StoreUnavailable
from app.domain.instruments import Contract, resolve
from app.domain.orders import (
    Fill,
    Order,
    OrderRole,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from app.domain.quotes import Quote, QuoteSource
from app.domain.reports import FillReport, OrderReport, Report, VenueOrder
from app.sim.records import PaperFill, PaperOrder, PaperState

NOON = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)
ES = resolve("ESZ2026", NOON.date())
SPY = resolve("SPY", NOON.date())
BTC = resolve("BTCUSD", NOON.date())


class MemoryLog:
    """The port ``PaperLog`` in memory; ``failing`` makes it unavailable, ``writes`` counts."""

    def __init__(self) -> None:
        self.failing = False
        self.forgetful = False
        self.writes = 0
        self._orders: dict[tuple[str, str], str] = {}
        self._fills: list[str] = []

    def save(
        self,
        new: Sequence[PaperOrder],
        changed: Sequence[PaperOrder],
        fills: Sequence[PaperFill],
    ) -> None:
        self._check()
        if any((one.account_id, one.client_order_id) in self._orders for one in new):
            raise Conflict("The order is kept already.")
        for one in (*new, *changed):
            self._orders[one.account_id, one.client_order_id] = json.dumps(one.to_json())
        self._fills.extend(json.dumps(one.to_json()) for one in fills)
        self.writes += 1

    def load(self, account_id: str) -> PaperState:
        self._check()
        orders = [one for one in self._all_orders() if one.account_id == account_id]
        fills = [one for one in self._all_fills() if one.account_id == account_id]
        numbers = [one.number for one in orders] + [one.number for one in fills]
        working = sorted((one for one in orders if one.state.working), key=lambda one: one.number)
        return PaperState(working, fills, max(numbers, default=0))

    def order(self, account_id: str, client_order_id: str) -> PaperOrder | None:
        self._check()
        kept = self._orders.get((account_id, client_order_id))
        return None if kept is None or self.forgetful else PaperOrder.from_json(json.loads(kept))

    def fills(self, account_id: str, after: datetime) -> Sequence[PaperFill]:
        self._check()
        fills = self._all_fills()
        return [one for one in fills if one.account_id == account_id and one.at >= after]

    def _all_orders(self) -> list[PaperOrder]:
        return [PaperOrder.from_json(json.loads(text)) for text in self._orders.values()]

    def _all_fills(self) -> list[PaperFill]:
        return [PaperFill.from_json(json.loads(text)) for text in self._fills]

    def _check(self) -> None:
        if self.failing:
            raise StoreUnavailable("The disk is full.")


def account(settings: Mapping[str, object] | None = None, name: str = "paper") -> Account:
    """Return a paper account of 100,000 with ``settings``, by default a margin of ten percent."""
    return Account(
        id=f"acc-{name}",
        name=name,
        venue="paper",
        mode=Mode.PAPER,
        starting_cash=Decimal(100_000),
        created_at=NOON,
        settings={"margin_percent": 10} if settings is None else settings,
    )


def order(
    side: str,
    quantity: str,
    kind: str = "market",
    *,
    name: str = "1",
    tif: str = "gtc",
    limit: str | None = None,
    stop: str | None = None,
    trail: str | None = None,
    reduce_only: bool = False,
    strategy: str | None = "s1",
    contract: Contract = ES,
) -> Order:
    """Return an order as the executor sends it."""
    return Order(
        id=f"ord-{name}",
        client_order_id=f"sb-{name}",
        account_id="acc-paper",
        symbol=contract.symbol,
        side=Side(side),
        quantity=Decimal(quantity),
        type=OrderType(kind),
        time_in_force=TimeInForce(tif),
        role=OrderRole.ENTRY,
        state=OrderState.SUBMITTING,
        created_at=NOON,
        updated_at=NOON,
        leg="entry",
        strategy_id=strategy,
        limit_price=decimal(limit),
        stop_price=decimal(stop),
        trail=decimal(trail),
        reduce_only=reduce_only,
    )


def decimal(text: str | None) -> Decimal | None:
    """Return the number, or None for None."""
    return None if text is None else Decimal(text)


class Stage:
    """One paper account with its prices, clock and log; collects every report."""

    def __init__(
        self,
        settings: Mapping[str, object] | None = None,
        log: MemoryLog | None = None,
        at: datetime = NOON,
    ) -> None:
        self.clock = VirtualClock(at)
        self.log = log or MemoryLog()
        self.book = QuoteBook(timedelta(seconds=15), timedelta(minutes=15), lambda *_: None)
        self.venue = PaperVenue(self.log, self.book, self.clock)
        self.book.on_quote(self.venue.on_quote)
        self.reports: list[Report] = []
        self.broker: PaperBroker = self.venue.broker(account(settings))
        self.broker.listen(self.reports.append)
        self.broker.open()

    def quote(self, bid: str, ask: str, contract: Contract = ES) -> None:
        """Put a quote of now into the book."""
        self.book.put(
            Quote(contract.symbol, Decimal(bid), Decimal(ask), self.clock.now(), QuoteSource.STREAM)
        )

    def later(self, seconds: float) -> None:
        """Move the clock on and give the venue its turn."""
        self.clock.advance(seconds)
        self.venue.step(self.clock.now())

    def send(self, sent: Order, contract: Contract = ES) -> VenueOrder:
        """Submit the order."""
        return self.broker.submit(sent, contract)

    def restarted(self, settings: Mapping[str, object] | None = None) -> Stage:
        """Return a new process on the same log, at the same time."""
        return Stage(settings, self.log, self.clock.now())

    @property
    def fills(self) -> list[Fill]:
        """Every fill reported so far."""
        return [one.fill for one in self.reports if isinstance(one, FillReport)]

    @property
    def events(self) -> list[str]:
        """Every other report so far, as "event client_order_id"."""
        return [
            f"{one.event} {one.client_order_id}"
            for one in self.reports
            if isinstance(one, OrderReport)
        ]

    def held(self, contract: Contract = ES) -> Decimal:
        """The account's signed position."""
        positions = {one.symbol: one.quantity for one in self.broker.positions()}
        return positions.get(contract.symbol, Decimal(0))


def named(sent: Order, name: str) -> Order:
    """Return the same order under another id."""
    return replace(sent, id=f"ord-{name}", client_order_id=f"sb-{name}")
