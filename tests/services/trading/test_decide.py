"""Deciding on the stored state: switches, filters, limits, prices and what is kept of it all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import InvariantBroken
from app.domain.events import FactKind
from app.domain.inbox import AlertState
from app.domain.orders import Side
from app.domain.protection import Protection
from app.domain.quotes import QuoteSource
from app.domain.safety.switches import Scope, TradingState
from app.domain.strategies import StrategyState
from app.services.manual import Ticket
from tests.support.floor import ES, OPENING, Floor
from tests.support.venue import Lost

TICKS_20 = {"value": "20", "unit": "ticks"}


def test_a_strategy_that_is_switched_off_after_an_alert_came_refuses_it_and_its_exits(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    answers = [floor.post(strategy, action=word, quantity="1") for word in ("buy", "exit")]
    floor.core.strategies.set_state(None, strategy.id, StrategyState.OFF)
    floor.work()
    alerts = [floor.alert(str(answer.body["alert_id"])) for answer in answers]
    assert [(each.state, each.code) for each in alerts] == [
        (AlertState.REFUSED, "STRATEGY_OFF")
    ] * 2
    assert floor.held(strategy) == 2


def test_no_new_entries_lets_exits_pass_and_takes_effect_on_the_very_next_alert(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.core.strategies.set_state(None, strategy.id, StrategyState.NO_NEW_ENTRIES)
    refused = floor.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "NO_NEW_ENTRIES")
    assert floor.send(strategy, action="sell", quantity="1").state is AlertState.EXECUTED
    floor.core.strategies.set_state(None, strategy.id, StrategyState.ON)
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED


def test_what_would_cross_zero_is_cut_to_its_closing_part_when_entries_are_refused(
    floor: Floor,
) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.core.strategies.set_state(None, strategy.id, StrategyState.NO_NEW_ENTRIES)
    alert = floor.send(strategy, action="reverse")
    assert (alert.state, alert.code) == (AlertState.EXECUTED, "NO_NEW_ENTRIES")
    assert floor.decision(alert).steps[-1].name == "entry_refused"
    assert floor.held(strategy) == 0


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
def test_an_account_that_is_stopped_takes_only_exits(floor: Floor, state: TradingState) -> None:
    strategy = floor.strategy()
    floor.hold(strategy, "2")
    floor.throw(Scope.ACCOUNT, floor.desk.id, state)
    refused = floor.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, f"TRADING_{state.upper()}")
    assert floor.send(strategy, action="exit").state is AlertState.EXECUTED


def test_b6_a_close_passes_every_filter(floor: Floor) -> None:
    strategy = floor.strategy(
        max_age_s=10, allowed_side="buy", cooldown_s=600, max_alerts_per_session=1
    )
    floor.hold(strategy, "2")
    stale = OPENING.replace(year=2025).isoformat()
    assert floor.send(strategy, action="exit", time=stale).state is AlertState.EXECUTED
    assert floor.held(strategy) == 0


@pytest.mark.parametrize(
    ("settings", "fields", "code", "state"),
    [
        ({"allowed_side": "buy"}, {"action": "sell"}, "SIDE_NOT_ALLOWED", AlertState.REFUSED),
        ({}, {"action": "buy", "symbol": "NQ"}, "SYMBOL_NOT_ALLOWED", AlertState.REFUSED),
        (
            {"windows": ["Mon 02:00-03:00 UTC"]},
            {"action": "buy"},
            "OUTSIDE_WINDOW",
            AlertState.REFUSED,
        ),
        (
            {"max_age_s": 60},
            {"action": "buy", "time": "2026-11-16T15:58:00Z"},
            "STALE_ALERT",
            AlertState.EXPIRED,
        ),
    ],
)
def test_an_entry_that_a_filter_refuses_sends_nothing(
    floor: Floor,
    settings: dict[str, Any],
    fields: dict[str, object],
    code: str,
    state: AlertState,
) -> None:
    strategy = floor.strategy(**settings)
    alert = floor.send(strategy, quantity="1", **fields)
    assert (alert.state, alert.code) == (state, code)
    assert floor.broker.sent == []


def test_the_cooldown_counts_from_the_last_executed_alert(floor: Floor) -> None:
    strategy = floor.strategy(cooldown_s=60)
    floor.send(strategy, action="buy", quantity="1")
    floor.clock.advance(59)
    assert floor.send(strategy, action="buy", quantity="1").code == "COOLDOWN"
    floor.clock.advance(1)
    assert floor.send(strategy, action="buy", quantity="1").code is None


def test_the_alerts_of_a_session_are_counted_until_the_next_trading_day(floor: Floor) -> None:
    strategy = floor.strategy(max_alerts_per_session=2)
    codes = [floor.send(strategy, action="buy", quantity="1").code for _ in range(3)]
    assert codes == [None, None, "TOO_MANY_ALERTS"]
    floor.clock.advance(6 * 3600)
    assert floor.send(strategy, action="buy", quantity="1").code is None


def test_c2_a_cap_that_bites_is_kept_as_a_step(floor: Floor) -> None:
    strategy = floor.strategy(max_position="10")
    alert = floor.send(strategy, action="buy", quantity="12")
    step = floor.decision(alert).steps[-1]
    assert (step.name, step.before, step.after) == ("max_position", Decimal(12), Decimal(10))
    again = floor.send(strategy, action="buy", quantity="1")
    assert (again.state, again.code) == (AlertState.REFUSED, "MAX_POSITION")


def test_a_price_far_from_the_market_is_refused_before_the_wire(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.quote("5000")
    alert = floor.send(
        strategy, action="buy", quantity="1", order_type="limit", limit_price="50000"
    )
    assert (alert.state, alert.code) == (AlertState.REFUSED, "BAD_PRICE")
    assert floor.broker.sent == []


def test_a_symbol_is_read_through_the_strategys_map_however_it_is_written(floor: Floor) -> None:
    strategy = floor.strategy(symbol="MES", symbol_map={"ES": "MES"})
    alert = floor.send(strategy, action="buy", quantity="1", symbol="CME_MINI:ES1!")
    assert [order.symbol for order in floor.orders(alert)] == ["MESZ2026"]


def test_an_alert_without_a_symbol_trades_the_strategys_own(floor: Floor) -> None:
    strategy = floor.strategy(symbol="MNQ")
    alert = floor.send(strategy, action="buy", quantity="1")
    assert [order.symbol for order in floor.orders(alert)] == ["MNQZ2026"]


def test_a_close_goes_to_the_contract_that_is_held(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.send(strategy, action="buy", quantity="2", symbol="ESH2027")
    alert = floor.send(strategy, action="exit", symbol="ES1!")
    assert [(order.symbol, order.quantity) for order in floor.orders(alert)] == [
        ("ESH2027", Decimal(2))
    ]
    assert floor.held(strategy, symbol="ESH2027") == 0


def test_a_reversal_closes_the_month_that_is_held_and_opens_the_front_one(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.send(strategy, action="buy", quantity="2", symbol="ESH2027")
    alert = floor.send(strategy, action="reverse", symbol="ES1!")
    assert [(order.leg, order.symbol) for order in floor.orders(alert)] == [
        ("close", "ESH2027"),
        ("open", ES),
    ]


def test_two_products_in_one_manual_book_are_two_positions(floor: Floor) -> None:
    for symbol in ("NQ", "ES"):
        floor.core.desk.ticket(None, Ticket(floor.desk.id, symbol, Side.BUY, Decimal(2)))
        floor.work()
    with floor.core.store.read() as uow:
        manual = uow.strategies.manual_of(floor.desk.id)
    assert manual is not None
    floor.core.desk.close_position(None, floor.book(manual))
    floor.work()
    assert floor.held(manual) == 0
    assert floor.held(manual, symbol="NQZ2026") == 2


def test_the_price_of_an_alert_fills_a_paper_order_for_want_of_a_better_one(floor: Floor) -> None:
    strategy = floor.strategy(accounts=[floor.paper])
    floor.send(strategy, action="buy", quantity="1", price="5000.25")
    quote = floor.core.quotes.latest(ES)
    assert quote is not None
    assert (quote.bid, quote.source) == (Decimal("5000.25"), QuoteSource.ALERT)
    assert floor.held(strategy, floor.paper) == 1


@pytest.mark.parametrize("price", ["0", "-1"])
def test_c8_a_price_that_the_instrument_cannot_have_is_no_quote(floor: Floor, price: str) -> None:
    strategy = floor.strategy(accounts=[floor.paper])
    alert = floor.send(strategy, action="buy", quantity="1", price=price)
    assert floor.core.quotes.latest(ES) is None
    assert (alert.state, alert.code) == (AlertState.FAILED, "VENUE_REJECTED")
    assert "price" in str(alert.detail)


def test_a_size_in_percent_of_equity_is_taken_from_the_accounts_worth(floor: Floor) -> None:
    strategy = floor.strategy(symbol="SPY", sizing="percent_of_equity", size="10")
    floor.quote("500", symbol="SPY")
    floor.core.recorder.tick(floor.clock.now())
    alert = floor.send(strategy, action="buy")
    assert [order.quantity for order in floor.orders(alert)] == [Decimal(20)]


def test_a_test_alert_says_what_it_would_do_and_sends_nothing(floor: Floor) -> None:
    strategy = floor.strategy()
    alert = floor.send(strategy, action="buy", quantity="2", test=True)
    assert (alert.state, alert.code) == (AlertState.NO_ACTION, "TEST_ALERT")
    assert "buy 2 ESZ2026" in str(alert.detail)
    assert floor.broker.sent == []


def test_f2_the_frozen_settings_are_stored_with_the_decision(floor: Floor) -> None:
    strategy = floor.strategy(max_position="7", stop_loss=TICKS_20)
    alert = floor.send(strategy, action="buy", quantity="1")
    kept = floor.decision(alert).settings
    assert kept["max_position"] == "7"
    assert kept["account_id"] == floor.desk.id
    assert kept["protection"] == {"take_profit": None, "stop_loss": TICKS_20, "trail": None}


def test_an_add_without_protection_of_its_own_keeps_what_guards_the_position(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.send(strategy, action="buy", quantity="1", stop_loss="20 ticks", take_profit="40 ticks")
    alert = floor.send(strategy, action="add", quantity="1")
    guard = Protection.from_json(floor.decision(alert).settings["protection"])  # type: ignore[arg-type]
    assert (str(guard.stop_loss), str(guard.take_profit)) == ("20 ticks", "40 ticks")
    assert sorted(order.role for order in floor.working(strategy)) == ["stop_loss", "take_profit"]
    assert {order.quantity for order in floor.working(strategy)} == {Decimal(2)}


def test_f02_nothing_is_added_while_an_earlier_orders_fate_is_unknown(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.broker.deaf = True
    floor.broker.answers.append(Lost(kept=False))
    first = floor.send(strategy, action="buy", quantity="1")
    answer = floor.post(strategy, action="buy", quantity="1")
    with floor.core.settler.transaction() as uow:
        found = floor.core.decider.decide(
            uow, floor.alert(str(answer.body["alert_id"])), floor.desk.id
        )
    assert getattr(found, "code", None) == "ORDER_UNSETTLED"
    assert floor.alert(first.id).state is AlertState.CLAIMED


def test_an_alert_of_no_strategy_is_never_guessed_about(floor: Floor) -> None:
    strategy = floor.strategy()
    answer = floor.post(strategy, action="buy", quantity="1")
    alert = replace(floor.alert(str(answer.body["alert_id"])), strategy_id="gone")
    with pytest.raises(InvariantBroken), floor.core.store.read() as uow:
        floor.core.decider.targets(uow, alert)


def test_a_decision_without_its_account_is_never_carried_on(floor: Floor) -> None:
    strategy = floor.strategy()
    decision = floor.decision(floor.send(strategy, action="buy", quantity="1"))
    lost = replace(decision, account_id="gone")
    with pytest.raises(InvariantBroken), floor.core.store.read() as uow:
        floor.core.decider.still_wanted(uow, lost, decision.legs[0])


# --- the chain of the sender's positions ----------------------------------------------------------


def chained(before: str, size_before: str, after: str, size: str) -> dict[str, str]:
    return {
        "prev_market_position": before,
        "prev_market_position_size": size_before,
        "market_position": after,
        "market_position_size": size,
        "contracts": "1",
    }


def missed(floor: Floor) -> list[str]:
    return [fact.message for fact in floor.facts if fact.kind is FactKind.ALERT_MISSED]


def test_an_alert_that_never_came_is_shown_at_once_and_the_position_is_still_right(
    floor: Floor,
) -> None:
    other = floor.account("other")
    strategy = floor.strategy(accounts=[floor.desk, other])
    floor.send(strategy, action="buy", **chained("flat", "0", "long", "1"))
    assert missed(floor) == []
    floor.send(strategy, action="buy", **chained("long", "2", "long", "3"))
    (told,) = missed(floor)
    assert told == (
        "Breakout: an alert never arrived: the sender's position was long 1 after its last alert at"
        " 16:00:00 UTC, and long 2 before this one, so its trade to buy 1 was missed. Our position"
        " goes from long 1 to long 3, as the sender's: nothing more is to be done but to see why it"
        " was missed."
    )
    assert floor.held(strategy) == floor.held(strategy, other) == 3


def test_a_missed_alert_says_what_is_left_to_do_when_this_one_does_not_put_it_right(
    floor: Floor,
) -> None:
    strategy = floor.strategy(allowed_side="buy")
    floor.send(strategy, action="buy", **chained("flat", "0", "long", "1"))
    floor.post(strategy, action="heartbeat")
    floor.send(strategy, action="sell", **chained("flat", "0", "short", "1"))
    (told,) = missed(floor)
    assert "its trade to sell 1 was missed." in told
    assert told.endswith(
        "Our position goes from long 1 to flat, and the sender's is short 1: trade the difference"
        " by hand, or close the position."
    )


def test_a_missed_alert_of_other_sizes_is_judged_by_its_direction(floor: Floor) -> None:
    strategy = floor.strategy(sizing="fixed", size="5")
    floor.send(strategy, action="buy", **chained("flat", "0", "long", "1"))
    floor.send(strategy, action="buy", **chained("long", "2", "long", "3"))
    (told,) = missed(floor)
    assert "Our position stays at long 5, as the sender's:" in told


def test_a_chain_without_a_gap_is_not_complained_about(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.send(strategy, action="buy", **chained("flat", "0", "long", "2"))
    floor.send(strategy, action="sell", **chained("long", "2", "short", "1"))
    floor.send(strategy, action="buy", **chained("short", "1", "flat", "0"))
    floor.send(strategy, action="buy", quantity="1")
    floor.send(strategy, action="buy", **chained("long", "1", "long", "2"))
    assert missed(floor) == []
