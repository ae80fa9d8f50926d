"""From alerts to legs: exits only reduce, reversals close first, the sum is what is wanted."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.alerts import Action, Intent, QuantityType, Sentiment
from app.domain.decisions import Denied, NoAction
from app.domain.instruments import Contract
from app.domain.orders import Order, OrderRole, OrderState, OrderType, Side, TimeInForce
from app.domain.planning import Plan, superseded
from app.domain.protection import Protection
from app.domain.refusals import CATALOGUE, denied
from app.domain.settings import Resolved
from tests.support.trading import (
    BTC,
    CL,
    ES,
    ES_NEXT,
    SPY,
    asked,
    code,
    legs,
    market,
    offset,
    order,
    outcome,
    planned,
    rules,
)


def stream(action: str, contracts: str, now: str, before: str) -> Intent:
    """Return the alert of a recorded strategy: signed positions after and before the trade."""
    named = {"-": "short", "0": "flat"}
    return asked(
        action=action,
        contracts=contracts,
        market_position=named.get(now[0], "long"),
        market_position_size=now.lstrip("-"),
        prev_market_position=named.get(before[0], "long"),
        prev_market_position_size=before.lstrip("-"),
    )


@pytest.mark.parametrize(
    ("intent", "held", "expected"),
    [
        (stream("sell", "2", "-2", "0"), "0", ["open sell 2"]),
        (stream("buy", "4", "2", "-2"), "-2", ["close buy 2", "open buy 2"]),
        (stream("sell", "4", "-2", "2"), "2", ["close sell 2", "open sell 2"]),
        (stream("sell", "1", "1", "2"), "2", ["close sell 1"]),
        (stream("buy", "1", "-1", "-2"), "-2", ["close buy 1"]),
        (stream("buy", "3", "2", "-1"), "-1", ["close buy 1", "open buy 2"]),
        (stream("buy", "2", "0", "-2"), "-2", ["close buy 2"]),
        (stream("buy", "4", "2", "-2"), "0", ["open buy 2"]),
        (asked(action="buy", quantity="3"), "-2", ["close buy 2", "open buy 1"]),
        (asked(action="exit"), "-2", ["close buy 2"]),
        (asked(action="reverse"), "2", ["close sell 2", "open sell 2"]),
    ],
)
def test_a_recorded_stream_becomes_legs(intent: Intent, held: str, expected: list[str]) -> None:
    assert legs(planned(outcome(intent, held))) == expected


@pytest.mark.parametrize(
    ("intent", "held", "expected"),
    [
        (stream("sell", "0", "-2", "-2"), "-2", "ALREADY_THERE"),
        (asked(action="exit", market_position="flat"), "0", "ALREADY_FLAT"),
        (asked(action="cancel"), "2", "NOTHING_TO_CANCEL"),
        (asked(action="reverse"), "0", "ALREADY_FLAT"),
        (asked(action="reverse", market_position="long"), "2", "ALREADY_THERE"),
    ],
)
def test_an_alert_with_nothing_to_do_says_why(intent: Intent, held: str, expected: str) -> None:
    found = outcome(intent, held)
    assert isinstance(found, NoAction)
    assert found.code == expected


def test_a_close_is_reduce_only_and_an_open_is_not() -> None:
    found = planned(outcome(asked(action="reverse"), "2"))
    assert [(leg.role, leg.reduce_only) for leg in found.legs] == [
        (OrderRole.EXIT, True),
        (OrderRole.ENTRY, False),
    ]
    assert (found.opens, found.closes) == (Side.SELL, False)
    closing = planned(outcome(asked(action="exit"), "2"))
    assert (closing.opens, closing.closes) == (None, True)


def test_a_reversals_close_goes_to_the_market_whatever_the_entry_does() -> None:
    intent = asked(action="short", quantity="2", limit_price="5010")
    found = planned(outcome(intent, "2"))
    assert [leg.type for leg in found.legs] == [OrderType.MARKET, OrderType.LIMIT]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (rules(), OrderType.LIMIT),
        (rules(order_type="limit"), OrderType.LIMIT),
        (rules(order_type="market"), OrderType.MARKET),
    ],
)
def test_an_exit_alone_may_be_a_limit_order_when_the_alert_says_so(
    settings: Resolved, kind: OrderType
) -> None:
    found = planned(outcome(asked(action="exit", limit_price="5010"), "2", settings))
    assert found.legs[0].type is kind


def test_the_order_type_of_the_settings_is_for_entries() -> None:
    found = planned(outcome(asked(action="exit"), "2", rules(order_type="stop")))
    assert found.legs[0].type is OrderType.MARKET


def test_an_exit_with_an_impossible_price_is_refused() -> None:
    assert code(outcome(asked(action="exit", limit_price="-5"), "2")) == "BAD_PRICE"


@pytest.mark.parametrize(
    ("settings", "fields", "expected"),
    [
        (rules(), {}, TimeInForce.GTC),
        (rules(), {"time_in_force": "ioc"}, TimeInForce.IOC),
        (rules(time_in_force="day"), {"time_in_force": "ioc"}, TimeInForce.DAY),
    ],
)
def test_the_time_in_force_is_set_or_the_alerts(
    settings: Resolved, fields: dict[str, object], expected: TimeInForce
) -> None:
    found = planned(outcome(asked(action="reverse", **fields), "2", settings))
    assert {leg.time_in_force for leg in found.legs} == {expected}


# --- max position ---------------------------------------------------------------------------------


def test_a_cap_that_bites_is_visible() -> None:
    found = planned(outcome(asked(action="buy", quantity="12"), settings=rules(max_position="10")))
    assert legs(found) == ["open buy 10"]
    assert [step.reason for step in found.steps] == ["reduced 12 -> 10 (max_position)"]


@pytest.mark.parametrize("held", ["10", "11"])
def test_at_the_max_position_an_entry_is_refused_and_an_exit_is_not(held: str) -> None:
    settings = rules(max_position="10")
    assert code(outcome(asked(action="buy", quantity="1"), held, settings)) == "MAX_POSITION"
    assert legs(planned(outcome(asked(action="sell", quantity="1"), held, settings))) == [
        "close sell 1"
    ]


def test_entries_never_stack_above_the_cap() -> None:
    held, settings = Decimal(0), rules(max_position="5")
    for _ in range(3):
        found = outcome(asked(action="long", quantity="3"), held, settings)
        held = found.wanted if isinstance(found, Plan) else held
    assert held == 5


# --- working orders -------------------------------------------------------------------------------


def test_working_orders_are_cancelled_before_anything_is_sent() -> None:
    intent = asked(action="buy", quantity="1")
    assert planned(outcome(intent, working=[order()])).cancel_working
    guard = order(OrderRole.STOP_LOSS)
    done = order(state=OrderState.FILLED)
    assert not planned(outcome(intent, working=[guard, done])).cancel_working


def test_a_new_plan_supersedes_entries_and_exits_but_not_protection() -> None:
    working = [order(name="in"), order(OrderRole.EXIT, name="out"), order(OrderRole.TAKE_PROFIT)]
    assert [each.id for each in superseded(working)] == ["in", "out"]


@pytest.mark.parametrize(("action", "held"), [("cancel", "2"), ("exit", "0")])
def test_working_orders_are_cancelled_when_nothing_else_is_to_do(action: str, held: str) -> None:
    found = planned(outcome(asked(action=action), held, working=[order()]))
    assert (found.legs, found.cancel_working, found.wanted) == ((), True, Decimal(held))
    assert found.closes


def test_an_alert_that_is_refused_cancels_nothing() -> None:
    assert code(outcome(asked(action="buy"), working=[order()])) == "NO_QUANTITY"


def test_nothing_is_added_while_an_orders_answer_is_lost() -> None:
    lost = [order(state=OrderState.UNKNOWN)]
    assert code(outcome(asked(action="buy", quantity="1"), working=lost)) == "ORDER_UNSETTLED"
    found = planned(outcome(asked(action="reverse"), "2", working=lost))
    assert legs(found) == ["close sell 2"]
    assert found.refused == denied("ORDER_UNSETTLED", symbol="ESZ2026")


# --- the opening part is refused, the closing part is not -----------------------------------------


def test_a_reversal_whose_entry_cannot_be_sized_still_closes() -> None:
    settings = rules(sizing="risk_dollar_amount", size="500")
    found = planned(outcome(asked(action="short"), "2", settings))
    assert (legs(found), found.wanted, found.protection) == (["close sell 2"], Decimal(0), None)
    assert found.refused == denied("STOP_NEEDED_FOR_RISK_SIZE")


def test_a_reversal_whose_entry_has_no_price_still_closes_and_says_so() -> None:
    found = planned(outcome(asked(action="reverse"), "2", rules(order_type="stop")))
    assert legs(found) == ["close sell 2"]
    assert found.refused is not None
    assert found.refused.code == "NO_STOP_PRICE"
    assert [(step.name, step.before, step.after) for step in found.steps] == [
        ("entry_refused", Decimal(-2), Decimal(0))
    ]


def test_a_filter_leaves_the_closing_part_of_a_reversal() -> None:
    why = denied("NO_NEW_ENTRIES")
    found = planned(outcome(asked(action="reverse", take_profit="20 ticks"), "-2"))
    left = found.only_closing(why)
    assert left is not None
    assert (legs(left), left.wanted, left.refused) == (["close buy 2"], Decimal(0), why)
    assert left.protection is None
    assert planned(outcome(asked(action="buy", quantity="1"))).only_closing(why) is None


# --- months ---------------------------------------------------------------------------------------


def test_a_close_goes_to_the_month_that_is_held() -> None:
    found = planned(outcome(asked(action="exit"), "2", contract=ES_NEXT, held_contract=ES))
    assert (found.symbol, legs(found)) == ("ESZ2026", ["close sell 2"])
    assert found.legs[0].symbol is None


def test_legs_name_no_symbol_of_their_own_within_one_month() -> None:
    found = planned(outcome(asked(action="reverse"), "2"))
    assert (found.symbol, [leg.symbol for leg in found.legs]) == ("ESZ2026", [None, None])


def test_a_reversal_closes_the_old_month_and_opens_the_new_one() -> None:
    found = planned(outcome(asked(action="reverse"), "2", contract=ES_NEXT, held_contract=ES))
    assert (found.symbol, [leg.symbol for leg in found.legs]) == ("ESH2027", ["ESZ2026", None])
    left = found.only_closing(denied("NO_NEW_ENTRIES"))
    assert left is not None
    assert (left.symbol, left.legs[0].symbol) == ("ESZ2026", None)


def test_adding_to_an_older_month_is_refused() -> None:
    intent = asked(action="buy", quantity="1")
    found = outcome(intent, "2", contract=ES_NEXT, held_contract=ES)
    assert code(found) == "HELD_OTHER_MONTH"
    assert legs(planned(outcome(intent, "0", contract=ES_NEXT, held_contract=ES))) == ["open buy 1"]


# --- protection -----------------------------------------------------------------------------------

GUARDED = rules(take_profit="40 ticks", stop_loss="20 ticks")


@pytest.mark.parametrize(
    ("fields", "settings", "expected"),
    [
        ({}, rules(), Protection()),
        ({}, GUARDED, Protection(offset("40 ticks"), offset("20 ticks"))),
        ({"take_profit": "1%"}, GUARDED, Protection(offset("1%"), offset("20 ticks"))),
        ({"trail": "8 ticks"}, GUARDED, Protection(offset("40 ticks"), trail=offset("8 ticks"))),
        (
            {"stop_loss": "1%"},
            rules(trail="8 ticks"),
            Protection(stop_loss=offset("1%")),
        ),
    ],
)
def test_the_alerts_protection_wins_over_the_strategys(
    fields: dict[str, object], settings: Resolved, expected: Protection
) -> None:
    intent = asked(action="buy", quantity="1", **fields)
    assert planned(outcome(intent, settings=settings)).protection == expected


def test_an_alert_with_two_stops_is_refused() -> None:
    intent = asked(action="buy", quantity="1", stop_loss="1%", trail="1%")
    assert code(outcome(intent)) == "TWO_STOPS"


NOW_GUARDED = Protection(offset("2%"), offset("3%"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, NOW_GUARDED),
        ({"take_profit": "1%"}, Protection(offset("1%"), offset("3%"))),
        ({"stop_loss": "1%"}, Protection(offset("2%"), offset("1%"))),
        ({"trail": "1%"}, Protection(offset("2%"), trail=offset("1%"))),
    ],
)
@pytest.mark.parametrize("settings", [rules(), GUARDED])
def test_adding_keeps_what_guards_the_position_but_for_what_the_alert_brings(
    fields: dict[str, object], expected: Protection, settings: Resolved
) -> None:
    intent = asked(action="add", quantity="1", **fields)
    assert planned(outcome(intent, "1", settings, guarding=NOW_GUARDED)).protection == expected


def test_adding_to_what_nothing_guards_takes_only_what_the_alert_brings() -> None:
    assert planned(outcome(asked(action="add", quantity="1"), "1")).protection == Protection()


@pytest.mark.parametrize("action", ["reverse", "long"])
def test_a_new_position_takes_nothing_over_from_the_old_one(action: str) -> None:
    intent = asked(action=action, quantity="1")
    assert planned(outcome(intent, "-1", guarding=NOW_GUARDED)).protection == Protection()


def test_an_add_that_would_trigger_its_own_stop_is_refused() -> None:
    above = Protection(stop_loss=offset("5010 price"))
    found = outcome(asked(action="add", quantity="1"), "1", guarding=above)
    assert code(found) == "BAD_PRICE"


def test_a_reversal_starts_with_its_own_protection_and_an_exit_keeps_the_old() -> None:
    assert planned(outcome(asked(action="reverse"), "1")).protection == Protection()
    assert planned(outcome(asked(action="exit", quantity="1"), "2", GUARDED)).protection is None


# --- test alerts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "held", "told"),
    [
        ("reverse", "2", "it would sell 2 ESZ2026, then sell 2 ESZ2026"),
        ("exit", "2", "it would sell 2 ESZ2026"),
        ("cancel", "0", "it would cancel the working orders"),
    ],
)
def test_a_test_alert_says_what_it_would_do_and_does_nothing(
    action: str, held: str, told: str
) -> None:
    found = outcome(asked(action=action, test="true"), held, working=[order()])
    assert isinstance(found, NoAction)
    assert found.code == "TEST_ALERT"
    assert told in found.detail


def test_a_test_alert_that_would_be_refused_says_that() -> None:
    assert code(outcome(asked(action="buy", test="true"))) == "NO_QUANTITY"


# --- what always holds ----------------------------------------------------------------------------

SIZES = st.none() | st.integers(0, 60).map(lambda each: Decimal(each) / 4)
INTENTS = st.builds(
    Intent,
    action=st.sampled_from(Action),
    wanted=st.none() | st.sampled_from(Sentiment),
    wanted_size=SIZES,
    previous=st.none() | st.sampled_from(Sentiment),
    previous_size=SIZES,
    quantity=SIZES,
    quantity_type=st.sampled_from(QuantityType),
    order_type=st.none() | st.sampled_from(OrderType),
    limit_price=st.none() | st.just(Decimal(4990)),
    stop_price=st.none() | st.just(Decimal(5010)),
    stop_loss=st.none() | st.just(offset("20 ticks")),
)
SETTINGS = st.builds(
    rules,
    factor=st.sampled_from(["1", "0.5", "3"]),
    sizing=st.none() | st.sampled_from([str(kind) for kind in QuantityType]),
    size=st.sampled_from(["1", "2.5", "40", "90000"]),
    max_position=st.sampled_from([None, "1", "5.5", "100"]),
    order_type=st.sampled_from([None, "market", "limit"]),
)
CONTRACTS = st.sampled_from([ES, CL, SPY, BTC])
HELD = st.integers(-8, 8).map(Decimal)
WORKING = st.lists(
    st.builds(
        order,
        st.sampled_from(OrderRole),
        st.sampled_from([state for state in OrderState if state.working]),
    ),
    max_size=2,
)


@given(INTENTS, HELD, SETTINGS, CONTRACTS, WORKING, st.sampled_from(["5000", None]))
def test_whatever_arrives_the_books_stay_right(
    intent: Intent,
    held: Decimal,
    settings: Resolved,
    contract: Contract,
    working: list[Order],
    price: str | None,
) -> None:
    found = outcome(intent, held, settings, contract=contract, working=working, at=market(price))
    if isinstance(found, NoAction | Denied):
        assert found.code in CATALOGUE
        return
    position = held
    for leg in found.legs:
        assert leg.quantity > 0
        assert not leg.quantity % contract.instrument.quantity_step
        after = position + leg.quantity * leg.side.sign
        if leg.reduce_only:
            assert abs(after) < abs(position)
            assert after * position >= 0
        else:
            assert after * position >= 0
            assert abs(after) > abs(position)
        position = after
    assert position == found.wanted
    assert [leg.name for leg in found.legs] in ([], ["close"], ["open"], ["close", "open"])
    if settings.max_position is not None:
        assert abs(found.wanted) <= max(settings.max_position, abs(held))
    if intent.wanted is Sentiment.FLAT and intent.action is not Action.ADD:
        assert abs(found.wanted) <= abs(held)


@given(INTENTS, HELD, SETTINGS, st.sampled_from([Action.EXIT, Action.CANCEL]))
def test_an_exit_or_a_cancel_never_opens_and_never_flips(
    intent: Intent, held: Decimal, settings: Resolved, action: Action
) -> None:
    found = outcome(replace(intent, action=action), held, settings)
    assume(isinstance(found, Plan))
    assert planned(found).closes
    assert planned(found).wanted * held >= 0


@given(HELD.filter(bool), SETTINGS)
def test_a_plain_exit_always_goes_out_and_ends_flat_unless_a_part_is_set(
    held: Decimal, settings: Resolved
) -> None:
    found = outcome(asked(action="flat"), held, settings, at=market(None, None))
    assert planned(found).wanted == 0
