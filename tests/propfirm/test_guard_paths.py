"""What the guard lets pass never breaks a rule at the guard's own worst case.

Random orders of several books on one account, along random prices: each order that passes is at
stake for the ones after it, as in trading.  The worst case is counted here by itself: every book at
its stop, what has none where the order is lost, costs taken.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest

from app.domain.money import ZERO, exact
from app.domain.orders import Side
from app.propfirm import (
    AccountState,
    Exposure,
    Held,
    Proposal,
    RuleSet,
    Stake,
    Status,
    Surroundings,
    Update,
    check,
    exposed,
    library,
    opened,
    step,
)
from tests.propfirm.making import HARD, INTRADAY, SOFT, D, at

#: Paths in all, over the parts that the test runs in.
PATHS: Final = 10_000
PARTS: Final = 4
START: Final = at("2 09:00")
#: Tick, money per point, cost of one way, price at first.
MARKETS: Final = {
    "NQZ2026": (D("0.25"), D(20), D("2.5"), D(20000)),
    "ESZ2026": (D("0.25"), D(50), D("2.5"), D(5000)),
}
RULES: Final = [
    HARD,
    SOFT,
    INTRADAY,
    replace(SOFT, breach_on_touch=False),
    *(rules for _, rules in sorted(library().items())),
]


@dataclass
class Account:
    """An account with its books and working entries, whose orders the guard judges."""

    rules: RuleSet
    chance: random.Random
    state: AccountState
    now: datetime = START
    books: list[Stake] = field(default_factory=list)
    entries: list[Stake] = field(default_factory=list)
    marks: dict[str, Decimal] = field(
        default_factory=lambda: {symbol: market[3] for symbol, market in MARKETS.items()}
    )
    realised: Decimal = ZERO
    passed: int = 0

    def live(self) -> bool:
        return self.state.status is not Status.FAILED

    @exact
    def move(self) -> None:
        """Let prices move; entries fill and books are closed where they want to be."""
        self.now += timedelta(seconds=self.chance.choice((1, 30, 600)))
        for symbol, (tick, *_) in MARKETS.items():
            self.marks[symbol] += tick * self.chance.randint(-60, 60)
        for each in list(self.entries):
            if self._reached(each, each.price):
                self.entries.remove(each)
                self.realised -= abs(each.quantity) * each.fee / 2
                self.books.append(replace(each, fee=each.fee / 2))
        for each in list(self.books):
            if each.stop is not None and self._reached(each, each.stop):
                self.books.remove(each)
                self.realised += self._worth(each, each.stop) - abs(each.quantity) * each.fee
        self.tell()

    def _reached(self, stake: Stake, price: Decimal) -> bool:
        """Whether the price has fallen to ``price`` for a long stake, or risen for a short one."""
        return (self.marks[stake.symbol] - price) * stake.quantity <= 0

    @staticmethod
    def _worth(stake: Stake, price: Decimal) -> Decimal:
        return (price - stake.price) * stake.quantity * stake.multiplier

    @exact
    def tell(self) -> None:
        """Let the engine hear of the account as it is."""
        opened_pnl = sum((self._worth(each, self.marks[each.symbol]) for each in self.books), ZERO)
        news = Update(self.now, self.rules.start_balance + self.realised, opened_pnl)
        self.state = step(self.state, self.rules, news).state

    @exact
    def stakes(self) -> list[Stake]:
        marked = [replace(each, price=self.marks[each.symbol]) for each in self.books]
        return marked + self.entries

    @exact
    def order(self) -> tuple[str, Proposal]:
        """A random order, at the market or at a limit, with a stop or without."""
        symbol = self.chance.choice(sorted(MARKETS))
        tick, multiplier, fee, _ = MARKETS[symbol]
        side = self.chance.choice(list(Side))
        away = self.chance.choice((0, 0, 40))
        price = self.marks[symbol] - tick * away * side.sign
        ticks = self.chance.choice((None, 1, 8, 40, 120))
        stop = None if ticks is None else price - tick * ticks * side.sign
        quantity = D(self.chance.choice((1, 1, 2, 3, 5, 20)))
        return symbol, Proposal(
            symbol[:2], side, quantity, price, tick, multiplier, stop=stop, fee=2 * fee
        )

    @exact
    def send(self) -> None:
        """Ask the guard about an order; what passes is held against the worst case, and goes."""
        symbol, order = self.order()
        stakes = self.stakes()
        met = exposed(order, symbol, stakes)
        if self.chance.random() < 0.3:
            order, met = self._sized(symbol, order, met)
        answer = self._asked(met)
        if answer is None:
            return
        self.passed += 1
        self._hold_against(symbol, order, stakes, answer)
        sent = Stake(
            symbol,
            order.quantity * order.side.sign,
            order.price,
            order.tick_size,
            order.multiplier,
            order.stop,
            order.fee,
        )
        if order.price == self.marks[symbol]:
            self.realised -= order.quantity * order.fee / 2
            self.books.append(replace(sent, fee=order.fee / 2))
        else:
            self.entries.append(sent)

    def _sized(self, symbol: str, order: Proposal, met: Exposure) -> tuple[Proposal, Exposure]:
        """The order as large as the guard says that it fits, where any of it does."""
        state = replace(self.state, contracts=met.contracts)
        around = Surroundings(self.now, open_risk=met.open_risk)
        fits = check(state, self.rules, met.proposal, around).fits
        if fits:
            order = replace(order, quantity=fits)
        return order, exposed(order, symbol, self.stakes())

    def _asked(self, met: Exposure) -> Decimal | None:
        """The worst case that the guard saw; None when it refused the order."""
        state = replace(self.state, contracts=met.contracts)
        around = Surroundings(self.now, open_risk=met.open_risk)
        answer = check(state, self.rules, met.proposal, around)
        return answer.loss if answer.refusal is None else None

    def _hold_against(
        self, symbol: str, order: Proposal, stakes: list[Stake], loss: Decimal
    ) -> None:
        real = order.quantity * (order.distance * order.multiplier + order.fee)
        lost_at = order.price - order.distance * order.side.sign
        real += sum((self._lost(each, symbol, order, lost_at) for each in stakes), ZERO)
        assert loss >= real
        assert self.state.unrealized is not None
        worst = Update(self.now, self.state.balance - loss, self.state.unrealized)
        assert step(self.state, self.rules, worst).breaches == ()
        held = sum(
            (abs(each.quantity) for each in stakes if each.quantity * order.side.sign > 0),
            order.quantity,
        )
        assert step(self.state, self.rules, Held(self.now, held)).breaches == ()

    @staticmethod
    def _lost(stake: Stake, symbol: str, order: Proposal, lost_at: Decimal) -> Decimal:
        sign = 1 if stake.quantity > 0 else -1
        along = stake.symbol == symbol and sign == order.side.sign
        end = stake.stop
        if end is None:
            end = lost_at if along else stake.price - stake.tick_size * sign
        points = max((stake.price - end) * sign, ZERO)
        return abs(stake.quantity) * (points * stake.multiplier + stake.fee)


def paths(seed: int, count: int) -> Iterator[Account]:
    chance = random.Random(seed)
    for number in range(count):
        rules = RULES[number % len(RULES)]
        yield Account(rules, chance, opened(rules))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_that_passes_breaks_a_rule_at_its_worst_case(part: int) -> None:
    passed = failed = 0
    for account in paths(part, PATHS // PARTS):
        account.tell()
        for _ in range(account.chance.randint(1, 4)):
            account.send()
            account.move()
            if not account.live():
                failed += 1
                break
        passed += account.passed
    # The paths are worth something only where orders pass, and where accounts can fail.
    assert passed > PATHS // PARTS
    assert failed > 0
