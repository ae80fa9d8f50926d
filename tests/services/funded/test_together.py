"""Two entries that are judged for one account at the same time never take the same room."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.bootstrap import core
from app.clock import VirtualClock
from app.domain.alerts import Offset
from app.domain.decisions import Leg
from app.domain.orders import OrderRole, OrderState, Side
from app.domain.protection import Protection
from app.domain.strategies import Strategy
from app.services.ports import BookKey
from app.services.trading.permits import Opening
from tests.propfirm.making import STATIC, D
from tests.support.floor import ES, OPENING, floor_of, scripted, settings_for
from tests.support.ruled import Ruled, versioned
from tests.support.trading import order
from tests.support.venue import ScriptedVenue

#: So far below that one contract loses 1,987.50 of the room of 2,000: only one of the two fits, for
#: the other one's order loses a tick at least.
STOP = Protection(stop_loss=Offset.parse("159 ticks"))
BUY = Leg("open", Side.BUY, D(1), OrderRole.ENTRY)


@pytest.fixture
def ruled(store_url: str, tmp_path: Path) -> Iterator[Ruled]:
    """A floor on either database, whose paper account is under rules."""
    clock = VirtualClock(OPENING)
    venue = ScriptedVenue(clock)
    settings = settings_for(tmp_path).model_copy(update={"database_url": store_url})
    with closing(core(settings, clock=clock, seed=1, venues=scripted(venue))) as made:
        floor = floor_of(made, venue)
        floor.account("paper", "paper")
        found = Ruled(floor, versioned(STATIC))
        found.accept()
        floor.quote("5000")
        yield found


def test_the_second_waits_for_the_order_of_the_first_and_is_refused(ruled: Ruled) -> None:
    made, account_id = ruled.floor.core, ruled.account.id
    judged, goes_on = threading.Event(), threading.Event()
    quantities: dict[str, Decimal] = {}

    def judge(strategy: Strategy, *, first: bool) -> None:
        key = BookKey(strategy.id, account_id, ES)
        with made.store.write() as uow:
            ruling = made.guarding.judge(uow, Opening(key, BUY, STOP, automated=True))
            assert ruling is not None
            quantities[strategy.name] = ruling.quantity
            if first:
                judged.set()
                assert goes_on.wait(5)
                sent = order(state=OrderState.SUBMITTING, limit="4990", name=strategy.id)
                uow.orders.insert(replace(sent, account_id=account_id, strategy_id=strategy.id))

    one, two = ruled.strategy("One"), ruled.strategy("Two")
    threads = [threading.Thread(target=judge, args=[one], kwargs={"first": True})]
    threads.append(threading.Thread(target=judge, args=[two], kwargs={"first": False}))
    threads[0].start()
    assert judged.wait(5)
    threads[1].start()
    threads[1].join(0.2)
    assert quantities == {"One": D(1)}
    goes_on.set()
    for thread in threads:
        thread.join(5)
    assert quantities == {"One": D(1), "Two": D(0)}
