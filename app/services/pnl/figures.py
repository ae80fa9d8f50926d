"""What the pages are shown of pairs and curves: summaries, lines of strategies, open positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from app.domain.money import ZERO, exact
from app.services.pnl.curves import Curve, known
from app.services.pnl.live import LivePosition, StrategyLine, Summary
from app.services.pnl.pairs import Pair
from app.services.ports import Quotes


@exact
def summary(pairs: Sequence[Pair], curve: Curve | None, at: datetime) -> Summary:
    """Add up ``pairs``; the drawdown is that of their ``curve``, unknown without one."""
    realised = sum((pair.realised for pair in pairs), ZERO)
    today = sum((pair.realised - pair.day_realised for pair in pairs), ZERO)
    cash = {pair.account.id: pair.account.capital for pair in pairs}
    open_pnl = known(pair.open_pnl for pair in pairs)
    change = None if open_pnl is None else open_pnl - sum((p.day_open for p in pairs), ZERO)
    total = None if open_pnl is None else realised + open_pnl
    return Summary(
        at=at,
        realised=realised,
        open_pnl=open_pnl,
        total_pnl=total,
        today_pnl=None if change is None else today + change,
        realised_today=today,
        equity=None if total is None else sum(cash.values(), ZERO) + total,
        drawdown=curve.drawdown if curve else None,
        max_drawdown=curve.series.max_drawdown if curve else ZERO,
        active_positions=sum(len(pair.holdings) for pair in pairs),
        paid=sum((pair.paid for pair in pairs), ZERO),
    )


@exact
def lines(curves: Iterable[Curve]) -> list[StrategyLine]:
    """Return the figures of each strategy."""
    return [_line(curve) for curve in curves]


def _line(curve: Curve) -> StrategyLine:
    strategy = curve.pairs[0].strategy
    started = sum((pair.day_realised + pair.day_open for pair in curve.pairs), ZERO)
    return StrategyLine(
        strategy_id=strategy.id,
        strategy_name=strategy.name,
        realised=curve.realised,
        open_pnl=curve.open_pnl,
        pnl=curve.pnl,
        drawdown=curve.drawdown,
        today_pnl=None if curve.pnl is None else curve.pnl - started,
    )


def positions(pairs: Iterable[Pair], quotes: Quotes, now: datetime) -> list[LivePosition]:
    """Return the open positions of ``pairs`` at their marks."""
    prices = _Prices(quotes, now)
    return [position for pair in pairs for position in _positions(pair, prices)]


class _Price(NamedTuple):
    """A symbol's last price, its age in seconds, and the price that counts; None is unknown."""

    last: Decimal | None
    age_s: float | None
    mark: Decimal | None


class _Prices(dict[str, _Price]):
    """Prices by symbol, each looked up once."""

    def __init__(self, quotes: Quotes, now: datetime) -> None:
        super().__init__()
        self._quotes = quotes
        self._now = now

    def __missing__(self, symbol: str) -> _Price:
        quote, fresh = self._quotes.latest(symbol), self._quotes.fresh(symbol, self._now)
        self[symbol] = found = _Price(
            None if quote is None else quote.mark,
            None if quote is None else quote.age(self._now).total_seconds(),
            None if fresh is None else fresh.mark,
        )
        return found


def _positions(pair: Pair, prices: Mapping[str, _Price]) -> Iterator[LivePosition]:
    for symbol, holding in pair.holdings.items():
        price = prices[symbol]
        yield LivePosition(
            strategy_id=pair.strategy.id,
            strategy_name=pair.strategy.name,
            account_id=pair.account.id,
            account_name=pair.account.name,
            symbol=symbol,
            quantity=holding.position.quantity,
            average_price=holding.average_price,
            last_price=price.last,
            unrealised=holding.value(price.mark),
            quote_age_s=price.age_s,
            stale=price.mark is None,
        )


def moved(before: LivePosition | None, now: LivePosition) -> bool:
    """Whether anything but the age of the price changed."""
    if before is None or before.unrealised != now.unrealised:
        return True
    return replace(before, quote_age_s=now.quote_age_s) != now
