"""The calendar: accounts add up, each by its own days; what is unknown stays unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest

from app.clock import VirtualClock
from app.domain.accounts import Account, Mode
from app.domain.equity import BookDay, Sample, summarise
from app.domain.errors import InvalidInput, NotFound
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.services.calendar import Ask, Basis, Calendar, CalendarDay, CalendarDesk
from app.services.calendar.curves import MOST_PIECED
from app.services.calendar.desk import AT_ONCE, NOTE_LENGTH
from app.services.history.outlines import outline
from app.services.ports import Level, Rolled, Store
from app.services.reads import Outline, Reads, Scope, Span, TaggedTrip
from app.services.views import Views

CHICAGO, WEEKDAYS, MIDNIGHT = (
    "16:00 America/Chicago",
    "16:00 America/Chicago weekdays",
    "00:00 UTC",
)
#: 09:00 in Chicago on Wednesday, the trading day of 4 March 2026.
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
MADE = datetime(2026, 1, 1, tzinfo=UTC)
ANN = Scope("ann")
D = Decimal

Key = tuple[str | None, str | None]
"""Strategy (None: all), account."""


def account(name: str, roll: str = CHICAGO, user: str = "ann") -> Account:
    return Account(name, name, "paper", Mode.PAPER, Decimal(1000), MADE, roll, user_id=user)


def strategy(name: str, *accounts: str, user: str = "ann") -> Strategy:
    links = tuple(AccountLink(each) for each in accounts)
    return Strategy(
        name, name, "ES", StrategyState.ON, StrategySettings(), links, MADE, MADE, user_id=user
    )


class Accounts(dict[str, Account]):
    """The accounts by id."""

    def list(self, user_id: str) -> list[Account]:
        return [each for each in self.values() if each.user_id == user_id]


@dataclass
class Notes:
    """Notes by user, account and day."""

    kept: dict[tuple[str, str | None, date], str] = field(default_factory=dict)

    def between(
        self, user_id: str, account_id: str | None, first: date, last: date
    ) -> Mapping[date, str]:
        return {
            day: note
            for (user, account, day), note in self.kept.items()
            if (user, account) == (user_id, account_id) and first <= day <= last
        }

    def save(self, user_id: str, account_id: str | None, day: date, note: str, _: datetime) -> None:
        self.kept[user_id, account_id, day] = note


@dataclass
class World:
    """A user's accounts with what was booked, tagged and recorded on them."""

    accounts: Accounts = field(default_factory=Accounts)
    strategies: dict[str, Strategy] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    booked: list[tuple[str, BookDay]] = field(default_factory=list)
    trips: list[tuple[str, TaggedTrip]] = field(default_factory=list)
    marks: dict[Key, dict[int, Decimal | None]] = field(default_factory=dict)
    live: dict[Key, Decimal | None] = field(default_factory=dict)
    asked: list[tuple[Scope, date, date, str | None]] = field(default_factory=list)
    rolled: list[Rolled] = field(default_factory=list)
    pieces: list[Rolled] = field(default_factory=list)
    covered: list[tuple[int, int, int]] = field(default_factory=list)
    recorded: tuple[int, int] | None = None
    pauses: int = 0

    # --- the store ---

    @contextmanager
    def read(self) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(
            strategies=self.strategies, accounts=self.accounts, day_notes=self.notes
        )

    write = read

    # --- the read models ---

    def book_days(
        self, scope: Scope, first: date, last: date, symbol: str | None
    ) -> Sequence[BookDay]:
        self.asked.append((scope, first, last, symbol))
        return [
            day
            for name, day in self.booked
            if scope.account_id in {None, name} and first <= day.day <= last
        ]

    def tagged_trips(
        self, scope: Scope, tag: str, span: Span, symbol: str | None
    ) -> Sequence[TaggedTrip]:
        assert (tag, symbol) == ("fomc", None)
        assert span.start is not None
        assert span.end is not None
        return [
            trip
            for name, trip in self.trips
            if scope.account_id == name and span.start <= trip.at < span.end
        ]

    def open_pnl(self, series_id: int, instants: Sequence[int]) -> Sequence[Decimal | None]:
        marks = self.marks[list(self.marks)[series_id]]
        return [self._mark(marks, at) for at in instants]

    def _mark(self, marks: Mapping[int, Decimal | None], at: int) -> Decimal | None:
        before = [second for second in sorted(marks) if second <= at]
        known = [marks[second] for second in before if marks[second] is not None]
        return known[-1] if known else (None if before else Decimal(0))

    def extent(self, _: int) -> tuple[int, int] | None:
        return self.recorded

    def base(self, _: int) -> Decimal:
        return Decimal(1000)

    def outlines(self, _: int, level: Level, start: int, end: int) -> Sequence[Outline]:
        assert level is Level.DAY
        return [outline(each) for each in self.rolled if start <= each.at and each.until <= end]

    def covering(self, series_id: int, start: int, end: int) -> Sequence[Rolled]:
        self.covered.append((series_id, start, end))
        return self.pieces

    # --- the recorder ---

    def curve_id(
        self, _: str | None, strategy_id: str | None, account_id: str | None
    ) -> int | None:
        key = (strategy_id, account_id)
        return list(self.marks).index(key) if key in self.marks else None

    def open_now(
        self, _: str | None, strategy_id: str | None, account_id: str | None
    ) -> Decimal | None:
        return self.live.get((strategy_id, account_id))

    def pause(self) -> None:
        self.pauses += 1

    # --- what a test asks ---

    def add(self, name: str, roll: str = CHICAGO, user: str = "ann") -> World:
        self.accounts[name] = account(name, roll, user)
        return self

    def desk(self) -> CalendarDesk:
        store, reads, clock = cast("Store", self), cast("Reads", self), VirtualClock(NOW)
        return CalendarDesk(store, reads, clock, Views(store, CHICAGO), self, self.pause)

    def calendar(
        self, scope: Scope = ANN, start: date | None = None, end: date | None = None
    ) -> Calendar:
        return self.desk().calendar(Ask(scope, start, end))

    def days(
        self, scope: Scope = ANN, start: date | None = None, end: date | None = None
    ) -> Sequence[CalendarDay]:
        return self.calendar(scope, start, end).days


@pytest.fixture
def world() -> World:
    """Ann with one account, "a", on Chicago's days."""
    return World().add("a")


def march(day: int) -> date:
    return date(2026, 3, day)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def second(text: str) -> int:
    return int(at(text).timestamp())


def booked(
    day: date,
    gross: str = "0",
    fees: str = "0",
    *,
    trades: int = 0,
    wins: int = 0,
    losses: int = 0,
) -> BookDay:
    return BookDay(day, Decimal(gross), Decimal(fees), 1, trades, wins, losses)


def test_a_day_is_what_was_realised_after_fees_plus_the_change_of_the_open_pnl(
    world: World,
) -> None:
    world.booked = [
        ("a", booked(march(3), fees="2.25")),
        ("a", booked(march(4), "130", "2.25", trades=1)),
    ]
    world.marks[None, "a"] = {
        second("2026-03-03T15:00:01Z"): Decimal(10),
        second("2026-03-03T21:59:00Z"): Decimal(40),
        second("2026-03-04T14:00:00Z"): Decimal(0),
    }
    first, last = world.days()
    assert (first.day, last.day) == (march(3), march(4))
    assert (first.gross, first.fees, first.open_change) == (D(0), D("2.25"), D(40))
    assert first.pnl == Decimal("37.75")
    assert (last.realised, last.open_change, last.pnl) == (D("127.75"), D(-40), D("87.75"))
    assert (first.fills, last.fills, first.trades, last.trades) == (1, 1, 0, 1)


def test_a_day_that_is_still_on_takes_the_open_pnl_of_this_moment(world: World) -> None:
    world.booked = [("a", booked(march(4), "130"))]
    world.marks[None, "a"] = {second("2026-03-04T13:59:59Z"): Decimal(130)}
    world.live[None, "a"] = Decimal(0)
    (day,) = world.days()
    assert day.pnl == 130


def test_i1_a_dollar_an_hour_recorded_each_second_is_not_summed_up_on_the_calendar(
    world: World,
) -> None:
    start = second("2026-03-04T13:00:00Z")
    world.marks[None, "a"] = {start + step: Decimal(100) for step in range(3600)}
    (day,) = world.days()
    assert day.pnl == 100


def test_days_without_anything_are_absent(world: World) -> None:
    assert list(world.days(start=date(2026, 1, 1), end=march(1))) == []
    assert list(World().days()) == []


def test_an_unknown_price_makes_the_days_pnl_unknown_and_never_zero(world: World) -> None:
    world.marks[None, "a"] = {second("2026-03-04T14:00:00Z"): None}
    (day,) = world.days()
    assert (day.open_change, day.pnl) == (None, None)


def test_without_a_range_it_is_the_last_thirty_days(world: World) -> None:
    found = world.calendar()
    assert (found.first, found.last) == (date(2026, 2, 3), march(4))
    assert world.asked == [(ANN, date(2026, 2, 3), march(4), None)]


def test_days_that_have_not_come_are_left_out(world: World) -> None:
    world.marks[None, "a"] = {second("2026-03-04T14:00:00Z"): Decimal(5)}
    assert [day.day for day in world.days(start=march(1), end=march(31))] == [march(4)]
    assert list(world.days(start=date(2027, 1, 1), end=date(2027, 1, 2))) == []


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (march(2), march(1), "end_date"),
        (date(2010, 1, 1), date(2026, 1, 1), "start_date"),
        (date(1969, 1, 1), date(1970, 1, 1), "start_date"),
        (march(1), date(2200, 1, 1), "end_date"),
    ],
)
def test_a_bad_range_is_refused_with_its_field(
    world: World, start: date, end: date, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.calendar(start=start, end=end)
    assert list(caught.value.fields) == [field]


def test_days_before_an_exchanges_holidays_are_known_are_refused_with_the_field() -> None:
    world = World().add("a", "close XNYS")
    world.marks[None, "a"] = {}
    with pytest.raises(InvalidInput, match="known from 2000 to 2050") as refused:
        world.calendar(start=date(1998, 1, 1), end=date(1999, 1, 1))
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
def test_what_is_not_the_users_is_not_found(world: World, scope: Scope) -> None:
    world.strategies["one"] = strategy("one", "a")
    desk = world.desk()
    for ask in (
        lambda: desk.calendar(Ask(scope)),
        lambda: desk.today(scope),
        lambda: desk.day(scope, march(2)),
        lambda: desk.note(scope, march(2), "x"),
    ):
        with pytest.raises(NotFound):
            ask()


# --- several accounts, each by its own days -------------------------------------------------------


def two_rolls() -> World:
    """Two accounts: at 23:00 UTC it is the next day in Chicago and not yet at midnight."""
    world = World().add("a", CHICAGO).add("b", MIDNIGHT)
    world.booked = [
        ("a", booked(march(3), "10", "1", trades=1, wins=1)),
        ("b", booked(march(2), "5", "1", trades=1, losses=1)),
        ("b", booked(march(3), "7")),
    ]
    eleven_pm = second("2026-03-02T23:00:00Z")
    world.marks[None, "a"] = {eleven_pm: Decimal(100)}
    world.marks[None, "b"] = {eleven_pm: Decimal(1000), second("2026-03-03T12:00:00Z"): Decimal(0)}
    return world


def test_accounts_with_days_of_their_own_add_up_by_date() -> None:
    first, last = two_rolls().days()
    assert (first.day, first.realised, first.open_change) == (march(2), D(4), D(1000))
    assert (last.day, last.realised, last.open_change) == (march(3), D(16), D(-900))
    assert (last.fills, last.trades, last.wins, last.losses) == (2, 1, 1, 0)


def test_the_whole_is_the_sum_of_its_accounts_on_every_day() -> None:
    world = two_rolls()
    whole = {day.day: day.pnl for day in world.days()}
    parts: dict[date, Decimal] = {}
    for name in "ab":
        for day in world.days(Scope("ann", account_id=name)):
            assert day.pnl is not None
            parts[day.day] = parts.get(day.day, D(0)) + day.pnl
    assert whole == parts


def test_a_strategy_is_the_sum_of_its_accounts_too() -> None:
    world = two_rolls()
    world.strategies["one"] = strategy("one", "a", "b")
    world.marks = {("one", name): marks for (_, name), marks in world.marks.items()}
    assert [day.pnl for day in world.days(Scope("ann", "one"))] == [D(1004), D(-884)]
    assert world.days(Scope("ann")) != world.days(Scope("ann", "one"))


def test_one_account_of_unknown_price_makes_the_whole_unknown() -> None:
    world = two_rolls()
    world.marks[None, "b"] = {second("2026-03-03T12:00:00Z"): None}
    unknown = [day for day in world.days() if day.pnl is None]
    assert [day.day for day in unknown] == [march(3), march(4)]
    assert [day.realised for day in unknown] == [D(16), D(0)]


def test_today_is_the_latest_day_of_the_accounts() -> None:
    world = World().add("a", MIDNIGHT).add("b", "09:00 UTC")
    assert world.desk().today(ANN) == march(4)
    world.add("c", "13:00 UTC")
    assert world.desk().today(ANN) == march(5)
    assert world.desk().today(Scope("ann", account_id="a")) == march(4)
    assert World().desk().today(ANN) == march(4)


def test_a_market_without_weekends_has_no_saturday_of_its_own() -> None:
    world = World().add("a", WEEKDAYS)
    # Bought on Sunday evening: it is Monday's, and what moved over the weekend as well.
    world.marks[None, "a"] = {
        second("2026-02-27T15:00:00Z"): Decimal(5),
        second("2026-03-01T23:00:00Z"): Decimal(12),
    }
    days = world.days(start=date(2026, 2, 23), end=march(3))
    assert [(day.day, day.pnl) for day in days] == [(date(2026, 2, 27), D(5)), (march(2), D(7))]


# --- symbols, tags, notes -------------------------------------------------------------------------


def test_of_a_symbol_only_what_was_realised_is_told(world: World) -> None:
    world.booked = [("a", booked(march(3), "10", "1"))]
    world.marks[None, "a"] = {second("2026-03-03T15:00:00Z"): Decimal(40)}
    (day,) = world.desk().calendar(Ask(ANN, symbol="ESH2026")).days
    assert (day.basis, day.pnl, day.open_change) == (Basis.REALISED, D(9), None)
    assert world.asked[-1][3] == "ESH2026"


def test_round_trips_with_a_tag_are_in_the_day_on_which_they_ended_by_their_account() -> None:
    world = World().add("a", CHICAGO).add("b", MIDNIGHT)
    late = at("2026-03-02T23:00:00Z")
    world.trips = [
        ("a", TaggedTrip(late, D(10), D(1), D(9))),
        ("b", TaggedTrip(late, D(-4), D(1), D(-5))),
        ("b", TaggedTrip(late, D(2), D(1), D(1))),
    ]
    second_, third = world.desk().calendar(Ask(ANN, march(1), march(4), tag="fomc")).days
    assert (second_.day, second_.pnl, second_.trades, second_.fills) == (march(2), D(-4), 2, None)
    assert (second_.wins, second_.losses, second_.best, second_.worst) == (1, 1, D(1), D(-5))
    assert (third.day, third.gross, third.fees, third.pnl) == (march(3), D(10), D(1), D(9))


def test_of_a_weekend_that_no_account_trades_on_there_is_no_round_trip() -> None:
    world = World().add("a", WEEKDAYS)
    assert list(world.desk().calendar(Ask(ANN, march(7), march(8), tag="fomc")).days) == []


def test_a_note_is_shown_on_its_day_of_the_account_or_of_the_whole(world: World) -> None:
    desk, mine = world.desk(), Scope("ann", account_id="a")
    assert desk.note(ANN, march(2), "  FOMC \n") == "FOMC"
    assert desk.note(mine, march(3), "Slept badly") == "Slept badly"
    assert [(day.day, day.note, day.pnl) for day in world.days()] == [(march(2), "FOMC", D(0))]
    assert [(day.day, day.note) for day in world.days(mine)] == [(march(3), "Slept badly")]
    assert desk.day(ANN, march(2)).note == "FOMC"
    assert not desk.day(ANN, march(2)).active


def test_a_note_is_bounded_and_its_day_is_of_our_time(world: World) -> None:
    with pytest.raises(InvalidInput) as caught:
        world.desk().note(ANN, march(2), "x" * (NOTE_LENGTH + 1))
    assert list(caught.value.fields) == ["note"]
    with pytest.raises(InvalidInput) as caught:
        world.desk().note(ANN, date(1, 1, 1), "x")
    assert list(caught.value.fields) == ["date"]
    assert world.desk().note(ANN, march(2), "x" * NOTE_LENGTH)


def test_a_day_is_told_even_when_nothing_happened(world: World) -> None:
    day = world.desk().day(ANN, march(2))
    assert (day.day, day.pnl, day.fills, day.trades, day.best) == (march(2), D(0), 0, 0, None)


# --- the curve of a day ---------------------------------------------------------------------------


def span(begins: str, until: str, *values: str) -> Rolled:
    """A span in which the equity took these values, a minute apart."""
    first = at(begins)
    summary = summarise(
        Sample(first + number * timedelta(minutes=1), Decimal(value))
        for number, value in enumerate(values)
    )
    return Rolled(1, Level.DAY, second(begins), second(until), summary, D(0))


def with_curve(world: World) -> World:
    """A day that is rolled up (the third) and one that is still on, of the account's own curve."""
    world.booked = [("a", booked(march(3), "10")), ("a", booked(march(4), "5"))]
    world.marks[None, None] = world.marks[None, "a"] = {}
    world.recorded = second("2026-03-02T22:00:00Z"), second("2026-03-04T14:01:00Z")
    world.rolled = [
        span("2026-03-02T22:00:00Z", "2026-03-03T22:00:00Z", "1000", "1030", "1005", "1010")
    ]
    world.pieces = [
        span("2026-03-03T22:00:00Z", "2026-03-03T23:00:00Z", "1010", "1020"),
        span("2026-03-04T14:00:00Z", "2026-03-04T14:01:00Z", "1013", "1015"),
    ]
    return world


def figures(day: CalendarDay) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return day.high, day.low, day.max_drawdown


def test_a_day_has_the_high_the_low_and_the_largest_fall_of_its_curve(world: World) -> None:
    third, fourth = with_curve(world).days()
    assert figures(third) == (D(30), D(0), D(25))
    assert figures(fourth) == (D(20), D(10), D(7))
    assert world.covered == [
        (0, second("2026-03-03T22:00:00Z"), second("2026-03-04T22:00:00Z")),
    ]
    assert world.pauses


def test_a_curve_that_only_rises_falls_by_nothing(world: World) -> None:
    with_curve(world).rolled = [
        span("2026-03-02T22:00:00Z", "2026-03-03T22:00:00Z", "1000", "1030")
    ]
    assert world.days()[0].max_drawdown == D(0)


def test_where_only_a_span_over_the_edge_of_the_day_is_kept_its_figures_are_unknown(
    world: World,
) -> None:
    with_curve(world).rolled = []
    world.pieces = [span("2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", "1000", "900")]
    assert [figures(day) for day in world.days()] == [(None, None, None)] * 2


def test_a_day_of_gaps_has_no_figures(world: World) -> None:
    with_curve(world).pieces = []
    assert figures(world.days()[1]) == (None, None, None)


def test_only_the_newest_days_that_are_not_rolled_up_are_put_together(world: World) -> None:
    days = [march(4) - timedelta(days=back) for back in range(MOST_PIECED + 20)]
    world.booked = [("a", booked(day)) for day in days]
    world.marks[None, None] = world.marks[None, "a"] = {}
    world.recorded = second("2025-12-01T00:00:00Z"), second("2026-03-03T12:00:00Z")
    world.days(start=date(2025, 12, 1))
    # Today nothing was recorded yet.
    begins = sorted(begin for _, begin, _ in world.covered)
    assert len(begins) == MOST_PIECED
    assert begins[-1] == second("2026-03-02T22:00:00Z")


def test_of_what_was_never_recorded_nothing_is_read(world: World) -> None:
    with_curve(world).recorded = None
    assert [figures(day) for day in world.days()] == [(None, None, None)] * 2
    assert world.covered == []


def test_accounts_with_days_of_their_own_have_no_curve_of_a_day(world: World) -> None:
    with_curve(world).add("b", MIDNIGHT)
    assert [figures(day) for day in world.days()] == [(None, None, None)] * 2
    assert figures(world.days(Scope("ann", account_id="a"))[0]) == (D(30), D(0), D(25))


def test_of_a_symbol_there_is_no_curve(world: World) -> None:
    with_curve(world)
    days = world.desk().calendar(Ask(ANN, symbol="ESH2026")).days
    assert [figures(day) for day in days] == [(None, None, None)] * 2


# --- totals ---------------------------------------------------------------------------------------


def year_end(world: World) -> Calendar:
    """Days around the turn of a year whose first ISO week begins in the old one."""
    world.booked = [
        ("a", booked(date(2025, 12, 26), "1", trades=1)),
        ("a", booked(date(2025, 12, 30), "-20", "0.5")),
        ("a", booked(date(2026, 1, 2), "300", trades=2, wins=2)),
        ("a", replace(booked(date(2026, 1, 5), "4000"), best=D(4000), worst=D(-3))),
    ]
    return world.calendar(start=date(2025, 12, 25), end=date(2026, 1, 7))


def test_weeks_months_and_years_are_the_sums_of_their_days(world: World) -> None:
    found = year_end(world)
    assert [(each.name, each.pnl) for each in found.weeks] == [
        ("2025-W52", D(1)),
        ("2026-W01", D("279.5")),
        ("2026-W02", D(4000)),
    ]
    assert [(each.name, each.pnl) for each in found.months] == [
        ("2025-12", D("-19.5")),
        ("2026-01", D(4300)),
    ]
    assert [(each.name, each.pnl, each.trades) for each in found.years] == [
        ("2025", D("-19.5"), 1),
        ("2026", D(4300), 2),
    ]
    assert (found.total.pnl, found.total.realised) == (D("4280.5"), D("4280.5"))
    assert (found.total.days, found.total.up, found.total.down) == (4, 3, 1)
    assert (found.total.best, found.total.worst, found.total.fills) == (D(4000), D(-3), 4)


def test_a_stretch_says_which_of_its_days_were_asked_for(world: World) -> None:
    found = year_end(world)
    assert [(each.first, each.last) for each in found.weeks] == [
        (date(2025, 12, 25), date(2025, 12, 28)),
        (date(2025, 12, 29), date(2026, 1, 4)),
        (date(2026, 1, 5), date(2026, 1, 7)),
    ]
    assert (found.months[0].first, found.months[0].last) == (date(2025, 12, 25), date(2025, 12, 31))
    assert (found.years[1].first, found.years[1].last) == (date(2026, 1, 1), date(2026, 1, 7))


def test_a_total_names_the_days_it_does_not_know_and_does_not_take_them_for_nothing(
    world: World,
) -> None:
    world.booked = [("a", booked(march(2), "50")), ("a", booked(march(4), "7"))]
    world.marks[None, "a"] = {second("2026-03-04T14:00:00Z"): None}
    found = world.calendar(start=march(2), end=march(4)).total
    assert (found.pnl, found.known_pnl, found.unknown) == (None, D(50), (march(4),))
    assert (found.gross, found.days, found.up) == (D(57), 2, 1)


def test_the_sum_of_all_days_is_all_that_was_booked_and_the_open_pnl_at_the_end() -> None:
    world = two_rolls()
    world.live = {(None, "a"): D(30), (None, "b"): D(-2)}
    found = world.calendar(start=march(1), end=march(4)).total
    assert found.pnl == D(10 - 1 + 5 - 1 + 7) + D(30) + D(-2)


def test_ten_years_are_asked_for_in_one_go(world: World) -> None:
    world.marks[None, "a"] = {second("2016-03-08T14:00:00Z"): Decimal(3)}
    first = march(4) - timedelta(days=3650)
    assert [day.day for day in world.days(start=first)] == [date(2016, 3, 8)]


def test_many_days_are_put_together_in_turns_with_others(world: World) -> None:
    world.booked = [("a", booked(march(4) - timedelta(days=back))) for back in range(2 * AT_ONCE)]
    assert len(world.days(start=date(2024, 1, 1))) == 2 * AT_ONCE
    assert world.pauses >= 3
