"""Sources of alerts: who is silent, who is about to be stopped, whose heart has stopped."""

from __future__ import annotations

import pytest

from app.domain.events import Fact, FactKind
from app.domain.inbox import AlertState
from app.domain.safety.switches import Scope, Switch, TradingState
from app.domain.strategies import Strategy, StrategyState
from tests.support.floor import Floor, restarted

MINUTE = 60
HOUR = 60 * MINUTE


def pass_time(floor: Floor, seconds: float, step: float = MINUTE) -> None:
    """Let time pass with the watch going on."""
    end = floor.clock.monotonic() + seconds
    while floor.clock.monotonic() < end:
        floor.clock.advance(min(step, end - floor.clock.monotonic()))
        floor.core.sources.step(floor.clock.now())


def alive(floor: Floor, strategy: Strategy, count: int = 12, every: float = 10 * MINUTE) -> None:
    """Send alerts at a steady pace; the last one has just come."""
    for _ in range(count):
        pass_time(floor, every)
        assert floor.post(strategy, action="exit").status == 202
    floor.core.sources.step(floor.clock.now())


def told(floor: Floor, *kinds: FactKind) -> list[Fact]:
    return [fact for fact in floor.facts if fact.kind in kinds]


def silences(floor: Floor) -> list[Fact]:
    return told(floor, FactKind.SOURCE_SILENT)


def switch(floor: Floor, strategy: Strategy) -> Switch | None:
    with floor.core.store.read() as uow:
        return uow.switches.get(Scope.STRATEGY, strategy.id)


def state(floor: Floor, strategy: Strategy) -> TradingState:
    found = switch(floor, strategy)
    return TradingState.ACTIVE if found is None else found.state


# --- silence --------------------------------------------------------------------------------------


def test_a10_a_source_that_falls_silent_is_told_once_until_it_sends_again(floor: Floor) -> None:
    strategy = floor.strategy()
    alive(floor, strategy)
    last = floor.clock.now()
    pass_time(floor, 30 * MINUTE)
    assert silences(floor) == []
    pass_time(floor, 60 * MINUTE)
    (told_,) = silences(floor)
    assert told_.message == (
        "Breakout: no alert for 31 minutes of its market's hours, and usually one comes within"
        " 10 minutes. See at the sender that the alert still runs."
    )
    (note,) = floor.core.sources.notes(strategy.id)
    assert (note.code, note.since) == ("SOURCE_SILENT", last)
    floor.post(strategy, action="exit")
    pass_time(floor, 5)
    assert floor.core.sources.notes(strategy.id) == []
    assert told(floor, FactKind.SOURCE_HEARD)[0].message == (
        "Breakout: alerts come again, after 90 minutes without one."
    )
    pass_time(floor, 60 * MINUTE)
    assert len(silences(floor)) == 2


def test_a10_nothing_is_said_of_a_source_with_few_alerts(floor: Floor) -> None:
    alive(floor, floor.strategy(), count=9)
    pass_time(floor, 8 * HOUR, step=10 * MINUTE)
    assert silences(floor) == []


def test_a10_the_night_is_no_silence(floor: Floor) -> None:
    strategy = floor.strategy(symbol="SPY")
    # From 11:00 in New York to 15:00, then alerts to the close at 16:00, then to 09:30.
    floor.clock.advance(4 * HOUR)
    alive(floor, strategy, count=12, every=5 * MINUTE)
    pass_time(floor, 17.5 * HOUR, step=170)
    assert silences(floor) == []
    pass_time(floor, 20 * MINUTE)
    assert len(silences(floor)) == 1


def test_a10_outside_the_strategys_own_windows_is_no_silence(floor: Floor) -> None:
    strategy = floor.strategy(windows=["Mon-Fri 08:30-12:05 America/Chicago"])
    alive(floor, strategy)
    pass_time(floor, 3 * HOUR, step=2 * MINUTE)
    assert silences(floor) == []


def test_a10_a_strategy_that_is_off_may_be_silent(floor: Floor) -> None:
    strategy = floor.strategy()
    alive(floor, strategy)
    floor.core.strategies.set_state(None, strategy.id, StrategyState.OFF)
    pass_time(floor, 2 * HOUR)
    assert silences(floor) == []


def test_a10_a_restart_raises_no_false_alarm_and_forgets_no_episode(floor: Floor) -> None:
    silent, quiet = floor.strategy("Silent"), floor.strategy("Quiet")
    alive(floor, silent)
    pass_time(floor, HOUR)
    alive(floor, quiet)
    floor.clock.advance(3 * HOUR)
    floor = restarted(floor)
    floor.core.sources.step(floor.clock.now())
    assert [note.code for note in floor.core.sources.notes(silent.id)] == ["SOURCE_SILENT"]
    pass_time(floor, 30 * MINUTE)
    assert silences(floor) == []
    pass_time(floor, 2 * MINUTE)
    (fact,) = silences(floor)
    assert fact.message.startswith("Quiet: no alert for 31 minutes")
    assert fact.message.endswith("what was sent before is not known to it.")
    floor.core.close()


def test_a10_many_sources_are_learnt_a_few_at_a_time_and_all_of_them(floor: Floor) -> None:
    strategies = [floor.strategy(f"S{number}") for number in range(12)]
    for strategy in strategies:
        for _ in range(12):
            floor.clock.advance(MINUTE)
            floor.post(strategy, action="exit")
    steps = 1
    while floor.core.sources.step(floor.clock.now()):
        steps += 1
    assert steps == 3
    pass_time(floor, 40 * MINUTE)
    assert len(silences(floor)) == 12


def test_a10_a_clock_that_jumps_ahead_makes_nobody_silent(floor: Floor) -> None:
    alive(floor, floor.strategy())
    floor.clock.advance(2 * HOUR)
    pass_time(floor, 29 * MINUTE)
    assert silences(floor) == []


# --- about to be stopped --------------------------------------------------------------------------


def test_a10_twelve_alerts_within_three_minutes_are_warned_of_once(floor: Floor) -> None:
    strategy = floor.strategy()
    floor.core.sources.step(floor.clock.now())
    for number in range(11):
        floor.post(strategy, action="exit", id=f"n{number}")
        floor.post(strategy, action="exit", id=f"n{number}")
        pass_time(floor, 10, step=5)
    assert told(floor, FactKind.SOURCE_BUSY) == []
    for _ in range(3):
        floor.post(strategy, action="exit")
        pass_time(floor, 10, step=5)
    (fact,) = told(floor, FactKind.SOURCE_BUSY)
    assert fact.message.startswith("Breakout: 12 alerts came within 3 minutes. TradingView stops")
    assert [note.code for note in floor.core.sources.notes(strategy.id)] == ["SOURCE_BUSY"]
    pass_time(floor, 3 * MINUTE, step=10)
    assert floor.core.sources.notes(strategy.id) == []


def test_a10_eleven_alerts_in_three_minutes_are_no_reason_to_warn(floor: Floor) -> None:
    strategy = floor.strategy()
    for _ in range(30):
        floor.post(strategy, action="exit")
        pass_time(floor, 17, step=17)
    assert told(floor, FactKind.SOURCE_BUSY) == []


# --- the heart ------------------------------------------------------------------------------------


def test_a_heartbeat_makes_no_order_and_no_line_of_the_log(floor: Floor) -> None:
    strategy = floor.strategy()
    before = len(floor.facts)
    answer = floor.post(strategy, action="heartbeat")
    assert (answer.status, answer.body["status"]) == (200, "heartbeat")
    floor.work()
    alert = floor.alert(str(answer.body["alert_id"]))
    assert (alert.state, alert.code) == (AlertState.NO_ACTION, "HEARTBEAT")
    assert floor.orders(alert) == []
    assert floor.facts[before:] == []


def test_a_heartbeat_that_comes_again_is_a_duplicate(floor: Floor) -> None:
    strategy = floor.strategy()
    first = floor.post(strategy, action="heartbeat", id="once")
    again = floor.post(strategy, action="heartbeat", id="once")
    assert (again.body["status"], again.body["alert_id"]) == ("duplicate", first.body["alert_id"])


def test_a_heartbeat_of_a_stranger_is_refused_and_of_a_strategy_that_is_off_is_not(
    floor: Floor,
) -> None:
    strategy = floor.strategy(source_allowlist=["10.0.0.1"])
    body = b'{"action": "heartbeat", "id": "1"}'
    assert floor.deliver(strategy, body, source_address="10.9.9.9").body["status"] == "refused"
    body = b'{"action": "heartbeat", "id": "2"}'
    floor.core.strategies.set_state(None, strategy.id, StrategyState.OFF)
    assert floor.deliver(strategy, body, source_address="10.0.0.1").body["status"] == "heartbeat"


def test_a10_a_lost_heartbeat_pauses_entries_until_the_next_one(floor: Floor) -> None:
    strategy = floor.strategy(heartbeat_minutes=10)
    floor.hold(strategy, "2")
    floor.core.sources.step(floor.clock.now())
    pass_time(floor, 10 * MINUTE)
    assert state(floor, strategy) is TradingState.ACTIVE
    pass_time(floor, 5 * MINUTE)
    stopped = switch(floor, strategy)
    assert stopped is not None
    assert (stopped.state, stopped.code) == (TradingState.REDUCING, "HEARTBEAT_LOST")
    assert str(stopped.detail).startswith(
        "No heartbeat came for 10 minutes. The last alert came at"
    )
    assert len(told(floor, FactKind.TRADING_REDUCED)) == 1
    refused = floor.send(strategy, action="buy", quantity="1")
    assert (refused.state, refused.code) == (AlertState.REFUSED, "TRADING_REDUCING")
    assert "No heartbeat came" in str(refused.detail)
    assert floor.send(strategy, action="sell", quantity="1").state is AlertState.EXECUTED
    floor.post(strategy, action="heartbeat")
    assert state(floor, strategy) is TradingState.ACTIVE
    assert floor.send(strategy, action="buy", quantity="1").state is AlertState.EXECUTED
    assert len(told(floor, FactKind.TRADING_RESUMED)) == 1


def test_any_readable_alert_keeps_the_heart_going(floor: Floor) -> None:
    strategy = floor.strategy(heartbeat_minutes=10)
    for _ in range(5):
        floor.post(strategy, action="exit")
        pass_time(floor, 8 * MINUTE)
    assert state(floor, strategy) is TradingState.ACTIVE
    for _ in range(3):
        floor.deliver(strategy, b"{broken")
        pass_time(floor, 4 * MINUTE)
    assert state(floor, strategy) is TradingState.REDUCING


def test_a_heartbeat_takes_back_nothing_that_had_another_reason(floor: Floor) -> None:
    strategy = floor.strategy(heartbeat_minutes=10)
    floor.throw(Scope.STRATEGY, strategy.id, TradingState.HALTED)
    pass_time(floor, 20 * MINUTE)
    floor.post(strategy, action="heartbeat")
    assert state(floor, strategy) is TradingState.HALTED


def test_what_a_person_resumed_stays_so_until_the_next_heartbeat_is_lost(floor: Floor) -> None:
    strategy = floor.strategy(heartbeat_minutes=10)
    pass_time(floor, 15 * MINUTE)
    floor.throw(Scope.STRATEGY, strategy.id, TradingState.ACTIVE)
    pass_time(floor, 30 * MINUTE)
    assert state(floor, strategy) is TradingState.ACTIVE
    floor.post(strategy, action="heartbeat")
    pass_time(floor, 15 * MINUTE)
    assert state(floor, strategy) is TradingState.REDUCING


def test_a_restart_counts_against_no_heart_and_forgets_no_pause(floor: Floor) -> None:
    beating, lost = (
        floor.strategy("Beating", heartbeat_minutes=30),
        floor.strategy("Lost", heartbeat_minutes=5),
    )
    floor.post(beating, action="heartbeat")
    pass_time(floor, 10 * MINUTE)
    assert state(floor, lost) is TradingState.REDUCING
    floor.clock.advance(5 * HOUR)
    floor = restarted(floor)
    pass_time(floor, 29 * MINUTE)
    assert state(floor, beating) is TradingState.ACTIVE
    assert state(floor, lost) is TradingState.REDUCING
    assert told(floor, FactKind.TRADING_REDUCED) == []
    pass_time(floor, 3 * MINUTE)
    stopped = switch(floor, beating)
    assert stopped is not None
    assert stopped.code == "HEARTBEAT_LOST"
    assert "This server watches since" in str(stopped.detail)
    floor.core.close()


def test_switching_the_dead_man_off_ends_its_pause(floor: Floor) -> None:
    strategy = floor.strategy(heartbeat_minutes=10)
    pass_time(floor, 15 * MINUTE)
    assert state(floor, strategy) is TradingState.REDUCING
    floor.core.strategies.update(
        None,
        strategy.id,
        name=strategy.name,
        symbol=strategy.symbol,
        settings=floor.strategy("Other").settings,
        accounts=strategy.accounts,
    )
    pass_time(floor, 2 * MINUTE)
    assert state(floor, strategy) is TradingState.ACTIVE


@pytest.mark.parametrize("minutes", [1, 0, -5])
def test_a_heartbeat_faster_than_two_minutes_is_refused(floor: Floor, minutes: int) -> None:
    with pytest.raises(Exception, match="from 2 to"):
        floor.strategy(heartbeat_minutes=minutes)
