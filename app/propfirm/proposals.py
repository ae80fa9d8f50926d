"""An order before it is sent, and what it would meet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.errors import InvalidInput
from app.domain.money import ZERO, exact
from app.domain.orders import Side
from app.propfirm.hours import News


@dataclass(frozen=True, slots=True)
class Proposal:
    """An order that may be sent, and what it meets.

    ``held`` is the signed position in the same contract, working orders counted; ``price`` is where
    the contract trades now, ``multiplier`` the money per point and ``fee`` the cost per contract of
    going in and out.  ``stop`` is the price at which the whole position would be closed, None
    without one.  ``automated`` is that a program sends it, ``own_device`` that it does so from the
    trader's own device.
    """

    root: str
    side: Side
    quantity: Decimal
    price: Decimal
    tick_size: Decimal
    multiplier: Decimal
    held: Decimal = ZERO
    stop: Decimal | None = None
    fee: Decimal = ZERO
    automated: bool = False
    own_device: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no order: raises InvalidInput with the field."""
        for name in ("quantity", "tick_size", "multiplier"):
            if getattr(self, name) <= 0:
                what = "must be more than 0"
                raise InvalidInput(f"{name} {what}.", fields={name: what})

    @property
    @exact
    def closing(self) -> Decimal:
        """How many contracts of it only reduce what is held."""
        return min(self.quantity, max(-self.held * self.side.sign, ZERO))

    @property
    @exact
    def opening(self) -> Decimal:
        """How many contracts of it open a position or add to one."""
        return self.quantity - self.closing

    @property
    @exact
    def added_to(self) -> Decimal:
        """How many contracts are held in its own direction, unsigned."""
        return max(self.held * self.side.sign, ZERO)

    @property
    @exact
    def distance(self) -> Decimal:
        """Points from the price to the worst case: the stop, or one tick without one.

        Raises InvalidInput for a stop that is not on the losing side of the price.
        """
        if self.stop is None:
            return self.tick_size
        points = (self.price - self.stop) * self.side.sign
        if points <= 0:
            where = "below" if self.side is Side.BUY else "above"
            what = f"must lie {where} the price of {self.price:f}"
            raise InvalidInput(f"stop {what}.", fields={"stop": what})
        return points


@dataclass(frozen=True, slots=True)
class Surroundings:
    """When the order would be sent, and what else counts then.

    ``open_risk`` is what the positions in other contracts can lose to their stops, unsigned.
    """

    at: datetime
    news: tuple[News, ...] = ()
    open_risk: Decimal = ZERO
