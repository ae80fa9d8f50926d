"""Round trips with what surrounds them, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.inbox import AlertSource
from app.domain.journal import Direction, journal
from app.domain.orders import ADJUSTMENT, OrderRole, Side
from app.domain.remarks import ExitReason, Remarks, TripId, TripResult
from app.services.reads import Paging, Pick, Reads, Scope, Span
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from tests.support.records import (
    BOOK,
    NOON,
    SECOND,
    alert,
    fill,
    furnish,
    furnish_neighbour,
    order,
)

MINE = Scope("user-1")
FIRST = Paging()
ONE = Decimal(1)
FLATTEN = b'{"action": "exit", "comment": "flatten"}'
#: How the exit of each round trip is ordered, by the second in which it is.
EXITS = {
    10: (ExitReason.ALERT, OrderRole.EXIT, "close", "alert-0010"),
    20: (ExitReason.STOP, OrderRole.STOP_LOSS, "stop_loss:1", "alert-0011"),
    30: (ExitReason.TARGET, OrderRole.TAKE_PROFIT, "take_profit:1", "alert-0021"),
    40: (ExitReason.MANUAL, OrderRole.EXIT, "close", "alert-0040"),
    50: (ExitReason.FLATTEN, OrderRole.EXIT, "close", "alert-0050"),
    60: (ExitReason.EXTERNAL, OrderRole.MANUAL, ADJUSTMENT, None),
    70: (ExitReason.FLATTEN, OrderRole.MANUAL, "flatten", None),
}
#: Alerts from inside, by their second.
INSIDE: dict[int, dict[str, Any]] = {
    40: {"source": AlertSource.MANUAL, "body": b'{"action": "exit"}'},
    50: {"source": AlertSource.MANUAL, "body": FLATTEN},
}


@pytest.fixture
def reads(store: SqlStore) -> Reads:
    """A round trip for each way out, the first with a stop of 10 points."""
    furnish(store)
    furnish_neighbour(store)
    fills = []
    with store.write() as unit:
        for second, (_, role, leg, alert_id) in EXITS.items():
            entry = second - 9
            unit.alerts.insert(alert(entry))
            if alert_id == f"alert-{second:04d}":
                unit.alerts.insert(alert(second, **INSIDE.get(second, {})))
            unit.orders.insert(order(entry, alert_id=f"alert-{entry:04d}"))
            unit.orders.insert(order(second, role=role, leg=leg, alert_id=alert_id, side=Side.SELL))
            price = Decimal("5000.25") + second - 40
            fills.append(fill(entry, order_id=f"order-{entry:04d}", commission=ONE))
            fills.append(
                fill(
                    second,
                    order_id=f"order-{second:04d}",
                    side=Side.SELL,
                    price=price,
                    commission=ONE,
                )
            )
        stop = order(3, role=OrderRole.STOP_LOSS, alert_id="alert-0001", side=Side.SELL)
        unit.orders.insert(replace(stop, stop_price=Decimal("4990.25")))
        later = order(4, role=OrderRole.STOP_LOSS, alert_id="alert-0001", side=Side.SELL)
        unit.orders.insert(replace(later, stop_price=Decimal(4999)))
        for each in fills:
            unit.fills.insert(each, Decimal(0), NOON)
        unit.trips.replace(BOOK, journal(fills, Decimal(50)).closed)
    return SqlReads(store)


def test_the_exit_is_told_and_can_be_chosen(reads: Reads) -> None:
    rows = reads.trades(MINE, Paging(descending=False)).rows
    assert [row.exit for row in rows] == [told for told, *_ in EXITS.values()]
    for reason in ExitReason:
        found = reads.trades(MINE, FIRST, pick=Pick(exit=reason))
        assert found.total == len([told for told, *_ in EXITS.values() if told is reason])
        assert {row.exit for row in found.rows} == {reason}


def test_the_first_stop_of_the_entry_is_the_one_that_counts(reads: Reads) -> None:
    stops = [row.stop for row in reads.trips(MINE, 100)]
    assert stops == [Decimal("4990.25"), *[None] * (len(EXITS) - 1)]
    assert reads.trades(MINE, Paging(descending=False)).rows[0].stop == stops[0]


def test_round_trips_are_chosen_by_what_they_earned_and_at_most_so_many(reads: Reads) -> None:
    nets = [row.trip.net for row in reads.trips(MINE, 100)]
    for result, count in (
        (TripResult.WIN, len([net for net in nets if net > 0])),
        (TripResult.LOSS, len([net for net in nets if net < 0])),
        (TripResult.SCRATCH, len([net for net in nets if net == 0])),
    ):
        assert len(reads.trips(MINE, 100, pick=Pick(result=result))) == count
    assert [row.trip.net for row in reads.trips(MINE, 2)] == nets[:2]
    assert reads.trips(MINE, 100, pick=Pick(direction=Direction.SHORT)) == []
    assert len(reads.trips(MINE, 100, span=Span(NOON + 20 * SECOND, NOON + 40 * SECOND))) == 2


def test_remarks_are_kept_through_a_book_that_is_counted_anew(
    store: SqlStore, reads: Reads
) -> None:
    row = reads.trades(MINE, FIRST).rows[0]
    with store.write() as unit:
        unit.remarks.save(row.id, Remarks("100% sure?", ("late", "b_1")), NOON)
        unit.remarks.save(row.id, Remarks("100% sure?", ("late", "retest")), NOON)
        assert unit.remarks.get(row.id) == Remarks("100% sure?", ("late", "retest"))
    with store.write() as unit:
        unit.trips.replace(BOOK, unit.trips.of_book(BOOK))
    assert reads.tags("user-1") == ["late", "retest"]
    assert reads.tags("user-2") == []
    for pick in (Pick(tag="late"), Pick(words="RETEST"), Pick(words="100%"), Pick(words="sure")):
        (found,) = reads.trades(MINE, FIRST, pick=pick).rows
        assert found.id == row.id
        assert found.remarks == Remarks("100% sure?", ("late", "retest"))
        assert len(reads.trips(MINE, 9, pick=pick)) == 1
    assert reads.trades(MINE, FIRST, pick=Pick(words="0%s")).total == 0
    with store.write() as unit:
        unit.remarks.save(row.id, Remarks(), NOON)
    assert reads.tags("user-1") == []


def test_one_round_trip_is_found_with_its_fills_by_its_owner_only(reads: Reads) -> None:
    row = reads.trades(MINE, FIRST).rows[-1]
    assert reads.trade("user-1", row.id) == row
    assert reads.trade("user-2", row.id) is None
    assert reads.trade("user-1", TripId("account-1", "no such fill")) is None
    fills = reads.trade_fills(row)
    assert [each.fill.venue_fill_id for each in fills] == ["fill-0001", "fill-0010"]
    assert [each.order and each.order.role for each in fills] == [OrderRole.ENTRY, OrderRole.EXIT]
