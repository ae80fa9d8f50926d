"""What the pages are shown of pairs and curves: summaries, lines of strategies, open positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

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
    return [position for pair in pairs for position in _positions(pair, quotes, now)]


def _positions(pair: Pair, quotes: Quotes, now: datetime) -> Iterator[LivePosition]:
    for symbol, holding in pair.holdings.items():
        quote, fresh = quotes.latest(symbol), quotes.fresh(symbol, now)
        yield LivePosition(
            strategy_id=pair.strategy.id,
            strategy_name=pair.strategy.name,
            account_id=pair.account.id,
            account_name=pair.account.name,
            symbol=symbol,
            quantity=holding.position.quantity,
            average_price=holding.position.average_price or ZERO,
            last_price=None if quote is None else quote.mark,
            unrealised=holding.value(None if fresh is None else fresh.mark),
            quote_age_s=None if quote is None else quote.age(now).total_seconds(),
            stale=fresh is None,
        )


def moved(before: LivePosition | None, now: LivePosition) -> bool:
    """Whether anything but the age of the price changed."""
    return before is None or replace(before, quote_age_s=now.quote_age_s) != now
