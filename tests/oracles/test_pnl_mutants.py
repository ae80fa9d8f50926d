"""The P&L oracle notices each well-known way to count wrongly.

Each wrong ledger below is the right one with one mistake; the oracle must reject it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.money import ZERO
from app.domain.orders import Fill
from app.domain.positions import Position, apply, closing_part, effect
from tests.oracles.pnl_cases import Case, DomainLedger, cases, differences


class NoMultiplier(DomainLedger):
    def __init__(self, multiplier: Decimal) -> None:
        super().__init__(multiplier)
        self.multiplier = Decimal(1)


class FlipKeepsTheOldAverage(DomainLedger):
    def step(self, position: Position, fill: Fill) -> Position:
        after = super().step(position, fill)
        average = position.average_price
        if average is None or position.quantity * after.quantity >= 0:
            return after
        return replace(after, basis=average * after.quantity)


class AveragesAgainOnAClose(DomainLedger):
    def step(self, position: Position, fill: Fill) -> Position:
        after, change = super().step(position, fill), effect(fill, self.multiplier)
        if not after.quantity or not closing_part(position.quantity, change.quantity):
            return after
        return replace(after, basis=position.basis + change.quantity * fill.price)


class CommissionOnlyOnCloses(DomainLedger):
    def step(self, position: Position, fill: Fill) -> Position:
        after = super().step(position, fill)
        closes = closing_part(position.quantity, fill.quantity * fill.side.sign)
        return after if closes else replace(after, commission=position.commission)


class ArrivalOrder(DomainLedger):
    def in_order(self, fill: Fill) -> bool:
        return True


class NoDeduplication(DomainLedger):
    def knows(self, fill: Fill) -> bool:
        return False

    def in_order(self, fill: Fill) -> bool:
        return True


class PriceAtOrBelowZeroIsMissing(DomainLedger):
    def step(self, position: Position, fill: Fill) -> Position:
        return position if fill.price <= 0 else super().step(position, fill)


class WholeQuantities(DomainLedger):
    def step(self, position: Position, fill: Fill) -> Position:
        whole = Decimal(int(fill.quantity))
        if not whole:
            return position
        return apply(position, replace(fill, quantity=whole, base_fee=ZERO), self.multiplier)


MISTAKES = {
    NoMultiplier: "long_simple",
    FlipKeepsTheOldAverage: "flip",
    AveragesAgainOnAClose: "partial_close",
    CommissionOnlyOnCloses: "short_simple",
    ArrivalOrder: "late_fill",
    NoDeduplication: "duplicate",
    PriceAtOrBelowZeroIsMissing: "negative_price",
    WholeQuantities: "crypto_fractional",
}


def caught(mistake: type[DomainLedger], case: Case) -> bool:
    return next(differences(case, mistake(case.multiplier)), None) is not None


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_the_pnl_oracle_catches(mistake: type[DomainLedger]) -> None:
    category = [case for case in cases() if case.category == MISTAKES[mistake]]
    assert any(caught(mistake, case) for case in category)


@pytest.mark.parametrize("category", sorted(set(MISTAKES.values())))
def test_the_pnl_oracle_accepts_the_ledger_that_the_mistakes_are_made_in(category: str) -> None:
    chosen = [case for case in cases() if case.category == category]
    assert not any(caught(DomainLedger, case) for case in chosen)
