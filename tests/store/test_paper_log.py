"""The paper venue's log: durable, whole, and each order and fill once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import Conflict
from app.domain.instruments import resolve
from app.domain.orders import OrderState, OrderType, Side, TimeInForce
from app.sim.book import WorkingOrder
from app.sim.records import PaperFill, PaperOrder
from app.sim.terms import Terms
from app.store.paper_log import SqlPaperLog
from app.store.unit_of_work import SqlStore
from tests.support.records import ACCOUNT, NOON, SECOND, fill, furnish

if TYPE_CHECKING:
    from app.services.ports import PaperLog

TERMS = Terms.of(resolve("ESZ2026", date(2026, 11, 18)))


def paper_order(number: int, **changes: object) -> PaperOrder:
    working = WorkingOrder(
        terms=TERMS,
        book="strategy-1",
        side=Side.SELL,
        type=OrderType.TRAILING_STOP,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal("2.5"),
        due_at=NOON,
        stop_price=Decimal("4999.75"),
        trail=Decimal("0.25"),
        cost=Decimal("12345.678901234567890123"),
    )
    made = PaperOrder(
        "account-1", f"sb-{number}", number, OrderState.ACCEPTED, NOON + number * SECOND, working
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def paper_fill(number: int) -> PaperFill:
    return PaperFill(
        account_id="account-1",
        venue_fill_id=f"P{number}",
        number=number,
        at=NOON + number * SECOND,
        client_order_id="sb-1",
        venue_order_id="1",
        fill=fill(number, venue_fill_id=f"P{number}"),
        terms=TERMS,
    )


@pytest.fixture
def log(store: SqlStore) -> PaperLog:
    furnish(store)
    with store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-2", name="second"))
    return SqlPaperLog(store)


def test_an_account_that_never_traded_is_empty(log: PaperLog) -> None:
    state = log.load("account-1")
    assert (state.working, state.fills, state.last_number) == ([], [], 0)
    assert log.order("account-1", "sb-1") is None


def test_orders_and_fills_come_back_as_they_were(log: PaperLog) -> None:
    orders = [paper_order(1), paper_order(3)]
    log.save(orders, [], [paper_fill(2), paper_fill(4)])
    state = log.load("account-1")
    assert state.working == orders
    assert state.fills == [paper_fill(2), paper_fill(4)]
    assert state.last_number == 4
    assert log.order("account-1", "sb-3") == orders[1]
    assert log.load("account-2").last_number == 0


def test_a_changed_order_replaces_its_former_self(log: PaperLog) -> None:
    log.save([paper_order(1), paper_order(2)], [], [])
    done = paper_order(1, state=OrderState.FILLED, reason="All of it.")
    log.save([], [done], [])
    assert log.order("account-1", "sb-1") == done
    assert log.load("account-1").working == [paper_order(2)]
    assert log.load("account-1").last_number == 2


def test_a_known_order_is_a_conflict_and_nothing_of_the_call_is_kept(log: PaperLog) -> None:
    log.save([paper_order(1)], [], [])
    with pytest.raises(Conflict):
        log.save([paper_order(2, client_order_id="sb-1")], [], [paper_fill(3)])
    with pytest.raises(Conflict):
        log.save([paper_order(5), paper_order(5, client_order_id="sb-6")], [], [])
    state = log.load("account-1")
    assert (state.working, state.fills) == ([paper_order(1)], [])


def test_the_same_id_on_another_account_is_another_order(log: PaperLog) -> None:
    log.save([paper_order(1), paper_order(1, account_id="account-2")], [], [])
    assert len(log.load("account-2").working) == 1


def test_fills_from_an_instant_on_come_by_number(log: PaperLog) -> None:
    log.save([paper_order(1)], [], [paper_fill(2), paper_fill(4), paper_fill(3)])
    assert log.fills("account-1", NOON + 3 * SECOND) == [paper_fill(3), paper_fill(4)]
    assert log.fills("account-2", NOON) == []
