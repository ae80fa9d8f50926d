"""What is on paper after a run: our database, and the log that the venue keeps for itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, Table, select, text

from app.domain.accounts import Account
from app.domain.decisions import Decision
from app.domain.events import Fact, FactKind
from app.domain.inbox import Alert
from app.domain.orders import Fill, Order
from app.domain.positions import Position
from app.services.ports import BookKey, OrderStep, Sample, Series
from app.sim.ledger import Ledger, rebuild
from app.sim.records import PaperFill, PaperOrder
from app.store.engine import make_engines
from app.store.repos.history import FACT, SERIES
from app.store.repos.inbox import ALERT, DECISION
from app.store.repos.orders import FILL, ORDER, STEP
from app.store.repos.rolled import SAMPLE
from app.store.tables.history import (
    FACTS,
    PAPER_FILLS,
    PAPER_ORDERS,
    PNL_SERIES,
    STRATEGY_PNL_HISTORY,
)
from app.store.tables.trading import (
    ALERTS,
    DECISIONS,
    FILLS,
    OPEN_ALERTS,
    ORDER_EVENTS,
    ORDERS,
    WORKING_ORDERS,
)
from app.store.unit_of_work import SqlStore, SqlUnit
from app.storm.paper import Placed, VenuePaper


@dataclass(frozen=True)
class Evidence:
    """Everything that is on paper after a run.

    ``ledgers`` are rebuilt from the venue's own log, by account; ``moves`` are the facts that a
    position changed; ``deaths`` are the instants at which a server ended, with everything that it
    only had in memory; None when they are unknown.
    """

    alerts: Sequence[Alert]
    decisions: Sequence[Decision]
    orders: Sequence[Order]
    steps: Sequence[OrderStep]
    fills: Sequence[Fill]
    books: Mapping[BookKey, Position]
    venue_orders: Sequence[Placed]
    venue_fills: Sequence[PaperFill]
    ledgers: Mapping[str, Ledger]
    accounts: Mapping[str, Account]
    curves: Sequence[tuple[Series, Sample]]
    moves: Sequence[Fact]
    told: frozenset[str | None]
    deaths: Sequence[datetime] | None = None

    @property
    def open_alerts(self) -> list[str]:
        """The alerts that are not settled yet."""
        return [alert.id for alert in self.alerts if not alert.state.terminal]

    @property
    def open_orders(self) -> list[str]:
        """The orders that still have something before them."""
        return [order.id for order in self.orders if not order.state.terminal]

    @property
    def held(self) -> Decimal:
        """What the venue's fills add up to, negative if short."""
        fills = [one.fill for one in self.venue_fills]
        return sum((fill.quantity * fill.side.sign for fill in fills), Decimal(0))


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the evidence lies.

    ``url`` is the server's database, ``venue`` the log of a venue outside the server.
    With ``strategies`` only what concerns these is read, and money only as far as it is theirs.
    """

    url: str
    venue: VenuePaper | None = None
    strategies: Collection[str] | None = None
    deaths: Sequence[datetime] | None = None

    def gather(self) -> Evidence:
        """Read the paper of a server that runs or has ended."""
        store = SqlStore(make_engines(self.url), lambda _: None)
        try:
            with store.read() as uow:
                return self._read(uow)
        finally:
            store.close()

    def open_alerts(self) -> int:
        """Return how many alerts have not come to their end."""
        return self._count(ALERTS, OPEN_ALERTS)

    def open_orders(self) -> int:
        """Return how many orders still have something before them."""
        return self._count(ORDERS, WORKING_ORDERS)

    def _count(self, table: Table, still_open: str) -> int:
        engines = make_engines(self.url)
        try:
            with engines.reading.connect() as connection:
                paper, rows = _Paper(connection, self.strategies), table.c
                wanted = select(rows.id).where(text(still_open))
                return len(paper.rows(wanted, rows.strategy_id, rows.id))
        finally:
            engines.dispose()

    def _read(self, uow: SqlUnit) -> Evidence:
        paper = _Paper(uow.connection, self.strategies)
        accounts = {each.id: each for each in uow.accounts.list(None)}
        venue_orders, venue_fills = self._venue(uow.connection)
        return Evidence(
            alerts=ALERT.all(paper.rows(select(*ALERT.columns), ALERTS.c.strategy_id, ALERTS.c.id)),
            decisions=DECISION.all(
                paper.rows(select(*DECISION.columns), DECISIONS.c.strategy_id, DECISIONS.c.at)
            ),
            orders=ORDER.all(paper.rows(select(*ORDER.columns), ORDERS.c.strategy_id, ORDERS.c.id)),
            steps=STEP.all(
                paper.rows(
                    select(*STEP.columns).join(ORDERS, ORDERS.c.id == ORDER_EVENTS.c.order_id),
                    ORDERS.c.strategy_id,
                    ORDER_EVENTS.c.number,
                )
            ),
            fills=FILL.all(paper.rows(select(*FILL.columns), FILLS.c.strategy_id, FILLS.c.at)),
            books={
                key: each
                for key, each in uow.positions.all().items()
                if self._meant(key.strategy_id)
            },
            venue_orders=[each for each in venue_orders if self._meant(each.strategy_id)],
            venue_fills=[each for each in venue_fills if self._meant(each.fill.strategy_id)],
            ledgers=_ledgers(accounts, venue_fills),
            accounts=accounts,
            curves=_curves(paper),
            moves=FACT.all(
                paper.rows(
                    select(*FACT.columns).where(FACTS.c.kind == FactKind.POSITION_CHANGED),
                    FACTS.c.strategy_id,
                    FACTS.c.number,
                )
            ),
            told=_told(paper),
            deaths=self.deaths,
        )

    def _meant(self, strategy_id: str | None) -> bool:
        return self.strategies is None or strategy_id in self.strategies

    def _venue(self, ours: Connection) -> tuple[list[Placed], list[PaperFill]]:
        orders, fills = _log(ours)
        if self.venue is None:
            return orders, fills
        rows = ours.execute(select(ORDERS.c.client_order_id, ORDERS.c.strategy_id))
        whose = {row[0]: row[1] for row in rows}
        return (
            [*orders, *(_placed_for(each, whose) for each in self.venue.orders())],
            [*fills, *(_filled_for(each, whose) for each in self.venue.fills())],
        )


def _placed_for(order: Placed, whose: Mapping[str, str | None]) -> Placed:
    """The order with its strategy, by our own id of it where its venue knows no strategies."""
    if order.strategy_id is not None:
        return order
    return replace(order, strategy_id=whose.get(order.client_order_id))


def _filled_for(one: PaperFill, whose: Mapping[str, str | None]) -> PaperFill:
    if one.fill.strategy_id is not None:
        return one
    return replace(one, fill=replace(one.fill, strategy_id=whose.get(one.client_order_id)))


class _Paper:
    """Rows of the database, of all strategies or of some."""

    def __init__(self, connection: Connection, strategies: Collection[str] | None) -> None:
        self._connection = connection
        self._strategies = strategies

    def rows(self, wanted: Select[Any], strategy: Any, order: Any) -> list[Any]:  # noqa: ANN401  columns
        """Return the rows in order; ``strategy`` is the column that says whose they are."""
        chosen = wanted.order_by(order)
        if self._strategies is None:
            return list(self._connection.execute(chosen))
        return list(self._connection.execute(chosen.where(strategy.in_(self._strategies))))


def _log(connection: Connection) -> tuple[list[Placed], list[PaperFill]]:
    orders = select(PAPER_ORDERS.c.record).order_by(PAPER_ORDERS.c.number)
    fills = select(PAPER_FILLS.c.record).order_by(PAPER_FILLS.c.number)
    return (
        [Placed.of(PaperOrder.from_json(row[0])) for row in connection.execute(orders)],
        [PaperFill.from_json(row[0]) for row in connection.execute(fills)],
    )


def _ledgers(accounts: Mapping[str, Account], fills: Sequence[PaperFill]) -> dict[str, Ledger]:
    by_account: dict[str, list[PaperFill]] = {account_id: [] for account_id in accounts}
    for fill in fills:
        by_account.setdefault(fill.account_id, []).append(fill)
    return {
        account_id: rebuild(accounts[account_id].starting_cash, made)
        for account_id, made in by_account.items()
        if account_id in accounts
    }


def _curves(paper: _Paper) -> list[tuple[Series, Sample]]:
    series = SERIES.all(
        paper.rows(select(*SERIES.columns), PNL_SERIES.c.strategy_id, PNL_SERIES.c.id)
    )
    by_id = {each.id: each for each in series}
    samples = SAMPLE.all(
        paper.rows(
            select(*SAMPLE.columns).join(
                PNL_SERIES, PNL_SERIES.c.id == STRATEGY_PNL_HISTORY.c.series_id
            ),
            PNL_SERIES.c.strategy_id,
            STRATEGY_PNL_HISTORY.c.at,
        )
    )
    return [(by_id[sample.series_id], sample) for sample in samples]


def _told(paper: _Paper) -> frozenset[str | None]:
    rows = paper.rows(
        select(FACTS.c.alert_id, FACTS.c.order_id), FACTS.c.strategy_id, FACTS.c.number
    )
    return frozenset(each for row in rows for each in row)
