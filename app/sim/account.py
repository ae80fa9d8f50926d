"""A paper account as a value: its working orders, its money, and what it can still afford."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from app.domain.money import ZERO, exact, wire
from app.domain.quotes import Quote
from app.domain.reports import Report
from app.sim.book import Depth, WorkingOrder
from app.sim.costs import Costs
from app.sim.ledger import Ledger, Margins, Marks, rebuild
from app.sim.records import PaperFill, PaperOrder, PaperState

Quoted = Callable[[str], Quote | None]
"""Gives the fresh quote of a symbol, or None."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How an account trades: its costs, the quantity each quote offers (None: any), its margins."""

    costs: Costs
    liquidity: Decimal | None
    margins: Margins


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one look: ``fresh`` quotes to trade on, ``marks`` last known however old."""

    fresh: Quoted
    marks: Marks


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the market did not take an order: a stable code and a sentence."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class PaperAccount:
    """The account's orders and money.

    ``working`` are orders by symbol and client_order_id, in order of arrival.  ``markets`` are the
    last quote that each symbol was matched against and what is left of its depth.  ``number`` is
    the last number given to an order or fill.
    """

    account_id: str
    rules: Rules
    ledger: Ledger
    working: Mapping[str, Mapping[str, PaperOrder]] = field(default_factory=dict)
    markets: Mapping[str, tuple[Quote, Depth]] = field(default_factory=dict)
    number: int = 0

    @staticmethod
    def opened(account_id: str, rules: Rules, cash: Decimal, state: PaperState) -> PaperAccount:
        """Return the account that began with ``cash`` and has the history ``state``."""
        working: dict[str, dict[str, PaperOrder]] = {}
        for record in state.working:
            orders = working.setdefault(record.order.terms.symbol, {})
            orders[record.client_order_id] = record
        ledger = rebuild(cash, state.fills)
        return PaperAccount(account_id, rules, ledger, working, {}, state.last_number)

    def find(self, client_order_id: str) -> PaperOrder | None:
        """Return the working order of that id."""
        for orders in self.working.values():
            if client_order_id in orders:
                return orders[client_order_id]
        return None

    def orders(self) -> Iterable[PaperOrder]:
        """Every working order."""
        return (record for orders in self.working.values() for record in orders.values())

    @exact
    def buying_power(self, marks: Marks) -> Decimal | None:
        """Return the money still free for new positions; None when a price is unknown."""
        equity = self.ledger.equity(marks)
        tied_up = self.ledger.tied_up(self.rules.margins, marks)
        if equity is None or tied_up is None:
            return None
        return equity - tied_up - self._reserved()

    @exact
    def _reserved(self, without: str | None = None) -> Decimal:
        """The margin that working orders would tie up beyond what is held."""
        return sum(
            (
                self.margin_of(record.order)
                for record in self.orders()
                if record.client_order_id != without
            ),
            ZERO,
        )

    @exact
    def margin_of(self, order: WorkingOrder, price: Decimal | None = None) -> Decimal:
        """Return the margin of what the order would open, at its own price or else ``price``."""
        own = order.stop_price if order.limit_price is None else order.limit_price
        at = price if own is None else own
        if order.reduce_only or at is None:
            return ZERO
        held = self.ledger.position(order.terms.symbol).quantity
        opened = abs(held + order.remaining * order.side.sign) - abs(held)
        return self.rules.margins.of(order.terms, opened, at) if opened > 0 else ZERO

    @exact
    def shortfall(self, record: PaperOrder, marks: Marks, price: Decimal | None) -> Refusal | None:
        """Return the refusal of an order that the account has not the margin for."""
        needed = self.margin_of(record.order, price)
        free = self._free(marks, record.client_order_id)
        if not needed or needed <= free:
            return None
        return Refusal(
            "BUYING_POWER",
            f"The order needs {wire(round(needed, 2))} of buying power and"
            f" {wire(round(free, 2))} is free: send a smaller one, or close something first.",
        )

    def _free(self, marks: Marks, without: str) -> Decimal:
        known = self.ledger.settled(marks)
        equity = self.ledger.equity(known) or ZERO
        tied_up = self.ledger.tied_up(self.rules.margins, known) or ZERO
        return equity - tied_up - self._reserved(without)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The account after a verb, what must be written before it counts, and what is then told."""

    account: PaperAccount
    new: tuple[PaperOrder, ...] = ()
    changed: tuple[PaperOrder, ...] = ()
    fills: tuple[PaperFill, ...] = ()
    reports: tuple[Report, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.new or self.changed or self.fills)
