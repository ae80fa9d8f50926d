"""Matching against quotes, order type by order type, and what must hold whatever happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.orders import OrderEvent, OrderType, Side, TimeInForce
from app.domain.quotes import Quote, QuoteSource
from app.sim.book import (
    NOT_AT_ONCE,
    NOTHING_TO_REDUCE,
    Depth,
    Match,
    Sweep,
    WorkingOrder,
    expired,
    match,
    sweep,
)
from app.sim.costs import Costs
from app.sim.terms import Terms
from tests.support.paper import ES, NOON, decimal

D = Decimal
FREE = Costs()
SLIPPING = Costs(slippage_ticks=D(2))


def working(
    side: str,
    quantity: str = "2",
    kind: str = "market",
    *,
    tif: str = "gtc",
    limit: str | None = None,
    stop: str | None = None,
    trail: str | None = None,
    reduce_only: bool = False,
) -> WorkingOrder:
    return WorkingOrder(
        terms=Terms.of(ES),
        book="s1",
        side=Side(side),
        type=OrderType(kind),
        time_in_force=TimeInForce(tif),
        quantity=D(quantity),
        due_at=NOON,
        limit_price=decimal(limit),
        stop_price=decimal(stop),
        trail=decimal(trail),
        reduce_only=reduce_only,
    )


def quote(bid: str, ask: str) -> Quote:
    return Quote("ESZ2026", D(bid), D(ask), NOON, QuoteSource.STREAM)


def see(
    order: WorkingOrder,
    *quotes: tuple[str, str],
    held: str = "0",
    available: str | None = None,
    costs: Costs = FREE,
) -> Match:
    """Show the quotes one after the other; return the last match."""
    found = Match(order)
    for bid, ask in quotes:
        found = match(found.order, quote(bid, ask), D(held), decimal(available), costs)
        if found.ended is not None:
            break
    return found


def price(found: Match) -> Decimal | None:
    return None if found.execution is None else found.execution.price


def test_a_market_buy_fills_at_the_ask_and_a_sell_at_the_bid() -> None:
    assert price(see(working("buy"), ("100", "100.25"))) == D("100.25")
    assert price(see(working("sell"), ("100", "100.25"))) == D("100")


def test_slippage_worsens_market_and_stop_fills() -> None:
    assert price(see(working("buy"), ("100", "100.25"), costs=SLIPPING)) == D("100.75")
    stop = working("sell", kind="stop", stop="100")
    assert price(see(stop, ("99.75", "100"), costs=SLIPPING)) == D("99.25")


def test_a_limit_waits_for_its_price_and_fills_at_it_or_better() -> None:
    buy = working("buy", kind="limit", limit="100")
    assert see(buy, ("100", "100.25")) == Match(buy)
    assert price(see(buy, ("99.75", "100"))) == D("100")
    assert price(see(buy, ("98", "98.25"))) == D("98.25")
    sell = working("sell", kind="limit", limit="100")
    assert see(sell, ("99.75", "100")) == Match(sell)
    assert price(see(sell, ("101", "101.25"))) == D("101")


def test_slippage_never_makes_a_limit_fill_worse_than_its_price() -> None:
    buy = working("buy", kind="limit", limit="100")
    assert price(see(buy, ("99.5", "99.75"), costs=SLIPPING)) == D("100")
    sell = working("sell", kind="limit", limit="100")
    assert price(see(sell, ("100.25", "100.5"), costs=SLIPPING)) == D("100")


def test_a_stop_triggers_at_its_price_and_fills_at_the_gap_when_it_is_jumped_over() -> None:
    sell = working("sell", kind="stop", stop="100")
    assert see(sell, ("100.25", "100.5")) == Match(sell)
    assert price(see(sell, ("100", "100.25"))) == D("100")
    assert price(see(sell, ("100.25", "100.5"), ("95", "95.25"))) == D("95")
    buy = working("buy", kind="stop", stop="100")
    assert see(buy, ("99.5", "99.75")) == Match(buy)
    assert price(see(buy, ("104.75", "105"))) == D("105")


def test_a_triggered_stop_stays_triggered_while_it_waits_for_quantity() -> None:
    sell = working("sell", kind="stop", stop="100")
    found = see(sell, ("100", "100.25"), ("101", "101.25"), available="1")
    assert (price(found), found.ended) == (D("101"), OrderEvent.FILL)


def test_a_stop_limit_becomes_a_limit_when_it_triggers() -> None:
    buy = working("buy", kind="stop_limit", stop="100", limit="100.5")
    assert price(see(buy, ("99.75", "100"))) == D("100")
    gapped = see(buy, ("101", "101.25"))
    assert (gapped.execution, gapped.order.triggered) == (None, True)
    assert price(see(gapped.order, ("100.25", "100.5"))) == D("100.5")


def test_a_trailing_stop_follows_the_price_and_never_moves_back() -> None:
    sell = working("sell", kind="trailing_stop", trail="2")
    levels = []
    found = Match(sell)
    for bid in ("100", "101", "100", "103", "101.25"):
        found = see(found.order, (bid, str(D(bid) + D("0.25"))))
        levels.append(found.order.stop_price)
    assert levels == [D(98), D(99), D(99), D(101), D(101)]
    assert price(see(found.order, ("101", "101.25"))) == D("101")


def test_a_trailing_buy_follows_the_price_down() -> None:
    buy = working("buy", kind="trailing_stop", trail="2")
    down = see(buy, ("99.75", "100"), ("96.75", "97"), ("97.75", "98"))
    assert (down.execution, down.order.stop_price) == (None, D(99))
    assert price(see(down.order, ("99", "99.25"))) == D("99.25")


def test_a_trailing_stop_begins_at_the_level_that_it_was_given() -> None:
    sell = working("sell", kind="trailing_stop", trail="2", stop="99.5")
    assert price(see(sell, ("99.5", "99.75"))) == D("99.5")


def test_what_does_not_fill_at_once_of_an_ioc_order_is_cancelled() -> None:
    limit = working("buy", kind="limit", limit="100", tif="ioc")
    none = see(limit, ("100", "100.25"))
    assert (none.execution, none.ended, none.reason) == (None, OrderEvent.CANCEL, NOT_AT_ONCE)
    part = see(working("buy", "5", tif="ioc"), ("100", "100.25"), available="3")
    assert part.execution is not None
    assert (part.execution.quantity, part.ended) == (D(3), OrderEvent.CANCEL)
    assert see(working("buy", tif="ioc"), ("100", "100.25")).ended is OrderEvent.FILL


def test_an_order_fills_in_parts_as_quantity_is_offered() -> None:
    first = see(working("buy", "5"), ("100", "100.25"), available="2")
    assert (first.order.filled_quantity, first.ended) == (D(2), None)
    nothing = see(first.order, ("100", "100.25"), available="0")
    assert nothing == Match(first.order)
    last = see(first.order, ("101", "101.25"), available="9")
    assert (last.order.filled_quantity, last.ended) == (D(5), OrderEvent.FILL)
    assert last.order.average_price == D("100.85")


def test_the_minimum_commission_is_charged_once_for_an_order() -> None:
    costs = Costs(per_unit=D("0.2"), minimum=D(1))
    charged = []
    found = Match(working("buy", "10"))
    for _ in range(5):
        found = see(found.order, ("100", "100.25"), available="2", costs=costs)
        assert found.execution is not None
        charged.append(found.execution.commission)
    assert charged == [D(1), D(0), D("0.2"), D("0.4"), D("0.4")]


def test_a_reduce_only_order_shrinks_to_what_is_held() -> None:
    found = see(working("sell", "5", reduce_only=True), ("100", "100.25"), held="3")
    assert found.execution is not None
    assert (found.execution.quantity, found.ended) == (D(3), OrderEvent.CANCEL)
    assert found.reason == NOTHING_TO_REDUCE


@pytest.mark.parametrize("held", ["0", "-2"])
def test_a_reduce_only_order_is_cancelled_when_it_would_open_or_add(held: str) -> None:
    found = see(working("sell", reduce_only=True), ("100", "100.25"), held=held)
    assert (found.execution, found.ended) == (None, OrderEvent.CANCEL)


def test_a_reduce_only_order_that_quantity_limits_works_on() -> None:
    order = working("sell", "5", reduce_only=True)
    found = see(order, ("100", "100.25"), held="5", available="2")
    assert found.ended is None


def sweep_two(first: WorkingOrder, second: WorkingOrder, held: str, depth: Depth) -> Sweep:
    pairs = [("a", first), ("b", second)]
    return sweep(pairs, quote("100", "100.25"), {"s1": D(held)}, depth, FREE)


def test_orders_share_the_quantity_of_a_quote_in_order_of_arrival() -> None:
    found = sweep_two(working("buy", "2"), working("buy", "2"), "0", Depth(D(3), D(3)))
    assert [(key, one.order.filled_quantity) for key, one in found.changes] == [
        ("a", D(2)),
        ("b", D(1)),
    ]
    assert (found.depth, found.held) == (Depth(D(0), D(3)), {"s1": D(3)})


def test_sellers_take_from_the_other_side_of_the_quote() -> None:
    found = sweep_two(working("buy", "2"), working("sell", "1"), "0", Depth(D(3), D(3)))
    assert found.depth == Depth(D(1), D(2))


def test_the_fill_that_flattens_cancels_the_other_reduce_only_order_at_once() -> None:
    stop = working("sell", kind="stop", stop="90", reduce_only=True)
    target = working("sell", kind="limit", limit="100", reduce_only=True)
    found = sweep_two(stop, target, "2", Depth())
    assert [(key, one.ended) for key, one in found.changes] == [
        ("b", OrderEvent.FILL),
        ("a", OrderEvent.CANCEL),
    ]


def test_an_order_of_another_book_is_not_reduced_by_ours() -> None:
    other = replace(working("sell", reduce_only=True, kind="stop", stop="90"), book="s2")
    pairs = [("a", working("sell")), ("b", other)]
    found = sweep(pairs, quote("100", "100.25"), {"s1": D(2), "s2": D(2)}, Depth(), FREE)
    assert [key for key, _ in found.changes] == ["a"]


def test_an_order_that_nothing_happened_to_is_no_change() -> None:
    resting = working("buy", kind="limit", limit="90")
    assert sweep_two(resting, resting, "0", Depth()).changes == ()


def test_a_day_order_expires_exactly_at_the_end_of_its_session() -> None:
    order = replace(working("buy", tif="day"), expires_at=NOON)
    assert expired(order, NOON - timedelta(microseconds=1)) is None
    over = expired(order, NOON)
    assert over is not None
    assert over.ended is OrderEvent.EXPIRE
    assert expired(working("buy"), NOON + timedelta(days=999)) is None


ticks = st.integers(-400, 400).map(lambda n: D(100) + n * D("0.25"))


@st.composite
def orders(draw: st.DrawFn) -> WorkingOrder:
    kind = draw(st.sampled_from(list(OrderType)))
    return replace(
        working(
            draw(st.sampled_from(["buy", "sell"])),
            draw(st.integers(1, 9).map(str)),
            kind,
            tif=draw(st.sampled_from(["gtc", "day"])),
            reduce_only=draw(st.booleans()),
        ),
        limit_price=draw(ticks) if kind in {"limit", "stop_limit"} else None,
        stop_price=draw(ticks) if kind in {"stop", "stop_limit"} else None,
        trail=draw(st.integers(1, 40)) * D("0.25") if kind == "trailing_stop" else None,
    )


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    bid = draw(ticks)
    ask = bid + draw(st.integers(1, 4)) * D("0.25")
    return Quote("ESZ2026", bid, ask, NOON, QuoteSource.STREAM)


@given(
    st.lists(orders(), min_size=1, max_size=6),
    st.lists(quotes(), min_size=1, max_size=8),
    st.integers(-9, 9).map(D),
    st.none() | st.integers(0, 6).map(D),
    st.sampled_from([FREE, SLIPPING]),
)
def test_whatever_the_market_does_no_order_does_more_than_it_may(
    sent: list[WorkingOrder],
    market: list[Quote],
    held: Decimal,
    liquidity: Decimal | None,
    costs: Costs,
) -> None:
    live = {str(number): order for number, order in enumerate(sent)}
    position = held
    for shown in market:
        found = sweep(live.items(), shown, {"s1": position}, Depth(liquidity, liquidity), costs)
        for key, one in found.changes:
            assert one.order.filled_quantity <= one.order.quantity
            if one.execution is not None:
                position = checked(one, position, shown)
            live[key] = one.order
            if one.ended is not None:
                del live[key]
        assert found.held.get("s1", D(0)) == position
        taken = [part.execution for _, part in found.changes if part.execution is not None]
        for side in Side:
            total = sum(one.quantity for one in taken if one.side is side)
            assert liquidity is None or total <= liquidity


def checked(found: Match, position: Decimal, shown: Quote) -> Decimal:
    """Check one execution; return the position after it."""
    fill, order = found.execution, found.order
    assert fill is not None
    after = position + fill.signed
    if order.reduce_only:
        assert abs(after) < abs(position)
        assert after * position >= 0
    if order.limit_price is not None:
        assert (order.limit_price - fill.price) * fill.side.sign >= 0
    else:
        market = shown.ask if fill.side is Side.BUY else shown.bid
        assert (fill.price - market) * fill.side.sign >= 0
    return after
