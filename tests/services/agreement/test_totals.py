"""Totals that pages show, curves recorded and the calendar adds up are held against the fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.safety.agreement import Asked, Kept, Run, RunState
from app.services.agreement import Agreement
from app.services.pnl import StrategyLine, Summary
from tests.support.agreeing import Ledger


@dataclass
class Pages:
    """What the pages are told, with an ``error`` in it, while ``meanwhile`` happens."""

    ledger: Ledger
    error: Decimal = Decimal(0)
    meanwhile: Callable[[], object] = lambda: None

    def summary(self, user_id: str | None, account_id: str | None = None) -> Summary:
        self.meanwhile()
        told = self.ledger.core.recorder.summary(user_id, account_id)
        return replace(told, realised=told.realised + self.error)

    def strategy_lines(self, user_id: str) -> Sequence[StrategyLine]:
        return self.ledger.core.recorder.strategy_lines(user_id)


def compare(ledger: Ledger, pages: Pages) -> Run:
    """Compare everything with what these pages show."""
    core = ledger.core
    agreement = Agreement(core.store, core.reads, core.clock, core.ids, pages)
    agreement.begin(Asked.NIGHTLY)
    return agreement.finish(lambda: ledger.clock.advance(1))


def test_what_the_pages_show_is_what_the_fills_add_up_to(ledger: Ledger) -> None:
    user = ledger.user()
    strategy = ledger.strategy(user)
    ledger.trade(strategy)
    assert compare(ledger, Pages(ledger)).state is RunState.AGREED
    compare(ledger, Pages(ledger, Decimal("0.01")))
    account = strategy.accounts[0].account_id
    found = {(each.strategy_id, each.account_id): each for each in ledger.open()}
    assert set(found) == {(None, None), (None, account)}
    assert {each.kept for each in ledger.open()} == {Kept.SHOWN}
    whole = found[None, None]
    assert (whole.stored, whole.derived, whole.user_id) == ("493.26", "493.25", user)
    said = "the realised P&L that the pages show is kept as 493.26, and the fills say 493.25."
    told = [each.message.partition(" Nothing was changed.")[0] for each in ledger.alarms]
    assert told == [f"All together: {said}", f"paper: {said}"]


def test_pages_that_show_a_damaged_position_are_told_too(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy(ledger.user()))
    ledger.damage("UPDATE positions SET realised_gross = '600'")
    ledger.core.books.forget()
    ledger.compare()
    assert {each.kept for each in ledger.open()} == {Kept.POSITION, Kept.SHOWN}


def test_a_fill_that_comes_while_totals_are_read_is_no_difference(ledger: Ledger) -> None:
    strategy = ledger.strategy(ledger.user())
    ledger.trade(strategy)
    left = iter(range(3))

    def trade() -> None:
        if next(left, None) is not None:
            ledger.fill(strategy, "-1", "5020")

    run = compare(ledger, Pages(ledger, meanwhile=trade))
    assert (run.state, run.skipped, ledger.alarms) == (RunState.AGREED, 0, [])


def test_totals_that_never_rest_are_left_out_and_counted(ledger: Ledger) -> None:
    strategy = ledger.strategy(ledger.user())
    ledger.trade(strategy)
    run = compare(ledger, Pages(ledger, meanwhile=lambda: ledger.fill(strategy, "1", "5020")))
    assert (run.state, ledger.alarms) == (RunState.AGREED, [])
    assert run.skipped > 0


def test_what_was_recorded_last_is_held_against_the_fills_until_then(ledger: Ledger) -> None:
    strategy = ledger.strategy(ledger.user())
    ledger.trade(strategy)
    ledger.tick()
    assert ledger.compare().state is RunState.AGREED
    ledger.damage("UPDATE strategy_pnl_history SET realised = realised + 1")
    ledger.compare()
    found = ledger.open()
    assert {each.kept for each in found} == {Kept.SAMPLE}
    assert {(each.stored, each.derived) for each in found} == {("493.25000001", "493.25")}
    assert {(each.strategy_id, each.account_id) for each in found} == {
        (None, None),
        (None, strategy.accounts[0].account_id),
        (strategy.id, None),
    }


def test_a_curve_that_was_recorded_before_the_last_fill_says_nothing(ledger: Ledger) -> None:
    strategy = ledger.strategy(ledger.user())
    ledger.trade(strategy)
    ledger.tick()
    ledger.fill(strategy, "-1", "5030")
    assert ledger.compare().state is RunState.AGREED


def test_what_was_found_on_a_curve_stays_while_nothing_new_is_recorded(ledger: Ledger) -> None:
    strategy = ledger.strategy(ledger.user())
    ledger.trade(strategy)
    ledger.tick()
    ledger.damage("UPDATE strategy_pnl_history SET realised = realised + 1")
    ledger.compare()
    ledger.fill(strategy, "-1", "5030")
    assert ledger.compare().differences == 0
    assert len(ledger.open()) == 3
    ledger.tick()
    ledger.compare()
    assert ledger.open() == []


def test_days_that_are_wrong_are_told_with_the_calendar_that_adds_them_up(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy(ledger.user()))
    ledger.damage("UPDATE book_days SET gross = '1500'")
    ledger.compare()
    found = {each.kept: (each.stored, each.derived) for each in ledger.open()}
    assert found == {Kept.DAY: ("1500", "500"), Kept.CALENDAR: ("1493.25", "493.25")}


def test_each_users_totals_are_their_own(ledger: Ledger) -> None:
    for name in ("ann", "bob"):
        ledger.trade(ledger.strategy(ledger.user(name)))
    ledger.tick()
    run = ledger.compare()
    assert (run.state, run.books, run.fills) == (RunState.AGREED, 2, 6)


def test_a_comparison_without_pages_leaves_what_they_showed_as_it_is(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy(ledger.user()))
    compare(ledger, Pages(ledger, Decimal("0.01")))
    core = ledger.core
    blind = Agreement(core.store, core.reads, core.clock, core.ids, None)
    blind.begin(Asked.COMMAND)
    assert blind.finish(lambda: None).state is RunState.AGREED
    assert len(ledger.open()) == 2
    assert ledger.compare().state is RunState.AGREED
    assert ledger.open() == []
