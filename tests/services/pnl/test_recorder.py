"""A row a second for each active curve, gaps for unknown prices, marks that outlive the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clock import VirtualClock
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
    """Realised, open, total and drawdown of each row."""
    return [(row.realised, row.open, row.pnl, row.drawdown) for row in rows]


def row(*figures: str | int | None) -> tuple[Decimal | None, ...]:
    """One row in numbers."""
    return tuple(None if figure is None else D(figure) for figure in figures)


# --- rows -----------------------------------------------------------------------------------------


def test_each_active_curve_gets_one_row_a_second(house: CountingHouse) -> None:
    user = house.user("ann")
    made = house.strategy(user)
    for _ in range(3):
        house.tick()
    at = int(MORNING.timestamp())
    for curve in ((user, made.id), (user, None), (user, None, made.accounts[0].account_id)):
        assert [sample.at for sample in house.rows(*curve)] == [at + 1, at + 2, at + 3]


def test_the_same_second_is_recorded_once_however_often_it_is_asked(house: CountingHouse) -> None:
    made = house.strategy()
    house.tick()
    for _ in range(3):
        house.clock.advance(0.2)
        assert not house.recorder.tick(house.clock.now())
    assert len(house.sink.ticks) == 1
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


def test_a_row_is_realised_open_total_and_drawdown(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "2", "5000", "4.50")
    house.quote("5001")
    house.tick()
    house.quote("4999.25")
    house.tick()
    house.fill(made, "-2", "5002", "4.50")
    house.tick()
    assert values(house.rows(None, made.id)) == [
        row("-4.5", 100, "95.5", 0),
        row("-4.5", -75, "-79.5", 175),
        row(191, 0, 191, 0),
    ]


def test_an_unknown_price_writes_a_gap_and_never_a_zero(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000", "2")
    house.tick()
    house.quote("5010")
    house.tick()
    house.tick(20)
    assert values(house.rows(None, made.id)) == [
        row(-2, None, None, None),
        row(-2, 500, 498, 0),
        row(-2, None, None, None),
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
    assert values(house.rows(None, made.id)) == [row(0, 50, 50, 0), row(50, 0, 50, 0)]


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
    assert values(house.rows(None, manual.id)) == [row(0, 0, 0, 0)]


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
    assert values(house.rows(None, made.id, first)) == [row(-1, 200, 199, 0)]
    assert values(house.rows(None, made.id, second)) == [row(-1, 600, 599, 0)]
    assert values(house.rows(None, made.id)) == [row(-2, 800, 798, 0)]


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
    parts, total = ticked.strategies, ticked.summary
    assert len(parts) == 9
    assert sum(line.realised for line in parts) == total.realised
    assert sum(line.open_pnl or 0 for line in parts) == total.open_pnl
    assert sum(line.pnl or 0 for line in parts) == total.total_pnl == total.today_pnl
    assert total.equity == CASH + (total.total_pnl or 0)
    account = house.account(user).id
    assert values(house.rows(user)) == values(house.rows(user, None, account))
    assert house.rows(user)[0].pnl == total.total_pnl


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
    assert len(house.rows(None, made.id)) == 2
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
    assert values(again.rows(None, made.id))[-1] == row(0, 300, 300, 200)
    assert again.recorder.summary(None).max_drawdown == 400
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
    assert values(house.rows(None, made.id))[-1] == row(0, 0, 0, 50)


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
    seen = [sample for sample in house.rows(None, made.id) if sample.pnl is not None]
    peaks = list(accumulate((sample.pnl or D(0) for sample in seen), max, initial=D(0)))[1:]
    falls = [peak - (sample.pnl or D(0)) for peak, sample in zip(peaks, seen, strict=True)]
    assert [sample.drawdown for sample in seen] == falls
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
