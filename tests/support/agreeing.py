"""Books that were settled from fills, on a whole core, and damage done to them behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.bootstrap import Core, core
from app.clock import VirtualClock
from app.domain.events import Fact, FactKind
from app.domain.orders import Fill, Order, OrderRole, OrderState, OrderType, Side, TimeInForce
from app.domain.reports import FillReport
from app.domain.safety.agreement import Asked, Disagreement, Kept, Run
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy
from app.services.agreement import Agreement
from app.services.users import UserService
from tests.support.counting import PlainPasswords
from tests.support.floor import ES, settings_for


@dataclass
class Ledger:
    """A core whose fills a test writes, and what the comparison says of its books."""

    core: Core
    clock: VirtualClock
    facts: list[Fact] = field(default_factory=list)
    _numbers: int = 0

    @property
    def agreement(self) -> Agreement:
        return self.core.agreement

    @property
    def alarms(self) -> list[Fact]:
        return [each for each in self.facts if each.kind is FactKind.BOOKS_DISAGREE]

    def strategy(self, user_id: str | None = None, name: str = "Breakout") -> Strategy:
        """Register a strategy of the user's on the user's first account."""
        account = self.core.accounts.list(user_id)[0]
        links = [AccountLink(account.id)]
        return self.core.strategies.create(user_id, name, "ES", StrategySettings(), links)[0]

    def user(self, name: str = "ann") -> str:
        """A user with a paper account; the id."""
        made, plain = self.core, PlainPasswords()
        users = UserService(made.store, made.clock, made.ids, made.vault, plain, made.accounts)
        return users.create(name, "long enough to be one").id

    def fill(
        self,
        strategy: Strategy,
        change: str,
        price: str,
        commission: str = "2.25",
        *,
        symbol: str = ES,
        at: datetime | None = None,
        base_fee: str = "0",
    ) -> Fill:
        """Let the venue report a fill of the signed quantity, a second later, and book it."""
        self.clock.advance(1)
        self._numbers += 1
        quantity = Decimal(change)
        made = Fill(
            venue_fill_id=f"F{self._numbers:05d}",
            account_id=strategy.accounts[0].account_id,
            symbol=symbol,
            side=Side.of(quantity),
            quantity=abs(quantity),
            price=Decimal(price),
            commission=Decimal(commission),
            at=at or self.clock.now(),
            base_fee=Decimal(base_fee),
        )
        self.book(strategy, [made])
        return made

    def book(self, strategy: Strategy, fills: Iterable[Fill]) -> None:
        """Let the venue report these fills of one order, and book them."""
        for each in fills:
            order_id = self._order(strategy, each)
            self.core.settler.receive(FillReport(each.account_id, f"sb-{order_id}", each))
        while self.core.settler.settle():
            pass

    def _order(self, strategy: Strategy, fill: Fill) -> str:
        """The order that the strategy's fills of the symbol belong to, made when there is none."""
        order_id = f"{strategy.id}-{fill.symbol}"
        with self.core.store.write() as uow:
            if uow.orders.get(order_id) is None:
                uow.orders.insert(_order(order_id, strategy, fill))
        return order_id

    def trade(self, strategy: Strategy) -> tuple[Fill, Fill, Fill]:
        """A round trip that earned 493.25 after costs, and a position of 1 that stays open."""
        return (
            self.fill(strategy, "2", "5000"),
            self.fill(strategy, "-2", "5005", at=None),
            self.fill(strategy, "1", "5010"),
        )

    def tick(self, seconds: float = 10) -> None:
        """Let time pass and record the second."""
        self.clock.advance(seconds)
        self.core.recorder.tick(self.clock.now())

    def compare(self, asked: Asked = Asked.NIGHTLY) -> Run:
        """Run the whole comparison."""
        self.agreement.begin(asked)
        return self.agreement.finish(lambda: self.clock.advance(1))

    def damage(self, statement: str, *values: object) -> None:
        """Change what is stored by SQL, as a bug or a restored file would."""
        with closing(sqlite3.connect(self._file)) as connection, connection:
            assert connection.execute(statement, values).rowcount >= 1

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is stored of the books, as it stands in the file."""
        tables = ("fills", "positions", "trades", "book_days", "strategy_pnl_history")
        with closing(sqlite3.connect(self._file)) as connection:
            return {
                table: connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
                for table in tables
            }

    def open(self) -> Sequence[Disagreement]:
        """Everybody's disagreements that are not over."""
        with self.core.store.read() as uow:
            return uow.agreements.unresolved()

    @property
    def _file(self) -> Path:
        return self.core.settings.database_file


def _order(order_id: str, strategy: Strategy, fill: Fill) -> Order:
    return Order(
        id=order_id,
        client_order_id=f"sb-{order_id}",
        account_id=fill.account_id,
        symbol=fill.symbol,
        side=fill.side,
        quantity=Decimal(1_000_000_000),
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        role=OrderRole.ENTRY,
        state=OrderState.ACCEPTED,
        created_at=fill.at,
        updated_at=fill.at,
        leg="open",
        strategy_id=strategy.id,
    )


def open_ledger(folder: Path, clock: VirtualClock) -> Ledger:
    """Open the core on what is in the folder."""
    made = Ledger(core(settings_for(folder), clock=clock, seed=2), clock)
    made.core.bus.subscribe(made.facts.extend)
    return made


def disagreement_of(made: Core, user_id: str) -> Disagreement:
    """A difference of the user's that a comparison found."""
    now = made.clock.now()
    found = Disagreement(
        made.ids(), "run", Kept.POSITION, "quantity", "", "2", "1", now, now, user_id=user_id
    )
    with made.store.write() as uow:
        uow.agreements.save(found)
    return found
