"""The trace of an alert: what it asks for in words, its stages, its story, and its slippage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.inbox import Alert
from app.domain.orders import Fill, Order, OrderRole, OrderState, OrderType, Side, TimeInForce
from app.services.tracing import Slippage, Trace, Tracer, slippage_of, summary
from tests.support.floor import ES, OPENING, Floor
from tests.support.venue import Lost


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"symbol":"ES1!","action":"buy","quantity":"2"}', "buy 2 ES1!"),
        (
            b'{"ticker":"NQ","action":"sell","qty":"2","sentiment":"long","market_position_size":1}',
            "sell 2 NQ, then long 1",
        ),
        (b'{"symbol":"NQ","action":"sell","market_position":"flat"}', "sell NQ, then flat"),
        (b'{"action":"exit"}', "exit"),
        (b'{"action":"heartbeat"}', "heartbeat"),
        (b"buy now please", "Unreadable message"),
        (b"", "Unreadable message"),
    ],
)
def test_an_alert_is_told_in_words(body: bytes, words: str) -> None:
    assert summary(body) == words


def traced(floor: Floor, alert: Alert) -> Trace:
    """The trace as the strategy's owner sees it; nobody owns what the floor makes."""
    return Tracer(floor.core.store).trace(None, alert.id)  # type: ignore[arg-type]


def titles(trace: Trace) -> list[str]:
    return [moment.title for moment in trace.moments]


# --- the stages -----------------------------------------------------------------------------------


def test_a_filled_alert_has_every_stage_with_its_time_and_none_that_is_made_up(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.quote("5000")
    sent = (OPENING - timedelta(milliseconds=700)).isoformat()
    alert = floor.send(strategy, action="buy", quantity="2", price="5000", timenow=sent)
    trace = traced(floor, alert)
    found = [(stage.name, stage.at is not None, stage.ms) for stage in trace.stages]
    assert found == [
        ("sent", True, None),
        ("received", True, 700),
        ("committed", False, None),
        ("claimed", True, 0),
        ("decided", True, 0),
        ("submitted", True, 0),
        # The venue told of the fill before it answered.
        ("accepted", False, None),
        ("filled", True, 0),
        ("booked", True, 0),
        ("published", False, None),
    ]
    unknown = [stage.note or "" for stage in trace.stages if stage.at is None]
    assert all(note.startswith("not recorded") for note in unknown)
    assert (trace.latency.sent_to_received, trace.latency.received_to_filled) == (700, 0)


def test_the_legs_of_a_slow_venue_are_told_apart(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.fills_at_once = False
    alert = floor.send(strategy, action="buy", quantity="2")
    floor.wait(3)
    floor.broker.fill(floor.orders(alert)[0].client_order_id)
    floor.work()
    trace = traced(floor, alert)
    assert {stage.name: stage.ms for stage in trace.stages}["filled"] == 3000
    assert trace.latency.received_to_accepted == 0
    assert trace.latency.received_to_filled == 3000
    assert trace.latency.sent_to_received is None


def test_a_refused_alert_has_no_stage_after_its_decision(floor: Floor) -> None:
    alert = floor.send(floor.strategy(), action="add", quantity="1")
    trace = traced(floor, alert)
    assert [stage.name for stage in trace.stages][-1] == "decided"
    assert trace.code == "NO_POSITION"
    assert trace.setting is None


def test_a_refusal_names_the_setting_that_did_it(floor: Floor) -> None:
    strategy = floor.strategy(allowed_side="sell")
    trace = traced(floor, floor.send(strategy, action="buy", quantity="1"))
    assert trace.code == "SIDE_NOT_ALLOWED"
    assert trace.setting is not None
    assert (trace.setting.name, trace.setting.label) == ("allowed_side", "Sides")


def test_what_shows_that_an_alert_is_missing_is_in_the_trace(floor: Floor) -> None:
    strategy = floor.strategy()
    first = {"market_position": "long", "market_position_size": "1"}
    floor.send(strategy, action="buy", contracts="1", **first)
    last = {"market_position": "short", "market_position_size": "1"}
    before = {"prev_market_position": "flat", "prev_market_position_size": "0"}
    trace = traced(floor, floor.send(strategy, action="sell", contracts="1", **before, **last))
    assert trace.missed is not None
    assert "its trade to sell 1 was missed" in trace.missed


# --- the story ------------------------------------------------------------------------------------


def test_d4_a_lost_answer_reads_as_what_was_done_about_it(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="1")
    trace = traced(floor, alert)
    assert titles(trace)[-1] == "Answer lost: asking the broker"
    accepted = next(stage for stage in trace.stages if stage.name == "accepted")
    assert (accepted.at, accepted.note) == (None, "asking the broker")
    assert [order.asking for order in trace.orders] == [True]


def test_an_order_that_was_found_at_the_broker_says_that_nothing_was_sent_twice(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.broker.tells = False
    floor.broker.answers.append(Lost(kept=True))
    alert = floor.send(strategy, action="buy", quantity="1")
    told = {moment.title: moment.detail for moment in traced(floor, alert).moments}
    assert "nothing is sent twice" in told["Found at the broker"]
    assert "Booked" in told


def test_an_order_that_was_sent_again_says_why(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.answers.append(Lost(kept=False))
    alert = floor.send(strategy, action="buy", quantity="1")
    floor.wait(8)
    told = {moment.title: moment.detail for moment in traced(floor, alert).moments}
    assert "under the same id" in told["Sent again"]


# --- slippage -------------------------------------------------------------------------------------


def order(side: Side, symbol: str = ES, signal: str | None = "5000") -> Order:
    return Order(
        id="o",
        client_order_id="sb-o",
        account_id="a",
        symbol=symbol,
        side=side,
        quantity=Decimal(4),
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        role=OrderRole.ENTRY,
        state=OrderState.FILLED,
        created_at=OPENING,
        updated_at=OPENING,
        leg="order",
        signal_price=None if signal is None else Decimal(signal),
    )


def fill(of: Order, quantity: str, price: str) -> Fill:
    return Fill(
        venue_fill_id="f",
        account_id="a",
        symbol=of.symbol,
        side=of.side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        commission=Decimal(0),
        at=OPENING,
    )


@pytest.mark.parametrize(
    ("side", "fills", "ticks", "money"),
    [
        (Side.BUY, [("1", "5000.25")], "1", "12.5"),
        (Side.BUY, [("1", "4999.5")], "-2", "-25"),
        (Side.SELL, [("2", "4999.75")], "1", "25"),
        (Side.SELL, [("2", "5000.25")], "-1", "-25"),
        (Side.BUY, [("4", "5000")], "0", "0"),
        # Weighted by volume: (3 x 1 + 1 x 5) / 4 = 2 ticks.
        (Side.BUY, [("3", "5000.25"), ("1", "5001.25")], "2", "100"),
    ],
)
def test_slippage_is_counted_in_ticks_and_money_and_plus_is_worse(
    side: Side, fills: list[tuple[str, str]], ticks: str, money: str
) -> None:
    one = order(side)
    found = slippage_of(one, [fill(one, *each) for each in fills])
    assert found == Slippage(Decimal(ticks), Decimal(money), "USD")


def test_without_a_signal_price_or_a_fill_slippage_is_unknown_and_not_zero() -> None:
    silent = order(Side.BUY, signal=None)
    assert slippage_of(silent, [fill(silent, "1", "5000")]) is None
    assert slippage_of(order(Side.BUY), []) is None


def test_slippage_of_a_share_is_counted_in_its_own_ticks() -> None:
    one = replace(order(Side.BUY, "SPY", "500"), quantity=Decimal(10))
    assert slippage_of(one, [fill(one, "10", "500.03")]) == Slippage(
        Decimal(3), Decimal("0.3"), "USD"
    )
