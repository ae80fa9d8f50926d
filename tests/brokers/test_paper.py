"""The paper venue through the broker port."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.errors import BrokerRejected, BrokerUnavailable, BrokerUnknown, InvariantBroken
from app.domain.instruments import Contract, resolve
from app.domain.orders import Order, OrderState
from tests.support.paper import BTC, ES, NOON, SPY, MemoryLog, Stage, account, order

D = Decimal


@pytest.fixture
def stage() -> Stage:
    ready = Stage()
    ready.quote("6800", "6800.25")
    return ready


def rejected(stage: Stage, sent: Order, contract: Contract = ES) -> str:
    """Submit what must be rejected, check that nothing of it is kept, and return the code."""
    with pytest.raises(BrokerRejected) as caught:
        stage.send(sent, contract)
    assert stage.broker.order(sent.client_order_id) is None
    assert stage.reports == []
    return caught.value.code


def test_a_market_order_fills_inside_submit_and_is_reported_at_once(stage: Stage) -> None:
    held = stage.send(order("buy", "2"))
    assert (held.state, held.filled_quantity) == (OrderState.FILLED, D(2))
    assert held.average_price == D("6800.25")
    (fill,) = stage.fills
    assert (fill.quantity, fill.price, fill.at) == (D(2), D("6800.25"), NOON)
    assert (fill.account_id, fill.strategy_id) == ("acc-paper", "s1")
    assert stage.held() == 2


def test_what_is_reported_was_written_before() -> None:
    stage = Stage()
    kept: list[int] = []
    stage.broker.listen(lambda _: kept.append(len(stage.log.fills("acc-paper", NOON))))
    stage.quote("100", "100.25")
    stage.send(order("buy", "1"))
    assert kept == [1]
    assert stage.log.writes == 1


def test_a_second_submit_of_the_same_id_is_the_same_order(stage: Stage) -> None:
    resting = order("buy", "1", "limit", limit="6700", name="rest")
    first = [stage.send(order("buy", "1")), stage.send(resting)]
    again = [stage.send(order("buy", "1")), stage.send(resting)]
    assert first == again
    assert stage.held() == 1


def test_a_filled_order_is_known_again_when_there_is_no_price_any_more(stage: Stage) -> None:
    first = stage.send(order("buy", "2"))
    stage.later(3600)
    assert stage.send(order("buy", "2")) == first


def test_a_market_order_without_a_fresh_price_is_rejected_with_what_to_do(stage: Stage) -> None:
    stage.later(16)
    with pytest.raises(BrokerRejected, match="start a price feed") as caught:
        stage.send(order("buy", "1"))
    assert caught.value.code == "NO_PRICE"


def test_resting_orders_wait_for_a_price() -> None:
    stage = Stage()
    stage.send(order("buy", "1", "limit", limit="6800", name="limit"))
    stage.send(order("sell", "1", "stop", stop="6700", name="stop"))
    assert stage.reports == []
    stage.quote("6700", "6700.25")
    assert [(fill.side, fill.price) for fill in stage.fills] == [
        ("buy", D("6700.25")),
        ("sell", D("6700")),
    ]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (order("buy", "0"), "BAD_QUANTITY"),
        (order("buy", "-1"), "BAD_QUANTITY"),
        (order("buy", "1.5"), "BAD_QUANTITY"),
        (order("buy", "1", "limit"), "NO_LIMIT_PRICE"),
        (order("buy", "1", "stop"), "NO_STOP_PRICE"),
        (order("buy", "1", "stop_limit", limit="6800"), "NO_STOP_PRICE"),
        (order("buy", "1", "stop_limit", stop="6800"), "NO_LIMIT_PRICE"),
        (order("buy", "1", "trailing_stop"), "NO_TRAIL"),
        (order("buy", "1", "trailing_stop", trail="0"), "NO_TRAIL"),
        (order("buy", "1", "limit", limit="6800.1"), "BAD_PRICE"),
        (order("buy", "1", "stop", stop="0"), "BAD_PRICE"),
        (order("buy", "1", "stop", stop="6900", tif="ioc"), "BAD_TIME_IN_FORCE"),
        (order("sell", "1", reduce_only=True), "NOTHING_TO_REDUCE"),
        (order("buy", "4"), "BUYING_POWER"),
        (order("buy", "4", "limit", limit="6700"), "BUYING_POWER"),
    ],
)
def test_an_order_that_no_market_would_take_is_rejected(
    stage: Stage, sent: Order, code: str
) -> None:
    assert rejected(stage, sent) == code


def test_crude_oil_may_be_ordered_below_zero() -> None:
    crude = resolve("CLZ2026", NOON.date())
    stage = Stage()
    stage.quote("-37.64", "-37.60", crude)
    stage.send(order("buy", "1", "limit", limit="-37.60", contract=crude), crude)
    assert stage.fills[0].price == D("-37.60")


def test_a_trailing_stop_needs_a_price_to_begin_with() -> None:
    assert rejected(Stage(), order("sell", "1", "trailing_stop", trail="2")) == "NO_PRICE"


def test_resting_entries_reserve_buying_power_and_exits_never_need_any(stage: Stage) -> None:
    stage.send(order("buy", "1", name="a"))
    stage.send(order("buy", "1", "limit", limit="6700", name="b"))
    with pytest.raises(BrokerRejected, match=r"34\d{3}.* of buying power and 32\d{3}.* is free"):
        stage.send(order("buy", "1", name="c"))
    stage.send(order("sell", "1", name="d"))
    assert stage.held() == 0


def test_a_reversal_needs_margin_only_for_what_it_opens(stage: Stage) -> None:
    stage.send(order("buy", "2", name="a"))
    stage.send(order("sell", "4", name="b"))
    assert stage.held() == -2


def test_what_is_held_without_a_price_still_ties_up_margin(stage: Stage) -> None:
    stage.send(order("buy", "2"))
    again = stage.restarted()
    again.quote("680", "680.01", SPY)
    with pytest.raises(BrokerRejected, match="buying power"):
        again.send(order("buy", "500", name="spy", contract=SPY), SPY)


def test_stocks_and_crypto_take_fractions() -> None:
    stage = Stage({"commission_percent": "0.1"})
    stage.quote("95000", "95000.01", BTC)
    stage.send(order("buy", "0.025", contract=BTC), BTC)
    assert stage.fills[0].commission == D("2.37500025")
    assert stage.broker.account().cash == D(100_000) - D("2.37500025")


def test_limit_orders_fill_when_the_market_comes_to_them(stage: Stage) -> None:
    held = stage.send(order("buy", "1", "limit", limit="6790"))
    assert held.state is OrderState.ACCEPTED
    stage.quote("6790", "6790.25")
    assert stage.fills == []
    stage.later(1)
    stage.quote("6789.75", "6790")
    assert stage.fills[0].price == D(6790)
    assert stage.fills[0].at == NOON + timedelta(seconds=1)


def test_a_quote_of_another_symbol_moves_nothing(stage: Stage) -> None:
    stage.send(order("buy", "1", "limit", limit="6790"))
    writes = stage.log.writes
    stage.quote("680", "680.01", SPY)
    assert stage.log.writes == writes


def test_liquidity_fills_an_order_in_parts_and_is_used_up_by_the_first() -> None:
    stage = Stage({"liquidity_per_quote": 2})
    stage.quote("100", "100.25")
    assert stage.send(order("buy", "3", name="a")).state is OrderState.PARTIALLY_FILLED
    assert stage.send(order("buy", "1", name="b")).state is OrderState.ACCEPTED
    assert stage.venue.step(stage.clock.now()) is False
    stage.quote("101", "101.25")
    assert [(fill.quantity, fill.price) for fill in stage.fills] == [
        (D(2), D("100.25")),
        (D(1), D("101.25")),
        (D(1), D("101.25")),
    ]
    assert len({fill.venue_fill_id for fill in stage.fills}) == 3


def test_what_an_ioc_order_cannot_fill_at_once_is_cancelled() -> None:
    stage = Stage({"liquidity_per_quote": 2})
    stage.quote("100", "100.25")
    held = stage.send(order("buy", "3", tif="ioc"))
    assert (held.state, held.filled_quantity) == (OrderState.CANCELED, D(2))
    assert held.reason is not None
    assert stage.events == ["cancel sb-1"]


def test_brackets_vanish_with_the_position_that_they_protect(stage: Stage) -> None:
    stage.send(order("buy", "2", name="entry"))
    stage.send(order("sell", "2", "stop", stop="6790", name="sl", reduce_only=True))
    stage.send(order("sell", "2", "limit", limit="6810", name="tp", reduce_only=True))
    stage.quote("6810", "6810.25")
    assert stage.held() == 0
    assert stage.events == ["cancel sb-sl"]
    assert stage.broker.open_orders() == []


def test_a_flip_leaves_no_bracket_of_the_old_side(stage: Stage) -> None:
    stage.send(order("buy", "1", name="entry"))
    stage.send(order("sell", "1", "stop", stop="6790", name="sl", reduce_only=True))
    stage.send(order("sell", "2", name="flip"))
    assert (stage.held(), stage.events) == (D(-1), ["cancel sb-sl"])


def test_two_strategies_on_one_account_do_not_touch_each_others_part(stage: Stage) -> None:
    stage.send(order("buy", "2", name="a", strategy="s1"))
    stage.send(order("sell", "2", name="b", strategy="s2"))
    assert stage.broker.positions() == []
    stage.send(order("sell", "5", name="exit", strategy="s1", reduce_only=True))
    assert stage.fills[-1].quantity == 2
    assert stage.held() == -2


def test_a_trailing_stop_remembers_its_level_over_a_restart(stage: Stage) -> None:
    stage.send(order("buy", "1", name="entry"))
    stage.send(order("sell", "1", "trailing_stop", trail="5", name="trail", reduce_only=True))
    stage.quote("6810", "6810.25")
    again = stage.restarted()
    again.quote("6805.25", "6805.5")
    assert again.fills == []
    again.quote("6805", "6805.25")
    assert again.fills[0].price == D(6805)


def test_a_day_order_ends_with_its_session_and_a_gtc_order_does_not(stage: Stage) -> None:
    stage.send(order("buy", "1", "limit", limit="6700", name="day", tif="day"))
    stage.send(order("buy", "1", "limit", limit="6700", name="gtc"))
    roll = datetime(2026, 11, 18, 22, 0, tzinfo=UTC)
    stage.later((roll - NOON).total_seconds() - 1)
    assert stage.events == []
    stage.later(1)
    assert stage.events == ["expire sb-day"]
    assert [one.client_order_id for one in stage.broker.open_orders()] == ["sb-gtc"]


@pytest.mark.parametrize(
    ("sent", "ends"),
    [
        ("2026-11-18T18:00Z", "2026-11-18T21:00Z"),  # within the session: its close
        ("2026-11-18T21:00Z", "2026-11-19T21:00Z"),  # at the close: the next one
        ("2026-11-25T23:00Z", "2026-11-27T18:00Z"),  # over Thanksgiving, to the half day
        ("2026-11-27T19:00Z", "2026-11-30T21:00Z"),  # over a weekend
    ],
)
def test_a_day_order_of_shares_ends_when_the_exchange_closes(sent: str, ends: str) -> None:
    stage = Stage(at=datetime.fromisoformat(sent))
    stage.send(order("buy", "1", "limit", limit="500", tif="day"), SPY)
    left = datetime.fromisoformat(ends) - stage.clock.now()
    stage.later(left.total_seconds() - 1)
    assert stage.events == []
    stage.later(1)
    assert stage.events == ["expire sb-1"]


def test_a_day_order_does_not_fill_on_the_first_quote_of_the_next_session(stage: Stage) -> None:
    stage.send(order("buy", "1", "limit", limit="6700", tif="day"))
    stage.clock.advance(86400)
    stage.quote("6690", "6690.25")
    assert (stage.fills, stage.events) == ([], ["expire sb-1"])


def test_cancelling_takes_a_resting_order_out_of_the_market(stage: Stage) -> None:
    sent = order("buy", "1", "limit", limit="6790")
    stage.send(sent)
    stage.broker.cancel(sent)
    stage.quote("6700", "6700.25")
    assert (stage.fills, stage.events) == ([], ["cancel sb-1"])
    found = stage.broker.order("sb-1")
    assert found is not None
    assert found.state is OrderState.CANCELED


def test_what_does_not_work_cannot_be_cancelled_or_replaced(stage: Stage) -> None:
    done = order("buy", "1")
    stage.send(done)
    with pytest.raises(BrokerRejected, match="filled") as late:
        stage.broker.cancel(done)
    assert late.value.code == "TOO_LATE"
    with pytest.raises(BrokerRejected) as unknown:
        stage.broker.replace(order("buy", "1", name="never"), ES)
    assert unknown.value.code == "UNKNOWN_ORDER"


def test_replacing_changes_quantity_and_price_and_matches_at_once(stage: Stage) -> None:
    sent = order("buy", "1", "limit", limit="6790")
    stage.send(sent)
    moved = stage.broker.replace(replace(sent, limit_price=D(6795)), ES)
    assert (moved.state, stage.events) == (OrderState.ACCEPTED, ["replace sb-1"])
    filled = stage.broker.replace(replace(sent, quantity=D(2), limit_price=D("6800.25")), ES)
    assert (filled.state, filled.filled_quantity) == (OrderState.FILLED, D(2))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": D(2)}, "BAD_QUANTITY"),
        ({"limit_price": D("100.1")}, "BAD_PRICE"),
        ({"quantity": D(4000)}, "BUYING_POWER"),
    ],
)
def test_a_replacement_that_cannot_be_is_rejected_and_changes_nothing(
    changes: dict[str, Decimal], code: str
) -> None:
    stage = Stage({"liquidity_per_quote": 2})
    stage.quote("99.75", "100")
    sent = order("buy", "3", "limit", limit="100")
    before = stage.send(sent)
    with pytest.raises(BrokerRejected) as caught:
        stage.broker.replace(replace(sent, **changes), ES)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert stage.broker.order("sb-1") == before


def test_a_trailing_stop_keeps_its_level_unless_its_distance_is_changed(stage: Stage) -> None:
    sent = order("sell", "2", "trailing_stop", trail="5", reduce_only=True, name="trail")
    stage.send(order("buy", "2", name="entry"))
    stage.send(sent)
    stage.quote("6810", "6810.25")
    stage.quote("6806", "6806.25")
    stage.broker.replace(replace(sent, quantity=D(1)), ES)
    stage.quote("6805", "6805.25")
    assert [fill.price for fill in stage.fills[1:]] == [D(6805)]
    wider = replace(sent, client_order_id="sb-wide")
    stage.send(wider)
    stage.broker.replace(replace(wider, trail=D(10)), ES)
    stage.quote("6795.25", "6795.5")
    assert stage.held() == 1
    stage.quote("6795", "6795.25")
    assert stage.held() == 0


def test_with_latency_an_order_fills_when_it_arrives_at_the_price_of_then() -> None:
    stage = Stage({"latency_ms": 100})
    stage.quote("100", "100.25")
    assert stage.send(order("buy", "1")).state is OrderState.SUBMITTED
    stage.quote("101", "101.25")
    stage.later(0.099)
    assert stage.reports == []
    assert stage.venue.step(stage.clock.now()) is False
    stage.later(0.001)
    assert (stage.events, stage.fills[0].price) == (["accept sb-1"], D("101.25"))


def test_an_order_that_arrives_without_a_price_is_rejected_then() -> None:
    stage = Stage({"latency_ms": 100, "latency_jitter_ms": 50, "seed": 3})
    stage.send(order("buy", "1"))
    stage.later(1)
    assert stage.events == ["reject sb-1"]
    found = stage.broker.order("sb-1")
    assert found is not None
    assert found.state is OrderState.REJECTED
    assert stage.send(order("buy", "1")) == found


def test_an_order_on_its_way_can_be_cancelled_and_survives_a_restart() -> None:
    stage = Stage({"latency_ms": 100})
    stage.quote("100", "100.25")
    stage.send(order("buy", "1", name="a"))
    stage.send(order("buy", "1", name="b"))
    stage.broker.cancel(order("buy", "1", name="a"))
    again = stage.restarted({"latency_ms": 100})
    again.quote("100", "100.25")
    again.later(0.2)
    assert again.events == ["accept sb-b"]
    assert again.held() == 1


def test_the_jitter_of_an_order_is_the_same_after_a_restart() -> None:
    settings = {"latency_jitter_ms": 5000, "seed": 7}
    dues = []
    for names in (("x", "a"), ("a",)):
        stage = Stage(settings)
        for name in names:
            stage.send(order("buy", "1", "limit", limit="100", name=name))
        kept = stage.log.order("acc-paper", "sb-a")
        assert kept is not None
        dues.append(kept.order.due_at)
    assert dues[0] == dues[1] > NOON


def test_equity_is_unknown_without_a_fresh_price_of_what_is_held(stage: Stage) -> None:
    stage.send(order("buy", "2"))
    stage.quote("6801", "6801.5")
    money = stage.broker.account()
    assert money.cash == 100_000
    assert stage.broker.equity() == money.equity == D(100_000) + D(100)
    assert money.buying_power == D(100_100) - D("6801.25") * 2 * 50 / 10
    stage.later(16)
    money = stage.broker.account()
    assert (money.cash, money.equity, money.buying_power) == (D(100_000), None, None)


def test_the_average_price_of_a_position_is_what_was_paid(stage: Stage) -> None:
    stage.send(order("buy", "1", name="a"))
    stage.quote("6801", "6801.25")
    stage.send(order("buy", "1", name="b"))
    (position,) = stage.broker.positions()
    assert (position.symbol, position.quantity) == ("ESZ2026", D(2))
    assert position.average_price == D("6800.75")


def test_fills_can_be_asked_for_again_from_an_instant_on(stage: Stage) -> None:
    stage.send(order("buy", "1", name="a"))
    stage.later(5)
    stage.send(order("sell", "1", name="b"))
    assert stage.broker.fills(NOON) == stage.reports
    assert stage.broker.fills(NOON + timedelta(seconds=1)) == stage.reports[1:]


def test_an_order_that_was_never_sent_is_not_there(stage: Stage) -> None:
    assert stage.broker.order("sb-never") is None


def test_a_log_that_fails_makes_the_order_unknown_and_nothing_is_told(stage: Stage) -> None:
    stage.log.failing = True
    with pytest.raises(BrokerUnknown):
        stage.send(order("buy", "1"))
    assert stage.reports == []
    with pytest.raises(BrokerUnavailable):
        stage.broker.order("sb-1")
    stage.log.failing = False
    assert stage.broker.order("sb-1") is None
    assert stage.send(order("buy", "1")).state is OrderState.FILLED


def test_a_log_that_wrote_and_then_failed_still_has_the_order() -> None:
    class Losing(MemoryLog):
        """Keeps the first write and loses its answer."""

        def save(self, *written: object) -> None:
            super().save(*written)  # type: ignore[arg-type]
            if self.writes == 1:
                self.failing = True
                self._check()

    stage = Stage(log=Losing())
    stage.quote("100", "100.25")
    with pytest.raises(BrokerUnknown):
        stage.send(order("buy", "1"))
    stage.log.failing = False
    found = stage.broker.order("sb-1")
    assert found is not None
    assert (found.state, stage.held()) == (OrderState.FILLED, D(1))
    assert stage.send(order("buy", "1")) == found


def test_fills_cannot_be_read_while_the_log_fails(stage: Stage) -> None:
    stage.log.failing = True
    with pytest.raises(BrokerUnavailable):
        stage.broker.fills(NOON)


def test_a_quote_that_cannot_be_settled_fills_nothing_until_the_log_answers(stage: Stage) -> None:
    stage.send(order("buy", "1", "limit", limit="6790"))
    stage.log.failing = True
    with pytest.raises(BrokerUnknown):
        stage.quote("6780", "6780.25")
    stage.log.failing = False
    assert stage.reports == []
    assert stage.venue.step(stage.clock.now()) is True
    assert stage.fills[0].price == D("6780.25")


def test_an_account_that_is_not_open_says_so_and_stands_still(stage: Stage) -> None:
    stage.send(order("buy", "1", "limit", limit="6790"))
    stage.broker.close()
    with pytest.raises(BrokerUnavailable, match="not open"):
        stage.send(order("buy", "1", name="2"))
    stage.quote("6700", "6700.25")
    assert stage.venue.step(stage.clock.now()) is False
    assert stage.fills == []
    stage.broker.open()
    assert stage.venue.step(stage.clock.now()) is True
    assert stage.held() == 1


def test_a_log_that_denies_what_it_keeps_stops_the_worker(stage: Stage) -> None:
    stage.send(order("buy", "1"))
    stage.log.forgetful = True
    with pytest.raises(InvariantBroken):
        stage.send(order("buy", "1"))


def test_without_a_listener_the_log_still_keeps_everything() -> None:
    stage = Stage()
    broker = stage.venue.broker(account())
    broker.open()
    stage.quote("100", "100.25")
    broker.submit(order("buy", "1"), ES)
    assert len(broker.fills(NOON)) == 1


def test_the_venue_can_do_everything_but_pairs_of_exits(stage: Stage) -> None:
    able = stage.broker.capabilities
    assert able.order_types == {"market", "limit", "stop", "stop_limit", "trailing_stop"}
    assert (able.replace, able.pairs, able.streaming, able.fractional) == (
        True,
        False,
        True,
        True,
    )
