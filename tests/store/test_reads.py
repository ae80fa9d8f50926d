"""Lists and the log: filtered, sorted, paged, and never another user's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import InvalidInput
from app.domain.events import Level
from app.domain.inbox import AlertState
from app.domain.journal import journal
from app.domain.orders import OrderState, Side
from app.services.ports import BookKey
from app.services.reads import AlertRow, KeyUse, Paging, Pick, Reads, Scope, Span
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from tests.support.fills import MONDAY, fills
from tests.support.records import (
    BOOK,
    KEY,
    NOON,
    SECOND,
    STRATEGY,
    alert,
    fact,
    fill,
    furnish,
    furnish_neighbour,
    order,
)

EVER = Span()
MINE = Scope("user-1")
FIRST = Paging()
TRIPS = journal(
    fills(("2", "100"), ("-2", "90"), ("-1", "90"), ("1", "80"), ("3", "1"), ("-3", "101")),
    Decimal(1),
).closed


@pytest.fixture
def reads(store: SqlStore) -> Reads:
    furnish(store)
    furnish_neighbour(store)
    with store.write() as unit:
        unit.strategies.insert(replace(STRATEGY, id="strategy-3", name="Other"))
    return SqlReads(store)


def test_heartbeats_are_left_out_of_the_alerts_where_nobody_asks_for_them(
    store: SqlStore, reads: Reads
) -> None:
    with store.write() as unit:
        unit.alerts.insert(alert(1))
        unit.alerts.insert(alert(2, state=AlertState.NO_ACTION, code="HEARTBEAT"))
        unit.alerts.insert(alert(3, state=AlertState.NO_ACTION, code="ALREADY_FLAT"))
    shown = [row.id for row in reads.alerts("user-1", FIRST, heartbeats=False).rows]
    assert shown == ["alert-0003", "alert-0001"]
    assert reads.alerts("user-1", FIRST).total == 3


def test_nobody_sees_what_is_not_theirs(reads: Reads) -> None:
    theirs = Scope("user-2", "strategy-2", "account-2")
    assert reads.alerts("user-2", FIRST).total == 1
    assert reads.orders(theirs, FIRST).total == reads.fills(theirs, FIRST).total == 1
    assert len(reads.log("user-2")) == 1
    assert set(reads.last_alerts("user-2")) == {"strategy-2"}
    other = Scope("user-1", "strategy-2", "account-2")
    assert reads.alerts("user-1", FIRST, strategy_id="strategy-2").total == 0
    assert reads.orders(MINE, FIRST).total == reads.orders(other, FIRST).total == 0
    assert reads.fills(MINE, FIRST).total == reads.fills(other, FIRST).total == 0
    assert reads.trades(MINE, FIRST).total == 0
    assert not reads.log("user-1")
    assert reads.log("user-1", strategy_id="strategy-2") == []
    assert reads.last_alerts("user-1") == {}


@pytest.fixture
def alerts(store: SqlStore, reads: Reads) -> Reads:
    with store.write() as unit:
        unit.alerts.insert(alert(1, body=b'{"action":"BUY 100%"}'))
        unit.alerts.insert(alert(2, state=AlertState.REFUSED, code="OFF", detail="Switched off."))
        unit.alerts.insert(alert(3, strategy_id="strategy-3", body=b"\xff sell_all"))
    return reads


def ids(reads: Reads, **filters: Any) -> list[str]:  # noqa: ANN401  any filter
    return [row.id[-1] for row in reads.alerts("user-1", FIRST, **filters).rows]


def test_alerts_are_listed_newest_first_with_the_name_of_their_strategy(alerts: Reads) -> None:
    page = alerts.alerts("user-1", FIRST)
    assert page.total == 3
    assert [row.strategy_name for row in page.rows] == ["Other", "Breakout", "Breakout"]
    one = alert(1)
    assert page.rows[2] == AlertRow(
        one.id,
        "strategy-1",
        "Breakout",
        one.received_at,
        one.source,
        one.state,
        None,
        None,
        b'{"action":"BUY 100%"}',
        None,
    )


def test_alerts_are_filtered_by_state_and_strategy(alerts: Reads) -> None:
    assert ids(alerts, state="received") == ["3", "1"]
    assert ids(alerts, state="received", strategy_id="strategy-1") == ["1"]
    assert ids(alerts, strategy_id="nothing") == []


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("buy", ["2", "1"]),
        ("100%", ["1"]),
        ("0%}", []),
        ("l_a", ["3"]),
        ("b_y", []),
        ("off", ["2"]),
        ("switched OFF", ["2"]),
        ("\0", []),
        ("'", []),
    ],
)
def test_a_search_looks_into_body_code_and_detail_as_plain_text(
    alerts: Reads, q: str, found: list[str]
) -> None:
    assert ids(alerts, q=q) == found


def test_an_unknown_state_or_column_is_said(alerts: Reads) -> None:
    with pytest.raises(InvalidInput, match="received") as caught:
        alerts.alerts("user-1", FIRST, state="lost")
    assert caught.value.fields == {"state": "unknown"}
    with pytest.raises(InvalidInput, match="strategy_name"):
        alerts.alerts("user-1", Paging(sort="body; DROP TABLE"))
    with pytest.raises(InvalidInput):
        alerts.orders(MINE, FIRST, state="lost")
    with pytest.raises(InvalidInput):
        alerts.log("user-1", levels=["loud"])


def test_pages_divide_the_list_without_gap_or_overlap(alerts: Reads) -> None:
    for sort in ("", "strategy_name", "state"):
        pages = [
            alerts.alerts("user-1", Paging(page, 2, sort, descending=False)) for page in (1, 2, 3)
        ]
        assert [len(page.rows) for page in pages] == [2, 1, 0]
        assert [page.total for page in pages] == [3, 3, 3]
        assert len({row.id for page in pages for row in page.rows}) == 3


@pytest.fixture
def orders(store: SqlStore, reads: Reads) -> Reads:
    with store.write() as unit:
        unit.alerts.insert(alert(1))
        unit.orders.insert(order(1, quantity=Decimal(10), alert_id="alert-0001"))
        unit.orders.insert(order(2, quantity=Decimal(9), state=OrderState.FILLED))
        unit.orders.insert(order(3, quantity=Decimal("9.5"), symbol="NQZ2026", strategy_id=None))
    return reads


def test_orders_come_with_the_names_of_their_strategy_and_account(orders: Reads) -> None:
    page = orders.orders(MINE, FIRST)
    assert [row.order.id[-1] for row in page.rows] == ["3", "2", "1"]
    assert [row.strategy_name for row in page.rows] == [None, "Breakout", "Breakout"]
    assert {row.account_name for row in page.rows} == {"paper"}
    assert page.rows[1].order == order(2, quantity=Decimal(9), state=OrderState.FILLED)


def test_orders_are_filtered(orders: Reads) -> None:
    def found(scope: Scope = MINE, **filters: str) -> list[str]:
        return [row.order.id[-1] for row in orders.orders(scope, FIRST, **filters).rows]

    assert found(state="working") == ["3", "1"]
    assert found(state="filled") == ["2"]
    assert found(symbol="NQZ2026") == ["3"]
    assert found(alert_id="alert-0001") == ["1"]
    assert found(Scope("user-1", "strategy-1"), state="working") == ["1"]
    assert found(Scope("user-1", None, "account-2")) == []


def test_quantities_sort_as_numbers_not_as_text(orders: Reads) -> None:
    page = orders.orders(MINE, Paging(sort="quantity", descending=False))
    assert [row.order.quantity for row in page.rows] == [9, Decimal("9.5"), 10]


def test_fills_are_listed_with_what_they_realised(store: SqlStore, reads: Reads) -> None:
    with store.write() as unit:
        unit.fills.insert(fill(1), Decimal("-5.25"), NOON)
        unit.fills.insert(fill(2, side=Side.SELL, strategy_id=None), Decimal(7), NOON)
        unit.fills.insert(fill(3, symbol="NQZ2026"), Decimal(0), NOON)

    def found(scope: Scope = MINE, symbol: str | None = None, span: Span = EVER) -> list[str]:
        page = reads.fills(scope, FIRST, symbol=symbol, span=span)
        assert page.total == len(page.rows)
        return [row.fill.venue_fill_id[-1] for row in page.rows]

    row = reads.fills(MINE, FIRST).rows[2]
    assert (row.fill, row.realised) == (fill(1), Decimal("-5.25"))
    assert (row.strategy_name, row.account_name) == ("Breakout", "paper")
    assert found() == ["3", "2", "1"]
    assert found(symbol="ESZ2026") == ["2", "1"]
    assert found(Scope("user-1", "strategy-1")) == ["3", "1"]
    assert found(span=Span(NOON + 2 * SECOND, NOON + 3 * SECOND)) == ["2"]


def test_round_trips_are_listed_by_when_they_closed(store: SqlStore, reads: Reads) -> None:
    other = BookKey("strategy-3", "account-1", "ESZ2026")
    with store.write() as unit:
        unit.trips.insert(BOOK, TRIPS[0])
        unit.trips.insert(other, TRIPS[1])
        unit.trips.insert(BOOK, TRIPS[2])
    page = reads.trades(MINE, FIRST)
    assert [row.trip for row in page.rows] == list(reversed(TRIPS))
    first = page.rows[2]
    assert (first.strategy_id, first.strategy_name) == ("strategy-1", "Breakout")
    assert (first.account_id, first.account_name) == ("account-1", "paper")
    by_gross = reads.trades(MINE, Paging(sort="gross", descending=False)).rows
    assert [row.trip.gross for row in by_gross] == [-20, 10, 300]
    assert reads.trades(Scope("user-1", "strategy-3"), FIRST).total == 1
    assert (
        reads.trades(MINE, FIRST, pick=Pick(symbol="ESZ2026"), span=Span(None, MONDAY)).total == 0
    )


def test_the_log_is_read_backwards_or_onwards_from_a_number(store: SqlStore, reads: Reads) -> None:
    with store.write() as unit:
        kept = [
            unit.facts.append(fact(message=f"Fact {n}.", at=NOON + n * SECOND)) for n in range(4)
        ]
        own = unit.facts.append(fact(user_id=None, strategy_id=None, level=Level.ERROR, code="X1"))
    assert reads.log("user-1", limit=2) == [own, kept[3]]
    assert reads.log("user-1", after=kept[1].number) == [kept[2], kept[3], own]
    assert reads.log("user-1", after=kept[1].number, limit=1) == [kept[2]]
    assert reads.log("user-1", levels=["error", "warning"]) == [own]
    assert reads.log("user-1", strategy_id="strategy-1", q="fact 2") == [kept[2]]
    assert reads.log("user-1", q="x1") == [own]
    span = Span(NOON + SECOND, NOON + 3 * SECOND)
    assert reads.log("user-1", span=span) == [kept[2], kept[1]]


def test_strategies_and_keys_say_when_they_were_last_heard_of(
    store: SqlStore, reads: Reads
) -> None:
    made = replace(KEY, id="key-2", key_hash="hash-2", created_at=NOON + 10 * SECOND)
    unused = replace(KEY, id="key-3", key_hash="hash-3")
    with store.write() as unit:
        unit.keys.insert(made)
        unit.keys.insert(unused)
        for number in (1, 2):
            unit.alerts.insert(alert(number, key_id="key-1", source_address=f"10.0.0.{number}"))
        unit.alerts.insert(alert(11, key_id="key-2", source_address=None))
        unit.alerts.insert(alert(12))
    assert reads.last_alerts("user-1") == {"strategy-1": NOON + 12 * SECOND}
    assert reads.key_uses("user-1", "strategy-1") == {
        "key-1": KeyUse(NOON + 2 * SECOND, "10.0.0.2"),
        "key-2": KeyUse(NOON + 11 * SECOND, None),
    }
    assert reads.key_uses("user-2", "strategy-1") == {}
