"""Facts that are only ever added, switches, and P&L curves."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import event, text

from app.domain.errors import Conflict, InvariantBroken
from app.domain.events import FactKind, Level
from app.services.ports import Sample, Series, UnitOfWork
from app.store.engine import Engines
from app.store.unit_of_work import SqlStore
from tests.support.records import NOON, SECOND, STRATEGY, fact, furnish

NOON_S = int(NOON.timestamp())


@pytest.fixture(autouse=True)
def furnished(store: SqlStore) -> None:
    furnish(store)


def test_a_fact_is_kept_whole_and_numbered(store: SqlStore) -> None:
    whole = fact(
        kind=FactKind.ORDER_REJECTED,
        level=Level.ERROR,
        code="NO_MONEY",
        account_id="a",
        alert_id="b",
        order_id="c",
        data={"price": "5000.25", "list": [1, None, True]},
        message="Größe ✓",
    )
    with store.write() as unit:
        kept = unit.facts.append(whole)
        assert kept == replace(whole, number=kept.number)
        assert kept.number > 0
    with store.read() as unit:
        assert unit.facts.after(0, 10) == [kept]
        assert unit.facts.of_alert("b") == [kept]
        assert unit.facts.of_alert("nothing") == []


def test_before_the_first_fact_the_newest_number_is_0(store: SqlStore) -> None:
    with store.read() as unit:
        assert unit.facts.newest() == 0


def test_facts_come_in_order_after_a_number_for_all_or_for_one(store: SqlStore) -> None:
    with store.write() as unit:
        kept = [unit.facts.append(fact(user_id=f"user-{1 + n % 2}")) for n in range(6)]
    numbers = [each.number for each in kept]
    assert numbers == sorted(numbers)
    with store.read() as unit:
        assert unit.facts.newest() == kept[5].number
        assert unit.facts.after(kept[1].number, 3) == kept[2:5]
        assert unit.facts.after(kept[0].number, 10, "user-1") == [kept[2], kept[4]]
        assert unit.facts.after(kept[5].number, 10) == []


@pytest.mark.parametrize("change", ["UPDATE facts SET message = 'x'", "DELETE FROM facts"])
def test_a_fact_can_neither_be_changed_nor_taken_back(store: SqlStore, change: str) -> None:
    with store.write() as unit:
        kept = unit.facts.append(fact())
    with pytest.raises(InvariantBroken, match="only ever added"), store.write() as unit:
        unit.connection.execute(text(change))
    with store.read() as unit:
        assert unit.facts.after(0, 10) == [kept]


def test_a_switch_is_set_over_and_forgotten(store: SqlStore) -> None:
    with store.write() as unit:
        assert unit.flags.get("trading") is None
        unit.flags.set("trading", "halted", NOON)
        unit.flags.set("trading", "active", NOON + SECOND)
        unit.flags.set("other", "x", NOON)
    with store.write() as unit:
        assert unit.flags.get("trading") == "active"
        unit.flags.delete("trading")
        unit.flags.delete("nothing")
        assert (unit.flags.get("trading"), unit.flags.get("other")) == (None, "x")


def add(store: SqlStore) -> Series:
    with store.record() as unit:
        return unit.history.add_series("user-1", "strategy-1", "account-1", Decimal(0))


def test_each_curve_exists_once_whoever_is_left_out(store: SqlStore) -> None:
    whose = [
        ("user-1", "strategy-1", "account-1"),
        (None, "strategy-1", "account-1"),
        ("user-1", None, "account-1"),
        ("user-1", "strategy-1", None),
        ("user-1", None, None),
        (None, None, None),
    ]
    with store.record() as unit:
        made = [unit.history.add_series(*each, Decimal("50000.5")) for each in whose]
    with store.read() as unit:
        assert unit.history.series() == made
    assert len({each.id for each in made}) == len(whose)
    assert all(each.peak == each.max_drawdown == 0 for each in made)
    assert {each.base for each in made} == {Decimal("50000.5")}
    for each in whose:
        with pytest.raises(Conflict), store.record() as unit:
            unit.history.add_series(*each, Decimal(0))


def test_a_tick_keeps_samples_gaps_and_the_marks_that_moved(store: SqlStore) -> None:
    series = add(store)
    moved = replace(series, peak=Decimal("12.345678901"), max_drawdown=Decimal("0.1"))
    samples = [
        Sample(series.id, NOON_S, Decimal("-1.123456785"), Decimal(2)),
        Sample(series.id, NOON_S + 1, Decimal(1), None),
    ]
    with store.record() as unit:
        unit.history.record(samples, [moved])
        unit.history.record([], [])
    with store.read() as unit:
        assert unit.history.series() == [moved]
        rows = unit.connection.execute(
            text("SELECT realised, open FROM strategy_pnl_history ORDER BY at")
        ).all()
    assert [tuple(row) for row in rows] == [
        (-112345678, 200000000),
        (100000000, None),
    ]


def test_the_open_pnl_before_an_instant_is_the_last_known_one(store: SqlStore) -> None:
    series = add(store)

    def sample(second: int, value: str | None) -> Sample:
        known = None if value is None else Decimal(value)
        return Sample(series.id, NOON_S + second, Decimal(0), known)

    with store.record() as unit:
        unit.history.record([sample(1, "5"), sample(2, "7.5"), sample(3, None)], [])
    # NOON is not a whole second: NOON_S + n lies before NOON + n seconds.
    whole = NOON.replace(microsecond=0)
    with store.read() as unit:
        history = unit.history
        assert history.open_before(series.id, NOON) is None
        assert history.open_before(series.id, whole + SECOND) is None
        assert history.open_before(series.id, NOON + SECOND) == 5
        assert history.open_before(series.id, whole + 2 * SECOND) == 5
        assert history.open_before(series.id, whole + 9 * SECOND) == Decimal("7.5")
        assert history.open_before(series.id + 1, whole + 9 * SECOND) is None


def test_a_second_of_a_curve_is_recorded_once(store: SqlStore) -> None:
    sample = Sample(add(store).id, NOON_S, Decimal(0), None)
    with store.record() as unit:
        unit.history.record([sample], [])
    with pytest.raises(Conflict), store.record() as unit:
        unit.history.record([sample], [])


def test_a_tick_of_a_thousand_curves_is_two_changes_and_a_look(
    store: SqlStore, engines: Engines
) -> None:
    ran: list[str] = []

    @event.listens_for(engines.relaxed, "before_cursor_execute")
    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        ran.append(statement.split(maxsplit=1)[0])

    with store.record() as unit:
        curves = [replace(add_one(unit, number), peak=Decimal(number)) for number in range(1000)]
        ran.clear()
        unit.history.record([Sample(each.id, NOON_S, Decimal(1), None) for each in curves], curves)
    assert [each for each in ran if each != "SELECT"] == ["INSERT", "UPDATE"]
    assert len(ran) <= 3
    with store.read() as unit:
        assert unit.history.series() == curves


def add_one(unit: UnitOfWork, number: int) -> Series:
    unit.strategies.insert(replace(STRATEGY, id=f"many-{number:04d}", name=f"Many {number}"))
    return unit.history.add_series("user-1", f"many-{number:04d}", None, Decimal(0))


def test_recording_a_thousand_curves_takes_far_less_than_a_second(store: SqlStore) -> None:
    series = add(store)
    samples = [Sample(series.id, NOON_S + n, Decimal("1.25"), Decimal(n)) for n in range(1000)]
    started = time.process_time()
    with store.record() as unit:
        unit.history.record(samples, [])
    assert time.process_time() - started < 0.2
