"""Every stored number of a book is held against its fills, and nothing is ever overwritten."""

from __future__ import annotations

import pytest

from app.domain.errors import Conflict, InvariantBroken, NotFound
from app.domain.events import FactKind, Level
from app.domain.safety.agreement import Asked, Kept, RunState
from tests.support.agreeing import Ledger


def test_books_that_were_settled_agree(ledger: Ledger) -> None:
    strategy = ledger.strategy()
    ledger.trade(strategy)
    ledger.tick()
    run = ledger.compare()
    assert (run.state, run.books, run.fills, run.differences) == (RunState.AGREED, 1, 3, 0)
    assert ledger.alarms == []
    assert ledger.open() == []


def test_a_server_without_any_book_agrees(ledger: Ledger) -> None:
    assert ledger.compare().state is RunState.AGREED


DAMAGES = [
    ("UPDATE positions SET realised_gross = '499'", Kept.POSITION, "realised_gross", "499", "500"),
    ("UPDATE positions SET quantity = '2'", Kept.POSITION, "quantity", "2", "1"),
    ("UPDATE positions SET basis = '5010.000001'", Kept.POSITION, "basis", "5010.000001", "5010"),
    ("UPDATE positions SET commission = '6.76'", Kept.POSITION, "commission", "6.76", "6.75"),
    (
        "UPDATE fills SET realised = '500.01' WHERE realised = '500'",
        Kept.FILL,
        "realised",
        "500.01",
        "500",
    ),
    ("UPDATE trades SET net = '1'", Kept.TRADE, "net", "1", "495.5"),
    ("UPDATE trades SET average_exit = '5006'", Kept.TRADE, "average_exit", "5006", "5005"),
    ("DELETE FROM trades", Kept.TRADE, "net", None, "495.5"),
    ("UPDATE book_days SET gross = '1500'", Kept.DAY, "gross", "1500", "500"),
    ("UPDATE book_days SET fees = '0'", Kept.DAY, "fees", "0", "6.75"),
    ("UPDATE book_days SET day = '2026-11-18'", Kept.DAY, "gross", "500", None),
    (
        "UPDATE positions SET trip = replace(trip, '\"5010\"', '\"5011\"')",
        Kept.OPEN_TRADE,
        "entry_cost",
        "5011",
        "5010",
    ),
    ("UPDATE positions SET trip = NULL", Kept.OPEN_TRADE, "quantity", None, "1"),
]


@pytest.mark.parametrize(
    ("statement", "kept", "name", "stored", "derived"),
    DAMAGES,
    ids=[each[0].partition(" SET ")[2] or each[0] for each in DAMAGES],
)
def test_a_damaged_number_raises_an_alarm_with_both_numbers_and_is_left_as_it_is(
    ledger: Ledger, statement: str, kept: Kept, name: str, stored: str | None, derived: str | None
) -> None:
    user = ledger.user()
    ledger.trade(ledger.strategy(user))
    ledger.damage(statement)
    before = ledger.rows()
    run = ledger.compare()
    assert run.state is RunState.DIFFERED
    found = {(each.kept, each.field): each for each in ledger.open()}[kept, name]
    assert (found.stored, found.derived, found.user_id) == (stored, derived, user)
    alarm = ledger.alarms[0]
    assert (alarm.level, alarm.code, alarm.user_id) == (Level.ERROR, "BOOKS_DISAGREE", user)
    told = alarm.data["differences"]
    assert isinstance(told, list)
    numbers = {"kept": kept.value, "field": name, "item": found.item}
    assert numbers | {"stored": stored, "derived": derived} in told
    assert "Nothing was changed." in alarm.message
    assert ledger.rows() == before


def test_an_alarm_names_the_book_and_says_both_numbers(ledger: Ledger) -> None:
    strategy = ledger.strategy(ledger.user())
    ledger.trade(strategy)
    ledger.damage("UPDATE positions SET quantity = '2', basis = '10020'")
    ledger.compare()
    assert ledger.alarms[0].message == (
        "Breakout, paper, ESZ2026: the position's quantity is kept as 2, and the fills say 1."
        " 1 other number differs too. Nothing was changed. Compare with the broker's"
        " statement and look at the page Agreement before you trade on these numbers."
    )


def test_a_round_trip_that_no_fill_opened_is_found(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy())
    ledger.damage("UPDATE trades SET opening_fill_id = 'X'")
    ledger.compare()
    found = [(each.item, each.stored, each.derived) for each in ledger.open()]
    assert sorted(found, key=str) == [("F00001", None, "495.5"), ("X", "495.5", None)]


def test_books_whose_fills_or_positions_are_gone_are_found(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy())
    ledger.damage("DELETE FROM positions")
    ledger.compare()
    (found,) = ledger.open()
    assert (found.kept, found.stored, found.derived) == (Kept.POSITION, None, "500")
    ledger.damage("DELETE FROM fills")
    ledger.compare()
    assert {each.kept for each in ledger.open()} == {Kept.TRADE, Kept.DAY}


def test_a_fill_that_books_nothing_is_a_difference_and_stops_no_run(ledger: Ledger) -> None:
    first, _, _ = ledger.trade(ledger.strategy())
    ledger.damage("UPDATE fills SET base_fee = '2' WHERE venue_fill_id = ?", first.venue_fill_id)
    run = ledger.compare()
    (found,) = ledger.open()
    assert (run.state, run.problem) == (RunState.DIFFERED, None)
    assert (found.kept, found.field, found.stored, found.derived) == (
        Kept.FILL,
        "quantity",
        "2",
        None,
    )


def test_an_alarm_is_raised_once_and_again_when_the_numbers_change(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy())
    ledger.damage("UPDATE positions SET quantity = '2'")
    ledger.compare()
    ledger.compare()
    assert len(ledger.alarms) == 1
    ledger.damage("UPDATE positions SET quantity = '3'")
    ledger.compare()
    assert [each.message.partition(",")[0] for each in ledger.alarms] == ["Breakout", "Breakout"]
    (found,) = ledger.open()
    assert (found.stored, found.derived) == ("3", "1")


def test_a_disagreement_is_over_when_a_later_run_agrees(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy())
    ledger.damage("UPDATE positions SET quantity = '2'")
    ledger.compare()
    ledger.damage("UPDATE positions SET quantity = '1'")
    run = ledger.compare()
    assert (run.state, ledger.open()) == (RunState.AGREED, [])
    assert ledger.facts[-1].kind is FactKind.BOOKS_AGREE
    assert ledger.facts[-1].message.endswith("what is stored agrees with the fills again.")


def test_a_person_acknowledges_only_what_is_theirs_and_not_over(ledger: Ledger) -> None:
    ann, bob = ledger.user("ann"), ledger.user("bob")
    ledger.trade(ledger.strategy(ann))
    ledger.damage("UPDATE positions SET quantity = '2'")
    ledger.compare()
    standing = ledger.agreement.standing(ann)
    (found,) = standing.disagreements
    assert (standing.open, ledger.agreement.standing(bob).disagreements) == (1, [])
    with pytest.raises(NotFound):
        ledger.agreement.acknowledge(bob, found.id)
    seen = ledger.agreement.acknowledge(ann, found.id)
    assert (seen.acknowledged_by, ledger.agreement.standing(ann).open) == (ann, 0)
    ledger.compare()
    assert (len(ledger.alarms), ledger.agreement.standing(ann).open) == (1, 0)
    ledger.damage("UPDATE positions SET quantity = '3'")
    ledger.compare()
    assert (len(ledger.alarms), ledger.agreement.standing(ann).open) == (2, 1)
    ledger.damage("UPDATE positions SET quantity = '1'")
    ledger.compare()
    with pytest.raises(Conflict):
        ledger.agreement.acknowledge(ann, found.id)


def test_one_run_goes_on_at_a_time_until_its_process_is_gone(ledger: Ledger) -> None:
    first = ledger.agreement.begin(Asked.PERSON)
    with pytest.raises(Conflict):
        ledger.agreement.begin(Asked.NIGHTLY)
    other = type(ledger.agreement)(
        ledger.core.store, ledger.core.reads, ledger.clock, ledger.core.ids, None
    )
    with pytest.raises(Conflict):
        other.begin(Asked.COMMAND)
    ledger.clock.advance(121)
    other.begin(Asked.COMMAND)
    with ledger.core.store.read() as uow:
        left = uow.agreements.run(first.id)
    assert left is not None
    assert (left.state, left.problem) == (
        RunState.BROKEN,
        "The server stopped, or lost the right to trade, during this run.",
    )


def test_a_run_that_is_abandoned_ends_without_a_verdict(ledger: Ledger) -> None:
    ledger.agreement.begin(Asked.NIGHTLY)
    ledger.agreement.step()
    ledger.agreement.abandon()
    last = ledger.agreement.last()
    assert last is not None
    assert (last.state, ledger.agreement.going, ledger.agreement.step()) == (
        RunState.BROKEN,
        False,
        False,
    )


def test_a_book_of_a_symbol_that_nobody_knows_is_a_difference(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy())
    for table in ("fills", "positions", "trades", "book_days"):
        ledger.damage(f"UPDATE {table} SET symbol = '???'")  # noqa: S608
    run = ledger.compare()
    assert (run.state, run.problem) == (RunState.DIFFERED, None)
    (found,) = ledger.open()
    assert (found.field, found.stored, found.derived) == ("symbol", "???", None)


def test_when_something_was_opened_is_told_as_an_instant(ledger: Ledger) -> None:
    _, _, last = ledger.trade(ledger.strategy())
    ledger.damage("UPDATE positions SET opened_at = opened_at + 1000000")
    ledger.compare()
    (found,) = ledger.open()
    assert (found.field, found.derived) == ("opened_at", "2026-11-16T16:00:03Z")
    assert found.stored == "2026-11-16T16:00:04Z"
    assert last.at.isoformat() == "2026-11-16T16:00:03+00:00"


def test_of_many_differences_of_a_book_some_are_told_and_all_are_counted(ledger: Ledger) -> None:
    strategy = ledger.strategy()
    for number in range(60):
        ledger.fill(strategy, "1" if number % 2 else "-1", "5000")
    ledger.damage("UPDATE fills SET realised = '0.5'")
    run = ledger.compare()
    assert (run.differences, len(ledger.open()), len(ledger.alarms)) == (60, 50, 1)
    ledger.damage("UPDATE fills SET realised = '0' WHERE venue_fill_id = 'F00001'")
    assert ledger.compare().differences == 59
    assert len(ledger.open()) == 51


def test_a_difference_that_a_second_look_does_not_find_is_none(ledger: Ledger) -> None:
    ledger.trade(ledger.strategy())
    ledger.damage("UPDATE positions SET quantity = '2'")
    ledger.agreement.begin(Asked.NIGHTLY)
    while ledger.agreement.step():
        pass
    ledger.damage("UPDATE positions SET quantity = '1'")
    assert ledger.agreement.finish(lambda: None).state is RunState.AGREED
    assert ledger.alarms == []


def test_a_comparison_that_was_never_begun_has_no_end(ledger: Ledger) -> None:
    with pytest.raises(InvariantBroken):
        ledger.agreement.finish(lambda: None)


def test_of_very_many_differences_some_are_told_and_nothing_is_called_over(ledger: Ledger) -> None:
    strategy = ledger.strategy()
    ledger.trade(strategy)
    ledger.damage("UPDATE positions SET quantity = '2'")
    ledger.compare()
    ledger.damage("UPDATE positions SET quantity = '1'")
    for symbol in ("SPY", "QQQ", "AAPL", "MSFT", "TSLA", "AMZN", "NVDA", "META", "IBM", "KO", "GE"):
        ledger.damage(
            "INSERT INTO book_days (strategy_id, account_id, symbol, day, gross, fees, fills,"
            " trades, wins, losses, net) WITH RECURSIVE days(day) AS (SELECT '2026-01-01'"
            " UNION ALL SELECT date(day, '+1 day') FROM days LIMIT 60)"
            " SELECT ?, ?, ?, day, '1', '0', 1, 0, 0, 0, '0' FROM days",
            strategy.id,
            strategy.accounts[0].account_id,
            symbol,
        )
    run = ledger.compare()
    assert run.differences == 11 * 60
    assert len(ledger.open()) == 501
