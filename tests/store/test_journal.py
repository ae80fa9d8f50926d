"""Round trips with what surrounds them, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.attachments import Attachment, PictureKind
from app.domain.excursions import Excursion
from app.domain.inbox import AlertSource
from app.domain.journal import Direction, journal
from app.domain.orders import ADJUSTMENT, OrderRole, Side
from app.domain.remarks import ExitReason, Remarks, TripId, TripResult
from app.services.reads import Paging, Pick, Reads, Scope, Span, TradeRow
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
    stops = [row.stop for row in reads.trades(MINE, Paging(descending=False)).rows]
    assert stops == [Decimal("4990.25"), *[None] * (len(EXITS) - 1)]


def test_round_trips_are_chosen_by_what_they_earned(reads: Reads) -> None:
    nets = [row.trip.net for row in reads.trades(MINE, FIRST).rows]
    for result, count in (
        (TripResult.WIN, len([net for net in nets if net > 0])),
        (TripResult.LOSS, len([net for net in nets if net < 0])),
        (TripResult.SCRATCH, len([net for net in nets if net == 0])),
    ):
        assert reads.trades(MINE, FIRST, pick=Pick(result=result)).total == count
    assert reads.trades(MINE, FIRST, pick=Pick(direction=Direction.SHORT)).total == 0
    within = Span(NOON + 20 * SECOND, NOON + 40 * SECOND)
    assert reads.trades(MINE, FIRST, span=within).total == 2


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


def test_a_whole_list_is_read_piece_by_piece_in_either_order(reads: Reads) -> None:
    for descending in (True, False):
        whole = reads.trades(MINE, Paging(page_size=100, descending=descending)).rows
        pieces: list[TradeRow] = []
        while more := reads.trades_after(
            MINE, 3, pieces[-1] if pieces else None, descending=descending
        ):
            pieces += more
        assert pieces == whole
    wins = reads.trades_after(MINE, 100, None, pick=Pick(result=TripResult.WIN))
    assert {row.trip.net > 0 for row in wins} == {True}
    assert reads.trades_after(Scope("user-2"), 100, None) == []


def test_the_fills_of_many_round_trips_come_with_the_prices_of_their_signals(reads: Reads) -> None:
    rows = reads.trades(MINE, Paging(page_size=100)).rows
    found = reads.signals(rows)
    assert set(found) == {row.id for row in rows}
    for row in rows:
        alone = reads.trade_fills(row)
        assert [each.fill for each in found[row.id]] == [each.fill for each in alone]
        signals = [each.order.signal_price if each.order else None for each in alone]
        assert [each.signal for each in found[row.id]] == signals
    assert reads.signals([]) == {}


def test_how_far_round_trips_went_is_kept_and_replaced(store: SqlStore, reads: Reads) -> None:
    first, second = (row.id for row in reads.trades(MINE, FIRST).rows[:2])
    went = Excursion(Decimal("-12.5"), Decimal("0.000000000000000001"), NOON, NOON, 7)
    with store.record() as unit:
        unit.excursions.save({first: went, second: went})
        unit.excursions.save({second: went.after(Decimal(99), NOON + SECOND)})
        unit.excursions.save({})
    assert reads.excursions([first]) == {first: went}
    assert reads.excursions([first, second])[second].best_at == NOON + SECOND
    assert reads.excursions([]) == {}


def test_pictures_are_counted_by_their_owner(store: SqlStore, reads: Reads) -> None:
    trip = reads.trades(MINE, FIRST).rows[0].id
    picture = Attachment(
        "p1", trip.account_id, trip.opening_fill_id, "a.png", PictureKind.PNG, 70, NOON
    )
    with store.write() as unit:
        unit.attachments.insert(picture)
        unit.attachments.insert(replace(picture, id="p2", size=30, at=NOON + SECOND))
        assert (unit.attachments.size_of("user-1"), unit.attachments.size_of("user-2")) == (100, 0)
        assert [each.id for each in unit.attachments.of(trip)] == ["p1", "p2"]
        unit.attachments.delete("p1")
        assert unit.attachments.of(trip) == [replace(picture, id="p2", size=30, at=NOON + SECOND)]
