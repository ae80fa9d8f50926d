"""A scripted venue that holds back what working exits may sell, and takes two of them as a pair."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.bootstrap import core
from app.clock import VirtualClock
from app.domain.accounts import ALPACA, Account
from app.domain.errors import BrokerRejected, BrokerUnknown
from app.domain.instruments import Contract
from app.domain.money import ZERO
from app.domain.orders import Order, OrderEvent, OrderType, Side
from app.domain.reports import FillReport, VenueOrder
from app.domain.strategies import Strategy
from app.services.ports import Clock
from tests.support.floor import OPENING, Floor, floor_of, settings_for
from tests.support.venue import ScriptedBroker, ScriptedVenue

_AT_ANY_PRICE = frozenset({OrderType.MARKET, OrderType.STOP, OrderType.TRAILING_STOP})


@dataclass
class ReservingBroker(ScriptedBroker):
    """Implements the port ``PairBroker`` and refuses what Alpaca does.

    That is an exit beyond what no other one holds back, and a lone order that could meet another.
    While ``tells_twins`` is off, the end of a pair is told of only one of its orders.
    """

    twins: dict[str, str] = field(default_factory=dict)
    types: dict[str, OrderType] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    tells_twins: bool = True

    def submit(self, order: Order, contract: Contract) -> VenueOrder:
        self._check(order)
        return super().submit(order, contract)

    def submit_pair(
        self, take_profit: Order, stop: Order, contract: Contract
    ) -> tuple[VenueOrder, VenueOrder]:
        self._check(take_profit, alone=False)
        both = (take_profit.client_order_id, stop.client_order_id)
        self.twins |= {both[0]: both[1], both[1]: both[0]}
        self.sent.append(take_profit)
        self.sent.append(stop)
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is None or answer.kept:
            self._keep(take_profit)
            self._keep(stop)
        if answer is not None:
            raise BrokerUnknown("The answer was lost.")
        return self.held[both[0]], self.held[both[1]]

    def _keep(self, order: Order) -> None:
        self.types[order.client_order_id] = order.type
        super()._keep(order)

    def cancel(self, order: Order) -> None:
        known = self.held.get(order.client_order_id)
        if known is not None and not known.state.working:
            self.cancelled.append(order.client_order_id)
            raise BrokerRejected(f"The order is {known.state}.", code="TOO_LATE")
        super().cancel(order)

    def end(self, client_order_id: str, event: OrderEvent, reason: str | None = None) -> None:
        """End an order, and the other one of its pair."""
        super().end(client_order_id, event, reason)
        self._end_twin(client_order_id)

    def fill(
        self,
        client_order_id: str,
        quantity: str | None = None,
        price: str | None = None,
        *,
        name: str | None = None,
        at: datetime | None = None,
    ) -> FillReport:
        """Fill an order: what its twin may still fill is as much less."""
        told = super().fill(client_order_id, quantity, price, name=name, at=at)
        twin = self.held.get(self.twins.get(client_order_id, ""))
        if not self.held[client_order_id].state.working:
            self._end_twin(client_order_id)
        elif twin is not None:
            left = twin.quantity - told.fill.quantity
            self.held[twin.client_order_id] = replace(twin, quantity=left)
        return told

    def _end_twin(self, client_order_id: str) -> None:
        twin = self.held.get(self.twins.get(client_order_id, ""))
        if twin is None or not twin.state.working:
            return
        before, self.tells = self.tells, self.tells and self.tells_twins
        super().end(twin.client_order_id, OrderEvent.CANCEL)
        self.tells = before

    def offered(self, symbol: str, side: Side) -> Decimal:
        """What working orders may still trade on a side; a pair counts once."""
        total, seen = ZERO, set[str]()
        for order in self.working:
            if order.symbol == symbol and order.side is side and order.client_order_id not in seen:
                seen.add(self.twins.get(order.client_order_id, ""))
                total += order.quantity - order.filled_quantity
        return total

    def _check(self, order: Order, *, alone: bool = True) -> None:
        if order.client_order_id in self.held:
            return
        held = self.held_of(order.symbol) * -order.side.sign
        available = held - self.offered(order.symbol, order.side)
        if held > 0 and order.quantity > available:
            self._refuse(order, "QUANTITY_HELD", f"insufficient qty available: {available}")
        against = [
            each
            for each in self.working
            if each.symbol == order.symbol and each.side is not order.side
        ]
        blind = [each for each in against if self._could_meet(order, each)]
        if alone and blind:
            self._refuse(order, "WASH_TRADE", "potential wash trade detected")

    def _could_meet(self, order: Order, other: VenueOrder) -> bool:
        types = {order.type, self.types.get(other.client_order_id, OrderType.LIMIT)}
        return other.client_order_id not in self.twins and bool(types & _AT_ANY_PRICE)

    def _refuse(self, order: Order, code: str, words: str) -> None:
        self.sent.append(order)
        self.refused.append(code)
        raise BrokerRejected(words, code=code)


class ReservingVenue(ScriptedVenue):
    """Makes a reserving broker for each account."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._time = clock

    def at(self, account_id: str) -> ScriptedBroker:
        return self.brokers.setdefault(account_id, ReservingBroker(account_id, self._time))


SPY = "SPY"


@dataclass
class Reserve:
    """A floor with one account at a venue that reserves, and what tests ask of it."""

    floor: Floor
    account: Account

    @property
    def broker(self) -> ReservingBroker:
        found = self.floor.venue.at(self.account.id)
        assert isinstance(found, ReservingBroker)
        return found

    def strategy(self, symbol: str = SPY, **settings: Any) -> Strategy:  # noqa: ANN401  JSON
        return self.floor.strategy(symbol=symbol, accounts=[self.account], **settings)

    def held(self, strategy: Strategy, symbol: str = SPY) -> Decimal:
        return self.floor.held(strategy, self.account, symbol)

    def out(self, strategy: Strategy) -> bool:
        """Whether nothing is held any more, here and there, and nothing works."""
        ours, theirs = self.held(strategy), self.broker.held_of(SPY)
        return not (ours or theirs or self.live() or self.guards(strategy))

    def guards(self, strategy: Strategy) -> dict[str, Order]:
        """The live protective orders by role; there may be one of each."""
        found = [order for order in self.floor.working(strategy) if order.role.protective]
        by_role = {order.role.value: order for order in found}
        assert len(by_role) == len(found), found
        return by_role

    def sizes(self, strategy: Strategy) -> dict[str, Decimal]:
        return {role: order.remaining for role, order in self.guards(strategy).items()}

    def live(self) -> dict[str, Decimal]:
        """What works at the venue itself, by the name of its leg."""
        names = {order.client_order_id: order.leg for order in self.broker.sent}
        return {
            names[each.client_order_id].partition(":")[0]: each.quantity - each.filled_quantity
            for each in self.broker.working
        }

    def restarted(self) -> Reserve:
        """The floor after the server was stopped and started again."""
        folder = self.floor.core.settings.data_dir
        self.floor.core.close()
        floor = _opened(folder, self.floor.clock, self.floor.venue)
        floor.keys.update(self.floor.keys)
        floor.core.protector.tend_all()
        floor.executor.start()
        return Reserve(floor, self.account)


@contextmanager
def reserve(folder: Path) -> Iterator[Reserve]:
    """Open the core on the database in the folder, with an account at a venue that reserves."""
    clock = VirtualClock(OPENING)
    floor = _opened(folder, clock, ReservingVenue(clock))
    account = floor.account("held", ALPACA)
    floor.quote("500", symbol=SPY)
    yield Reserve(floor, account)
    floor.core.close()


def _opened(folder: Path, clock: VirtualClock, venue: ScriptedVenue) -> Floor:
    venues = {"scripted": venue.broker, ALPACA: venue.broker}
    return floor_of(core(settings_for(folder), clock=clock, seed=2, venues=venues), venue)
