"""What is measured: strategies on a paper account, their alerts, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import count, cycle, islice
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import func, select

from app.bootstrap import Core
from app.brokers.alpaca.keys import Keys
from app.commands.parts.opening import opened, prepared
from app.config import Settings, load
from app.domain.accounts import ALPACA, Account, Credentials
from app.domain.inbox import OPEN_STATES, AlertState
from app.domain.settings import AccountLink, StrategySettings
from app.store.tables.trading import ALERTS, FILLS, ORDERS
from bench.load import HOST, post
from bench.servers import free_port

#: So high that it never bites: what is measured is not the limit.
_NO_LIMIT: Final = "1000000/second"
_CASH: Final = Decimal(10**12)
_PASSWORD: Final = "only for the bench"  # noqa: S105  of a database that is thrown away
_POLL_S: Final = 0.05
DATABASE: Final = "signalbox.db"
#: How long executing may take before the bench gives up, in seconds.
_PATIENCE_S: Final = 180.0

Market = Literal["alerts", "synthetic"]


@dataclass(frozen=True, slots=True)
class Done:
    """One alert and what became of it."""

    id: str
    strategy_id: str
    received_at: datetime
    finished_at: datetime | None
    state: AlertState


@dataclass(frozen=True, slots=True)
class Stage:
    """A database with strategies; ``paths`` are their webhooks, ``token`` opens the API.

    ``venues`` says at which venue each strategy trades, by its id.
    """

    settings: Settings
    made: Core
    paths: Sequence[str]
    token: str
    venues: Mapping[str, str]

    def on(self, venue: str) -> frozenset[str]:
        """Return the ids of the strategies that trade there."""
        return frozenset(key for key, each in self.venues.items() if each == venue)

    def wait(self) -> None:
        """Wait until no alert is open; raises TimeoutError when that takes too long."""
        end = time.monotonic() + _PATIENCE_S
        while self.waiting():
            if time.monotonic() > end:
                raise TimeoutError(f"{self.waiting()} alerts were never executed.")
            time.sleep(_POLL_S)

    def waiting(self) -> int:
        """Return how many alerts are accepted and not yet executed."""
        still_open = ALERTS.c.state.in_(sorted(OPEN_STATES))
        wanted = select(func.count()).select_from(ALERTS).where(still_open)
        with self.made.store.read() as uow:
            return int(uow.connection.execute(wanted).scalar_one())

    def alerts(self) -> list[Done]:
        """Return every alert in the order of arrival."""
        c = ALERTS.c
        wanted = select(c.id, c.strategy_id, c.received_at, c.finished_at, c.state).order_by(c.id)
        with self.made.store.read() as uow:
            return [Done(*row) for row in uow.connection.execute(wanted)]

    def filled(self) -> dict[str, list[str]]:
        """Return the alerts that led to fills, by strategy, in the order of the fills."""
        wanted = (
            select(ORDERS.c.strategy_id, ORDERS.c.alert_id)
            .join(FILLS, FILLS.c.order_id == ORDERS.c.id)
            .order_by(FILLS.c.at, FILLS.c.received_at, FILLS.c.venue_fill_id)
        )
        found: dict[str, list[str]] = {}
        with self.made.store.read() as uow:
            for strategy_id, alert_id in uow.connection.execute(wanted):
                found.setdefault(strategy_id, []).append(alert_id)
        return found


@contextmanager
def staged(
    directory: Path,
    strategies: int = 1,
    symbols: Sequence[str] = ("ES",),
    market: Market = "alerts",
    venues: Sequence[str] = ("paper",),
    alpaca: tuple[str, Keys] | None = None,
) -> Iterator[Stage]:
    """Make a database in ``directory`` with so many strategies.

    They take turns at the symbols, and at the accounts, one for each venue.  ``alpaca`` is where
    the stand-in for Alpaca is, and the keys of its account.
    """
    directory.mkdir(parents=True)
    settings = load(
        host=HOST,
        port=free_port(),
        data_dir=directory,
        database_url=f"sqlite:///{directory / DATABASE}",
        webhook_rate_limit=_NO_LIMIT,
        addon_rate_limit=_NO_LIMIT,
        market_data=market,
        **({} if alpaca is None else _alpaca_hosts(alpaca[0])),
    )
    prepared(settings)
    with opened(settings) as made:
        user = made.users.create("bench", _PASSWORD)
        accounts = cycle([_account(made, user.id, venue) for venue in venues])
        if alpaca is not None:
            _connect(made, user.id, alpaca[1])
        paths, placed = [], {}
        for number, symbol in enumerate(islice(cycle(symbols), strategies)):
            account = next(accounts)
            strategy, key = made.strategies.create(
                user.id, f"{symbol} {number}", symbol, StrategySettings(), [AccountLink(account.id)]
            )
            paths.append(f"/webhook/{key}")
            placed[strategy.id] = account.venue
        token = made.users.create_token(user.id, "bench")[1]
        yield Stage(settings, made, paths, token, placed)


def _account(made: Core, user_id: str, venue: str) -> Account:
    """An account on which money is never short."""
    account = made.accounts.create_paper(user_id, f"bench {venue}", _CASH, {"leverage": "1000"})
    placed = replace(account, venue=venue)
    if venue == ALPACA:
        placed = replace(placed, settings={})
    with made.store.write() as uow:
        uow.accounts.update(placed)
    return placed


def _alpaca_hosts(address: str) -> dict[str, object]:
    """The settings that lead to the stand-in for Alpaca."""
    stream = address.replace("http", "ws", 1)
    return {"alpaca_paper_url": address, "alpaca_data_url": address, "alpaca_stream_url": stream}


def _connect(made: Core, user_id: str, keys: Keys) -> None:
    """Give the user's accounts at Alpaca these keys."""
    sealed = made.vault.encrypt(keys.to_json())
    with made.store.write() as uow:
        for account in uow.accounts.list(user_id):
            if account.venue == ALPACA:
                now = made.clock.now()
                uow.accounts.enter(Credentials(account.id, keys.hint, sealed, now))


Body = dict[str, object]


def exits() -> Iterator[Body]:
    """Yield alerts that exit: for a strategy that is flat they lead to a reason and no order."""
    for number in count():
        yield {"id": f"exit-{number}", "symbol": "ES1!", "action": "exit", "price": "5000.25"}


def trades() -> Iterator[Body]:
    """Yield alerts that buy one and sell one in turn: each leads to an order and a fill."""
    for number in count():
        action = "sell" if number % 2 else "buy"
        yield {
            "id": f"trade-{number}",
            "symbol": "ES1!",
            "action": action,
            "quantity": "1",
            "price": "5000.25",
        }


def entry(symbol: str) -> Body:
    """Return an alert that buys one at the market's own price."""
    return {"id": "entry", "symbol": symbol, "action": "buy", "quantity": "1"}


def requests(
    paths: Sequence[str], bodies: Iterator[Body], *, close: bool = False
) -> Iterator[bytes]:
    """Yield one request for each body, the strategies taking turns.

    Each strategy is sent an unbroken series: with several, each body goes to all of them in turn.
    """
    for body in bodies:
        for path in paths:
            yield post(path, body, close=close)
