"""What trading costs in the simulated market: commission, slippage and delay."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from app.domain.money import ZERO, exact
from app.domain.orders import Side

_HUNDRED: Final = Decimal(100)
#: Percentages of a notional are charged to this step, as crypto venues do.
_FEE_STEP: Final = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of one account.

    ``per_unit`` is money per contract, share or coin and side, ``percent`` a percentage of the
    notional, ``minimum`` the least that an order with a fill is charged; a negative ``per_unit``
    or ``percent`` is a rebate.  ``slippage_ticks`` worsens every price that is taken from the
    market.  An order reaches the market ``latency_ms`` after it is sent, and up to ``jitter_ms``
    later.
    """

    per_unit: Decimal = ZERO
    percent: Decimal = ZERO
    minimum: Decimal = ZERO
    slippage_ticks: Decimal = ZERO
    latency_ms: int = 0
    jitter_ms: int = 0

    @property
    def immediate(self) -> bool:
        """Whether an order is in the market as soon as it is sent."""
        return not (self.latency_ms or self.jitter_ms)

    @exact
    def commission(self, quantity: Decimal, notional: Decimal) -> Decimal:
        """Return what an order has cost after ``quantity`` units worth ``notional`` have filled.

        ``notional`` is unsigned money; the result is positive for a cost.  It is a total, so that
        the minimum is charged once, however many fills the order takes.
        """
        percentage = ZERO
        if self.percent:
            percentage = (abs(notional) * self.percent / _HUNDRED).quantize(_FEE_STEP)
        return max(self.per_unit * quantity + percentage, self.minimum)

    def taken(self, side: Side, price: Decimal, tick: Decimal) -> Decimal:
        """Return the price paid when ``price`` is taken from the market: worse by the slippage.

        A price above zero stays above zero, by a tick.
        """
        if not self.slippage_ticks:
            return price
        slipped = price + self.slippage_ticks * tick * side.sign
        return max(slipped, tick) if price > 0 else slipped

    def delay(self, chance: random.Random) -> timedelta:
        """Return how long an order travels to the market; never negative."""
        jitter = chance.randint(0, self.jitter_ms) if self.jitter_ms else 0
        return timedelta(milliseconds=self.latency_ms + jitter)
