"""The read side: calendar, curve and results, each computed from what was booked and recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from app.domain.errors import InvalidInput, NotFound
from app.domain.metrics import Metrics, measure
from app.domain.money import ZERO, exact
from app.domain.sessions import Roll, day_bounds, trading_day, trading_days
from app.services.ports import Clock, Store, UnitOfWork
from app.services.reads import Booked, CurvePoint, Paging, Reads, Scope, Span

DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 3660
DEFAULT_POINTS: Final = 600
MOST_POINTS: Final = 2000
#: Each bucket of a curve keeps up to this many of its points.
POINTS_PER_BUCKET: Final = 4
#: Years of days that can be asked for; others cannot be turned into instants everywhere.
YEARS: Final = range(1970, 2200)
#: Round trips that the win rate and profit factor look back on.
MOST_TRIPS: Final = 10_000

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One trading day: ``pnl`` = ``gross`` - ``fees`` + ``open_change``, money, negative if lost.

    ``fills`` counts executions and ``trades`` the round trips that ended.  ``open_change`` and
    ``pnl`` are None when the price of something that was held at the day's begin or end is unknown.
    """

    day: date
    gross: Decimal
    fees: Decimal
    fills: int
    trades: int
    open_change: Decimal | None

    @property
    @exact
    def realised(self) -> Decimal:
        """Money realised after fees."""
        return self.gross - self.fees

    @property
    @exact
    def pnl(self) -> Decimal | None:
        """Realised after fees plus the change of the open P&L; None when that is unknown."""
        return None if self.open_change is None else self.gross - self.fees + self.open_change

    @property
    def active(self) -> bool:
        """Whether anything happened: an execution, or a move of what was held."""
        return bool(self.fills) or self.open_change is None or bool(self.open_change)


class CurveBook(Protocol):
    """The recorder's curves, by (user, strategy, account); None stands for all."""

    def curve_id(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> int | None:
        """The id of the recorded series; None when there is none yet."""
        ...

    def open_now(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> Decimal | None:
        """The open P&L at this moment; None while a price is unknown."""
        ...


class Views:
    """What pages and programs look at; nothing here changes anything.

    ``curves`` knows the curve of a scope, ``roll`` says when a trading day begins where no account
    does.
    """

    def __init__(
        self, store: Store, reads: Reads, clock: Clock, curves: CurveBook, roll: str
    ) -> None:
        self._store = store
        self._reads = reads
        self._clock = clock
        self._curves = curves
        self._roll = roll

    def check(self, scope: Scope) -> Scope:
        """Return ``scope``; raises NotFound when its strategy or account is not the user's."""
        with self._store.read() as uow:
            _check_scope(uow, scope)
        return scope

    def roll(self, scope: Scope) -> Roll:
        """Return when the scope's trading day begins: as its account says, else the default."""
        with self._store.read() as uow:
            _check_scope(uow, scope)
            return Roll.parse(_roll_text(uow, scope) or self._roll)

    def today(self, scope: Scope) -> date:
        """Return the trading day of now."""
        return trading_day(self._clock.now(), self.roll(scope))

    def calendar(
        self, scope: Scope, start: date | None = None, end: date | None = None
    ) -> Sequence[CalendarDay]:
        """Return the days from ``start`` to ``end`` on which something happened, oldest first.

        Without them the last 30 days.  Raises InvalidInput for a bad range, NotFound for a strategy
        or account that is not the user's.
        """
        now = self._clock.now()
        roll = self.roll(scope)
        today = trading_day(now, roll)
        last = today if end is None else end
        first = last - (DEFAULT_DAYS - 1) * _DAY if start is None else start
        check_range(first, last)
        days = list(trading_days(first, min(last, today), roll))
        return [day for day in self._measured(scope, days, roll, now) if day.active]

    def _measured(
        self, scope: Scope, days: Sequence[date], roll: Roll, now: datetime
    ) -> Iterator[CalendarDay]:
        if not days:
            return
        bounds = [day_bounds(day, roll) for day in days]
        span = Span(bounds[0][0], bounds[-1][1])
        money = _by_day(self._reads.booked(scope, span), roll)
        trades = Counter(trading_day(at, roll) for at in self._reads.finished(scope, span))
        marks = self._open_pnl(scope, _instants(bounds, now))
        if bounds[-1][1] > now:
            marks = [*marks[:-1], self._open_now(scope, marks[-1])]
        for index, day in enumerate(days):
            gross, fees, fills = money.get(day, (ZERO, ZERO, 0))
            change = _change(marks[2 * index], marks[2 * index + 1])
            yield CalendarDay(day, gross, fees, fills, trades[day], change)

    def _open_now(self, scope: Scope, recorded: Decimal | None) -> Decimal | None:
        """The open P&L of a day that is still on: what is realised already is no longer open."""
        live = self._curves.open_now(scope.user_id, scope.strategy_id, scope.account_id)
        return recorded if live is None else live

    def _open_pnl(self, scope: Scope, instants: Sequence[int]) -> Sequence[Decimal | None]:
        series_id = self._curves.curve_id(scope.user_id, scope.strategy_id, scope.account_id)
        if series_id is None:
            return [ZERO] * len(instants)
        return self._reads.open_pnl(series_id, instants)

    def curve(
        self,
        scope: Scope,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = DEFAULT_POINTS,
    ) -> Sequence[CurvePoint]:
        """Return at most ``limit`` points of the P&L curve, oldest first; gaps have None.

        The lowest and highest P&L and the worst drawdown of each stretch are among them.  Raises
        InvalidInput when ``end`` lies before ``start``, NotFound as ``calendar`` does.
        """
        if start is not None and end is not None and end < start:
            raise InvalidInput("end lies before start.", fields={"end": "must not be before start"})
        self.check(scope)
        series_id = self._curves.curve_id(scope.user_id, scope.strategy_id, scope.account_id)
        extent = None if series_id is None else self._reads.extent(series_id)
        if series_id is None or extent is None:
            return []
        first = extent[0] if start is None else max(extent[0], int(start.timestamp()))
        last = extent[1] if end is None else min(extent[1], int(end.timestamp()))
        buckets = max(1, limit // POINTS_PER_BUCKET)
        return self._reads.curve(series_id, first, last + 1, buckets) if first <= last else []

    def results(self, scope: Scope) -> Metrics:
        """Return what the closed round trips say: wins, losses, profit factor."""
        page = self._reads.trades(scope, Paging(page_size=MOST_TRIPS))
        return measure(row.trip for row in page.rows)


def _check_scope(uow: UnitOfWork, scope: Scope) -> None:
    if scope.strategy_id is not None:
        strategy = uow.strategies.get(scope.strategy_id)
        if strategy is None or strategy.user_id != scope.user_id:
            raise NotFound("There is no such strategy.")
    if scope.account_id is not None:
        account = uow.accounts.get(scope.account_id)
        if account is None or account.user_id != scope.user_id:
            raise NotFound("There is no such account.")


def _roll_text(uow: UnitOfWork, scope: Scope) -> str | None:
    """The roll of the one account that the scope is about; None when it is about several."""
    account_id = scope.account_id
    if account_id is None and scope.strategy_id is not None:
        strategy = uow.strategies.get(scope.strategy_id)
        rolls = {
            account.roll
            for link in (strategy.accounts if strategy else ())
            if (account := uow.accounts.get(link.account_id))
        }
        return rolls.pop() if len(rolls) == 1 else None
    account = uow.accounts.get(account_id) if account_id else None
    return account.roll if account else None


def check_range(first: date, last: date) -> None:
    """Raise InvalidInput, with the field, unless the days run on, within ten years, from 1970."""
    for field, day in (("start_date", first), ("end_date", last)):
        if day.year not in YEARS:
            raise InvalidInput("The date is not of our time.", fields={field: "1970 to 2199"})
    if last < first:
        raise InvalidInput(
            "The end of the range lies before its start.",
            fields={"end_date": "must not be before start_date"},
        )
    if (last - first).days > MOST_DAYS:
        raise InvalidInput(
            "The range is longer than ten years.",
            fields={"start_date": "must lie within ten years of end_date"},
        )


def _by_day(booked: Iterable[Booked], roll: Roll) -> Mapping[date, tuple[Decimal, Decimal, int]]:
    days: dict[date, tuple[Decimal, Decimal, int]] = {}
    for each in booked:
        day = trading_day(each.at, roll)
        gross, fees, fills = days.get(day, (ZERO, ZERO, 0))
        days[day] = _added(gross, each.gross), _added(fees, each.commission), fills + 1
    return days


@exact
def _added(total: Decimal, amount: Decimal) -> Decimal:
    return total + amount


def _instants(bounds: Iterable[tuple[datetime, datetime]], now: datetime) -> list[int]:
    """The last seconds before each day and of each day, as far as it has come, in pairs."""
    seconds = [(int(begin.timestamp()) - 1, int(end.timestamp()) - 1) for begin, end in bounds]
    return [min(each, int(now.timestamp())) for pair in seconds for each in pair]


@exact
def _change(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    return None if before is None or after is None else after - before
