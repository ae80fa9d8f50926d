"""The paper venue: a market that fills orders at real or synthetic quotes, with its own memory.

Everything that happens is written to the venue's log before it is reported, so that a restart
finds the orders and fills which its clients were told of, as a real venue would.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Final, NoReturn

from app.brokers.paper_settings import PaperSettings
from app.domain.accounts import Account
from app.domain.errors import (
    BrokerRejected,
    BrokerUnavailable,
    BrokerUnknown,
    Conflict,
    InvariantBroken,
    StoreUnavailable,
)
from app.domain.instruments import Contract
from app.domain.orders import Order, OrderState, OrderType, TimeInForce
from app.domain.quotes import Quote
from app.domain.reports import (
    AccountSnapshot,
    FillReport,
    Report,
    VenueOrder,
    VenuePosition,
)
from app.domain.sessions import Roll, next_roll
from app.services.ports import Capabilities, Clock, PaperLog, Quotes
from app.sim import exchange
from app.sim.account import Outcome, PaperAccount, Prices, Refusal
from app.sim.records import PaperOrder

Receive = Callable[[Report], None]

CAPABILITIES: Final = Capabilities(
    order_types=frozenset(OrderType), replace=True, streaming=True, fractional=True
)


class PaperBroker:
    """One paper account; every verb is exclusive, so that two workers may use it at once."""

    def __init__(self, account: Account, log: PaperLog, quotes: Quotes, clock: Clock) -> None:
        """Raises InvalidInput when the account's settings cannot be used."""
        settings = PaperSettings.read(account.settings)
        self._owner = account
        self._rules = settings.rules
        self._seed = settings.seed
        self._log = log
        self._quotes = quotes
        self._clock = clock
        self._lock = Lock()
        self._receive: Receive | None = None
        self._loaded: PaperAccount | None = None
        self._open = False

    @property
    def capabilities(self) -> Capabilities:
        """What the paper venue can do: everything but pairs of exits, which are ours to manage."""
        return CAPABILITIES

    def open(self) -> None:
        """Load the account's orders and fills from the log; raises StoreUnavailable."""
        with self._lock:
            self._open = True
            self._account()

    def close(self) -> None:
        """Stop matching; orders stay in the log and work on after the next ``open``."""
        with self._lock:
            self._open = False
            self._loaded = None

    def listen(self, receive: Receive) -> None:
        """Hand every later report to ``receive``, which only queues it."""
        self._receive = receive

    def account(self) -> AccountSnapshot:
        """The account's money now; equity and buying power are None when a price is unknown."""
        now = self._clock.now()
        with self._lock:
            account = self._account()

        def marks(symbol: str) -> Decimal | None:
            quote = self._quotes.fresh(symbol, now)
            return None if quote is None else quote.mark

        return AccountSnapshot(
            cash=account.ledger.cash,
            equity=account.ledger.equity(marks),
            buying_power=account.buying_power(marks),
            at=now,
        )

    def equity(self) -> Decimal | None:
        """Cash plus unrealised P&L at fresh prices, in money; None when a price is unknown."""
        return self.account().equity

    def positions(self) -> Sequence[VenuePosition]:
        """Net positions that are not flat."""
        with self._lock:
            held = self._account().ledger.open
        return [
            VenuePosition(one.terms.symbol, one.position.quantity, one.position.average_price)
            for one in held
        ]

    def submit(self, order: Order, contract: Contract) -> VenueOrder:
        """Take the order; with no latency it fills inside this call if it can.

        Raises BrokerRejected when the market does not take it, BrokerUnknown when the log did not
        answer: asking by our own id then tells.
        """
        with self._lock:
            account, now = self._account(), self._clock.now()
            known = account.find(order.client_order_id)
            if known is not None:
                return venue_order(known)
            record = self._record(account, order, contract, now)
            prices = self._prices(now)
            refused = self._refused(account, record, contract, prices)
            if refused is not None:
                return venue_order(self._kept(order.client_order_id) or _reject(refused))
            return venue_order(self._take(exchange.submit(account, record, prices, now)))

    def replace(self, order: Order, contract: Contract) -> VenueOrder:
        """Change a working order's quantity and prices; raises BrokerRejected when it cannot be."""
        with self._lock:
            account, now = self._account(), self._clock.now()
            record = self._working(account, order.client_order_id)
            wanted = exchange.entered(order, contract, record.order.due_at)
            after = exchange.amended(record, wanted, now)
            prices = self._prices(now)
            refused = exchange.malformed(after.order, contract)
            refused = refused or exchange.refusal(account, after, prices)
            if refused is not None:
                _reject(refused)
            outcome = exchange.change(account, after, prices, now)
            self._keep(outcome)
            return venue_order(outcome.changed[0])

    def cancel(self, order: Order) -> None:
        """Cancel a working order; raises BrokerRejected when it is not working (any more)."""
        self.cancel_id(order.client_order_id)

    def cancel_id(self, client_order_id: str) -> None:
        """Cancel the working order of that id, as ``cancel`` does."""
        with self._lock:
            account, now = self._account(), self._clock.now()
            record = self._working(account, client_order_id)
            self._keep(exchange.cancel(account, record, self._prices(now), now))

    def order(self, client_order_id: str) -> VenueOrder | None:
        """The venue's order under our own id; None is proof that it has none."""
        with self._lock:
            found = self._account().find(client_order_id) or self._kept(client_order_id)
        return None if found is None else venue_order(found)

    def open_orders(self) -> Sequence[VenueOrder]:
        """Working orders, in order of arrival."""
        with self._lock:
            records = sorted(self._account().orders(), key=lambda record: record.number)
        return [venue_order(record) for record in records]

    def fills(self, after: datetime) -> Sequence[Report]:
        """Fills at or later than ``after``, oldest first, as reports."""
        with _reading():
            kept = self._log.fills(self._owner.id, after)
        return [
            FillReport(one.account_id, one.client_order_id, one.fill, one.venue_order_id)
            for one in kept
        ]

    def on_quote(self, quote: Quote) -> None:
        """Match the working orders of the quote's symbol; raises BrokerUnknown if the log fails."""
        with self._lock:
            if self._open and self._account().working.get(quote.symbol):
                self._look(quote.symbol, self._clock.now())

    def step(self, now: datetime) -> bool:
        """Let arrive and expire what is due, match what has a newer quote; whether any of it was.

        Raises BrokerUnknown if the log fails.
        """
        with self._lock:
            if not self._open:
                return False
            account, fresh = self._account(), self._prices(now).fresh
            symbols = [s for s in account.working if exchange.waiting(account, s, fresh(s), now)]
            moved = [self._look(symbol, now) for symbol in symbols]
        return any(moved)

    def _look(self, symbol: str, now: datetime) -> bool:
        outcome = exchange.look(self._account(), symbol, self._prices(now), now)
        self._keep(outcome)
        return not outcome.empty

    def _account(self) -> PaperAccount:
        """The account as the log has it, read again after a write whose outcome is unknown."""
        if not self._open:
            raise BrokerUnavailable(f"The paper account {self._owner.name} is not open.")
        if self._loaded is None:
            with _reading():
                state = self._log.load(self._owner.id)
            self._loaded = PaperAccount.opened(
                self._owner.id, self._rules, self._owner.capital, state
            )
        return self._loaded

    def _record(
        self, account: PaperAccount, order: Order, contract: Contract, now: datetime
    ) -> PaperOrder:
        delay = self._delay(order.client_order_id)
        entered = exchange.entered(order, contract, now + delay)
        if order.time_in_force is TimeInForce.DAY:
            roll = Roll.parse(contract.instrument.session_roll)
            entered = replace(entered, expires_at=next_roll(now, roll))
        return PaperOrder(
            account_id=self._owner.id,
            client_order_id=order.client_order_id,
            number=account.number + 1,
            state=OrderState.SUBMITTED if delay else OrderState.ACCEPTED,
            at=now,
            order=entered,
        )

    def _delay(self, client_order_id: str) -> timedelta:
        """The order's own way to the market: the same after a restart, whatever came before it."""
        if self._rules.costs.immediate:
            return timedelta(0)
        chance = random.Random(f"{self._seed}|{client_order_id}")  # noqa: S311 - no secret
        return self._rules.costs.delay(chance)

    @staticmethod
    def _refused(
        account: PaperAccount, record: PaperOrder, contract: Contract, prices: Prices
    ) -> Refusal | None:
        refused = exchange.malformed(record.order, contract)
        if refused is not None or record.state is OrderState.SUBMITTED:
            return refused
        return exchange.refusal(account, record, prices)

    def _take(self, outcome: Outcome) -> PaperOrder:
        record = outcome.new[0]
        try:
            self._keep(outcome)
        except Conflict:
            known = self._kept(record.client_order_id)
            if known is None:
                raise InvariantBroken("The paper log refused an order that it has not.") from None
            return known
        return record

    def _keep(self, outcome: Outcome) -> None:
        """Write what changed, and only then believe and report it."""
        if not outcome.empty:
            try:
                self._log.save(outcome.new, outcome.changed, outcome.fills)
            except StoreUnavailable as failure:
                self._loaded = None
                raise BrokerUnknown(
                    "The paper venue's log did not answer: ask for the order by its id."
                ) from failure
        self._loaded = outcome.account
        if self._receive is not None:
            for report in outcome.reports:
                self._receive(report)

    def _kept(self, client_order_id: str) -> PaperOrder | None:
        with _reading():
            return self._log.order(self._owner.id, client_order_id)

    def _working(self, account: PaperAccount, client_order_id: str) -> PaperOrder:
        record = account.find(client_order_id)
        if record is not None:
            return record
        ended = self._kept(client_order_id)
        if ended is None:
            return _reject(Refusal("UNKNOWN_ORDER", "The paper venue has no order with this id."))
        return _reject(Refusal("TOO_LATE", f"The order is {ended.state} and works no more."))

    def _prices(self, now: datetime) -> Prices:
        def firm(symbol: str) -> Quote | None:
            return self._quotes.firm(symbol, now)

        return Prices(firm, self._last_mark)

    def _last_mark(self, symbol: str) -> Decimal | None:
        quote = self._quotes.latest(symbol)
        return None if quote is None else quote.mark


class PaperVenue:
    """The paper accounts of this process, and what moves them: quotes and time."""

    def __init__(self, log: PaperLog, quotes: Quotes, clock: Clock) -> None:
        self._log = log
        self._quotes = quotes
        self._clock = clock
        self._brokers: dict[str, PaperBroker] = {}

    def broker(self, account: Account) -> PaperBroker:
        """Make the account's broker, in place of an earlier one; raises InvalidInput."""
        broker = PaperBroker(account, self._log, self._quotes, self._clock)
        self._brokers[account.id] = broker
        return broker

    def on_quote(self, quote: Quote) -> None:
        """Match every account's orders on the quote's symbol."""
        for broker in tuple(self._brokers.values()):
            broker.on_quote(quote)

    def step(self, now: datetime) -> bool:
        """Give every account its turn; whether anything happened."""
        moved = [broker.step(now) for broker in tuple(self._brokers.values())]
        return any(moved)


def venue_order(record: PaperOrder) -> VenueOrder:
    """Return the record as the broker port speaks of it."""
    order = record.order
    return VenueOrder(
        client_order_id=record.client_order_id,
        venue_order_id=record.venue_order_id,
        symbol=order.terms.symbol,
        side=order.side,
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        state=record.state,
        at=record.at,
        average_price=order.average_price,
        reason=record.reason,
        type=order.type,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
    )


def _reject(refusal: Refusal) -> NoReturn:
    raise BrokerRejected(refusal.detail, code=refusal.code)


@contextmanager
def _reading() -> Iterator[None]:
    """Turn a store that cannot be read into what a venue that cannot be reached raises."""
    try:
        yield
    except StoreUnavailable as failure:
        raise BrokerUnavailable("The paper venue's log cannot be read.") from failure
