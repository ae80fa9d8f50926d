"""What the pages are told: whole and in parts, only what changed, and never a zero for unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from app.domain.accounts import ALPACA
from app.services.pnl import NoSink
from tests.support.counting import ES, ROLL_AT, CountingHouse, two_accounts

D = Decimal
CASH = D(100_000)


def test_a_summary_is_of_all_accounts_or_of_one(house: CountingHouse) -> None:
    _, first, second = two_accounts(house)
    house.tick()
    whole, one, two = (house.recorder.summary(None, each) for each in (None, first, second))
    assert (whole.total_pnl, one.total_pnl, two.total_pnl) == (D(798), D(199), D(599))
    assert (whole.equity, one.equity) == (2 * CASH + 798, CASH + 199)
    assert (whole.active_positions, one.active_positions) == (2, 1)
    assert (whole.realised, whole.realised_today, whole.today_pnl) == (D(-2), D(-2), D(798))


def test_what_positions_cost_is_paid_in_cash_only_where_the_venue_takes_it(
    house: CountingHouse,
) -> None:
    made = house.strategy(symbol="AAPL")
    account = house.account()
    house.fill(made, "4", "250", symbol="AAPL")
    house.fill(made, "-1", "260", symbol="AAPL")
    assert house.recorder.summary(None, account.id).paid == 0
    with house.store.write() as uow:
        uow.accounts.update(replace(account, venue=ALPACA))
    again = house.restarted()
    found = again.recorder.summary(None, account.id)
    assert (found.paid, found.realised) == (D(750), D(10))
    again.close()


def test_a_summary_is_of_one_strategy_or_of_what_it_does_on_one_account(
    house: CountingHouse,
) -> None:
    made, first, second = two_accounts(house)
    other = house.strategy(name="Other")
    house.tick()
    find = house.recorder.summary
    assert find(None, None, made.id).total_pnl == find(None).total_pnl == 798
    assert [find(None, each, made.id).total_pnl for each in (first, second)] == [199, 599]
    assert find(None, None, other.id).total_pnl == find(None, second, other.id).total_pnl == 0


def test_the_open_pnl_of_this_moment_is_of_one_strategy_or_account_and_unknown_without_a_price(
    house: CountingHouse,
) -> None:
    made, first, second = two_accounts(house)
    other = house.strategy(name="Other")
    house.fill(other, "1", "18000", symbol="NQZ2026")
    find = house.recorder.open_now
    assert [find(None, made.id, each) for each in (first, second, None)] == [200, 600, 800]
    assert (find(None, None, first), find(None, other.id, None)) == (None, None)
    assert find(None, None, second) == 600
    house.quote("18001", "NQZ2026")
    assert (find(None, None, None), find("nobody", None, None)) == (D(820), D(0))


def test_what_an_unknown_price_touches_is_unknown_and_the_rest_is_not(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000", "2")
    shown = house.tick()[None].summary
    unknown = (shown.open_pnl, shown.total_pnl, shown.today_pnl, shown.equity, shown.drawdown)
    assert unknown == (None,) * 5
    assert (shown.realised, shown.realised_today, shown.max_drawdown) == (D(-2), D(-2), D(0))
    line = next(each for each in house.sink.ticks[-1][None].strategies if each.realised)
    assert (line.open_pnl, line.pnl, line.today_pnl, line.drawdown) == (None,) * 4


def test_what_is_held_over_night_counts_today_from_its_value_at_the_roll(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.clock.move_to(ROLL_AT - timedelta(seconds=2))
    house.fill(made, "2", "5000", "1")
    house.quote("5002")
    house.tick()
    house.tick()
    house.quote("5003")
    house.fill(made, "-1", "5003", "1")
    shown = house.tick()[None]
    (line,) = (each for each in shown.strategies if each.strategy_id == made.id)
    assert (shown.summary.today_pnl, line.today_pnl) == (D(99), D(99))
    assert (shown.summary.realised_today, shown.summary.total_pnl) == (D(149), D(298))


def test_a_summary_of_somebody_without_a_curve_has_no_drawdown(house: CountingHouse) -> None:
    shown = house.recorder.summary("nobody")
    assert (shown.drawdown, shown.equity, shown.total_pnl) == (None, D(0), D(0))


def test_a_tick_tells_only_what_changed(house: CountingHouse) -> None:
    one, two = house.strategy(name="One"), house.strategy(name="Two")
    house.fill(one, "1", "5000")
    house.quote("5001")
    first = house.tick()[None]
    assert {line.strategy_name for line in first.strategies} == {"One", "Two", "Manual (paper)"}
    assert [position.strategy_name for position in first.positions] == ["One"]
    second = house.tick()[None]
    assert (list(second.strategies), list(second.positions)) == ([], [])
    house.quote("5002")
    third = house.tick()[None]
    assert [(line.strategy_id, line.pnl) for line in third.strategies] == [(one.id, D(100))]
    assert [position.unrealised for position in third.positions] == [D(100)]
    house.fill(two, "-1", "5002", "1")
    fourth = house.tick()[None]
    assert [line.strategy_id for line in fourth.strategies] == [two.id]
    assert [position.strategy_id for position in fourth.positions] == [two.id]


def test_a_position_is_shown_with_the_age_of_its_price_and_stale_when_too_old(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.fill(made, "2", "5000.125")
    (unpriced,) = house.recorder.positions(None)
    assert (unpriced.last_price, unpriced.quote_age_s, unpriced.stale) == (None, None, True)
    house.quote("5001")
    house.clock.advance(3)
    (priced,) = house.recorder.positions(None, made.id, made.accounts[0].account_id)
    assert (priced.symbol, priced.quantity, priced.average_price) == (ES, D(2), D("5000.125"))
    assert (priced.last_price, priced.unrealised) == (D(5001), D("87.5"))
    assert (priced.quote_age_s, priced.stale) == (3.0, False)
    house.clock.advance(30)
    (old,) = house.recorder.positions(None)
    assert (old.last_price, old.unrealised, old.stale) == (D(5001), None, True)
    assert house.recorder.positions(None, "other") == []
    assert house.recorder.positions(None, None, "other") == []


def test_figures_go_to_whoever_is_shown_them_last(house: CountingHouse) -> None:
    house.strategy()
    house.recorder.show(NoSink())
    house.clock.advance(1)
    assert house.recorder.tick(house.clock.now())
    assert house.sink.ticks == []


def test_a_position_keeps_its_pnl_while_the_stream_stands_by_the_price_and_not_for_long_after(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5002")
    quote = house.quotes.latest(ES)
    assert quote is not None
    for _ in range(12):
        house.clock.advance(4)
        house.quotes.confirm(quote, house.clock.now())
        assert house.tick()[None].summary.open_pnl == D(100)
    assert house.tick(14)[None].summary.open_pnl == D(100)
    assert house.tick()[None].summary.open_pnl is None
