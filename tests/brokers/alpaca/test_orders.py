"""Orders at Alpaca: how each is said there, and what may be believed of the answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from app.brokers.alpaca.settings import AlpacaSettings
from app.clock import SystemClock
from app.domain.errors import BrokerError, BrokerRejected, BrokerUnavailable, BrokerUnknown
from app.domain.instruments import Contract, resolve
from app.domain.orders import OrderEvent
from app.services.ports import PairBroker
from tests.support.alpaca import KEY, SECRET, StandIn
from tests.support.alpaca_desk import Desk, desk
from tests.support.paper import BTC, NOON, SPY

D = Decimal


def share(ticker: str) -> Contract:
    return resolve(ticker, NOON.date())


def test_the_broker_takes_pairs(floor: Desk) -> None:
    assert floor.broker.capabilities.pairs
    assert isinstance(floor.broker, PairBroker)


@pytest.mark.parametrize(
    ("kind", "prices", "said"),
    [
        ("market", {}, {}),
        ("limit", {"limit": "600.10"}, {"limit_price": "600.1"}),
        ("stop", {"stop": "720"}, {"stop_price": "720"}),
        (
            "stop_limit",
            {"stop": "720", "limit": "721.25"},
            {"stop_price": "720", "limit_price": "721.25"},
        ),
        ("trailing_stop", {"trail": "4.50"}, {"trail_price": "4.5"}),
    ],
)
def test_each_kind_of_order_is_said_in_alpacas_words_under_our_id(
    floor: Desk, kind: str, prices: dict[str, str], said: dict[str, str]
) -> None:
    held = floor.send("buy", "2", kind, SPY, **prices)
    there = floor.logged("sb-1")
    names = ("symbol", "side", "qty", "type", "time_in_force", "extended_hours", *said)
    expected = {
        "symbol": "SPY",
        "side": "buy",
        "qty": "2",
        "type": kind,
        "time_in_force": "gtc",
        "extended_hours": False,
        **said,
    }
    assert {name: there[name] for name in names} == expected
    assert (held.client_order_id, held.venue_order_id) == ("sb-1", there["id"])
    assert (held.type, held.quantity, held.state) == (kind, D(2), "accepted")


def test_numbers_travel_as_text_to_the_last_place(floor: Desk) -> None:
    held = floor.send("buy", "0.123456789", contract=BTC)
    assert held.quantity == D("0.123456789")
    assert floor.logged("sb-1")["qty"] == "0.123456789"


def test_a_crypto_pair_has_a_slash_there_and_none_here(floor: Desk) -> None:
    floor.stand_in.price("BTC/USD", "95000", "95000")
    floor.bought("0.5", BTC)
    assert floor.logged("sb-entry")["symbol"] == "BTC/USD"
    (position,) = floor.broker.positions()
    assert (position.symbol, position.quantity, position.average_price) == (
        "BTCUSD",
        D("0.5"),
        D(95000),
    )
    (listed,) = floor.broker.fills(NOON - timedelta(days=9000))
    assert floor.fills_of("sb-entry") == [listed]
    assert listed.fill.symbol == "BTCUSD"  # type: ignore[union-attr]


def test_a_crypto_pair_is_not_traded_for_the_day_and_nothing_is_sent(floor: Desk) -> None:
    with pytest.raises(BrokerRejected) as refused:
        floor.send("buy", "1", "limit", BTC, limit="90000", tif="day")
    assert refused.value.code == "BAD_TIME_IN_FORCE"
    assert floor.stand_in.tell("log")["orders"] == []


def test_a_fraction_of_a_share_is_for_the_day(floor: Desk) -> None:
    floor.send("buy", "0.5")
    assert floor.logged("sb-1")["time_in_force"] == "day"


@pytest.mark.parametrize(
    ("kind", "tif", "extended"),
    [("limit", "day", True), ("limit", "gtc", False), ("market", "day", False)],
)
def test_where_the_account_says_so_a_limit_order_for_the_day_trades_outside_hours_too(
    alpaca: StandIn, kind: str, tif: str, extended: bool
) -> None:
    limit = {"limit": "600"} if kind == "limit" else {}
    with desk(alpaca, AlpacaSettings(extended_hours=True)) as floor:
        floor.send("buy", "1", kind, SPY, tif=tif, **limit)
        assert floor.logged("sb-1")["extended_hours"] is extended


@pytest.mark.parametrize("fault", ["error_after", "drop_after", "html", "truncated", "empty"])
def test_an_order_whose_answer_is_lost_is_unknown_is_there_once_and_is_adopted(
    floor: Desk, fault: str
) -> None:
    floor.stand_in.next(fault, verb="submit")
    with pytest.raises(BrokerUnknown):
        floor.send("buy", "1", "limit", limit="600")
    there = floor.broker.order("sb-1")
    assert there is not None
    assert floor.send("buy", "1", "limit", limit="600").venue_order_id == there.venue_order_id
    assert len(floor.stand_in.tell("log")["orders"]) == 1


def test_an_adoption_that_cannot_be_looked_up_is_unknown(floor: Desk) -> None:
    floor.send("buy", "1", "limit", limit="600")
    floor.stand_in.next("error_before", verb="order", times=3)
    with pytest.raises(BrokerUnknown):
        floor.send("buy", "1", "limit", limit="600")


@pytest.mark.parametrize(
    ("ticker", "side", "quantity", "code", "words"),
    [
        ("SPY", "buy", "1000", "BUYING_POWER", "insufficient buying power"),
        ("ZZZZZ", "buy", "1", "UNKNOWN_SYMBOL", "ZZZZZ"),
        ("NOTR", "buy", "1", "NOT_TRADABLE", "not tradable"),
        ("NOSH", "sell", "1", "NOT_SHORTABLE", "cannot be sold short"),
        ("WHOLE", "buy", "0.5", "FRACTIONAL", "not fractionable"),
        ("SPY", "sell", "0.5", "FRACTIONAL", "fractional orders cannot be sold short"),
    ],
)
def test_a_refusal_has_our_code_alpacas_words_and_what_to_do(
    floor: Desk, ticker: str, side: str, quantity: str, code: str, words: str
) -> None:
    floor.stand_in.tell("asset", symbol="NOTR", price="20", tradable=False)
    floor.stand_in.tell("asset", symbol="NOSH", price="20", shortable=False)
    with pytest.raises(BrokerRejected) as refused:
        floor.send(side, quantity, contract=share(ticker))
    assert refused.value.code == code
    assert words in refused.value.detail
    assert refused.value.detail.endswith(".")
    assert floor.broker.order("sb-1") is None


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"pattern_day_trader_block": True}, "PATTERN_DAY_TRADER"),
        ({"trading_blocked": True}, "ACCOUNT_BLOCKED"),
        ({"trade_suspended_by_user": True}, "ACCOUNT_BLOCKED"),
    ],
)
def test_an_account_that_may_not_trade_is_told_why(
    floor: Desk, terms: dict[str, bool], code: str
) -> None:
    floor.stand_in.tell("account", key=KEY, **terms)
    with pytest.raises(BrokerRejected) as refused:
        floor.send("buy", "1")
    assert refused.value.code == code


def test_a_price_below_the_cent_is_a_bad_price(floor: Desk) -> None:
    with pytest.raises(BrokerRejected) as refused:
        floor.send("buy", "1", "limit", limit="600.001")
    assert refused.value.code == "BAD_PRICE"
    assert "600.001" in refused.value.detail


def test_what_another_order_holds_cannot_be_sold_twice(floor: Desk) -> None:
    floor.bought("5")
    floor.send("sell", "5", "limit", limit="700", name="first")
    with pytest.raises(BrokerRejected) as refused:
        floor.send("sell", "5", "stop", stop="600", name="second")
    assert refused.value.code == "QUANTITY_HELD"


def test_an_order_that_could_meet_our_own_is_a_wash_trade(floor: Desk) -> None:
    floor.bought("1", name="held")
    floor.send("buy", "1", "limit", limit="600", name="buy")
    with pytest.raises(BrokerRejected) as refused:
        floor.send("sell", "1", name="out")
    assert refused.value.code == "WASH_TRADE"
    assert "opposite side" in refused.value.detail


def test_a_cancel_that_comes_too_late_says_so(floor: Desk) -> None:
    floor.bought("1")
    with pytest.raises(BrokerRejected) as refused:
        floor.broker.cancel(floor.order("buy", "1", name="entry"))
    assert refused.value.code == "TOO_LATE"


def test_a_cancel_of_what_alpaca_never_had_says_so(floor: Desk) -> None:
    with pytest.raises(BrokerRejected) as refused:
        floor.broker.cancel(floor.order("buy", "1"))
    assert refused.value.code == "UNKNOWN_ORDER"


def test_a_cancel_that_was_asked_for_already_is_under_way(floor: Desk) -> None:
    floor.send("buy", "1", "limit", limit="600")
    floor.stand_in.tell("line", travel_ms=300)
    for _ in range(2):
        floor.broker.cancel(floor.order("buy", "1"))
    there = floor.broker.order("sb-1")
    assert there is not None
    assert there.state == "pending_cancel"
    floor.until(OrderEvent.CANCEL, "sb-1")


def test_a_refusal_to_answer_is_no_proof_of_absence(floor: Desk) -> None:
    floor.stand_in.next("refused", verb="order")
    with pytest.raises(BrokerUnavailable):
        floor.broker.order("sb-1")


def test_absence_is_proven_by_a_whole_listing_or_not_at_all(floor: Desk) -> None:
    floor.stand_in.next("error_before", verb="orders", times=3)
    with pytest.raises(BrokerUnavailable):
        floor.broker.order("sb-1")
    assert floor.broker.order("sb-1") is None


def test_what_was_sent_by_itself_and_has_not_arrived_is_asked_for_once(floor: Desk) -> None:
    floor.stand_in.next("error_before", verb="submit")
    with pytest.raises(BrokerUnknown):
        floor.send("buy", "1")
    with capture_logs() as told:
        assert floor.broker.order("sb-1") is None
    assert [one["path"] for one in told] == ["/v2/orders:by_client_order_id"]


def test_an_order_of_somebody_else_has_an_id_that_is_not_ours(floor: Desk) -> None:
    floor.stand_in.order("SPY", "1", type="limit", limit_price="600", client_order_id="by-hand")
    (there,) = floor.broker.open_orders()
    assert there.client_order_id == "by-hand"
    assert floor.broker.order("by-hand") == there


def test_a_bracket_of_somebody_else_is_listed_with_its_legs_when_its_entry_has_filled(
    floor: Desk,
) -> None:
    made = floor.stand_in.order(
        "SPY",
        "1",
        order_class="bracket",
        time_in_force="gtc",
        take_profit={"limit_price": "700"},
        stop_loss={"stop_price": "600"},
    )
    floor.stand_in.becomes(made["id"], "filled")
    assert {one.limit_price for one in floor.broker.open_orders()} >= {D(700)}


def test_an_order_in_dollars_is_left_out_while_its_quantity_is_unknown(floor: Desk) -> None:
    floor.stand_in.tell("market", session="closed")
    floor.stand_in.order("SPY", None, notional="100", client_order_id="dollars")
    with capture_logs() as told:
        assert floor.broker.open_orders() == []
    assert "alpaca_order_in_dollars" in {one["event"] for one in told}
    with pytest.raises(BrokerUnavailable):
        floor.broker.order("dollars")


@pytest.mark.hardship
def test_many_fills_come_in_pages_each_once_and_oldest_first(floor: Desk) -> None:
    floor.stand_in.tell("account", key=KEY, rate_limit=0)
    begun = SystemClock().now()
    for number in range(105):
        floor.stand_in.order("F", "1", client_order_id=f"sb-{number}")
    listed = [one for one in floor.broker.fills(begun) if one.client_order_id]
    assert [one.client_order_id for one in listed] == [f"sb-{number}" for number in range(105)]


def test_shorts_are_negative_and_money_is_as_alpaca_counts_it(floor: Desk) -> None:
    floor.send("sell", "3")
    floor.until_filled("sb-1")
    (position,) = floor.broker.positions()
    assert (position.symbol, position.quantity) == ("SPY", D(-3))
    money = floor.broker.account()
    assert money.cash == D("102040")
    assert money.equity == D(100_000)
    assert money.buying_power == D("197960")


def test_no_key_is_in_what_the_broker_says_or_logs(
    floor: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with capture_logs() as told:
        floor.bought("1")
        floor.stand_in.next("unauthorised", "error_after", verb="submit")
        words = []
        for _ in range(3):
            try:
                floor.send("buy", "1", name="again")
            except BrokerError as error:
                words.append(repr(error))
    text = f"{told}{caplog.text}{words}{floor.broker!r}{vars(floor.broker)}"
    assert len(words) == 2
    assert KEY not in text
    assert SECRET not in text
