"""Deposits and payouts: in the account's money at once, and never in its profit or drawdown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.accounts import CHAOS, FlowKind
from app.domain.errors import InvalidInput, NotFound
from app.domain.events import FactKind
from tests.support.counting import CountingHouse
from tests.support.floor import Floor

DEPOSIT, PAYOUT, ADJUSTMENT = FlowKind.DEPOSIT, FlowKind.PAYOUT, FlowKind.ADJUSTMENT


@pytest.fixture
def ann(house: CountingHouse) -> str:
    return house.user("ann")


def test_what_came_in_and_left_is_kept_in_order_and_added_up(
    house: CountingHouse, ann: str
) -> None:
    mine, move = house.account(ann), house.accounts.move_cash
    house.clock.advance(3600)
    first = move(ann, mine.id, DEPOSIT, Decimal("2500.50"), note=" first of the month ")
    early = move(ann, mine.id, PAYOUT, Decimal(1000), at=first.at - timedelta(minutes=5))
    fee = move(ann, mine.id, ADJUSTMENT, Decimal("-0.50"))
    assert house.accounts.cash_flows(ann, mine.id) == [early, first, fee]
    assert [flow.amount for flow in (first, early, fee)] == [
        Decimal("2500.50"),
        Decimal(-1000),
        Decimal("-0.50"),
    ]
    assert (first.note, first.made_by) == ("first of the month", ann)
    account = house.accounts.get(ann, mine.id)
    assert account.deposited == Decimal(1500)
    assert account.capital == account.starting_cash + 1500
    fact = house.facts[-1]
    assert (fact.kind, fact.account_id) == (FactKind.ACCOUNT_CHANGED, mine.id)
    assert fact.data["amount"] == "-0.5"


@pytest.mark.parametrize(
    ("kind", "amount", "field"),
    [
        (DEPOSIT, "0", "amount"),
        (DEPOSIT, "-5", "amount"),
        (PAYOUT, "-5", "amount"),
        (ADJUSTMENT, "0", "amount"),
        (PAYOUT, "100000.01", "amount"),
        (ADJUSTMENT, "-100000.01", "amount"),
    ],
)
def test_money_that_cannot_be_moved_is_refused_with_its_field(
    house: CountingHouse, ann: str, kind: FlowKind, amount: str, field: str
) -> None:
    mine = house.account(ann)
    assert mine.starting_cash == 100_000
    with pytest.raises(InvalidInput) as refused:
        house.accounts.move_cash(ann, mine.id, kind, Decimal(amount))
    assert set(refused.value.fields) == {field}
    assert house.accounts.cash_flows(ann, mine.id) == []
    assert house.accounts.get(ann, mine.id) == mine


def test_all_cash_may_be_paid_out(house: CountingHouse, ann: str) -> None:
    mine = house.account(ann)
    house.accounts.move_cash(ann, mine.id, PAYOUT, Decimal(100_000))
    assert house.accounts.get(ann, mine.id).capital == 0


@pytest.mark.parametrize("hours", [-2, 1])
def test_money_moves_neither_before_the_account_was_there_nor_in_the_future(
    house: CountingHouse, ann: str, hours: int
) -> None:
    mine = house.account(ann)
    house.clock.advance(3600)
    with pytest.raises(InvalidInput) as refused:
        house.accounts.move_cash(
            ann, mine.id, DEPOSIT, Decimal(1), house.clock.now() + timedelta(hours=hours)
        )
    assert set(refused.value.fields) == {"at"}


def test_another_users_account_takes_no_money_and_shows_none(
    house: CountingHouse, ann: str
) -> None:
    mine, bob = house.account(ann), house.user("bob")
    with pytest.raises(NotFound):
        house.accounts.move_cash(bob, mine.id, DEPOSIT, Decimal(1))
    with pytest.raises(NotFound):
        house.accounts.cash_flows(bob, mine.id)


def test_a_deposit_is_in_the_equity_and_in_no_profit_peak_or_drawdown(
    house: CountingHouse, ann: str
) -> None:
    mine, made = house.account(ann), house.strategy(ann)
    house.quote("5000")
    house.fill(made, "2", "5000")
    house.tick()
    house.quote("4990")
    house.tick()
    before = house.recorder.summary(ann, mine.id)
    house.accounts.move_cash(ann, mine.id, DEPOSIT, Decimal(5000))
    house.tick()
    after = house.recorder.summary(ann, mine.id)
    assert before.total_pnl == after.total_pnl == -1000
    assert before.drawdown == after.drawdown == after.max_drawdown == 1000
    assert before.today_pnl == after.today_pnl == -1000
    assert (before.equity, after.equity) == (Decimal(99_000), Decimal(104_000))
    assert house.books.equity(mine.id) == 104_000
    assert house.restarted().books.equity(mine.id) == 104_000


def test_the_profit_of_the_account_may_be_paid_out_and_no_more(
    house: CountingHouse, ann: str
) -> None:
    mine, made = house.account(ann), house.strategy(ann)
    house.fill(made, "1", "5000")
    house.fill(made, "-1", "5010")
    with pytest.raises(InvalidInput, match="cannot be moved") as refused:
        house.accounts.move_cash(ann, mine.id, PAYOUT, Decimal(100_501))
    assert "100500" in refused.value.fields["amount"]
    house.accounts.move_cash(ann, mine.id, PAYOUT, Decimal(100_500))


def test_the_paper_venue_takes_in_and_pays_out_at_once(floor: Floor) -> None:
    broker = floor.core.brokers
    assert broker.of(floor.paper.id).account().cash == 100_000
    floor.core.accounts.move_cash(None, floor.paper.id, DEPOSIT, Decimal(5000))
    assert broker.of(floor.paper.id).account().cash == 105_000
    floor.core.accounts.move_cash(None, floor.paper.id, PAYOUT, Decimal(105_000))
    assert broker.of(floor.paper.id).account().buying_power == 0


def test_a_chaos_account_keeps_the_money_that_its_broker_has(floor: Floor) -> None:
    chaos = floor.account("wild", CHAOS)
    with pytest.raises(InvalidInput) as refused:
        floor.core.accounts.move_cash(None, chaos.id, DEPOSIT, Decimal(1))
    assert set(refused.value.fields) == {"account"}
