"""What an account has at risk already, and what an order would therefore meet.

Books of one account may hold the same contract both ways, and each is closed by an exit of its own,
which always passes.  So nothing is netted: what lies the other way makes no room for an order, and
every stop may be reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.money import ZERO, exact
from app.domain.orders import Side
from app.propfirm.proposals import Proposal


@dataclass(frozen=True, slots=True)
class Stake:
    """A position, or an entry that may still fill, and where it would be lost.

    ``quantity`` is signed; ``price`` is where it is valued now, or where it would be filled, and
    ``stop`` where it would be closed, None without one.  ``fee`` is what it still costs per
    contract until it is closed.
    """

    symbol: str
    quantity: Decimal
    price: Decimal
    tick_size: Decimal
    multiplier: Decimal
    stop: Decimal | None = None
    fee: Decimal = ZERO

    @property
    @exact
    def loss(self) -> Decimal:
        """What it can lose to its stop, one tick at least and without one, unsigned, with fees."""
        sign = 1 if self.quantity > 0 else -1
        points = ZERO if self.stop is None else (self.price - self.stop) * sign
        return abs(self.quantity) * (max(points, self.tick_size) * self.multiplier + self.fee)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What an order meets: the order with what is held along its side, the rest, and contracts.

    ``open_risk`` is what all else can lose, unsigned; ``contracts`` how many the account may come
    to hold without the order, where those that it adds to count and those against it do not.
    """

    proposal: Proposal
    open_risk: Decimal
    contracts: Decimal


@exact
def exposed(proposal: Proposal, symbol: str, stakes: Sequence[Stake]) -> Exposure:
    """Return what the order in ``symbol`` meets.

    What lies along its side without a stop is lost together with it, down to where the order is
    lost; everything else at its own stop.
    """
    side = proposal.side
    along = [
        each
        for each in stakes
        if each.symbol == symbol and each.quantity * side.sign > 0 and each.stop is None
    ]
    held = sum((each.quantity for each in along), ZERO)
    apart = sum((each.loss for each in stakes if each not in along), ZERO)
    # It is valued at its own price now, and falls to the order's before both fall on together.
    ahead = sum((_until(each, proposal.price, side) for each in along), ZERO)
    return Exposure(replace(proposal, held=held), apart + ahead, _contracts(symbol, side, stakes))


def _until(stake: Stake, price: Decimal, side: Side) -> Decimal:
    points = max((stake.price - price) * side.sign, ZERO)
    return abs(stake.quantity) * (points * stake.multiplier + stake.fee)


def _contracts(symbol: str, side: Side, stakes: Iterable[Stake]) -> Decimal:
    most: dict[str, dict[Side, Decimal]] = {}
    for each in stakes:
        ways = most.setdefault(each.symbol, dict.fromkeys(Side, ZERO))
        ways[Side.of(each.quantity)] += abs(each.quantity)
    mine = most.pop(symbol, {}).get(side, ZERO)
    return mine + sum((max(ways.values()) for ways in most.values()), ZERO)
