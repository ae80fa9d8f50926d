"""The paper venue's verbs: each returns the account after it, what to write and what to tell.

Pure, so that the shell around it first writes what changed and only then believes it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.instruments import Contract
from app.domain.orders import Fill, Order, OrderEvent, OrderState, OrderType, Side, TimeInForce
from app.domain.quotes import Quote
from app.domain.reports import FillReport, OrderReport, Report
from app.sim.account import Outcome, PaperAccount, Prices, Refusal
from app.sim.book import (
    NOTHING_TO_REDUCE,
    Depth,
    Execution,
    Match,
    WorkingOrder,
    expired,
    reducible,
    sweep,
)
from app.sim.records import PaperFill, PaperOrder
from app.sim.terms import Terms

CANCELLED: Final = "Cancelled as asked."

_ENDED: Final = {
    OrderEvent.FILL: OrderState.FILLED,
    OrderEvent.CANCEL: OrderState.CANCELED,
    OrderEvent.EXPIRE: OrderState.EXPIRED,
    OrderEvent.REJECT: OrderState.REJECTED,
}
_NEEDS_LIMIT: Final = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_NEEDS_STOP: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_AT_ONCE: Final = frozenset({OrderType.MARKET, OrderType.LIMIT})


def entered(order: Order, contract: Contract, due_at: datetime) -> WorkingOrder:
    """Return ``order`` as the market would hold it, for the first time or after a change."""
    return WorkingOrder(
        terms=Terms.of(contract),
        book=order.strategy_id or "",
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        due_at=due_at,
        limit_price=order.limit_price if order.type in _NEEDS_LIMIT else None,
        stop_price=None if order.type in _AT_ONCE else order.stop_price,
        trail=order.trail if order.type is OrderType.TRAILING_STOP else None,
        reduce_only=order.reduce_only,
    )


def malformed(order: WorkingOrder, contract: Contract) -> Refusal | None:
    """Return why no market would take such an order, whatever the prices; None when one would."""
    if order.quantity <= order.filled_quantity:
        return Refusal("BAD_QUANTITY", "The quantity must be above 0 and above what has filled.")
    if order.quantity % contract.instrument.quantity_step:
        step = contract.instrument.quantity_step
        return Refusal("BAD_QUANTITY", f"The quantity must be a multiple of {step:f}.")
    if order.time_in_force is TimeInForce.IOC and order.type not in _AT_ONCE:
        return Refusal("BAD_TIME_IN_FORCE", "IOC is for market and limit orders: use day or GTC.")
    return _missing_price(order) or _off_tick(order, contract)


def _missing_price(order: WorkingOrder) -> Refusal | None:
    if order.type in _NEEDS_LIMIT and order.limit_price is None:
        return Refusal("NO_LIMIT_PRICE", f"A {order.type} order needs a limit price.")
    if order.type in _NEEDS_STOP and order.stop_price is None:
        return Refusal("NO_STOP_PRICE", f"A {order.type} order needs a stop price.")
    if order.type is OrderType.TRAILING_STOP and (order.trail is None or order.trail <= 0):
        return Refusal("NO_TRAIL", "A trailing stop needs a distance above 0.")
    return None


def _off_tick(order: WorkingOrder, contract: Contract) -> Refusal | None:
    instrument = contract.instrument
    for price in (order.limit_price, order.stop_price):
        if price is not None and not instrument.accepts_price(price):
            return Refusal(
                "BAD_PRICE",
                f"{price:f} is no price of {contract.symbol}: send a multiple of its tick"
                f" {instrument.tick_size:f}{'' if instrument.negative_prices else ' above 0'}.",
            )
    return None


def refusal(account: PaperAccount, record: PaperOrder, prices: Prices) -> Refusal | None:
    """Return why the account's market does not take the order now; None when it does."""
    order = record.order
    symbol = order.terms.symbol
    quote = prices.fresh(symbol)
    touch = None if quote is None else quote.ask if order.side is Side.BUY else quote.bid
    if touch is None and _needs_quote(order):
        return Refusal(
            "NO_PRICE",
            f"There is no fresh price for {symbol}: start a price feed for it, send the price with"
            " the alert, or use a limit order.",
        )
    held = account.ledger.books.get(symbol, {}).get(order.book, Decimal(0))
    if order.reduce_only and not reducible(order.side, held):
        return Refusal("NOTHING_TO_REDUCE", NOTHING_TO_REDUCE)
    return account.shortfall(record, prices.marks, touch)


def _needs_quote(order: WorkingOrder) -> bool:
    if order.type is OrderType.MARKET:
        return True
    return order.type is OrderType.TRAILING_STOP and order.stop_price is None


def submit(account: PaperAccount, record: PaperOrder, prices: Prices, now: datetime) -> Outcome:
    """Take a new order: it is matched at once unless it is still on its way (SUBMITTED)."""
    desk = _Desk(account, record.order.terms.symbol, prices, now)
    desk.number = record.number
    desk.orders[record.client_order_id] = desk.new[record.client_order_id] = record
    if record.state is not OrderState.SUBMITTED:
        desk.look()
    return desk.outcome()


def look(account: PaperAccount, symbol: str, prices: Prices, now: datetime) -> Outcome:
    """Expire what is over, let arrive what is due, and match the rest against the fresh quote."""
    desk = _Desk(account, symbol, prices, now)
    desk.look()
    return desk.outcome()


def cancel(account: PaperAccount, record: PaperOrder, prices: Prices, now: datetime) -> Outcome:
    """Cancel a working order."""
    return end(account, record, OrderEvent.CANCEL, CANCELLED, prices, now)


def end(
    account: PaperAccount,
    record: PaperOrder,
    event: OrderEvent,
    reason: str,
    prices: Prices,
    now: datetime,
) -> Outcome:
    """End a working order by CANCEL, EXPIRE or REJECT, for the market's own reason."""
    desk = _Desk(account, record.order.terms.symbol, prices, now)
    desk.apply(record.client_order_id, Match(record.order, None, event, reason))
    return desk.outcome()


def overfill(
    account: PaperAccount, record: PaperOrder, more: Execution, prices: Prices, now: datetime
) -> Outcome:
    """Fill ``more`` than was ordered of an order that is filled, as broken venues do."""
    desk = _Desk(account, record.order.terms.symbol, prices, now)
    desk.orders[record.client_order_id] = record
    order = replace(
        record.order,
        filled_quantity=record.order.filled_quantity + more.quantity,
        cost=record.order.cost + more.quantity * more.price,
        charged=record.order.charged + more.commission,
    )
    desk.apply(record.client_order_id, Match(order, more, OrderEvent.FILL))
    return desk.outcome()


def amended(record: PaperOrder, wanted: WorkingOrder, now: datetime) -> PaperOrder:
    """Return a working order with the quantity and prices of ``wanted``.

    The level of a trailing stop stays, unless its distance changed: then it starts anew from the
    present price.
    """
    order = record.order
    stop_price = wanted.stop_price
    if order.type is OrderType.TRAILING_STOP:
        stop_price = order.stop_price if wanted.trail == order.trail else None
    after = replace(
        order,
        quantity=wanted.quantity,
        limit_price=wanted.limit_price,
        stop_price=stop_price,
        trail=wanted.trail,
    )
    return replace(record, order=after, at=now)


def change(account: PaperAccount, record: PaperOrder, prices: Prices, now: datetime) -> Outcome:
    """Put an amended order in the place of the one it was, and match it at once."""
    desk = _Desk(account, record.order.terms.symbol, prices, now)
    desk.keep(record)
    desk.tell(record, OrderEvent.REPLACE, None)
    desk.look()
    return desk.outcome()


def waiting(account: PaperAccount, symbol: str, quote: Quote | None, now: datetime) -> bool:
    """Whether ``look`` may change something: an order is due or over, or the quote is new."""
    orders = account.working[symbol].values()
    market = account.markets.get(symbol)
    if orders and quote is not None and (market is None or market[0] != quote):
        return True
    return any(
        (record.state is OrderState.SUBMITTED and record.order.due_at <= now)
        or expired(record.order, now) is not None
        for record in orders
    )


class _Desk:
    """One verb at work on one symbol of an account."""

    def __init__(self, account: PaperAccount, symbol: str, prices: Prices, now: datetime) -> None:
        self._account = account
        self._symbol = symbol
        self._prices = prices
        self._now = now
        self._ledger = account.ledger
        self._market = account.markets.get(symbol)
        self._changed: dict[str, PaperOrder] = {}
        self._fills: list[PaperFill] = []
        self._reports: list[Report] = []
        self.number = account.number
        self.orders = dict(account.working.get(symbol, {}))
        self.new: dict[str, PaperOrder] = {}

    def outcome(self) -> Outcome:
        account = self._account
        markets = account.markets
        if self._market is not None and self._market is not markets.get(self._symbol):
            markets = {**markets, self._symbol: self._market}
        after = replace(
            account,
            ledger=self._ledger,
            working={**account.working, self._symbol: self.orders},
            markets=markets,
            number=self.number,
        )
        return Outcome(
            account=after,
            new=tuple(self.new.values()),
            changed=tuple(self._changed.values()),
            fills=tuple(self._fills),
            reports=tuple(self._reports),
        )

    def look(self) -> None:
        for key, record in tuple(self.orders.items()):
            over = expired(record.order, self._now)
            if over is not None:
                self.apply(key, over)
            elif record.state is OrderState.SUBMITTED and record.order.due_at <= self._now:
                self._arrive(record)
        quote = self._prices.fresh(self._symbol)
        if quote is not None:
            self._match(quote)

    def _arrive(self, record: PaperOrder) -> None:
        account = replace(self._account, ledger=self._ledger)
        refused = refusal(account, record, self._prices)
        if refused is None:
            self.keep(replace(record, state=OrderState.ACCEPTED, at=self._now))
            self.tell(record, OrderEvent.ACCEPT, None)
        else:
            match = Match(record.order, None, OrderEvent.REJECT, refused.detail)
            self.apply(record.client_order_id, match)

    def _match(self, quote: Quote) -> None:
        costs, liquidity = self._account.rules.costs, self._account.rules.liquidity
        depth = Depth(liquidity, liquidity)
        if self._market is not None and self._market[0] == quote:
            depth = self._market[1]
        arrived = [
            (key, record.order)
            for key, record in self.orders.items()
            if record.state is not OrderState.SUBMITTED
        ]
        held = self._ledger.books.get(self._symbol, {})
        found = sweep(arrived, quote, held, depth, costs)
        for key, match in found.changes:
            self.apply(key, match)
        self._market = (quote, found.depth)

    def apply(self, key: str, match: Match) -> None:
        record = self.orders[key]
        if match.execution is not None:
            self._fill(record, match.execution)
        filled = match.order.filled_quantity
        working = OrderState.PARTIALLY_FILLED if filled else OrderState.ACCEPTED
        state = working if match.ended is None else _ENDED[match.ended]
        self.keep(
            replace(record, order=match.order, state=state, at=self._now, reason=match.reason)
        )
        if match.ended not in {None, OrderEvent.FILL}:
            self.tell(record, match.ended, match.reason)

    def keep(self, record: PaperOrder) -> None:
        key = record.client_order_id
        (self.new if key in self.new else self._changed)[key] = record
        if record.state.working:
            self.orders[key] = record
        else:
            del self.orders[key]

    def tell(self, record: PaperOrder, event: OrderEvent, reason: str | None) -> None:
        self._reports.append(
            OrderReport(
                account_id=record.account_id,
                client_order_id=record.client_order_id,
                event=event,
                at=self._now,
                venue_order_id=record.venue_order_id,
                reason=reason,
            )
        )

    def _fill(self, record: PaperOrder, execution: Execution) -> None:
        self.number += 1
        fill = Fill(
            # Padded, so that fills of one instant sort in the order in which they happened.
            venue_fill_id=f"P{self.number:012d}",
            account_id=record.account_id,
            symbol=self._symbol,
            side=execution.side,
            quantity=execution.quantity,
            price=execution.price,
            commission=execution.commission,
            at=self._now,
            strategy_id=record.order.book or None,
        )
        kept = PaperFill(
            account_id=record.account_id,
            venue_fill_id=fill.venue_fill_id,
            number=self.number,
            at=self._now,
            client_order_id=record.client_order_id,
            venue_order_id=record.venue_order_id,
            fill=fill,
            terms=record.order.terms,
        )
        self._fills.append(kept)
        self._ledger = self._ledger.after(kept)
        self._reports.append(
            FillReport(record.account_id, record.client_order_id, fill, record.venue_order_id)
        )
