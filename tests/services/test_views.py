"""The calendar and the curve: days add up, gaps stay gaps, and bad ranges are refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.clock import VirtualClock
from app.domain.accounts import Account, Mode
from app.domain.errors import InvalidInput, NotFound
from app.domain.journal import Direction, RoundTrip
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.services.ports import Store
from app.services.reads import Booked, CurvePoint, Page, Paging, Reads, Scope, Span, TradeRow
from app.services.views import Views

CHICAGO = "16:00 America/Chicago"
#: 09:00 in Chicago on Wednesday, the trading day of 4 March 2026.
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
ANN = Scope("ann")
D = Decimal
MADE = datetime(2026, 1, 1, tzinfo=UTC)


def account(name: str, user: str = "ann", roll: str = CHICAGO) -> Account:
    return Account(name, name, "paper", Mode.PAPER, Decimal(1000), MADE, roll, user_id=user)


def strategy(name: str, *accounts: str, user: str = "ann") -> Strategy:
    links = tuple(AccountLink(each) for each in accounts)
    return Strategy(
        name, name, "ES", StrategyState.ON, StrategySettings(), links, MADE, MADE, user_id=user
    )


@dataclass
class Shelf:
    """A store that only finds strategies and accounts."""

    strategies: dict[str, Strategy] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    @contextmanager
    def read(self) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(strategies=self.strategies, accounts=self.accounts)


@dataclass
class Recorded:
    """Read models of one series: what was booked, and samples of the open P&L by second."""

    fills: list[Booked] = field(default_factory=list)
    marks: dict[int, Decimal | None] = field(default_factory=dict)
    trips: list[RoundTrip] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    ends: list[datetime] = field(default_factory=list)
    live: Decimal | None = None

    def booked(self, scope: Scope, span: Span) -> Sequence[Booked]:
        self.asked.append((scope, span))
        assert span.start is not None
        assert span.end is not None
        return [each for each in self.fills if span.start <= each.at < span.end]

    def finished(self, scope: Scope, span: Span) -> Sequence[datetime]:
        assert span.start is not None
        assert span.end is not None
        return [each for each in self.ends if span.start <= each < span.end]

    def open_pnl(self, series_id: int, instants: Sequence[int]) -> Sequence[Decimal | None]:
        return [self._mark(at) for at in instants]

    def _mark(self, at: int) -> Decimal | None:
        before = [second for second in sorted(self.marks) if second <= at]
        known = [self.marks[second] for second in before if self.marks[second] is not None]
        return known[-1] if known else (None if before else Decimal(0))

    def extent(self, series_id: int) -> tuple[int, int] | None:
        return (min(self.marks), max(self.marks)) if self.marks else None

    def curve(self, series_id: int, start: int, end: int, buckets: int) -> Sequence[CurvePoint]:
        self.asked.append((series_id, start, end, buckets))
        return [CurvePoint(NOW, None, None)]

    def trades(self, scope: Scope, paging: Paging, **_: object) -> Page[TradeRow]:
        return Page([TradeRow(trip, "s", "s", "a", "a") for trip in self.trips], len(self.trips))


@dataclass(frozen=True)
class Curves:
    """One curve, or none, and its open P&L at this moment."""

    series: int | None
    live: Decimal | None

    def curve_id(self, *_: str | None) -> int | None:
        return self.series

    def open_now(self, *_: str | None) -> Decimal | None:
        return self.live


def views(
    recorded: Recorded | None = None, shelf: Shelf | None = None, *, series: int | None = 1
) -> Views:
    return Views(
        cast("Store", shelf or Shelf()),
        cast("Reads", recorded or Recorded()),
        VirtualClock(NOW),
        Curves(series, (recorded or Recorded()).live),
        CHICAGO,
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def second(text: str) -> int:
    return int(at(text).timestamp())


def test_a_day_is_what_was_realised_after_fees_plus_the_change_of_the_open_pnl() -> None:
    recorded = Recorded(
        fills=[
            Booked(at("2026-03-03T15:00:00Z"), Decimal(0), Decimal("2.25")),
            Booked(at("2026-03-04T14:00:00Z"), Decimal(130), Decimal("2.25")),
        ],
        marks={
            second("2026-03-03T15:00:01Z"): Decimal(10),
            second("2026-03-03T21:59:00Z"): Decimal(40),
            second("2026-03-04T14:00:00Z"): Decimal(0),
        },
        ends=[at("2026-03-04T14:00:00Z")],
    )
    first, last = views(recorded).calendar(ANN)
    assert (first.day, last.day) == (date(2026, 3, 3), date(2026, 3, 4))
    assert (first.gross, first.fees, first.open_change) == (D(0), D("2.25"), D(40))
    assert first.pnl == Decimal("37.75")
    assert (last.realised, last.open_change, last.pnl) == (D("127.75"), D(-40), D("87.75"))
    assert (first.fills, last.fills, first.trades, last.trades) == (1, 1, 0, 1)


def test_a_day_that_is_still_on_takes_the_open_pnl_of_this_moment() -> None:
    recorded = Recorded(
        fills=[Booked(at("2026-03-04T14:00:00Z"), Decimal(130), Decimal(0))],
        marks={second("2026-03-04T13:59:59Z"): Decimal(130)},
        live=Decimal(0),
    )
    (day,) = views(recorded).calendar(ANN)
    assert day.pnl == 130


def test_i1_a_dollar_an_hour_recorded_each_second_is_not_summed_up_on_the_calendar() -> None:
    start = second("2026-03-04T13:00:00Z")
    recorded = Recorded(marks={start + step: Decimal(100) for step in range(3600)})
    (day,) = views(recorded).calendar(ANN)
    assert day.pnl == 100


def test_i6_what_trades_after_the_roll_belongs_to_the_next_day() -> None:
    recorded = Recorded(
        fills=[
            Booked(at("2026-03-02T21:59:59Z"), Decimal(1), Decimal(0)),
            Booked(at("2026-03-02T22:00:00Z"), Decimal(2), Decimal(0)),
        ]
    )
    days = views(recorded).calendar(ANN)
    assert [(day.day.day, day.gross) for day in days] == [(2, D(1)), (3, D(2))]


def test_days_without_anything_are_absent() -> None:
    assert list(views().calendar(ANN, date(2026, 1, 1), date(2026, 3, 1))) == []
    assert list(views(series=None).calendar(ANN)) == []


def test_an_unknown_price_makes_the_days_pnl_unknown_and_never_zero() -> None:
    recorded = Recorded(marks={second("2026-03-04T14:00:00Z"): None})
    (day,) = views(recorded).calendar(ANN)
    assert (day.open_change, day.pnl) == (None, None)


def test_without_a_range_it_is_the_last_thirty_days() -> None:
    recorded = Recorded()
    views(recorded).calendar(ANN)
    ((_, span),) = recorded.asked
    assert span.start == at("2026-02-02T22:00:00Z")
    assert span.end == at("2026-03-04T22:00:00Z")


def test_days_that_have_not_come_are_left_out() -> None:
    recorded = Recorded(marks={second("2026-03-04T14:00:00Z"): Decimal(5)})
    days = views(recorded).calendar(ANN, date(2026, 3, 1), date(2026, 3, 31))
    assert [day.day for day in days] == [date(2026, 3, 4)]
    assert list(views(recorded).calendar(ANN, date(2027, 1, 1), date(2027, 1, 2))) == []


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "end_date"),
        (date(2010, 1, 1), date(2026, 1, 1), "start_date"),
    ],
)
def test_a_bad_range_is_refused_with_its_field(start: date, end: date, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        views().calendar(ANN, start, end)
    assert list(caught.value.fields) == [field]


def test_the_account_says_when_its_day_begins() -> None:
    shelf = Shelf(
        {"one": strategy("one", "utc"), "two": strategy("two", "utc", "chicago")},
        {"utc": account("utc", roll="00:00 UTC"), "chicago": account("chicago")},
    )
    made = views(shelf=shelf)
    rolls = {
        "whole": str(made.roll(ANN)),
        "account": str(made.roll(Scope("ann", account_id="utc"))),
        "its strategy": str(made.roll(Scope("ann", "one"))),
        "on two accounts": str(made.roll(Scope("ann", "two"))),
    }
    assert rolls == {
        "whole": CHICAGO,
        "account": "00:00 UTC",
        "its strategy": "00:00 UTC",
        "on two accounts": CHICAGO,
    }


def test_a_market_without_weekends_has_no_saturday() -> None:
    shelf = Shelf(accounts={"a": account("a", roll=f"{CHICAGO} weekdays")})
    sunday = at("2026-03-01T15:00:00Z")
    recorded = Recorded(fills=[Booked(sunday, Decimal(7), Decimal(0))])
    scope = Scope("ann", account_id="a")
    (day,) = views(recorded, shelf).calendar(scope, date(2026, 2, 23), date(2026, 3, 3))
    assert (day.day, day.gross) == (date(2026, 3, 2), D(7))


def test_i6_what_happens_on_a_holiday_is_in_the_next_day_that_has_a_session() -> None:
    shelf = Shelf(accounts={"a": account("a", roll=f"{CHICAGO} holidays XNYS")})
    presidents_day = at("2026-02-16T15:00:00Z")
    recorded = Recorded(fills=[Booked(presidents_day, Decimal(7), Decimal(0))])
    scope = Scope("ann", account_id="a")
    (day,) = views(recorded, shelf).calendar(scope, date(2026, 2, 13), date(2026, 2, 18))
    assert (day.day, day.gross) == (date(2026, 2, 17), D(7))


def test_days_before_an_exchanges_holidays_are_known_are_refused_with_the_field() -> None:
    shelf = Shelf(accounts={"a": account("a", roll="close XNYS")})
    with pytest.raises(InvalidInput, match="known from 2000 to 2050") as refused:
        views(shelf=shelf).calendar(
            Scope("ann", account_id="a"), date(1998, 1, 1), date(1999, 1, 1)
        )
    assert refused.value.fields == {"date": "2000 to 2050"}


@pytest.mark.parametrize(
    "scope",
    [
        Scope("bob", "one"),
        Scope("bob", account_id="a"),
        Scope("ann", "x"),
        Scope("ann", account_id="x"),
    ],
)
def test_what_is_not_the_users_is_not_found(scope: Scope) -> None:
    made = views(shelf=Shelf({"one": strategy("one", "a")}, {"a": account("a")}))
    for call in (made.calendar, made.curve, made.check, made.roll):
        with pytest.raises(NotFound):
            call(scope)


def test_a_curve_is_asked_for_in_buckets_of_four_points() -> None:
    recorded = Recorded(marks={100: Decimal(1), 900: Decimal(2)})
    assert len(views(recorded).curve(ANN, limit=600)) == 1
    assert recorded.asked == [(1, 100, 901, 150)]


def test_a_curve_is_cut_to_what_was_recorded() -> None:
    recorded = Recorded(marks={1000: Decimal(1), 9000: Decimal(2)})
    moment = datetime(1970, 1, 1, tzinfo=UTC)
    views(recorded).curve(ANN, moment + timedelta(seconds=2000), moment + timedelta(seconds=3000))
    views(recorded).curve(ANN, moment, moment + timedelta(days=9))
    assert [(start, end) for _, start, end, _ in recorded.asked] == [(2000, 3001), (1000, 9001)]
    assert list(views(recorded).curve(ANN, moment, moment + timedelta(seconds=5))) == []


def test_a_curve_that_was_never_recorded_is_empty() -> None:
    assert list(views(series=None).curve(ANN)) == []
    assert list(views().curve(ANN)) == []


def test_a_curve_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        views().curve(ANN, NOW, NOW - timedelta(seconds=1))
    assert list(caught.value.fields) == ["end"]


def trip(net: int) -> RoundTrip:
    one = Decimal(1)
    return RoundTrip(
        "ES", Direction.LONG, NOW, NOW, "1", "2", one, one, one, one, Decimal(net), Decimal(0)
    )


def test_results_count_what_won_and_lost() -> None:
    results = views(Recorded(trips=[trip(30), trip(-10), trip(0)])).results(ANN)
    assert (results.round_trips, results.wins, results.profit_factor) == (3, 1, D(3))


def test_today_is_the_trading_day_of_now() -> None:
    assert views().today(ANN) == date(2026, 3, 4)
