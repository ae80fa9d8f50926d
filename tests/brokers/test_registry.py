"""The registry: one broker for each account, opened on first use."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from app.brokers.paper import PaperBroker
from app.brokers.registry import Registry
from app.domain.accounts import Account
from app.domain.errors import BrokerUnavailable, InvalidInput, NotFound
from app.domain.reports import Report
from tests.support.paper import ES, MemoryLog, Stage, account, order


class House:
    """A registry over paper accounts, counting what it makes."""

    def __init__(self) -> None:
        self.stage = Stage(log=MemoryLog())
        self.made: list[str] = []
        self.accounts = {one.id: one for one in (account(), account(name="other"))}
        self.registry = Registry({"paper": self.make}, self.accounts.get)

    def make(self, of: Account) -> PaperBroker:
        self.made.append(of.id)
        return self.stage.venue.broker(of)


def test_an_account_has_one_broker_and_it_is_open() -> None:
    house = House()
    broker = house.registry.of("acc-paper")
    assert broker is house.registry.of("acc-paper")
    assert broker.positions() == []
    assert house.made == ["acc-paper"]


def test_many_workers_that_ask_at_once_get_the_same_broker() -> None:
    house = House()
    barrier = Barrier(8)
    found: list[object] = []

    def ask() -> None:
        barrier.wait()
        found.append(house.registry.of("acc-paper"))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    assert house.made == ["acc-paper"]


def test_an_unknown_account_or_venue_is_not_found() -> None:
    house = House()
    with pytest.raises(NotFound):
        house.registry.of("acc-pape")
    with pytest.raises(NotFound, match="venue 'paper'"):
        Registry({}, house.accounts.get).of("acc-paper")


def test_a_listener_hears_brokers_that_open_before_and_after_it() -> None:
    house = House()
    heard: list[Report] = []
    first = house.registry.of("acc-paper")
    house.registry.listen(heard.append)
    second = house.registry.of("acc-other")
    house.stage.quote("100", "100.25")
    for broker in (first, second):
        broker.submit(order("buy", "1"), ES)
    assert [report.account_id for report in heard] == ["acc-paper", "acc-other"]


def test_a_forgotten_account_is_made_anew_with_its_new_settings() -> None:
    house = House()
    before = house.registry.of("acc-paper")
    house.accounts["acc-paper"] = account({"leverage": "x"})
    house.registry.forget("acc-paper")
    house.registry.forget("acc-other")
    with pytest.raises(InvalidInput):
        house.registry.of("acc-paper")
    house.accounts["acc-paper"] = account({"leverage": 5})
    assert house.registry.of("acc-paper") is not before


def test_closing_all_closes_every_broker() -> None:
    house = House()
    brokers = [house.registry.of(one) for one in house.accounts]
    house.registry.close_all()
    for broker in brokers:
        with pytest.raises(BrokerUnavailable, match="not open"):
            broker.positions()
