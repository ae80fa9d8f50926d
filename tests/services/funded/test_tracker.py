"""What is kept of a funded account while events are played."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.domain.errors import Conflict, NotFound
from app.domain.events import FactKind, Level
from app.propfirm import (
    Clock,
    FundedAccount,
    FundedDay,
    Mode,
    Recorded,
    Source,
    Status,
    Update,
    opened,
)
from app.services.funded import quiet
from app.services.pnl import Worth
from tests.propfirm.making import END_OF_DAY, HARD, INTRADAY, SOFT, STATIC, at, held, payout, update
from tests.support.funded import FundedHouse
from tests.support.records import ACCOUNT

D = Decimal
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_a_hard_breach_is_kept_with_its_figures_told_as_a_fact_and_final(
    funded: FundedHouse,
) -> None:
    funded.accept(INTRADAY)
    funded.play(update("2 10:00", 50300), held("2 10:00", 2))
    done = funded.play(update("2 10:01", 50300, -2000))
    (violation,) = funded.violations()
    assert (violation.breach.limit, violation.breach.seen) == (D(48300), D(48300))
    assert (violation.balance, violation.equity, violation.day_pnl) == (
        D(50300),
        D(48300),
        D(-1700),
    )
    assert (violation.high_water, violation.contracts, violation.day) == (D(50300), D(2), MONDAY)
    assert violation.rule_set_version == INTRADAY.version
    assert (done.after.status, [each.rule.value for each in done.breaches]) == (
        Status.FAILED,
        ["max_drawdown"],
    )
    (fact,) = [each for each in funded.facts() if each.kind is FactKind.RULE_BREACHED]
    assert (fact.code, fact.level, fact.account_id) == ("FUNDED_BREACHED", Level.ERROR, ACCOUNT.id)
    assert fact.user_id == ACCOUNT.user_id
    assert fact.message == (
        "Funded account paper: equity of 48,300.00 broke the trailing floor of 48,300.00;"
        " the account has failed."
    )
    assert (fact.data["violation_id"], fact.data["floor"]) == (violation.id, "48300")
    funded.play(update("2 10:02", 60000), update("3 10:02", 40000))
    assert len(funded.violations()) == 1
    assert funded.state.status is Status.FAILED
    assert [each.day for each in funded.days()] == [MONDAY]


def test_a_soft_breach_pauses_until_the_next_day_and_says_so(funded: FundedHouse) -> None:
    funded.accept(SOFT)
    funded.play(update("2 10:00", 49000))
    (fact,) = funded.facts()
    assert (fact.code, fact.level) == ("FUNDED_DAY_PAUSED", Level.WARNING)
    assert fact.message == (
        "Funded account paper: the day's P&L of -1,000.00 reached the daily loss of 1,000.00;"
        " the account is paused until the next session."
    )
    tomorrow = funded.play(Clock(at("2 16:00")))
    assert tomorrow.after.status is Status.ACTIVE
    assert [each.kind for each in funded.facts()][1:] == [FactKind.FUNDED_DAY_BEGAN]


def test_a_minute_keeps_its_highest_lowest_and_last_equity_with_the_floor(
    funded: FundedHouse,
) -> None:
    funded.accept(INTRADAY)
    for second, unrealized in (("01", 100), ("02", -250), ("58", 40)):
        funded.play(update(f"2 10:00:{second}", 50000, unrealized))
    funded.play(update("2 10:01:00", 50000, 60))
    minute = int(at("2 10:00").timestamp()) // 60
    with funded.store.read() as uow:
        first, second_ = uow.funded.minutes(ACCOUNT.id, minute, minute + 5)
    assert (first.high, first.low, first.last, first.floor) == (
        D(50100),
        D(49750),
        D(50040),
        D(48100),
    )
    assert (second_.high, second_.low, second_.last) == (D(50060),) * 3


def test_a_day_keeps_what_it_began_and_ended_with_and_how_far_it_went(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY)
    funded.play(update("2 10:00", 50000, 400), update("2 11:00", 50200, -300))
    funded.play(update("2 15:00", 50200), update("2 17:00", 50250))
    monday, tuesday = funded.days()
    assert monday == FundedDay(
        ACCOUNT.id, MONDAY, D(200), Recorded.OWN, D(50000), D(50200), D(50400), D(49900), D(48000)
    )
    assert (tuesday.day, tuesday.pnl, tuesday.start_balance) == (TUESDAY, D(50), D(50200))
    assert tuesday.floor == D(48100 + 100)


def test_what_a_platform_told_of_a_day_gives_way_to_our_own_record(funded: FundedHouse) -> None:
    funded.accept(STATIC)
    with funded.store.write() as uow:
        uow.funded.save_day(FundedDay(ACCOUNT.id, MONDAY, D(777), Recorded.ADDON))
    funded.play(update("2 10:00", 50010))
    (monday,) = funded.days()
    assert (monday.pnl, monday.recorded, monday.high) == (D(10), Recorded.OWN, D(50010))


def test_a_late_high_raises_the_mark_and_its_minute_and_not_what_is_newer(
    funded: FundedHouse,
) -> None:
    funded.accept(INTRADAY)
    funded.play(update("2 10:05", 50000, 10))
    done = funded.play(update("2 10:03", 50000, 500))
    assert (done.after.high_water, done.after.unrealized, done.after.at) == (
        D(50500),
        D(10),
        at("2 10:05"),
    )
    (monday,) = funded.days()
    assert (monday.high, monday.end_balance) == (D(50500), D(50000))
    late = int(at("2 10:03").timestamp()) // 60
    with funded.store.read() as uow:
        (minute,) = uow.funded.minutes(ACCOUNT.id, late, late)
    assert (minute.high, minute.last) == (D(50500), D(50500))


def test_nothing_is_kept_of_a_transaction_that_failed(funded: FundedHouse) -> None:
    funded.accept(HARD)
    before = funded.kept()

    def break_off() -> None:
        with funded.store.write() as uow:
            funded.tracker.apply(uow, ACCOUNT.id, [update("2 10:00", 40000)], None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert (funded.kept(), funded.days(), funded.violations()) == (before, [], [])
    assert funded.facts() == []


def test_news_that_tell_nothing_new_make_no_trading_day(funded: FundedHouse) -> None:
    funded.accept(STATIC)
    state = opened(STATIC)
    same = Update(at("2 10:00"), state.balance, D(0))
    assert quiet(state, same) == Clock(same.at)
    other = Update(at("2 10:00"), state.balance, D(1))
    assert quiet(state, other) is other
    funded.play(quiet(state, same))
    assert (funded.days(), funded.state.day) == ([], MONDAY)


def test_an_account_without_rules_takes_no_events(funded: FundedHouse) -> None:
    with pytest.raises(NotFound):
        funded.play(update("2 10:00", 50000))
    with funded.store.write() as uow:
        uow.funded.insert(FundedAccount(ACCOUNT.id, Source.ADDON))
    with pytest.raises(Conflict):
        funded.play(update("2 10:00", 50000))
    with funded.store.read() as uow:
        assert funded.tracker.current(uow, ACCOUNT.id) is None
        assert funded.tracker.current(uow, "none") is None


def test_the_present_of_our_own_account_is_what_its_books_come_to_now(funded: FundedHouse) -> None:
    funded.accept(SOFT, Source.FILLS)
    funded.worths[ACCOUNT.id] = Worth(D(-300), D("-120.5"), D(3))
    found = funded.current()
    assert (found.after.equity, found.after.contracts) == (D("49579.5"), D(3))
    assert found.before == funded.state == opened(SOFT)
    funded.worths[ACCOUNT.id] = Worth(D(-300), None, D(3))
    assert funded.current().after.equity is None


def test_the_equity_of_an_addon_that_fell_silent_is_not_known_in_session_only(
    funded: FundedHouse,
) -> None:
    funded.accept(STATIC)
    funded.clock.move_to(at("2 10:00"))
    funded.play(update("2 10:00", 50500))

    def equity() -> Decimal | None:
        return funded.current().after.equity

    funded.clock.advance(15)
    assert equity() == 50500
    funded.clock.advance(0.001)
    assert equity() is None
    funded.clock.move_to(at("2 16:30"))  # the market's hour of rest
    assert equity() == 50500
    funded.clock.move_to(at("7 12:00"))  # Saturday
    assert equity() == 50500
    funded.clock.move_to(at("8 17:00:01"))  # Sunday evening
    assert equity() is None


def test_a_payout_is_no_loss_and_moves_the_floor_to_its_lock(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY, Source.FILLS)
    funded.worths[ACCOUNT.id] = Worth(D(1500), D(0), D(0))
    with funded.store.write() as uow:
        funded.tracker.pay(uow, ACCOUNT.id, D(500))
        funded.tracker.pay(uow, "none", D(500))
    state = funded.state
    assert (state.balance, state.paid_out, state.floor) == (D(51000), D(500), D(50100))
    assert state.day_pnl == 1500
    assert funded.current().after.balance == 51000


def test_a_payout_of_an_addon_account_is_taken_from_its_last_balance(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY)
    funded.play(update("2 10:00", 51500))
    assert funded.clock.now() < at("2 10:00")  # the platform's clock is ahead
    with funded.store.write() as uow:
        funded.tracker.pay(uow, ACCOUNT.id, D(500))
    assert (funded.state.balance, funded.state.paid_out) == (D(51000), D(500))


def test_a_mode_without_a_trailing_floor_keeps_it_whatever_is_reached(funded: FundedHouse) -> None:
    assert STATIC.drawdown.mode is Mode.STATIC
    funded.accept(STATIC)
    funded.play(update("2 10:00", 53000), payout("2 10:00", 100), Clock(at("3 10:00")))
    assert funded.state.floor == 48000
    assert funded.state.at == at("3 10:00")
