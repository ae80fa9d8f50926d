"""Rolling up equals the raw samples: with gaps, late and shuffled samples, restarts and kills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.domain import equity
from app.domain.equity import CurveDay, HighWater, curve_days, grouped
from app.domain.errors import InvariantBroken, StoreUnavailable
from app.domain.sessions import Roll, trading_day
from app.services.history import Rederived, Roller, rederive
from app.services.history.roller import SETTLED_S
from app.services.history.rolling import instant
from app.services.ports import Level, Sample, Store, UnitOfWork
from app.store.engine import make_engines
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from tests.support.history import BASE, ROLL, START, curve, record, roll, sample, spans
from tests.support.records import furnish

DAY = 86400
HALF_HOUR = "16:30 America/Chicago"
ROLLS = (ROLL, HALF_HOUR, "00:00 UTC")


@contextmanager
def opened(template: Path, folder: Path) -> Iterator[SqlStore]:
    path = folder / "signalbox.db"
    path.write_bytes(template.read_bytes())
    store = SqlStore(make_engines(f"sqlite:///{path}"), lambda _: None)
    try:
        yield store
    finally:
        store.close()


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[SqlStore]:
    with opened(sqlite_template, tmp_path) as made:
        yield made


def now(until: int) -> datetime:
    """When everything up to ``until`` may be rolled."""
    return datetime.fromtimestamp(until + SETTLED_S, UTC)


#: Seconds until the next sample, and the P&L then: quick ones, pauses beyond a minute, nights.
STEPS = st.lists(
    st.tuples(
        st.integers(1, 70) | st.sampled_from([59, 60, 61, 3600, 40_000, 200_000]),
        st.none() | st.integers(-60_000, 60_000),
    ),
    min_size=1,
    max_size=60,
)


def samples_of(series: int, steps: Sequence[tuple[int, int | None]]) -> list[Sample]:
    at, found = START, []
    for pause, value in steps:
        at += pause
        found.append(sample(series, at, value))
    return found


def each_second(samples: Sequence[Sample]) -> list[equity.Sample]:
    """The samples, and at each border of two minutes with one what holds over it."""
    found: list[equity.Sample] = []
    for before, each in pairwise([None, *samples]):
        assert each is not None
        border = each.at - each.at % 60
        if before is not None and before.at < border <= before.at + 60 and border < each.at:
            found.append(equity.Sample(instant(border), _equity(before)))
        found.append(equity.Sample(instant(each.at), _equity(each)))
    return found


def _equity(each: Sample) -> Decimal | None:
    return None if each.open is None else BASE + each.open


def by_day(samples: Sequence[Sample], text: str) -> dict[date, list[Sample]]:
    days: dict[date, list[Sample]] = {}
    for each in samples:
        days.setdefault(trading_day(instant(each.at), Roll.parse(text)), []).append(each)
    return days


def raw_days(samples: Sequence[Sample], text: str) -> Sequence[CurveDay]:
    parsed = Roll.parse(text)
    found = grouped(each_second(samples), lambda at: trading_day(at, parsed))
    counted = by_day(samples, text)
    return [
        replace(day, samples=sum(each.open is not None for each in counted[day.day]))
        for day in curve_days(found, BASE)
    ]


def figures(mark: HighWater) -> tuple[object, ...]:
    """What is exact of a mark whatever spans it is made of."""
    steepest = mark.max_drawdown_percent
    return mark.peak, mark.peak_at, mark.drawdown, mark.fall, steepest, mark.under_since


def check(store: SqlStore, series: int, samples: Sequence[Sample], text: str) -> None:
    """All levels, and what covers everything, must say what the samples say."""
    parsed = Roll.parse(text)
    mark = HighWater(BASE)
    for each in each_second(samples):
        mark = mark.observe(each.value, each.at)
    days = spans(store, series, Level.DAY)
    cover = SqlReads(store).covering(series, samples[0].at - 30, samples[-1].at + 1)
    kinds = [spans(store, series, level) for level in (Level.MINUTE, Level.HOUR)]
    for found in (*kinds, days, cover):
        made = HighWater(BASE).after_all(span.summary for span in found if span.summary)
        assert figures(made) == figures(mark)
    known = [(trading_day(instant(each.at), parsed), each.summary) for each in days]
    found_days = curve_days([(day, span) for day, span in known if span is not None], BASE)
    assert list(found_days) == raw_days(samples, text)
    counted = by_day(samples, text)
    for day in days:
        members = counted.pop(trading_day(instant(day.at), parsed))
        unknown = [instant(each.at) for each in members if each.open is None]
        gaps = day.summary.gaps if day.summary else day.gap.samples if day.gap else 0
        assert gaps == len(unknown)
        if day.summary is not None:
            last = day.summary.last.at
            assert day.summary.gap_at == next((at for at in unknown if at > last), None)
        elif day.gap is not None:
            assert day.gap.at == unknown[0]
    assert counted == {}


@given(STEPS, st.sampled_from(ROLLS), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_rolled_up_curves_equal_the_raw_ones_also_with_late_and_shuffled_samples(
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int | None]],
    text: str,
    random: Random,
) -> None:
    with opened(sqlite_template, tmp_path_factory.mktemp("rolled")) as store:
        series = curve(store)
        samples = samples_of(series, steps)
        end = samples[-1].at + 3 * DAY
        late = [each for each in samples if random.random() < 0.3]
        record(store, [each for each in samples if each not in late])
        roller = roll(store, random.randint(START, end), text)
        random.shuffle(late)
        for each in late:
            roller.arrive(each)
            if random.random() < 0.3:
                roll(store, random.randint(START, end), text)
        roll(store, end, text)
        check(store, series, samples, text)
        assert list(rederive(store, Rederived())) == []


@given(STEPS, st.sampled_from(ROLLS), st.lists(st.integers(0, 40), max_size=6))
@settings(max_examples=15, deadline=None)
def test_rolling_that_is_killed_between_any_two_transactions_goes_on_from_there(
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int | None]],
    text: str,
    kills: list[int],
) -> None:
    with opened(sqlite_template, tmp_path_factory.mktemp("killed")) as store:
        series = curve(store)
        samples = samples_of(series, steps)
        record(store, samples)
        end = samples[-1].at + 3 * DAY
        for taken in kills:
            roller = Roller(store, text)
            for _ in range(taken):
                roller.step(now(end))
        roll(store, end, text)
        check(store, series, samples, text)


class Failing:
    """A store whose recording fails at its end, so that all of it is undone."""

    def __init__(self, store: SqlStore) -> None:
        self.read, self._store = store.read, store

    @contextmanager
    def record(self) -> Iterator[UnitOfWork]:
        with self._store.record() as uow:
            yield uow
            raise StoreUnavailable("The machine lost its power.")


def test_a_step_that_fails_leaves_the_curve_as_it_was(store: SqlStore) -> None:
    series = curve(store)
    record(store, samples_of(series, [(1, 5), (60, 7)]))
    with pytest.raises(StoreUnavailable):
        Roller(cast("Store", Failing(store)), ROLL).step(now(START + DAY))
    assert spans(store, series, Level.MINUTE) == []
    with store.read() as unit:
        known = unit.rolled.of(series)
    assert known is not None
    assert known.rolled == 0


def test_a_curve_that_changed_meanwhile_is_rolled_by_a_later_step(store: SqlStore) -> None:
    series = curve(store)
    record(store, samples_of(series, [(1, 5)]))

    class Meanwhile:
        """Another sample of the same minute comes between reading and writing."""

        def __init__(self) -> None:
            self.read = store.read

        @contextmanager
        def record(self) -> Iterator[UnitOfWork]:
            if not spans(store, series, Level.MINUTE):
                record(store, [sample(series, START + 2, 9)])
            with store.record() as uow:
                yield uow

    Roller(cast("Store", Meanwhile()), ROLL).step(now(START + DAY))
    assert spans(store, series, Level.MINUTE) == []
    roll(store, START + DAY)
    (minute,) = spans(store, series, Level.MINUTE)
    assert minute.summary is not None
    assert minute.summary.samples == 2


def test_the_running_minute_is_left_until_its_ticks_are_surely_written(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START, 1)])
    roller = Roller(store, ROLL)
    at = datetime.fromtimestamp(START + 60 + SETTLED_S, UTC)
    assert roller.step(at - timedelta(seconds=1))
    assert spans(store, series, Level.MINUTE) == []
    assert roller.step(at)
    assert len(spans(store, series, Level.MINUTE)) == 1
    assert not roller.step(at)
    assert not roller.step(at)


def test_a_curve_far_behind_is_rolled_in_short_steps(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START + n, n) for n in range(2000)])
    roller, end = Roller(store, ROLL), now(START + DAY)
    steps = 0
    while roller.step(end):
        steps += 1
    assert steps > 10


def test_a_curve_that_cannot_be_read_holds_up_no_other(store: SqlStore) -> None:
    furnish(store)
    damaged = curve(store)
    with store.record() as unit:
        sound = unit.history.add_series("user-1", None, None, BASE).id
    for series in (damaged, sound):
        record(store, [sample(series, START + n * 60, n) for n in range(90)])
    roll(store, START + 60 * 30)
    with store.write() as unit:
        unit.connection.execute(
            text("UPDATE pnl_spans SET data = :data WHERE series_id = :series"),
            {"data": b"?", "series": damaged},
        )
    roller = Roller(store, ROLL)
    with pytest.raises(InvariantBroken, match="cannot be read"):
        roller.step(now(START + 90 * 60))
    while roller.step(now(START + 90 * 60)):
        pass
    assert len(spans(store, sound, Level.MINUTE)) == 90
    with pytest.raises(InvariantBroken, match="cannot be read"):
        roller.step(now(START + 91 * 60))


def test_a_day_ends_by_the_roll_of_the_curves_account_or_of_all_its_strategys(
    store: SqlStore,
) -> None:
    furnish(store)
    with store.write() as unit:
        (account,) = [each for each in unit.accounts.list() if each.id == "account-1"]
        unit.accounts.update(replace(account, roll="00:00 UTC"))
    with store.record() as unit:
        of_account = unit.history.add_series("user-1", None, "account-1", BASE).id
        of_strategy = unit.history.add_series("user-1", "strategy-1", None, BASE).id
        of_user = unit.history.add_series("user-1", None, None, BASE).id
    for series in (of_account, of_strategy, of_user):
        record(store, [sample(series, START, 1)])
    roll(store, START + 2 * DAY)
    midnight = START - START % DAY
    for series, begins in (
        (of_account, midnight),
        (of_strategy, midnight),
        (of_user, midnight - 2 * 3600),
    ):
        assert [each.at for each in spans(store, series, Level.DAY)] == [begins]


def test_a_roll_that_is_moved_loses_and_doubles_nothing(store: SqlStore) -> None:
    series = curve(store)
    samples = [sample(series, START + n * 50, n % 7) for n in range(5000)]
    record(store, samples)
    rolls = [ROLL, HALF_HOUR, "10:20 UTC", "23:50 UTC", ROLL]
    for number, moved in enumerate(rolls):
        roll(store, START + 50 * 1000 * (number + 1) - 7000, moved)
    roll(store, START + 5 * DAY)
    for level in Level:
        found = spans(store, series, level)
        assert all(each.until <= later.at for each, later in pairwise(found))
        assert sum(each.summary.samples for each in found if each.summary) == len(samples)
    cover = SqlReads(store).covering(series, START, START + 5 * DAY)
    assert sum(each.summary.samples for each in cover if each.summary) == len(samples)
