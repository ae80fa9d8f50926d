"""Every case of the P&L oracle through the store: each fill is booked as settling books it.

After every fill the books are read back from the database, and only what was read goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.accounts import Account, Mode
from app.domain.journal import RoundTrip, advance, journal
from app.domain.money import ZERO
from app.domain.orders import Fill
from app.domain.positions import Lots, Position, apply, converted, fifo, history, pair
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.services.ports import Book, BookKey, UnitOfWork
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.oracles.pnl_cases import EPOCH, Case, cases, differences
from tests.support.counting import counting_template

__all__ = ["counting_template"]


class StoreLedger:
    """Books that are kept in the database alone."""

    def __init__(self, store: SqlStore, case: Case) -> None:
        self._store = store
        self._multiplier = case.multiplier
        self._key = BookKey(case.id, case.id, case.symbol)
        self._lots = Lots()
        with store.record() as uow:
            uow.accounts.insert(
                Account(case.id, case.id, "paper", Mode.PAPER, Decimal(100_000), EPOCH)
            )
            uow.strategies.insert(
                Strategy(
                    id=case.id,
                    name=case.id,
                    symbol=case.symbol,
                    state=StrategyState.ON,
                    settings=StrategySettings(),
                    accounts=(AccountLink(case.id),),
                    created_at=EPOCH,
                    updated_at=EPOCH,
                )
            )

    def take(self, fill: Fill) -> None:
        fill = replace(fill, account_id=self._key.account_id, strategy_id=self._key.strategy_id)
        # Without waiting for the disk: nothing here outlives the test.
        with self._store.record() as uow:
            book = uow.positions.get(self._key)
            if book.position.continues(fill):
                self._advance(uow, book, fill)
            elif uow.fills.insert(fill, ZERO, fill.at):
                self._rebuild(uow)

    def _advance(self, uow: UnitOfWork, book: Book, fill: Fill) -> None:
        position = apply(book.position, fill, self._multiplier)
        realised = position.realised_gross - book.position.realised_gross
        if not uow.fills.insert(fill, realised, fill.at):
            return
        closed, trip = advance(book.trip, fill, self._multiplier)
        if closed is not None:
            uow.trips.insert(self._key, closed)
        uow.positions.save(self._key, Book(position, trip), fill.at)
        self._lots = pair(self._lots, fill, self._multiplier)

    def _rebuild(self, uow: UnitOfWork) -> None:
        fills = uow.fills.of_book(self._key)
        steps = list(history(fills, self._multiplier))
        for step in steps:
            uow.fills.set_realised(step.fill, step.realised_gross)
        closed, trip = journal(fills, self._multiplier)
        uow.trips.replace(self._key, closed)
        uow.positions.save(self._key, Book(steps[-1].after, trip), fills[-1].at)
        self._lots = fifo(fills, self._multiplier)

    def position(self) -> Position:
        with self._store.read() as uow:
            return uow.positions.get(self._key).position

    def lots(self) -> Lots:
        return self._lots

    def closed(self) -> tuple[RoundTrip, ...]:
        with self._store.read() as uow:
            return tuple(uow.trips.of_book(self._key))

    def converted(self, rate: Callable[[Fill], Decimal]) -> Decimal:
        return converted(self.fills(), self._multiplier, rate)

    def fills(self) -> list[Fill]:
        with self._store.read() as uow:
            return list(uow.fills.of_book(self._key))

    def booked(self) -> Decimal:
        """What the stored fills say was realised, less what they cost."""
        with self._store.read() as uow:
            return uow.fills.realised_since(self._key.strategy_id, None, EPOCH - timedelta(days=1))


@pytest.fixture(scope="module")
def books(
    counting_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SqlStore]:
    """One database for all cases, each with an account and a strategy of its own."""
    path = tmp_path_factory.mktemp("oracle") / "signalbox.db"
    shutil.copy(counting_template, path)
    store = SqlStore(make_engines(f"sqlite:///{path}"), lambda facts: None)
    yield store
    store.close()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_pnl_of_the_store_equals_the_oracle(books: SqlStore, case: Case) -> None:
    ledger = StoreLedger(books, case)
    assert list(differences(case, ledger)) == []
    assert fifo(ledger.fills(), case.multiplier) == ledger.lots()
    assert ledger.booked() == ledger.position().realised_net
