"""What an account has at stake at this moment, read in the transaction that writes its next order.

Books that other transactions keep in memory lag behind what this one has booked; here nothing does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from app.domain.accounts import Account
from app.domain.decisions import Denied
from app.domain.instruments import Contract, resolve
from app.domain.money import ONE, ZERO, divide, exact
from app.domain.orders import Order, OrderRole, Side
from app.domain.positions import Position, unrealised
from app.domain.protection import Protection, prices
from app.domain.refusals import denied
from app.domain.risk import entry_price
from app.propfirm import Stake
from app.services.pnl import Worth
from app.services.ports import BookKey, Quotes, UnitOfWork
from app.services.trading.guard import guard_of, protection_of
from app.services.trading.permits import Opening
from app.sim.costs import Costs

CostsOf = Callable[[Account], Costs]
"""What trading costs on an account, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """What contracts are worth now, and what it costs to trade them on one account."""

    quotes: Quotes
    costs: Costs
    now: datetime

    def contract(self, symbol: str) -> Contract:
        """The contract behind a stored symbol."""
        return resolve(symbol, self.now.date())

    def mark(self, symbol: str) -> Decimal | None:
        """The price that values a position; None while no fresh one is known."""
        quote = self.quotes.fresh(symbol, self.now)
        return None if quote is None else quote.mark

    @exact
    def fee(self, contract: Contract, price: Decimal) -> Decimal:
        """What going in or out costs per contract: commission, slippage and half the spread.

        An order's least commission is charged to each contract, for one may be all that fits.
        """
        instrument, quote = contract.instrument, self.quotes.fresh(contract.symbol, self.now)
        spread = ZERO if quote is None else divide(quote.ask - quote.bid, Decimal(2))
        points = self.costs.slippage_ticks * instrument.tick_size + spread
        commission = self.costs.commission(ONE, price * instrument.multiplier)
        return max(points * instrument.multiplier + commission, ZERO)


def stop_price(
    protection: Protection, side: Side, price: Decimal, average: Decimal, contract: Contract
) -> Decimal | None:
    """Return where the protection closes what ``side`` opened at ``average``; None if nowhere.

    A stop that trails is counted from ``price``, behind which it never lags further.
    """
    at = prices(protection, side, average, contract)
    if at.trail is not None:
        return price - at.trail * side.sign
    lost = at.stop_loss is not None and (price - at.stop_loss) * side.sign > 0
    return at.stop_loss if lost else None


@exact
def worth_in(positions: Mapping[BookKey, Position], pricing: Pricing) -> Worth:
    """Return what the books of one account come to, flat ones included."""
    opened: list[Decimal | None] = []
    held: dict[str, Decimal] = {}
    for key, position in positions.items():
        multiplier = pricing.contract(key.symbol).instrument.multiplier
        opened.append(unrealised(position, pricing.mark(key.symbol), multiplier))
        held[key.symbol] = held.get(key.symbol, ZERO) + position.quantity
    known = [each for each in opened if each is not None]
    return Worth(
        realised=sum((each.realised_net for each in positions.values()), ZERO),
        open_pnl=sum(known, ZERO) if len(known) == len(opened) else None,
        contracts=sum(map(abs, held.values()), ZERO),
    )


def stakes_in(
    uow: UnitOfWork, opening: Opening, positions: Mapping[BookKey, Position], pricing: Pricing
) -> list[Stake] | Denied:
    """Return what is at stake on the account beside the entry; why not, when a price is unknown."""
    found: list[Stake] = []
    for key, position in positions.items():
        if position.quantity:
            stake = _position(uow, opening, key, position, pricing)
            if stake is None:
                return denied("FUNDED_UNKNOWN")
            found.append(stake)
    for order in _entries(uow, opening):
        stake = _entry(uow, order, pricing)
        if stake is None:
            return denied("FUNDED_NO_PRICE", symbol=order.symbol)
        found.append(stake)
    return found


def _position(
    uow: UnitOfWork, opening: Opening, key: BookKey, position: Position, pricing: Pricing
) -> Stake | None:
    mark, contract = pricing.mark(key.symbol), pricing.contract(key.symbol)
    if mark is None:
        return None
    fee = pricing.fee(contract, mark)
    stake = _stake(contract, position.quantity, mark, fee)
    if key == opening.closes:
        # It goes before the entry does: its costs are left, and it holds no contracts then.
        against = abs(position.quantity) * -opening.leg.side.sign
        return replace(stake, symbol=opening.key.symbol, quantity=against)
    if key == opening.key:
        # What is added to gets the stop that the entry brings.
        return stake
    return replace(stake, stop=_stop_of(uow, key, position, mark, contract))


def _stop_of(
    uow: UnitOfWork, key: BookKey, position: Position, mark: Decimal, contract: Contract
) -> Decimal | None:
    """Where the book is closed: at the stop that works, else where its entry wanted one."""
    side = Side.of(position.quantity)
    working = uow.orders.working(key.strategy_id, key.account_id, key.symbol)
    for order in working:
        if order.role is OrderRole.STOP_LOSS and order.stop_price is not None:
            return order.stop_price
        if order.role is OrderRole.TRAILING_STOP and order.trail is not None:
            return mark - order.trail * side.sign
    guard = guard_of(uow, key)
    if guard is None or position.average_price is None:
        return None
    return stop_price(guard.protection, side, mark, position.average_price, contract)


def _entries(uow: UnitOfWork, opening: Opening) -> Iterable[Order]:
    for order in uow.orders.working(account_id=opening.key.account_id):
        exits = order.reduce_only or order.role.protective
        gone = order.id in opening.gone or order.id == opening.own
        if not (exits or gone) and order.remaining:
            yield order


def _entry(uow: UnitOfWork, order: Order, pricing: Pricing) -> Stake | None:
    """An entry that may still fill; None when no price of it is known."""
    contract = pricing.contract(order.symbol)
    price = entry_price(order, pricing.mark(order.symbol))
    if price is None:
        return None
    fee = 2 * pricing.fee(contract, price)
    stake = _stake(contract, order.remaining * order.side.sign, price, fee)
    decision = uow.decisions.get(order.alert_id, order.account_id) if order.alert_id else None
    protection = Protection() if decision is None else protection_of(decision)
    return replace(stake, stop=stop_price(protection, order.side, price, price, contract))


def _stake(contract: Contract, quantity: Decimal, price: Decimal, fee: Decimal) -> Stake:
    instrument = contract.instrument
    return Stake(
        contract.symbol, quantity, price, instrument.tick_size, instrument.multiplier, fee=fee
    )
