"""What the paper venue keeps survives the way through JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.orders import Fill, OrderState, OrderType, Side, TimeInForce
from app.sim.book import WorkingOrder
from app.sim.records import PaperFill, PaperOrder
from app.sim.terms import Terms
from tests.support.paper import BTC, ES, NOON, SPY

amounts = st.decimals(0, 10**9, places=8)
prices = st.decimals(-1000, 10**6, places=6)
instants = st.timedeltas(timedelta(0), timedelta(days=999)).map(lambda after: NOON + after)
terms = st.sampled_from([ES, SPY, BTC]).map(Terms.of)

working = st.builds(
    WorkingOrder,
    terms=terms,
    book=st.text(max_size=9),
    side=st.sampled_from(Side),
    type=st.sampled_from(OrderType),
    time_in_force=st.sampled_from(TimeInForce),
    quantity=amounts,
    due_at=instants,
    limit_price=st.none() | prices,
    stop_price=st.none() | prices,
    trail=st.none() | amounts,
    reduce_only=st.booleans(),
    expires_at=st.none() | instants,
    triggered=st.booleans(),
    filled_quantity=amounts,
    cost=prices,
    charged=prices,
)


@given(working, st.sampled_from(OrderState), st.none() | st.text())
def test_an_order_comes_back_from_json_as_it_was(
    order: WorkingOrder, state: OrderState, reason: str | None
) -> None:
    record = PaperOrder("acc", "sb-1", 7, state, NOON, order, reason)
    assert PaperOrder.from_json(json.loads(json.dumps(record.to_json()))) == record


@given(terms, amounts, prices, prices, st.none() | st.text(min_size=1))
def test_a_fill_comes_back_from_json_as_it_was(
    of: Terms, quantity: Decimal, price: Decimal, fee: Decimal, strategy: str | None
) -> None:
    fill = Fill("P1", "acc", of.symbol, Side.SELL, quantity, price, fee, NOON, None, strategy)
    record = PaperFill("acc", "P1", 8, NOON, "sb-1", "7", fill, of)
    assert PaperFill.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_instants_keep_their_microseconds() -> None:
    at = NOON + timedelta(microseconds=1)
    fill = Fill("P1", "acc", "SPY", Side.BUY, Decimal(1), Decimal(1), Decimal(0), at)
    record = PaperFill("acc", "P1", 8, at, "sb-1", "7", fill, Terms.of(SPY))
    back = PaperFill.from_json(record.to_json())
    assert (back.at, back.fill.at) == (at, at)
    assert replace(back, number=9) != record
