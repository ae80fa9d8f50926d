"""The stand-in's process: its two ports, the exchange, and what moves the prices."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from app.domain.catalogue import stock
from app.domain.instruments import Contract, resolve
from app.sim.synthetic import SyntheticMarket
from tests.venues.alpaca.account import Terms
from tests.venues.alpaca.control import ControlHandler
from tests.venues.alpaca.house import KEY, SECRET, House
from tests.venues.alpaca.log import Log
from tests.venues.alpaca.market.hours import Session
from tests.venues.alpaca.server import Handler, Server

HOST: Final = "127.0.0.1"
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Running:
    """A stand-in that serves clients on one port and whoever runs it on another."""

    house: House
    clients: Server
    control: Server

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.clients.server_port}"

    @property
    def control_address(self) -> str:
        return f"http://{HOST}:{self.control.server_port}"


@contextmanager
def running(folder: Path, port: int = 0, control_port: int = 0) -> Iterator[Running]:
    """Serve on the folder's log; a new one begins with one account and an open market.

    Raises SystemExit when another stand-in works in the folder.
    """
    with _alone(folder):
        log = Log(folder)
        yield from _running(log, port, control_port)


def _running(log: Log, port: int, control_port: int) -> Iterator[Running]:
    fresh = not log.kept()
    house = House(log)
    if fresh:
        house.set_session(Session.REGULAR)
        house.open_account(KEY, Terms(SECRET))
    clients = Server((HOST, port), house, Handler)
    control = Server((HOST, control_port), house, ControlHandler)
    exchange = threading.Thread(target=house.run, args=(clients.ending,), daemon=True)
    exchange.start()
    clients.start()
    control.start()
    try:
        yield Running(house, clients, control)
    finally:
        control.stop()
        clients.stop()
        exchange.join(5)
        log.close()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep every other stand-in away from the folder: two would not know of each other's orders."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "alpaca.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(f"Another stand-in works in {folder}: stop it first.") from None
        yield


def move(house: House, ending: threading.Event, walk_s: float | None, seed: int = 1) -> None:
    """Feed the test symbol, end minutes, and walk all prices every ``walk_s``, until the end."""
    markets = _markets(house, seed) if walk_s else {}
    minute = house.hours.now().replace(second=0, microsecond=0)
    while not ending.wait(walk_s or 1.0):
        now = house.hours.now()
        if now >= minute + _MINUTE:
            minute = now.replace(second=0, microsecond=0)
            with house.lock:
                house.tape.minute(house.prices, minute)
        test = str(house.prices.mark("FAKEPACA"))
        quotes = [{"symbol": "FAKEPACA", "price": test, "last": test}]
        for symbol, market in markets.items():
            quote = market.next(now)
            prices = {"bid": str(quote.bid), "ask": str(quote.ask), "last": str(quote.last)}
            quotes.append({"symbol": symbol, **prices})
        house.put_quotes(quotes)


def _markets(house: House, seed: int) -> dict[str, SyntheticMarket]:
    """A seeded walk of each tradable asset, from its own price on."""
    made = {}
    for asset in house.prices.assets.values():
        if asset.tradable:
            symbol = asset.symbol
            contract = Contract(symbol, symbol, stock(symbol))
            if asset.crypto:
                contract = resolve(symbol, house.hours.now().date())
            made[symbol] = SyntheticMarket(contract, seed)
            made[symbol].anchor(asset.price)
    return made
