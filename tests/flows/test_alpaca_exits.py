"""Alerts through the whole core to the stand-in for Alpaca: guarded, and always able to get out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import core
from app.brokers.alpaca.keys import Keys
from app.clock import SystemClock, VirtualClock
from app.config import Settings
from app.domain.accounts import ALPACA, Account, Credentials
from app.domain.inbox import Alert, AlertState
from app.domain.strategies import Strategy
from tests.support.alpaca import StandIn, inner_stand_in
from tests.support.floor import Floor, floor_folder, floor_of, floor_template
from tests.support.venue import ScriptedVenue

__all__ = ["floor_folder", "floor_template"]

AAPL = "AAPL"
GUARD: dict[str, Any] = {
    "take_profit": {"value": "10", "unit": "amount"},
    "stop_loss": {"value": "5", "unit": "amount"},
}


@dataclass
class Desk:
    """A floor whose time is that of the stand-in, and its account there."""

    floor: Floor
    there: StandIn
    account: Account

    def soon(self, what: Callable[[], object], seconds: float = 10.0) -> None:
        """Work until it comes about."""
        end = time.monotonic() + seconds
        while not self._look(what) and time.monotonic() < end:
            time.sleep(0.02)
        assert what()

    def _look(self, what: Callable[[], object]) -> object:
        self.floor.clock.move_to(SystemClock().now())
        self.floor.work()
        return what()

    def send(self, strategy: Strategy, **fields: object) -> Alert:
        """Send an alert and see it executed."""
        self.price("200")
        alert = self.floor.send(strategy, **fields)
        self.soon(lambda: self.floor.alert(alert.id).state.terminal)
        return self.floor.alert(alert.id)

    def price(self, price: str) -> None:
        self.floor.quote(price, symbol=AAPL)
        self.there.price(AAPL, price)

    def held(self) -> str:
        """What the stand-in says is held."""
        answer = self.there.rest("GET", f"/positions/{AAPL}")
        return str(answer.json()["qty"]) if answer.ok else "0"

    def exits(self) -> list[tuple[str, str]]:
        """What works at the stand-in, legs too: type and what is left."""
        found = self.there.get("/orders", status="open", nested="true")
        both = [each for one in found for each in (one, *(one["legs"] or ()))]
        return sorted((each["type"], each["qty"]) for each in both)


@pytest.fixture
def desk(
    floor_folder: Path,
    tmp_path: Path,
) -> Iterator[Desk]:
    with inner_stand_in(tmp_path / "alpaca") as there:
        there.tell("market", session="open")
        there.tell("account", key=there.keys[0], rate_limit=0)
        settings = Settings(
            _env_file=None,
            data_dir=floor_folder,
            database_url=None,
            alpaca_paper_url=there.address,
            alpaca_data_url=there.address,
            alpaca_stream_url=there.address.replace("http", "ws"),
        )
        clock = VirtualClock(SystemClock().now())
        floor = floor_of(core(settings, clock=clock, seed=2), ScriptedVenue(clock))
        made = Desk(floor, there, connected(floor, Keys(*there.keys)))
        try:
            floor.core.parts.alpaca.begin()
            floor.core.brokers.of(made.account.id)
            made.soon(lambda: floor.core.parts.alpaca.connection(made.account.id).up)
            yield made
        finally:
            floor.core.close()


def connected(floor: Floor, keys: Keys) -> Account:
    account = floor.account("there", ALPACA)
    sealed = floor.core.vault.encrypt(keys.to_json())
    with floor.core.store.write() as uow:
        uow.accounts.enter(Credentials(account.id, keys.hint, sealed, floor.clock.now()))
    return account


def test_what_is_guarded_gets_out_in_part_the_other_way_and_at_last_whole(desk: Desk) -> None:
    strategy = desk.floor.strategy(symbol=AAPL, accounts=[desk.account], **GUARD)
    assert desk.send(strategy, action="buy", quantity="3").state is AlertState.EXECUTED
    desk.soon(lambda: desk.exits() == [("limit", "3"), ("stop", "3")])

    assert desk.send(strategy, action="sell", quantity="1").state is AlertState.EXECUTED
    desk.soon(lambda: desk.exits() == [("limit", "2"), ("stop", "2")])

    assert desk.send(strategy, action="reverse").state is AlertState.EXECUTED
    desk.soon(lambda: desk.held() == "-2" and desk.exits() == [("limit", "2"), ("stop", "2")])

    assert desk.send(strategy, action="exit").state is AlertState.EXECUTED
    desk.soon(lambda: (desk.held(), desk.exits()) == ("0", []))
    desk.soon(lambda: not desk.floor.held(strategy, desk.account, AAPL))
    assert not {"QUANTITY_HELD", "WASH_TRADE"} & set(desk.floor.codes())


def test_the_leg_that_fills_ends_the_other(desk: Desk) -> None:
    strategy = desk.floor.strategy(symbol=AAPL, accounts=[desk.account], **GUARD)
    desk.send(strategy, action="buy", quantity="3")
    desk.soon(lambda: len(desk.exits()) == 2)
    desk.price("190")
    desk.soon(lambda: not desk.floor.held(strategy, desk.account, AAPL))
    desk.soon(lambda: desk.floor.working(strategy) == [])
    assert (desk.held(), desk.exits()) == ("0", [])


def test_halting_flat_closes_what_is_guarded(desk: Desk) -> None:
    strategy = desk.floor.strategy(symbol=AAPL, accounts=[desk.account], **GUARD)
    desk.send(strategy, action="buy", quantity="3")
    desk.soon(lambda: len(desk.exits()) == 2)
    desk.floor.halt(flatten=True)
    desk.soon(lambda: (desk.held(), desk.exits()) == ("0", []))
