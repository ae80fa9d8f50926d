"""What somebody else did at the venue: imported into the account's manual book, and said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.accounts import Account
from app.domain.events import Fact, FactKind, Level
from app.domain.money import ZERO, exact, plain, wire
from app.domain.orders import (
    EXTERNAL,
    Order,
    OrderRole,
    OrderState,
    OrderType,
    TimeInForce,
    client_order_id,
)
from app.domain.reports import FillReport, VenueOrder
from app.domain.strategies import Strategy
from app.services.ports import Ids, UnitOfWork
from app.services.reconcile.asking import bookable
from app.services.trading.settle import Settler, describe

#: How our own ids begin.
_OWN: Final = client_order_id("", "", "")[:3]
RESTORED: Final = "ORDER_IMPORTED"


@dataclass(frozen=True, slots=True)
class Importer:
    """Books fills that are missing; what is not ours goes to ``manual``, the account's own book."""

    settler: Settler
    ids: Ids
    manual: Strategy
    account: Account

    def orders(
        self,
        uow: UnitOfWork,
        held: Mapping[str, VenueOrder],
        fills: Sequence[FillReport],
        now: datetime,
    ) -> None:
        """Take over the working orders that are not ours, and those that the fills belong to."""
        told = _filled(fills)
        for name, order in held.items():
            if order.state.working and self._foreign(uow, name):
                self._insert(uow, name, _of_venue(order, told.get(name, ZERO)), now)
        for name, report in _first_of_each(fills).items():
            if self._foreign(uow, name):
                known = held.get(name)
                order = _of_fills(report, name, told[name]) if known is None else known
                self._insert(uow, name, order, now)

    def book(self, uow: UnitOfWork, fills: Sequence[FillReport]) -> int:
        """Book the fills; return how many belong to instruments that cannot be booked."""
        unknown = 0
        for report in fills:
            name = self._kept(uow, _name(report))
            if name is None:
                unknown += 1
            else:
                self._grow(uow, name, report.fill.quantity)
                self.settler.book(uow, replace(report, client_order_id=name))
        return unknown

    def _grow(self, uow: UnitOfWork, name: str, more: Decimal) -> None:
        """Let an imported order be as large as its fills: its size may not have been known."""
        order = uow.orders.by_client_id(name)
        if order is not None and order.external and more > order.remaining:
            grown = replace(order, quantity=plain(order.filled_quantity + more))
            uow.orders.update(grown, None)

    def _foreign(self, uow: UnitOfWork, name: str) -> bool:
        return self._kept(uow, name) is None

    def _kept(self, uow: UnitOfWork, name: str) -> str | None:
        """The id under which our books have the account's order; None when they have it not."""
        for each in (name, f"{self.account.id}:{name}"):
            order = uow.orders.by_client_id(each)
            if order is not None and order.account_id == self.account.id:
                return each
        return None

    def _insert(self, uow: UnitOfWork, name: str, held: VenueOrder, now: datetime) -> None:
        """Keep the order, under an id of its own when another account has the same one."""
        if not bookable(held.symbol, now):
            return
        taken = uow.orders.by_client_id(name) is not None
        order = Order(
            id=self.ids(),
            client_order_id=f"{self.account.id}:{name}" if taken else name,
            account_id=self.account.id,
            symbol=held.symbol,
            side=held.side,
            quantity=held.quantity,
            type=held.type or (OrderType.LIMIT if held.state.working else OrderType.MARKET),
            time_in_force=TimeInForce.GTC,
            role=OrderRole.MANUAL,
            state=OrderState.ACCEPTED,
            created_at=held.at,
            updated_at=now,
            leg=EXTERNAL,
            strategy_id=self.manual.id,
            limit_price=held.limit_price,
            stop_price=held.stop_price,
            venue_order_id=held.venue_order_id,
        )
        uow.orders.insert(order)
        uow.facts.append(self._fact(uow, order, now, restored=name.startswith(_OWN)))

    def _fact(self, uow: UnitOfWork, order: Order, now: datetime, *, restored: bool) -> Fact:
        what = f"an order that is not ours is at the broker of {self.account.name}"
        if restored:
            what = (
                f"the broker of {self.account.name} has an order under one of our ids that our"
                " books have not, as after restoring an older backup"
            )
        return Fact(
            kind=FactKind.EXTERNAL_TRADE,
            at=now,
            message=(
                f"{self.manual.name}: {what}: {describe(order)}. It was imported here; no strategy"
                f" was touched.{self._against(uow, order)}"
            ),
            level=Level.WARNING,
            code=RESTORED if restored else None,
            user_id=self.manual.user_id,
            strategy_id=self.manual.id,
            account_id=self.account.id,
            order_id=order.id,
        )

    def _against(self, uow: UnitOfWork, order: Order) -> str:
        """Warn of strategies that go on holding what this order takes away at the broker."""
        books = uow.positions.open(account_id=self.account.id)
        names = sorted(
            f"{uow.strategies.owner(key.strategy_id).name} ({wire(position.quantity)})"
            for key, position in books.items()
            if key.symbol == order.symbol
            and key.strategy_id != self.manual.id
            and position.quantity * order.side.sign < 0
        )
        if not names:
            return ""
        return f" It goes against what is held by {', '.join(names)}: their exits will still trade."


def _name(report: FillReport) -> str:
    """The id of the fill's order: ours or another client's, else the venue's own."""
    return report.client_order_id or report.venue_order_id or report.fill.venue_fill_id


def _first_of_each(fills: Sequence[FillReport]) -> dict[str, FillReport]:
    return {_name(report): report for report in reversed(fills)}


@exact
def _filled(fills: Sequence[FillReport]) -> dict[str, Decimal]:
    """The quantity that the fills give to each order."""
    total: dict[str, Decimal] = {}
    for report in fills:
        total[_name(report)] = total.get(_name(report), ZERO) + report.fill.quantity
    return total


@exact
def _of_venue(held: VenueOrder, told: Decimal) -> VenueOrder:
    """The working order without what filled before the time whose fills are known."""
    earlier = max(held.filled_quantity - told, ZERO)
    return replace(held, quantity=plain(held.quantity - earlier))


def _of_fills(report: FillReport, name: str, quantity: Decimal) -> VenueOrder:
    """An order of which only the fills are known: it is taken to be filled."""
    fill = report.fill
    return VenueOrder(
        client_order_id=name,
        venue_order_id=report.venue_order_id or name,
        symbol=fill.symbol,
        side=fill.side,
        quantity=quantity,
        filled_quantity=quantity,
        state=OrderState.FILLED,
        at=fill.at,
    )
