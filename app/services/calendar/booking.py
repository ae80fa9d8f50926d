"""Keeps the trading days of the books, in the transaction that changes what they count."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from app.domain.equity import BookedMoney, DayFinder, Ended, booked_days
from app.domain.journal import RoundTrip
from app.domain.positions import Step
from app.domain.sessions import Roll
from app.services.ports import BookKey, UnitOfWork


@lru_cache(maxsize=64)
def finder(roll: str) -> DayFinder:
    """Return what finds the trading days of the roll that ``roll`` says."""
    return DayFinder(Roll.parse(roll))


def count_fill(uow: UnitOfWork, key: BookKey, step: Step, closed: RoundTrip | None) -> None:
    """Add a fill, and the round trip that it closed, to its book's day."""
    day = uow.days.get(key, finder(uow.days.roll(key.account_id)).day_of(step.fill.at))
    day = day.with_fill(step.realised_gross, step.commission)
    uow.days.save(key, day if closed is None else day.with_trade(closed.net))


def recount_book(
    uow: UnitOfWork, key: BookKey, steps: Iterable[Step], trips: Iterable[RoundTrip]
) -> None:
    """Make the book's days anew from all its fills and round trips."""
    money = [BookedMoney(step.fill.at, step.realised_gross, step.commission) for step in steps]
    ended = [Ended(trip.closed_at, trip.net) for trip in trips]
    days = finder(uow.days.roll(key.account_id))
    uow.days.replace(key, booked_days(money, ended, days))


def recount_account(uow: UnitOfWork, account_id: str) -> None:
    """Make the days of every book of the account anew, after its roll has changed."""
    days = finder(uow.days.roll(account_id))
    for key in uow.days.books(account_id):
        uow.days.replace(key, booked_days(uow.days.money(key), uow.days.ended(key), days))
