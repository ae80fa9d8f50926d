"""The ends of trading days: on time, once, and made up when they were missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from app.domain.events import FactKind
from app.domain.orders import Side
from app.domain.positions import Position
from app.propfirm import Clock, Source, Status
from app.services.funded.resets import Resets
from app.services.ports import Book, BookKey
from tests.propfirm.making import END_OF_DAY, SOFT, at, update
from tests.support.funded import FundedHouse
from tests.support.records import ACCOUNT, fill

D = Decimal
TUESDAY, WEDNESDAY = date(2026, 3, 3), date(2026, 3, 4)


def began(funded: FundedHouse) -> list[object]:
    """The days of which it was told that they began, with how many ends were made up."""
    told = [each for each in funded.facts() if each.kind is FactKind.FUNDED_DAY_BEGAN]
    return [(each.data["day"], each.data["missed"]) for each in told]


def test_a_day_ends_by_itself_at_the_hour_of_the_rules_and_once(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY, Source.FILLS)
    funded.play(update("2 10:00", 50000), Clock(at("2 15:00")))
    resets = Resets(funded.store, funded.tracker)
    for clock in ("2 15:59:59", "2 16:00", "2 16:00", "2 16:00:01", "2 23:00"):
        assert not resets.step(at(clock))
        assert (funded.state.day == TUESDAY) == (clock != "2 15:59:59")
    assert began(funded) == [("2026-03-03", 1)]
    assert funded.end_day(at("2 23:00")) is None


def test_the_last_news_of_an_addon_may_come_in_until_ten_seconds_later(
    funded: FundedHouse,
) -> None:
    funded.accept(END_OF_DAY)
    funded.play(update("2 10:00", 50000))
    resets = Resets(funded.store, funded.tracker)
    assert not resets.step(at("2 16:00:09"))
    funded.play(update("2 15:59:59", 50080))
    resets.step(at("2 16:00:10"))
    assert (funded.state.day, funded.state.floor) == (TUESDAY, D(48080))
    assert funded.state.day_start_balance == D(50080)


def test_a_pause_ends_with_the_day_and_the_floor_follows_the_last_balance(
    funded: FundedHouse,
) -> None:
    funded.accept(SOFT)
    funded.play(update("2 10:00", 48900))
    paused = funded.state
    Resets(funded.store, funded.tracker).step(at("2 16:00:10"))
    assert (paused.status, funded.state.status) == (Status.PAUSED_DAY, Status.ACTIVE)
    assert funded.state.day_start_balance == D(48900)


def test_an_account_that_was_put_under_rules_meanwhile_is_found_in_time(
    funded: FundedHouse,
) -> None:
    resets = Resets(funded.store, funded.tracker)
    assert not resets.step(at("2 15:59:45"))
    funded.accept(END_OF_DAY, Source.FILLS)
    assert not resets.step(at("2 15:59:55"))  # never heard of: no day yet
    funded.play(update("2 15:59:56", 50000))
    assert not resets.step(at("2 16:00:05"))
    assert funded.state.day == TUESDAY


def test_of_several_accounts_that_are_due_each_is_ended_in_a_step_of_its_own(
    funded: FundedHouse,
) -> None:
    funded.accept(END_OF_DAY, Source.FILLS)
    funded.play(update("2 10:00", 50000))
    other = replace(ACCOUNT, id="account-2", name="second")
    with funded.store.write() as uow:
        uow.accounts.insert(other)
        uow.funded.insert(replace(funded.kept(), account_id=other.id))
    resets = Resets(funded.store, funded.tracker)
    assert resets.step(at("2 16:00"))
    assert not resets.step(at("2 16:00"))
    with funded.store.read() as uow:
        assert {each.state.day for each in uow.funded.list() if each.state} == {TUESDAY}


def test_missed_ends_are_made_up_with_the_last_balance_before_the_next_news(
    funded: FundedHouse,
) -> None:
    funded.accept(END_OF_DAY)
    funded.play(update("2 10:00", 50090))
    done = funded.play(update("6 17:00", 48070))
    assert began(funded) == [("2026-03-09", 1)]
    assert (done.after.floor, done.after.day_start_balance) == (D(48090), D(50090))
    assert done.after.status is Status.FAILED
    (violation,) = funded.violations()
    assert violation.day == date(2026, 3, 9)


def book(funded: FundedHouse, number: int, when: str, realised: int) -> None:
    """Book a fill that realised so much, as if it had come late from the venue."""
    key = BookKey("strategy-1", ACCOUNT.id, "ESH2026")
    with funded.store.write() as uow:
        made = fill(number, at=at(when), symbol=key.symbol, side=Side.SELL, commission=D(0))
        uow.fills.insert(made, D(realised), at(when))
        so_far = uow.positions.get(key).position.realised_gross
        position = Position(realised_gross=so_far + realised, fills=number, last_at=made.at)
        uow.positions.save(key, Book(position, None), made.at)


def test_what_was_filled_before_a_missed_end_belongs_to_its_own_day(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY, Source.FILLS)
    funded.play(update("2 10:00", 50000))
    book(funded, 1, "2 15:59:59", 60)
    book(funded, 2, "3 11:00", -250)
    book(funded, 3, "3 16:00", 10)
    funded.end_day(at("4 10:00"))
    assert [(each.day.day, each.pnl) for each in funded.days()] == [(2, D(60)), (3, D(-250))]
    assert funded.state.day == WEDNESDAY
    assert (funded.state.floor, funded.state.day_start_balance) == (D(48060), D(49810))
    assert began(funded) == [("2026-03-04", 2)]


def test_a_clock_that_went_back_ends_no_day(funded: FundedHouse) -> None:
    funded.accept(END_OF_DAY, Source.FILLS)
    funded.play(update("3 10:00", 50000))
    resets = Resets(funded.store, funded.tracker)
    for when in (at("3 10:00"), at("3 10:00") - timedelta(days=1)):
        assert not resets.step(when)
    assert funded.state.day == TUESDAY
