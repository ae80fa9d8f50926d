"""The days of the books are kept with every fill, in whatever order and however often it comes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.clock import VirtualClock
from app.domain import journal, positions
from app.domain.accounts import Account, Mode
from app.domain.equity import BookDay
from app.domain.instruments import resolve
from app.domain.money import ZERO, exact
from app.domain.orders import Fill, Order, OrderRole, OrderState, OrderType, Side, TimeInForce
from app.domain.reports import FillReport
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.services.ports import BookKey
from app.services.trading.settle import Settler
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.support.counting import CountingHouse

START = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
ROLLS = {
    "chicago": "16:00 America/Chicago weekdays",
    "york": "close XNYS",
    "utc": "00:00 UTC",
}
SYMBOLS = ("ESM2026", "BTCUSD", "AAPL")


class Desk:
    """Three accounts with days of their own, and orders that take whatever fills are drawn."""

    def __init__(self, path: Path) -> None:
        self.clock = VirtualClock(START)
        self.store = SqlStore(make_engines(f"sqlite:///{path}"), lambda _: None)
        self.settler = Settler(self.store, self.clock, lambda: None)
        self.keys = [BookKey("s", name, symbol) for name in ROLLS for symbol in SYMBOLS]
        with self.store.write() as uow:
            for name, roll in ROLLS.items():
                uow.accounts.insert(
                    Account(name, name, "paper", Mode.PAPER, Decimal(1000), START, roll)
                )
            links = tuple(AccountLink(name) for name in ROLLS)
            settings = StrategySettings()
            uow.strategies.insert(
                Strategy("s", "s", "*", StrategyState.ON, settings, links, START, START)
            )
            for key in self.keys:
                uow.orders.insert(self._order(key))

    def _order(self, key: BookKey) -> Order:
        return Order(
            id=f"{key.account_id}-{key.symbol}",
            client_order_id=f"{key.account_id}-{key.symbol}",
            account_id=key.account_id,
            symbol=key.symbol,
            side=Side.BUY,
            quantity=Decimal(1_000_000),
            type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            role=OrderRole.ENTRY,
            state=OrderState.ACCEPTED,
            created_at=START,
            updated_at=START,
            leg="open",
            strategy_id="s",
        )

    def tell(self, fills: list[Fill]) -> None:
        for fill in fills:
            client_id = f"{fill.account_id}-{fill.symbol}"
            self.settler.receive(FillReport(fill.account_id, client_id, fill))
        while self.settler.settle():
            pass

    def kept(self) -> dict[BookKey, tuple[object, object, list[BookDay]]]:
        """The position, the round trips and the days of each book."""
        with self.store.read() as uow:
            return {
                key: (
                    uow.positions.get(key).position,
                    list(uow.trips.of_book(key)),
                    list(uow.days.of_book(key)),
                )
                for key in self.keys
            }


@pytest.fixture
def desks(counting_template: Path, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Two databases of the same accounts: one hears in order, one does not."""
    made = tuple(
        Desk(Path(shutil.copy(counting_template, tmp_path / f"{name}.db"))) for name in "ab"
    )
    yield made[0], made[1]
    for desk in made:
        desk.store.close()


def drawn(chance: random.Random, count: int) -> list[Fill]:
    """Fills over two weeks: flips, fractions, rebates, fees kept in coin, some at the roll."""
    at = START
    fills = []
    for number in range(count):
        symbol = chance.choice(SYMBOLS)
        at += timedelta(minutes=chance.choice([1, 30, 600, 1440]), seconds=chance.randrange(60))
        if chance.random() < 0.1:
            at = at.replace(hour=22, minute=0, second=0)
        side = chance.choice([Side.BUY, Side.SELL])
        keeps = symbol == "BTCUSD" and side is Side.BUY and chance.random() < 0.5
        fills.append(
            Fill(
                venue_fill_id=f"F{number:04d}",
                account_id=chance.choice(list(ROLLS)),
                symbol=symbol,
                side=side,
                quantity=Decimal(chance.choice(["1", "2", "0.125", "3.5"])),
                price=Decimal(chance.randrange(100, 90_000)) / 4,
                commission=Decimal(chance.randrange(-20, 300)) / 100,
                at=at,
                base_fee=Decimal("0.00125") if keeps else ZERO,
            )
        )
    return fills


@pytest.mark.parametrize("seed", range(4))
def test_i1_any_order_and_repetition_of_fills_leads_to_the_same_days_trips_and_positions(
    desks: tuple[Desk, Desk], seed: int
) -> None:
    chance = random.Random(seed)
    fills = drawn(chance, 60)
    in_order, shuffled = desks
    in_order.tell(fills)
    again = fills + chance.sample(fills, 20)
    chance.shuffle(again)
    shuffled.tell(again)
    assert in_order.kept() == shuffled.kept()


@pytest.mark.parametrize("seed", range(4, 8))
def test_i1_the_days_of_all_accounts_are_what_all_fills_and_positions_realised(
    desks: tuple[Desk, Desk], seed: int
) -> None:
    fills = drawn(random.Random(seed), 80)
    desk = desks[0]
    desk.tell(fills)
    kept = desk.kept()
    for key, (position, trips, days) in kept.items():
        mine = [replace(f, strategy_id="s") for f in fills if key == book_of(f)]
        multiplier = resolve(key.symbol, START.date()).instrument.multiplier
        assert position == positions.fold(mine, multiplier) or not mine
        assert trips == list(journal.journal(mine, multiplier).closed)
        assert sum(day.fills for day in days) == len(mine)
    realised = total([position.realised_net for position, _, _ in kept.values()])  # type: ignore[attr-defined]
    assert total([day.realised for _, _, days in kept.values() for day in days]) == realised


@exact
def total(amounts: list[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def book_of(fill: Fill) -> BookKey:
    return BookKey("s", fill.account_id, fill.symbol)


def test_i6_a_fill_exactly_at_the_roll_is_in_the_new_day_of_its_account_only(
    desks: tuple[Desk, Desk],
) -> None:
    desk = desks[0]
    at_roll = datetime(2026, 3, 5, 22, 0, tzinfo=UTC)
    for number, name in enumerate(ROLLS):
        made = drawn(random.Random(1), 1)[0]
        desk.tell([replace(made, venue_fill_id=str(number), account_id=name, at=at_roll)])
    days = {
        key.account_id: [day.day.day for day in days]
        for key, (_, _, days) in desk.kept().items()
        if days
    }
    assert days == {"chicago": [6], "york": [6], "utc": [5]}


def test_another_roll_counts_the_days_of_the_account_anew(house: CountingHouse) -> None:
    strategy = house.strategy()
    # 21:00 UTC: Monday's session in Chicago, in New York already that of Tuesday.
    house.clock.advance(5 * 3600)
    house.fill(strategy, "1", "5000", "1")
    house.fill(strategy, "-1", "5010", "1")
    account = house.account()
    key = BookKey(strategy.id, account.id, "ESZ2026")
    assert days_of(house, key) == {16: (2, 1)}
    house.accounts.update_paper(None, account.id, {}, roll="close XNYS")
    assert days_of(house, key) == {17: (2, 1)}
    house.accounts.update_paper(None, account.id, {}, roll="close XNYS")
    assert days_of(house, key) == {17: (2, 1)}


def days_of(house: CountingHouse, key: BookKey) -> dict[int, tuple[int, int]]:
    """Fills and round trips by day of the month."""
    with house.store.read() as uow:
        return {day.day.day: (day.fills, day.trades) for day in uow.days.of_book(key)}
