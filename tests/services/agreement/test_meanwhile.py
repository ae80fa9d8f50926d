"""Fills that come while books are compared, late ones among them, raise no false alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.orders import Fill
from app.domain.safety.agreement import Asked, RunState
from tests.support.agreeing import Ledger
from tests.support.fills import books


def test_fills_that_come_between_any_two_pieces_are_no_difference(ledger: Ledger) -> None:
    strategy = ledger.strategy(ledger.user())
    ledger.trade(strategy)
    changes = iter(["1", "-2", "3", "-3", "1"] * 3)
    ledger.agreement.begin(Asked.NIGHTLY)
    while ledger.agreement.going:
        change = next(changes, None)
        if change is not None:
            ledger.fill(strategy, change, "5003.25")
            ledger.tick()
        ledger.agreement.step()
    last = ledger.agreement.last()
    assert last is not None
    assert (last.state, ledger.alarms) == (RunState.AGREED, [])


def test_late_fills_that_refold_a_book_between_two_pieces_are_no_difference(
    ledger: Ledger,
) -> None:
    strategy = ledger.strategy(ledger.user())
    first, _, _ = ledger.trade(strategy)
    late = iter(range(1, 20))
    ledger.agreement.begin(Asked.NIGHTLY)
    while ledger.agreement.going:
        number = next(late, None)
        if number is not None:
            at = first.at - timedelta(minutes=number)
            ledger.fill(strategy, "1" if number % 2 else "-1", "4990", at=at)
            ledger.tick()
        ledger.agreement.step()
    last = ledger.agreement.last()
    assert last is not None
    assert (last.state, ledger.alarms) == (RunState.AGREED, [])
    assert ledger.compare().state is RunState.AGREED


def test_a_damaged_number_is_found_while_fills_keep_coming(ledger: Ledger) -> None:
    strategy = ledger.strategy(ledger.user())
    ledger.trade(strategy)
    ledger.damage("UPDATE fills SET realised = '499' WHERE realised = '500'")
    ledger.agreement.begin(Asked.NIGHTLY)
    while ledger.agreement.going:
        ledger.fill(strategy, "1", "5003.25")
        ledger.agreement.step()
    (found,) = ledger.open()
    assert (found.item, found.stored, found.derived) == ("F00002", "499", "500")


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_fills_come_in_whatever_order_and_however_often_the_books_agree(
    ledger: Ledger, data: st.DataObject
) -> None:
    strategy = ledger.strategy(name=ledger.core.ids())
    account_id = strategy.accounts[0].account_id
    made = [
        replace(each, account_id=account_id, venue_fill_id=f"{strategy.id}-{each.venue_fill_id}")
        for each in data.draw(books())
    ]
    again: list[Fill] = data.draw(st.lists(st.sampled_from(made), max_size=4))
    ledger.book(strategy, data.draw(st.permutations(made + again)))
    ledger.tick()
    before = ledger.rows()
    run = ledger.compare()
    assert (run.state, run.problem, ledger.alarms) == (RunState.AGREED, None, [])
    after = ledger.rows()
    assert after == before
