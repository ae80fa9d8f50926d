"""The books in memory follow the facts, and know where each day began."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.events import Fact, FactKind
from app.domain.settings import AccountLink
from app.domain.strategies import StrategyState
from app.services.pnl import Books, Pair, Worth
from app.services.ports import Store, UnitOfWork
from tests.support.counting import ES, MORNING, ROLL_AT, CountingHouse

D = Decimal


def only(house: CountingHouse, strategy_id: str) -> Pair:
    """The one pair of a strategy, as it is now."""
    house.books.refresh()
    house.books.value(house.clock.now())
    (pair,) = [pair for key, pair in house.books.pairs.items() if key[0] == strategy_id]
    return pair


def today(pair: Pair) -> Decimal | None:
    """What the pair made since its day began."""
    if pair.open_pnl is None:
        return None
    return pair.realised + pair.open_pnl - pair.day_realised - pair.day_open


def test_a_new_strategy_is_there_at_once_and_flat(house: CountingHouse) -> None:
    house.books.refresh()
    made = house.strategy()
    pair = only(house, made.id)
    assert (pair.realised, pair.open_pnl, pair.active) == (D(0), D(0), True)
    assert not pair.holdings


def test_a_fill_is_marked_at_the_fresh_price_times_the_multiplier(house: CountingHouse) -> None:
    made = house.strategy()
    only(house, made.id)
    house.fill(made, "2", "5000", "4.50")
    house.quote("5001.25")
    pair = only(house, made.id)
    assert (pair.realised, pair.open_pnl) == (D("-4.50"), D(125))


def test_one_unknown_price_makes_the_whole_pair_unknown_and_never_zero(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.fill(made, "1", "18000", symbol="NQZ2026")
    house.quote("5001")
    assert only(house, made.id).open_pnl is None
    house.quote("18001", "NQZ2026")
    assert only(house, made.id).open_pnl == 70
    house.clock.advance(16)
    assert only(house, made.id).open_pnl is None


def test_what_an_account_is_worth_nets_the_books_of_one_contract(house: CountingHouse) -> None:
    made, other = house.strategy(), house.strategy(name="Other")
    house.fill(made, "3", "5000", "2")
    house.fill(other, "-1", "5000", "1")
    house.fill(other, "2", "18000", symbol="NQZ2026")
    house.quote("5001")
    account = house.account().id
    assert house.books.worths({account, "none"}) == {account: Worth(D(-3), None, D(4))}
    house.quote("18000.5", "NQZ2026")
    assert house.books.worths({account})[account].open_pnl == D(120)


def test_sums_are_exact_beyond_the_28_digits_of_python(house: CountingHouse) -> None:
    made = house.strategy(symbol="BTCUSD")
    house.fill(made, "1", "999999999999", symbol="BTCUSD")
    house.fill(made, "-1", "1999999999998.000000000000000001", symbol="BTCUSD")
    house.fill(made, "1", "0.000000000000000001", symbol="ETHUSD")
    house.fill(made, "-1", "0.000000000000000003", symbol="ETHUSD")
    assert only(house, made.id).realised == D("999999999999.000000000000000003")


def test_a_state_switch_reads_one_strategy_and_leaves_the_curves_alone(
    house: CountingHouse,
) -> None:
    made, other = house.strategy(), house.strategy(name="Other")
    pair = only(house, made.id)
    version = house.books.version
    house.strategies.set_state(None, other.id, StrategyState.OFF)
    assert not only(house, other.id).active
    assert (only(house, made.id) is pair, house.books.version) == (True, version)


def test_a_strategy_that_moves_to_another_account_keeps_the_old_book(house: CountingHouse) -> None:
    first, second = house.account(), house.accounts.create_paper(None, "second")
    made = house.strategy(accounts=[first])
    house.fill(made, "1", "5000", "2")
    only(house, made.id)
    version = house.books.version
    links = [AccountLink(second.id)]
    house.strategies.update(
        None, made.id, name="Moved", symbol="ES", settings=made.settings, accounts=links
    )
    house.books.refresh()
    assert house.books.version > version
    kept, new = house.books.pairs[made.id, first.id], house.books.pairs[made.id, second.id]
    assert (kept.realised, set(kept.holdings), kept.strategy.name) == (D(-2), {ES}, "Moved")
    assert (new.realised, len(new.holdings)) == (D(0), 0)


def test_a_strategy_without_trades_leaves_no_book_on_an_account_that_it_left(
    house: CountingHouse,
) -> None:
    first, second = house.account(), house.accounts.create_paper(None, "second")
    made = house.strategy(accounts=[first])
    only(house, made.id)
    links = [AccountLink(second.id)]
    house.strategies.update(
        None, made.id, name="Moved", symbol="ES", settings=made.settings, accounts=links
    )
    assert only(house, made.id).account.id == second.id


def test_the_first_user_takes_the_books_over_that_were_made_before(house: CountingHouse) -> None:
    made = house.strategy()
    only(house, made.id)
    assert not list(house.books.of_user("nobody"))
    user_id = house.user("ann")
    assert only(house, made.id).strategy.user_id == user_id
    assert made.id in {pair.strategy.id for pair in house.books.of_user(user_id)}


def test_a_new_account_has_its_manual_book_at_once(house: CountingHouse) -> None:
    house.account()
    house.books.refresh()
    assert len(house.books.pairs) == 1
    house.accounts.create_paper(None, "second")
    house.books.refresh()
    assert {pair.strategy.name for pair in house.books.of_user(None)} == {
        "Manual (paper)",
        "Manual (second)",
    }


def test_a_change_of_an_account_reaches_its_pairs(house: CountingHouse) -> None:
    made = house.strategy()
    pair = only(house, made.id)
    house.accounts.update_paper(None, pair.account.id, {"slippage_ticks": 2})
    assert only(house, made.id).account.settings == {"slippage_ticks": 2}


def test_an_account_without_a_manual_book_has_no_pair(house: CountingHouse) -> None:
    made, account = house.strategy(), house.account()
    only(house, made.id)
    with house.store.write() as uow:
        uow.accounts.insert(replace(account, id="bare", name="bare"))
        uow.facts.append(Fact(FactKind.ACCOUNT_CHANGED, MORNING, "x", account_id="bare"))
    only(house, made.id)
    assert "bare" not in {account for _, account in house.books.pairs}


@pytest.mark.parametrize(
    "fact",
    [
        Fact(FactKind.STRATEGY_CHANGED, MORNING, "x", strategy_id="gone"),
        Fact(FactKind.ACCOUNT_CHANGED, MORNING, "x", account_id="gone"),
        Fact(FactKind.STRATEGY_CHANGED, MORNING, "x"),
        Fact(FactKind.ORDER_FILLED, MORNING, "x", strategy_id="gone"),
    ],
)
def test_a_fact_about_nothing_that_is_here_changes_nothing(
    house: CountingHouse, fact: Fact
) -> None:
    made = house.strategy()
    pair = only(house, made.id)
    house.books.follow([fact])
    assert only(house, made.id) is pair


def test_a_fill_of_a_strategy_that_was_never_heard_of_brings_it_in(house: CountingHouse) -> None:
    house.account()
    house.books.refresh()
    deaf = CountingHouse(house.url, house.clock, house.quotes)
    made = deaf.strategy()
    deaf.fill(made, "1", "5000", "3")
    house.books.follow([fact for fact in deaf.facts if fact.kind is FactKind.POSITION_CHANGED])
    assert only(house, made.id).realised == -3
    deaf.close()


class Moody:
    """A store that cannot be read when ``away``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.away = False

    def read(self) -> AbstractContextManager[UnitOfWork]:
        if self.away:
            raise StoreUnavailable("away")
        return self._store.read()


def test_what_could_not_be_read_is_read_the_next_time(house: CountingHouse) -> None:
    moody = Moody(house.store)
    books = Books(cast("Store", moody), house.clock, house.quotes)
    house.bus.subscribe(books.follow)
    moody.away = True
    with pytest.raises(StoreUnavailable):
        books.refresh()
    moody.away = False
    made = house.strategy()
    books.refresh()
    house.fill(made, "1", "5000", "3")
    moody.away = True
    with pytest.raises(StoreUnavailable):
        books.refresh()
    house.strategies.set_state(None, made.id, StrategyState.OFF)
    moody.away = False
    books.refresh()
    (pair,) = [pair for pair in books.pairs.values() if pair.strategy.id == made.id]
    assert (pair.realised, pair.strategy.state) == (D(-3), StrategyState.OFF)


# --- the worth of an account ----------------------------------------------------------------------


def test_equity_is_the_cash_plus_what_all_strategies_made_on_the_account(
    house: CountingHouse,
) -> None:
    account, other = house.account(), house.accounts.create_paper(None, "second", D(500))
    one, two = house.strategy(name="One"), house.strategy(name="Two")
    house.fill(one, "1", "5000", "2")
    house.fill(two, "-1", "5010", "2")
    house.quote("5004")
    assert house.books.equity(account.id) == 100_000 + 200 + 300 - 4
    assert house.books.equity(other.id) == 500


def test_equity_is_of_now_without_any_tick_and_unknown_without_a_price(
    house: CountingHouse,
) -> None:
    account, made = house.account(), house.strategy()
    house.fill(made, "1", "5000")
    assert house.books.equity(account.id) is None
    house.quote("5001")
    assert house.books.equity(account.id) == 100_050
    house.quote("5002")
    assert house.books.equity(account.id) == 100_100
    house.clock.advance(60)
    assert house.books.equity(account.id) is None


def test_the_equity_of_an_account_that_does_not_exist_is_unknown(house: CountingHouse) -> None:
    assert house.books.equity("nowhere") is None


# --- where the day began --------------------------------------------------------------------------


@pytest.fixture(params=["runs on", "is restarted"])
def restart(request: pytest.FixtureRequest) -> bool:
    """Whether the server is restarted before the question is asked."""
    return bool(request.param == "is restarted")


@pytest.fixture
def held(house: CountingHouse, restart: bool) -> Iterator[CountingHouse]:
    """A long position of one, 100 in profit at the roll and 150 after it, then closed there.

    Before the roll the strategy has realised 498.
    """
    made = house.strategy()
    house.clock.move_to(ROLL_AT - timedelta(seconds=2))
    house.fill(made, "-1", "5010", "1")
    house.fill(made, "1", "5000", "1")
    house.fill(made, "1", "5000")
    house.quote("5002")
    house.tick()
    assert today(only(house, made.id)) == 498 + 100
    house.tick()
    house.quote("5003")
    now = house.restarted() if restart else house
    yield now
    if restart:
        now.close()


def the_pair(house: CountingHouse) -> Pair:
    strategy = house.strategies.find(None, "Breakout")
    return only(house, strategy.id)


def test_the_day_begins_at_the_roll_with_what_is_held_over_night(held: CountingHouse) -> None:
    pair = the_pair(held)
    assert (pair.day_realised, pair.day_open) == (D(498), D(100))
    assert today(pair) == 50


def test_a_close_after_the_roll_counts_only_what_moved_since_the_roll(held: CountingHouse) -> None:
    strategy = held.strategies.find(None, "Breakout")
    held.fill(strategy, "-1", "5003", "1")
    assert today(the_pair(held)) == 49


def test_a_restart_in_the_middle_of_the_day_keeps_todays_figure(house: CountingHouse) -> None:
    made = house.strategy()
    house.clock.move_to(ROLL_AT - timedelta(seconds=2))
    house.fill(made, "1", "5000", "1")
    house.quote("5001")
    house.tick()
    house.clock.advance(3600)
    house.quote("5002")
    house.fill(made, "-1", "5004", "1")
    house.tick()
    before = today(only(house, made.id))
    again = house.restarted(keeps_quotes=False)
    assert today(only(again, made.id)) == before == 150 - 1
    again.close()


def test_a_price_unknown_at_the_roll_leaves_the_last_known_open_pnl(house: CountingHouse) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5002")
    house.tick()
    house.clock.move_to(ROLL_AT + timedelta(hours=1))
    assert today(only(house, made.id)) is None
    house.quote("5003")
    assert today(only(house, made.id)) == 50


def test_a_position_that_was_closed_while_off_does_not_haunt_the_next_day(
    house: CountingHouse,
) -> None:
    made = house.strategy()
    house.fill(made, "1", "5000")
    house.quote("5010")
    house.tick()
    house.strategies.set_state(None, made.id, StrategyState.OFF)
    house.fill(made, "-1", "5010")
    house.clock.move_to(ROLL_AT + timedelta(hours=1))
    assert today(only(house, made.id)) == 0


def test_an_account_that_joins_later_has_a_day_of_its_own(house: CountingHouse) -> None:
    first, second = house.account(), house.accounts.create_paper(None, "second")
    made = house.strategy(accounts=[first])
    house.clock.move_to(ROLL_AT - timedelta(seconds=2))
    house.fill(made, "1", "5000")
    house.quote("5002")
    house.tick()
    house.tick()
    links = [*made.accounts, AccountLink(second.id)]
    made = house.strategies.update(
        None, made.id, name="Both", symbol="ES", settings=made.settings, accounts=links
    )
    house.quote("5003")
    house.fill(made, "1", "5003", account=second)
    house.tick()
    again = house.restarted()
    again.books.refresh()
    again.books.value(again.clock.now())
    held = again.books.pairs[made.id, first.id]
    joined = again.books.pairs[made.id, second.id]
    assert (held.day_open, today(held)) == (D(100), D(50))
    assert (joined.day_open, today(joined)) == (D(0), D(0))
    again.close()


def test_a_roll_set_by_the_account_begins_its_day_also_when_it_is_changed(
    house: CountingHouse,
) -> None:
    utc = house.accounts.create_paper(None, "utc", roll="00:00 UTC")
    made = house.strategy(accounts=[utc])
    assert only(house, made.id).day_ends == datetime(2026, 11, 17, 0, 0, tzinfo=UTC)
    with house.store.write() as uow:
        uow.accounts.update(replace(utc, roll="18:00 UTC"))
        uow.facts.append(Fact(FactKind.ACCOUNT_CHANGED, MORNING, "x", account_id=utc.id))
    assert only(house, made.id).day_ends == datetime(2026, 11, 16, 18, 0, tzinfo=UTC)
