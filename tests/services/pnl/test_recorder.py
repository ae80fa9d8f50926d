"""A sample when a curve moves or has long been still, gaps for unknown prices, lasting marks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clock import VirtualClock
from app.domain.accounts import FlowKind
from app.domain.errors import StoreUnavailable
from app.domain.settings import AccountLink
from app.domain.strategies import StrategyState
from app.services.pnl import Recorder
from app.services.ports import Sample, Store, UnitOfWork
from app.store.unit_of_work import SqlStore
from tests.support.counting import MORNING, CountingHouse, two_accounts

D = Decimal
CASH = D(100_000)


def values(rows: list[Sample]) -> list[tuple[Decimal | None, ...]]:
    """Realised and open of each row."""
    return [(row.realised, row.open) for row in rows]


def total(sample: Sample) -> Decimal | None:
    """The P&L of a row; None where a price was unknown."""
    return None if sample.open is None else sample.realised + sample.open


def row(*figures: str | int | None) -> tuple[Decimal | None, ...]:
    """One row in numbers."""
    return tuple(None if figure is None else D(figure) for figure in figures)


# --- rows -----------------------------------------------------------------------------------------


def test_each_active_curve_gets_a_row_when_it_moves(house: CountingHouse) -> None:
    user = house.user("ann")
    made = house.strategy(user)
    house.fill(made, "1", "5000")
    for price in ("5001", "5001", "5002", "5002"):
        house.quote(price)
        house.tick()
    at = int(MORNING.timestamp())
    for curve in ((user, made.id), (user, None), (user, None, made.accounts[0].account_id)):
        assert [sample.at for sample in house.rows(*curve)] == [at + 1, at + 3]


def test_a_curve_that_does_not_move_gets_a_row_before_a_minute_is_over(
    house: CountingHouse,
) -> None:
    made = [house.strategy(name=f"S{number}") for number in range(20)]
    for _ in range(180):
        house.tick()
    firsts = set()
    for each in made:
        seconds = [sample.at for sample in house.rows(None, each.id)]
        pauses = {later - earlier for earlier, later in pairwise(seconds)}
        assert max(pauses) < 60
        assert len(pauses) == 1
        firsts.add(seconds[1])
    assert len(firsts) > 10


def test_a_row_that_could_not_be_written_is_due_until_it_is(house: CountingHouse) -> None:
    made = house.strategy()
    house.tick()
    house.may_keep = False
    house.fill(made, "1", "5000", "2")
    house.quote("5000")
    house.clock.advance(1)
    house.recorder.tick(house.clock.now())
    house.may_keep = True
    house.tick()
    assert values(house.rows(None, made.id)) == [row(0, 0), row(-2, 0)]


def test_a_curve_begins_with_the_capital_of_its_accounts(house: CountingHouse) -> None:
    made, first, _ = two_accounts(house)
    house.accounts.move_cash(None, first, FlowKind.DEPOSIT, D(500))
    house.tick()
    series = house.series()
    assert series[None, None, first].base == CASH + 500
    assert series[None, made.id, None].base == series[None, None, None].base == 2 * CASH + 500


def test_the_same_second_is_recorded_once_however_often_it_is_asked(house: CountingHouse) -> None:
    made = house.strategy()
    house.tick()
    for _ in range(3):
        house.clock.advance(0.2)
        assert not house.recorder.tick(house.clock.now())
    assert len(house.sink.ticks) == 1
    house.fill(made, "1", "5000")
    house.clock.advance(0.5)
    assert house.recorder.tick(house.clock.now())
    assert len(house.rows(None, made.id)) == 2


def test_a_tick_is_one_transaction_for_all_curves(house: CountingHouse) -> None:
    for number in range(5):
        house.strategy(name=f"S{number}")
    house.tick()
    counted = Counted(house.store)
    recorder = recorder_on(house, cast("Store", counted))
    house.clock.advance(1)
    recorder.tick(house.clock.now())
    assert (counted.records, counted.writes) == (1, 0)


def test_a_row_is_realised_and_open(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "2", "5000", "4.50")
    house.quote("5001")
    house.tick()
    house.quote("4999.25")
    house.tick()
    house.fill(made, "-2", "5002", "4.50")
    house.tick()
    assert values(house.rows(None, made.id)) == [
        row("-4.5", 100),
        row("-4.5", -75),
        row(191, 0),
    ]


def test_an_unknown_price_writes_a_gap_and_never_a_zero(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000", "2")
    house.tick()
    house.quote("5010")
    house.tick()
    house.tick(20)
    assert values(house.rows(None, made.id)) == [
        row(-2, None),
        row(-2, 500),
        row(-2, None),
    ]
    assert values(house.rows(None)) == values(house.rows(None, made.id))


def test_a_gap_moves_neither_the_high_water_mark_nor_the_drawdown(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5010")
    house.tick()
    house.tick(20)
    kept = house.series()[None, made.id, None]
    assert (kept.peak, kept.max_drawdown) == (D(500), D(0))


def test_a_strategy_that_is_off_is_recorded_while_it_holds_something_and_once_more(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5001")
    house.strategies.set_state(None, made.id, StrategyState.OFF)
    house.tick()
    house.fill(made, "-1", "5001")
    for _ in range(3):
        house.tick()
    assert values(house.rows(None, made.id)) == [row(0, 50), row(50, 0)]


@pytest.mark.parametrize("put_away", ["archived", "off"])
def test_a_strategy_that_can_do_nothing_and_holds_nothing_has_no_rows(
    house: CountingHouse, put_away: str
) -> None:
    made = house.strategy()
    house.strategy(name="Other")
    if put_away == "archived":
        house.strategies.archive(None, made.id)
    else:
        house.strategies.set_state(None, made.id, StrategyState.OFF)
    house.tick()
    assert house.rows(None, made.id) == []
    assert len(house.rows(None)) == 1


def test_a_strategy_that_only_closes_is_recorded(house: CountingHouse) -> None:
    made = house.strategy()
    house.strategies.set_state(None, made.id, StrategyState.NO_NEW_ENTRIES)
    house.tick()
    assert len(house.rows(None, made.id)) == 1


def test_a_manual_book_is_recorded_from_its_first_trade_on(house: CountingHouse) -> None:
    account = house.account()
    with house.store.read() as uow:
        manual = uow.strategies.manual_of(account.id)
    assert manual is not None
    house.tick()
    assert house.rows(None, manual.id) == []
    house.fill(manual, "1", "5000")
    house.fill(manual, "-1", "5000")
    house.tick()
    assert values(house.rows(None, manual.id)) == [row(0, 0)]


def test_a_second_that_has_rows_from_before_a_restart_is_left_alone(house: CountingHouse) -> None:
    made = house.strategy()
    house.tick()
    again = house.restarted()
    assert not again.recorder.tick(again.clock.now())
    again.tick()
    assert len(again.rows(None, made.id)) == 2
    again.close()


# --- several accounts, several users --------------------------------------------------------------


def test_a_strategy_on_two_accounts_has_a_curve_on_each_that_add_up(house: CountingHouse) -> None:
    made, first, second = two_accounts(house)
    house.tick()
    assert values(house.rows(None, made.id, first)) == [row(-1, 200)]
    assert values(house.rows(None, made.id, second)) == [row(-1, 600)]
    assert values(house.rows(None, made.id)) == [row(-2, 800)]


def test_a_strategy_on_one_account_has_no_second_curve_for_it(house: CountingHouse) -> None:
    made = house.strategy()
    house.tick()
    account = made.accounts[0].account_id
    assert (None, made.id, account) not in house.series()
    assert house.recorder.curve_id(None, made.id, account) == house.series()[None, made.id, None].id


def test_curves_are_found_by_strategy_and_account_and_nothing_else(house: CountingHouse) -> None:
    made, first, second = two_accounts(house)
    house.tick()
    kept, find = house.series(), house.recorder.curve_id
    assert find(None, made.id, first) == kept[None, made.id, first].id
    assert find(None, made.id, None) == kept[None, made.id, None].id
    assert find(None, None, second) == kept[None, None, second].id
    assert find(None, None, None) == kept[None, None, None].id
    assert find(None, made.id, "nowhere") is None
    assert find(None, None, "nowhere") is None
    assert find("nobody", made.id, None) is None


def test_the_totals_of_accounts_and_users_are_exactly_their_parts(house: CountingHouse) -> None:
    user = house.user("ann")
    for number in range(7):
        made = house.strategy(user, f"S{number}")
        house.fill(made, str(number - 3 or 1), f"50{number:02d}.25", "0.07")
    archived = house.strategy(user, "Gone")
    house.fill(archived, "1", "5000")
    house.fill(archived, "-1", "5001.5", "0.01")
    house.strategies.archive(user, archived.id)
    house.quote("5003.75")
    ticked = house.tick()[user]
    parts, whole = ticked.strategies, ticked.summary
    assert len(parts) == 9
    assert sum(line.realised for line in parts) == whole.realised
    assert sum(line.open_pnl or 0 for line in parts) == whole.open_pnl
    assert sum(line.pnl or 0 for line in parts) == whole.total_pnl == whole.today_pnl
    assert whole.equity == CASH + (whole.total_pnl or 0)
    account = house.account(user).id
    assert values(house.rows(user)) == values(house.rows(user, None, account))
    assert total(house.rows(user)[0]) == whole.total_pnl


def test_a_link_to_an_account_is_its_own_curve_from_the_next_second_on(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    first, second = house.account(), house.accounts.create_paper(None, "second")
    house.tick()
    links = [AccountLink(first.id), AccountLink(second.id)]
    house.strategies.update(
        None, made.id, name="Both", symbol="ES", settings=made.settings, accounts=links
    )
    house.tick()
    assert len(house.rows(None, made.id)) == 1
    assert len(house.rows(None, made.id, second.id)) == 1


def test_users_never_see_each_others_figures(house: CountingHouse) -> None:
    ann, bob = house.user("ann"), house.user("bob")
    one, two = house.strategy(ann), house.strategy(bob)
    house.fill(one, "1", "5000", "1")
    house.fill(two, "-3", "5000", "2")
    house.quote("5001")
    ticks = house.tick()
    for user, mine, pnl in ((ann, one, 49), (bob, two, -152)):
        assert ticks[user].summary.total_pnl == pnl
        assert mine.id in {line.strategy_id for line in ticks[user].strategies}
        other = two if mine is one else one
        assert other.id not in {line.strategy_id for line in ticks[user].strategies}
        assert {each.strategy_id for each in ticks[user].positions} == {mine.id}
        assert {each.strategy_id for each in house.recorder.positions(user)} == {mine.id}
        assert {line.pnl for line in house.recorder.strategy_lines(user)} == {D(0), D(pnl)}
        assert house.recorder.summary(user).total_pnl == pnl
    assert house.recorder.curve_id(ann, two.id, None) is None


def test_curves_go_to_the_first_user_with_their_history(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5010")
    house.tick()
    before = house.series()[None, made.id, None]
    user = house.user("ann")
    house.tick()
    after = house.series()[user, made.id, None]
    assert (after.id, after.peak) == (before.id, D(500))
    assert len(house.rows(user, made.id)) == 2


# --- the high-water mark --------------------------------------------------------------------------


def test_the_marks_outlive_the_process(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    for price in ("5010", "5002", "5004"):
        house.quote(price)
        house.tick()
    again = house.restarted()
    again.quote("5006")
    again.tick()
    assert values(again.rows(None, made.id))[-1] == row(0, 300)
    figures = again.recorder.summary(None)
    assert (figures.drawdown, figures.max_drawdown) == (D(200), D(400))
    again.close()


def test_marks_are_written_only_when_they_moved(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5010")
    house.tick()
    marked = replace(house.series()[None, made.id, None], peak=D(999))
    with house.store.record() as uow:
        uow.history.record([], [marked])
    house.quote("5005")
    house.tick()
    house.quote("5007")
    house.tick()
    assert house.series()[None, made.id, None].peak == 500
    with house.store.record() as uow:
        uow.history.record([], [marked])
    house.tick()
    assert house.series()[None, made.id, None] == marked


def test_asking_between_ticks_moves_nothing(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5001")
    house.tick()
    house.quote("5100")
    assert house.recorder.summary(None).total_pnl == 5000
    assert house.recorder.summary(None).drawdown == 0
    house.recorder.strategy_lines("")
    house.quote("5000")
    asked = house.recorder.summary(None)
    assert (asked.drawdown, asked.max_drawdown) == (D(50), D(0))
    house.tick()
    assert values(house.rows(None, made.id))[-1] == row(0, 0)


STEPS = st.lists(
    st.tuples(st.integers(-40, 40), st.sampled_from(["tick", "tick", "restart", "unknown"])),
    min_size=1,
    max_size=25,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_peak_and_drawdown_are_the_running_maximum_over_all_rows(
    counting_template: Path, tmp_path: Path, steps: list[tuple[int, str]]
) -> None:
    path = tmp_path / "signalbox.db"
    path.write_bytes(counting_template.read_bytes())
    house = CountingHouse(f"sqlite:///{path}", VirtualClock(MORNING))
    made = house.strategy()
    house.fill(made, "1", "5000", "1.5")
    for move, what in steps:
        house = house.restarted(keeps_quotes=False) if what == "restart" else house
        if what != "unknown":
            house.quote(str(5000 + move))
        house.tick(1 if what != "unknown" else 16)
    seen = [each for sample in house.rows(None, made.id) if (each := total(sample)) is not None]
    peaks = list(accumulate(seen, max, initial=D(0)))[1:]
    falls = [peak - pnl for peak, pnl in zip(peaks, seen, strict=True)]
    kept = house.series()[None, made.id, None]
    assert kept.peak == max(peaks, default=D(0))
    assert kept.max_drawdown == max(falls, default=D(0))
    house.close()
    for left in tmp_path.iterdir():
        left.unlink()


class Counted:
    """A store that counts transactions, and takes no rows while it is ``full``."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self.full = False
        self.records = self.writes = 0
        self.read = store.read

    @contextmanager
    def record(self) -> Iterator[UnitOfWork]:
        self.records += 1
        if self.full:
            raise StoreUnavailable("The disk is full.")
        with self._store.record() as uow:
            yield uow

    def write(self) -> AbstractContextManager[UnitOfWork]:
        self.writes += 1
        return self._store.write()


def recorder_on(house: CountingHouse, store: Store) -> Recorder:
    return Recorder(
        store, house.clock, house.quotes, house.books, house.sink, lambda: None, lambda: True
    )


def test_a_mark_that_could_not_be_written_is_written_with_the_next_second(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    store = Counted(house.store)
    recorder = recorder_on(house, cast("Store", store))
    house.fill(made, "1", "5000")
    house.quote("5010")
    store.full = True
    house.clock.advance(1)
    with pytest.raises(StoreUnavailable):
        recorder.tick(house.clock.now())
    store.full = False
    house.quote("5001")
    house.clock.advance(1)
    recorder.tick(house.clock.now())
    kept = house.series()[None, made.id, None]
    assert (kept.peak, kept.max_drawdown) == (D(500), D(450))


def test_a_switch_does_not_part_a_curve_from_its_books(house: CountingHouse) -> None:
    made = house.strategy()
    house.tick()
    house.strategies.set_state(None, made.id, StrategyState.NO_NEW_ENTRIES)
    house.tick()
    house.fill(made, "1", "5000", "2")
    house.quote("5000")
    house.tick()
    assert house.rows(None, made.id)[-1].realised == -2


def test_c20_high_water_marks_that_another_server_moved_are_read_anew(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5000")
    house.tick()
    other = house.restarted()
    other.quote("5020")
    other.tick()
    house.quote("5010")
    house.recorder.forget()
    house.tick(2)
    kept = house.series()[None, made.id, None]
    assert (kept.peak, kept.max_drawdown) == (D(1000), D(500))
    other.close()
