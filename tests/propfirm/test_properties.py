"""What holds for every rule set, whatever happens to an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.orders import Side
from app.propfirm import (
    AccountState,
    Answer,
    Clock,
    Event,
    Held,
    Payout,
    Proposal,
    RuleSet,
    Severity,
    Status,
    Surroundings,
    Update,
    after_all,
    check,
    library,
    opened,
    step,
)
from tests.propfirm.making import HARD, SOFT, D, at

START = at("2 09:00")
#: All of the library, and those with what no firm there has: a hard daily loss, crossing.  A flat
#: time is told once a day, by whichever event comes first, and so stays out of these.
RULES = st.sampled_from(
    [*library().values(), HARD, SOFT, replace(SOFT, breach_on_touch=False)]
).map(lambda rules: replace(rules, flat_time=None))

amounts = st.integers(-260, 420).map(lambda tens: D(tens) * 10)
steps = st.tuples(
    st.sampled_from(["update"] * 6 + ["spike", "nothing", "clock", "held", "payout"]),
    amounts,
    amounts,
    st.sampled_from([1, 1, 60, 3600, 9 * 3600, 70 * 3600]),
)
scripts = st.lists(steps, min_size=1, max_size=25)

Script = Sequence[tuple[str, Decimal, Decimal, int]]


def events_of(script: Script, rules: RuleSet) -> list[Event]:
    """The events of a script, each later than the one before."""
    instants = accumulate(seconds for *_, seconds in script)
    made: list[Event] = []
    for (kind, gained, unrealized, _), seconds in zip(script, instants, strict=True):
        when, balance = START + timedelta(seconds=seconds), rules.start_balance + gained
        kinds: dict[str, Event] = {
            "update": Update(when, balance, unrealized),
            "spike": Update(when, balance, unrealized * 90, quoted=False),
            "nothing": Update(when, None, None),
            "clock": Clock(when),
            "held": Held(when, abs(gained) // 400),
            "payout": Payout(when, abs(gained) / 8 + 1),
        }
        made.append(kinds[kind])
    return made


def states_of(rules: RuleSet, events: Sequence[Event]) -> list[AccountState]:
    states = [opened(rules)]
    for event in events:
        states.append(step(states[-1], rules, event).state)
    return states


@given(RULES, scripts)
def test_the_peak_and_the_floor_never_fall_and_what_is_locked_or_failed_stays_so(
    rules: RuleSet, script: Script
) -> None:
    events = events_of(script, rules)
    late = [each for each in events if not isinstance(each, Payout)]
    for before, after in pairwise(states_of(rules, [*events, *late[::-1]])):
        assert after.high_water >= before.high_water
        assert after.floor >= before.floor
        assert after.locked(rules) >= before.locked(rules)
        assert after.breaches[: len(before.breaches)] == before.breaches
        assert before.status is not Status.FAILED or after.status is Status.FAILED
        lock = rules.drawdown.lock_at
        assert lock is None or after.floor <= lock
        hard = [each for each in after.breaches if each.severity is Severity.HARD]
        assert len(hard) == (after.status is Status.FAILED)


@given(RULES, scripts, st.data())
def test_what_arrives_again_at_once_or_later_changes_nothing(
    rules: RuleSet, script: Script, data: st.DataObject
) -> None:
    events = events_of(script, rules)
    noisy: list[Event] = []
    for place, event in enumerate(events):
        noisy.append(event)
        known = [each for each in events[: place + 1] if not isinstance(each, Payout)]
        if known:
            noisy += data.draw(st.lists(st.sampled_from(known), max_size=3))
    assert after_all(opened(rules), rules, noisy) == after_all(opened(rules), rules, events)


@given(RULES, scripts)
def test_days_add_up_to_what_was_made(rules: RuleSet, script: Script) -> None:
    state = states_of(rules, events_of(script, rules))[-1]
    made = state.balance + state.paid_out - rules.start_balance
    assert sum((each.pnl for each in state.days), D(0)) == made
    assert [each.day for each in state.days] == sorted({each.day for each in state.days})


orders = st.builds(
    Proposal,
    root=st.just("NQ"),
    side=st.sampled_from(Side),
    quantity=st.integers(1, 12).map(D),
    price=st.just(D(20000)),
    tick_size=st.just(D("0.25")),
    multiplier=st.sampled_from([D(2), D(20), D(50)]),
    held=st.integers(-4, 4).map(D),
    fee=st.sampled_from([D(0), D("4.10")]),
)


@given(RULES, scripts, orders, st.none() | st.integers(1, 400), st.integers(0, 3).map(D))
def test_no_order_passes_that_is_a_breach_at_the_worst_case_of_the_guard(
    rules: RuleSet, script: Script, order: Proposal, ticks: int | None, risk: Decimal
) -> None:
    state = states_of(rules, events_of(script, rules))[-1]
    if ticks is not None:
        order = replace(order, stop=order.price - order.side.sign * ticks * order.tick_size)
    around = Surroundings(START + timedelta(days=60), open_risk=risk * 100)
    answer = check(state, rules, order, around)
    assert answer.fits <= order.quantity
    if answer.refusal is None:
        assert answer.fits == order.quantity
        assert not breaks(state, rules, answer, around)
    elif answer.refusal.code in {"FUNDED_MAX_LOSS", "FUNDED_DAILY_LOSS"}:
        assert breaks(state, rules, answer, around)
        fitting = [answer.fits + more for more in (0, 1) if answer.fits + more > order.closing]
        again = [check(state, rules, replace(order, quantity=each), around) for each in fitting]
        assert [each.refusal is None for each in again] == [each == answer.fits for each in fitting]


def breaks(state: AccountState, rules: RuleSet, answer: Answer, around: Surroundings) -> bool:
    """Whether the engine judges the worst case of the guard to be a breach."""
    if answer.worst_equity is None:
        return False
    worst = Update(around.at, answer.worst_equity, D(0))
    return any(each.severity is not Severity.DENY for each in step(state, rules, worst).breaches)
