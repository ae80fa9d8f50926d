"""The pages show one set of numbers: what each says of the demo's data is the same total.

The demo's two accounts and five strategies trade on three trading days, by its seeded play and on
seeded prices; the last day is still on.  What is compared is what a reader sees.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.bootstrap import Core, core
from app.clock import SystemClock, VirtualClock
from app.demo.script import CAST, FUTURES, play
from app.demo.stage import USER, Stage, staged
from app.domain.instruments import resolve, to_tick
from app.domain.quotes import Quote, QuoteSource
from app.services.inbox import Delivery
from app.store import migrate
from tests.support.browsing import Desk, visit
from tests.support.quick import PASSWORD
from tests.support.serving import eventually, serving
from tests.support.trader import Trader, steady
from tests.support.world import settings_for

SEED = 7
DAYS = 3
MESSAGES_A_DAY = 15
START = {"ES1!": 6800, "NQ1!": 25200, "MGC1!": 4100, "SPY": 680, "BTCUSD": 94800}
CASH = Decimal(500_000)
HALF_A_CENT = Decimal("0.005")
AMOUNT = re.compile(r"([−-]?)\+?\$([\d,]+\.\d\d)")  # noqa: RUF001  the pages' minus


@dataclass
class Exchange:
    """Prices that walk by seeded steps, and the demo's play on them."""

    made: Core
    clock: VirtualClock
    stage: Stage
    chance: random.Random
    prices: dict[str, Decimal] = field(
        default_factory=lambda: {symbol: Decimal(price) for symbol, price in START.items()}
    )

    def trade_a_day(self, *, flat: bool) -> None:
        """Send some alerts, each of which is done before the next; at the end all are ``flat``."""
        messages = play(self.stage.actors, self.chance, self.clock.now)
        for message in islice(messages, MESSAGES_A_DAY):
            self._send(message.part.name, message.part.symbol, message.body)
        for part, actor in zip(CAST, self.stage.actors, strict=True):
            if flat:
                self._send(part.name, part.symbol, actor.leave(self.clock.now()).body)

    def close_day(self, roll: datetime) -> None:
        """Record the last second of the trading day and the first one of the next."""
        for second in (-1, 0):
            self.clock.move_to(roll + timedelta(seconds=second))
            self.made.recorder.tick(self.clock.now())

    def _send(self, name: str, symbol: str, body: str) -> None:
        self._move(symbol)
        self.made.inbox.accept(self.stage.keys[name], Delivery(body=body.encode()))
        executor = self.made.executor()
        for _ in range(3):
            executor.step(self.clock.now())
            self.clock.advance(0.5)
            self._quote(symbol)
            self.made.settler.settle()
        self.clock.advance(5)
        self.made.recorder.tick(self.clock.now())

    def _move(self, symbol: str) -> None:
        self.prices[symbol] *= 1 + Decimal(self.chance.randint(-8, 9)) / 10_000
        self._quote(symbol)

    def _quote(self, symbol: str) -> None:
        now = self.clock.now()
        contract = resolve(symbol, now.date())
        price = to_tick(self.prices[symbol], contract.instrument)
        self.made.quotes.put(Quote(contract.symbol, price, price, now, QuoteSource.STREAM))


@dataclass
class Demo:
    """The demo's server, with its prices as they were at last, and where it began to trade."""

    trader: Trader
    prices: Mapping[str, Decimal]
    months: tuple[str, ...]
    scopes: Mapping[str, str]


@contextmanager
def open_demo(folder: Path) -> Iterator[Demo]:
    now = SystemClock().now()
    settings = steady(now)
    chosen = settings_for(folder).model_copy(
        update={"trading_day_roll": settings["TRADING_DAY_ROLL"]}
    )
    folder.mkdir(parents=True)
    migrate.upgrade(chosen.store_url)
    clock = VirtualClock(now - timedelta(days=DAYS - 1))
    made = core(chosen, clock=clock, seed=SEED)
    chance = random.Random(SEED)
    exchange = Exchange(made, clock, staged(made, PASSWORD, chance), chance)
    roll = (now + timedelta(hours=18)).replace(second=0, microsecond=0)
    for before in reversed(range(1, DAYS)):
        exchange.trade_a_day(flat=True)
        exchange.close_day(roll - timedelta(days=before))
        clock.move_to(now - timedelta(days=before - 1, minutes=10))
    exchange.trade_a_day(flat=False)
    user = made.users.by_name(USER)
    token = made.users.create_token(user.id, "test")[1]
    account = next(each for each in made.accounts.list(user.id) if each.name == FUTURES)
    strategy = made.strategies.find(user.id, CAST[0].name)
    made.close()
    first = (now - timedelta(days=DAYS)).date()
    months = tuple(sorted({f"{first + timedelta(days=each):%Y-%m}" for each in range(DAYS + 2)}))
    scopes = {"all": "", "account": f"account_id={account.id}"}
    with serving(folder, **settings) as server:
        trader = Trader(server.address, USER, token)
        shown = [each for each in months if each <= f"{now:%Y-%m}"]
        scopes["strategy"] = f"strategy_id={strategy.id}"
        yield Demo(trader, exchange.prices, tuple(shown), scopes)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with open_demo(tmp_path_factory.mktemp("demo") / "data") as opened:
        for part in CAST:
            opened.trader.quote(part.symbol, str(round(opened.prices[part.symbol])))
        yield opened


def amount(text: str) -> Decimal:
    """The money that a text shows; negative after the pages' minus."""
    found = AMOUNT.search(text)
    assert found, f"no amount in {text!r}"
    return Decimal(found[2].replace(",", "")) * (-1 if found[1] else 1)


def shown(page: Page, selector: str) -> Decimal:
    return amount(page.locator(selector).first.inner_text())


@dataclass(frozen=True)
class Dashboard:
    """What the dashboard shows of a scope: the tiles, the curve's end, and all days."""

    total: Decimal
    open: Decimal
    closed: Decimal
    curve: Decimal
    curve_open: Decimal
    curve_realised: Decimal
    months: Decimal
    days: tuple[Decimal, ...]


def dashboard(page: Page, demo: Demo, scope: str) -> Dashboard:
    """Read the dashboard; of a strategy the curve is of P&L, of accounts it is their equity."""
    begins = {"all": 2 * CASH, "account": CASH, "strategy": Decimal(0)}[scope]
    query, months, days = demo.scopes[scope], Decimal(0), []
    for month in demo.months:
        visit(page, f"/dashboard?{query}&month={month}")
        expect(page.locator("#equity-now")).to_contain_text("$")
        months += shown(page, "#month-total")
        labels = page.locator(".day[data-value]").evaluate_all(
            "cells => cells.map((cell) => cell.getAttribute('aria-label'))"
        )
        days += [amount(label) for label in labels]
    return Dashboard(
        total=shown(page, "[data-kpi=total]"),
        open=shown(page, "[data-kpi=open]"),
        closed=shown(page, "[data-kpi=closed]"),
        curve=shown(page, "#equity-now") - begins,
        curve_open=shown(page, "#curve-open"),
        curve_realised=shown(page, "#curve-realised") - begins,
        months=months,
        days=tuple(days),
    )


def net(page: Page, path: str) -> Decimal:
    """The net of all round trips as the journal or the metrics show it."""
    visit(page, path)
    figure = page.locator(".figures > div", has=page.get_by_text("Net", exact=True)).locator("dd")
    return amount(figure.first.inner_text())


def near(one: Decimal, other: Decimal, roundings: int) -> bool:
    """Whether amounts are equal but for the cents that each of them was rounded to."""
    return abs(one - other) <= HALF_A_CENT * roundings


def agree(seen: Dashboard) -> None:
    """With what is open, and without it, each part of the dashboard says the same."""
    assert (seen.curve, seen.curve_open) == (seen.total, seen.open)
    assert near(seen.curve_realised, seen.total - seen.open, 3)
    assert near(seen.months, seen.total, 1 + len(seen.days))
    assert near(sum(seen.days, Decimal(0)), seen.total, 1 + len(seen.days))


def test_every_page_shows_the_same_total_with_positions_open_and_after_all_are_closed(
    desk: Desk, demo: Demo
) -> None:
    page = desk.of(demo.trader, "/about")
    held = demo.trader.get("/api/positions")["items"]
    assert held, "the demo holds nothing, so nothing unrealised would be compared"
    for scope in demo.scopes:
        agree(dashboard(page, demo, scope))
    for each in held:
        book = {name: each[name] for name in ("strategy_id", "account_id", "symbol")}
        demo.trader.post("/api/positions/close", **book)
    eventually(lambda: not demo.trader.get("/api/positions")["items"])
    totals = {}
    for scope, query in demo.scopes.items():
        seen = dashboard(page, demo, scope)
        agree(seen)
        assert len(seen.days) == DAYS
        assert not seen.open
        assert seen.closed == seen.total
        assert net(page, f"/metrics?range=all&{query}") == seen.total
        assert net(page, f"/journal?range=all&{query}") == seen.total
        rows = [amount(each) for each in page.locator("td.net").all_inner_texts()]
        if page.get_by_text("page 1 of 1").count():
            assert near(sum(rows, Decimal(0)), seen.total, 1 + len(rows))
        totals[scope] = seen.total
    assert len(set(totals.values())) == len(totals), "the scopes are not told apart"
    assert 0 not in totals.values()
