"""The P&L of each trading day of a book, from its fills and its open P&L at each close."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.money import ZERO, exact
from app.domain.orders import Fill
from app.domain.positions import history
from app.domain.sessions import Roll, trading_day


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What is known of one trading day of one book, in the quote currency.

    ``gross`` is the money realised by the day's fills, ``commission`` their cost, ``open_pnl`` the
    open P&L at the close of the day: 0 when flat, None when the price is unknown.
    """

    day: date
    gross: Decimal = ZERO
    commission: Decimal = ZERO
    fills: int = 0
    open_pnl: Decimal | None = ZERO

    @property
    @exact
    def realised_net(self) -> Decimal:
        """Money realised on the day after commission; negative if lost."""
        return self.gross - self.commission


@dataclass(frozen=True, slots=True)
class DayPnl:
    """The P&L of a trading day, net of fees; None when an open P&L that it needs is unknown."""

    day: date
    pnl: Decimal | None
    realised_net: Decimal
    fills: int


@exact
def realised_by_day(fills: Iterable[Fill], multiplier: Decimal, roll: Roll) -> tuple[DayFacts, ...]:
    """Return what the fills of one book realised on each trading day, oldest first.

    The open P&L is left unknown where a position was held at the close.
    """
    days: dict[date, DayFacts] = {}
    for step in history(fills, multiplier):
        day = trading_day(step.fill.at, roll)
        known = days.get(day, DayFacts(day))
        days[day] = DayFacts(
            day=day,
            gross=known.gross + step.realised_gross,
            commission=known.commission + step.commission,
            fills=known.fills + 1,
            open_pnl=None if step.after.quantity else ZERO,
        )
    return tuple(days[day] for day in sorted(days))


@exact
def daily_pnl(facts: Iterable[DayFacts], opening: Decimal | None = ZERO) -> tuple[DayPnl, ...]:
    """Return each day's P&L: realised net plus the change of the open P&L, oldest first.

    ``facts`` hold every day on which the book traded or held something; ``opening`` is the open P&L
    at the close before the first of them.
    """
    days: list[DayPnl] = []
    before = opening
    for fact in sorted(facts, key=lambda each: each.day):
        pnl = _total(fact.realised_net, fact.open_pnl, None if before is None else -before)
        days.append(DayPnl(fact.day, pnl, fact.realised_net, fact.fills))
        before = fact.open_pnl
    return tuple(days)


@exact
def combined(books: Iterable[Iterable[DayPnl]]) -> tuple[DayPnl, ...]:
    """Return the days of several books added up; a day with an unknown part is unknown."""
    totals: dict[date, DayPnl] = {}
    for book in books:
        for each in book:
            sofar = totals.get(each.day, DayPnl(each.day, ZERO, ZERO, 0))
            totals[each.day] = DayPnl(
                day=each.day,
                pnl=_total(sofar.pnl, each.pnl),
                realised_net=sofar.realised_net + each.realised_net,
                fills=sofar.fills + each.fills,
            )
    return tuple(totals[day] for day in sorted(totals))


def _total(*parts: Decimal | None) -> Decimal | None:
    known = [part for part in parts if part is not None]
    return sum(known, ZERO) if len(known) == len(parts) else None
