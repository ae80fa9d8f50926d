"""What an event makes of a funded account.

The order of work is part of the rules: the end of a day comes first, with the balance that was
known last; then the news; then the floor that follows live equity; then the judgement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from app.domain.errors import Conflict, InvalidInput
from app.domain.money import ZERO, exact
from app.propfirm.hours import must_be_flat
from app.propfirm.rulesets import Kind, Mode, RuleSet
from app.propfirm.state import (
    AccountState,
    Breach,
    DayResult,
    Event,
    Held,
    Payout,
    Rule,
    Severity,
    Status,
    Update,
)

_DAY_LOST: Final = {
    Kind.SOFT: (Severity.SOFT, Status.PAUSED_DAY),
    Kind.HARD: (Severity.HARD, Status.FAILED),
}


@dataclass(frozen=True, slots=True)
class Step:
    """The account after an event, and the breaches that the event brought."""

    state: AccountState
    breaches: tuple[Breach, ...] = ()


def after_all(state: AccountState, rules: RuleSet, events: Iterable[Event]) -> AccountState:
    """Return the account after several events, in the order of their arrival."""
    for event in events:
        state = step(state, rules, event).state
    return state


@exact
def step(state: AccountState, rules: RuleSet, event: Event) -> Step:
    """Return what ``event`` makes of the account; raises InvalidInput for a negative amount.

    News from before the last event and of the same day can still raise the high-water mark or break
    a limit, but do not replace what is newer; those of an earlier day change nothing.  Raises
    Conflict for a payout from before the last event: its day has been judged without it.
    """
    if state.at is not None and event.at < state.at:
        after = _late(state, rules, event)
    else:
        after = replace(_taken(state, rules, event), at=event.at)
    return Step(after, after.breaches[len(state.breaches) :])


@exact
def reset(state: AccountState, rules: RuleSet, day: date) -> AccountState:
    """Return the account at the start of the trading day ``day``, from its last known balance.

    A day that has begun already begins no second time, and days that were missed are made up at
    once: nothing was known to happen on them.
    """
    if state.day is not None and day <= state.day:
        return state
    began = replace(state, day=day)
    if state.day is None:
        return began
    began = replace(began, day_start_balance=state.balance)
    if state.status is Status.FAILED:
        return began
    if rules.drawdown.mode is Mode.END_OF_DAY:
        began = _raised(began, rules, state.balance)
    return replace(began, status=Status.ACTIVE)


def _raised(state: AccountState, rules: RuleSet, reached: Decimal) -> AccountState:
    """Let the high-water mark and the floor follow what was reached; neither ever falls."""
    high = max(state.high_water, reached)
    floor = high - rules.drawdown.amount
    if rules.drawdown.lock_at is not None:
        floor = min(floor, rules.drawdown.lock_at)
    return replace(state, high_water=high, floor=max(state.floor, floor))


def _taken(state: AccountState, rules: RuleSet, event: Event) -> AccountState:
    day = rules.day(event.at)
    state = reset(state, rules, day)
    if isinstance(event, Payout):
        state = _paid(state, rules, event, day)
    if isinstance(event, Update):
        state = _updated(state, rules, event, day)
    if isinstance(event, Held):
        state = _held(state, rules, event)
    return _flat(_judged(state, rules, event), rules, event)


def _updated(state: AccountState, rules: RuleSet, event: Update, day: date) -> AccountState:
    news = _told(state, rules, event)
    if news is None:
        return state
    news = replace(news, days=_days(news, day))
    if rules.drawdown.mode is Mode.INTRADAY and news.equity is not None:
        news = _raised(news, rules, news.equity)
    return news


def _told(state: AccountState, rules: RuleSet, event: Update) -> AccountState | None:
    """The account with the balance and open P&L of the news; None where they tell nothing."""
    if state.status is Status.FAILED or event.balance is None or event.empty(rules):
        return None
    unrealized = event.unrealized if event.quoted else None
    return replace(state, balance=event.balance, unrealized=unrealized)


def _days(state: AccountState, day: date) -> tuple[DayResult, ...]:
    """The days with the closed P&L of ``day`` in the last place."""
    today = DayResult(day, state.balance - state.day_start_balance)
    again = bool(state.days) and state.days[-1].day == day
    return (*(state.days[:-1] if again else state.days), today)


def _late(state: AccountState, rules: RuleSet, event: Event) -> AccountState:
    """Take what late news still tell: a high that the floor follows, a low that broke a limit."""
    if isinstance(event, Payout):
        raise Conflict("A payout from before the last news: play the account's events again.")
    if not isinstance(event, Update) or rules.day(event.at) != state.day:
        return state
    then = _told(state, rules, event)
    if then is None or then.equity is None:
        return state
    if rules.drawdown.mode is Mode.INTRADAY:
        # The floor may have been lower then, so it is the present equity that is judged.
        return _judged(_raised(state, rules, then.equity), rules, event)
    if state.paid_on == state.day:
        return state  # the news may be from before the payout, which moved the floor
    judged = _judged(then, rules, event)
    return replace(state, status=judged.status, breaches=judged.breaches)


def _judged(state: AccountState, rules: RuleSet, event: Event) -> AccountState:
    """Hold the account against the floor, and then against the daily loss."""
    equity, room, day_pnl = state.equity, state.room, state.day_pnl
    if state.status is Status.FAILED or equity is None or room is None or day_pnl is None:
        return state
    if rules.broken(room):
        breach = Breach(Rule.MAX_LOSS, Severity.HARD, event.at, state.floor, equity)
        return _broke(state, breach, Status.FAILED)
    return _day_judged(state, rules, event, day_pnl)


def _day_judged(
    state: AccountState, rules: RuleSet, event: Event, day_pnl: Decimal
) -> AccountState:
    limit = rules.daily_loss
    if state.status is not Status.ACTIVE or limit is None:
        return state
    if not rules.broken(limit.amount + day_pnl):
        return state
    severity, status = _DAY_LOST[limit.kind]
    return _broke(state, Breach(Rule.DAILY_LOSS, severity, event.at, limit.amount, day_pnl), status)


def _broke(state: AccountState, breach: Breach, status: Status) -> AccountState:
    return replace(state, status=status, breaches=(*state.breaches, breach))


def _held(state: AccountState, rules: RuleSet, event: Held) -> AccountState:
    """Take how many contracts are held; more than the limit is told each time that it grows."""
    if event.contracts < 0:
        raise InvalidInput(
            "contracts must not be negative.", fields={"contracts": "must not be negative"}
        )
    held = replace(state, contracts=event.contracts)
    most = state.most_contracts(rules)
    if most is not None and _grows_over(state, event, most):
        limit = Decimal(most)
        breach = Breach(Rule.MAX_CONTRACTS, Severity.DENY, event.at, limit, event.contracts)
        held = _broke(held, breach, held.status)
    return held


def _grows_over(state: AccountState, event: Held, most: int) -> bool:
    over = event.contracts > most and event.contracts > state.contracts
    return over and state.status is not Status.FAILED


def _flat(state: AccountState, rules: RuleSet, event: Event) -> AccountState:
    """Tell, once a day, that something is held after the time at which nothing may be."""
    if not state.contracts or state.status is Status.FAILED or not must_be_flat(rules, event.at):
        return state
    told = (each.at for each in state.breaches if each.rule is Rule.FLAT_TIME)
    if any(rules.day(each) == state.day for each in told):
        return state
    breach = Breach(Rule.FLAT_TIME, Severity.DENY, event.at, ZERO, state.contracts)
    return _broke(state, breach, state.status)


def _paid(state: AccountState, rules: RuleSet, event: Payout, day: date) -> AccountState:
    """Take money out: no loss of the day, and the floor moves up to its lock for good."""
    if event.amount <= 0:
        raise InvalidInput("amount must be more than 0.", fields={"amount": "must be more than 0"})
    if state.status is Status.FAILED:
        return state
    lock = rules.drawdown.lock_at
    return replace(
        state,
        balance=state.balance - event.amount,
        day_start_balance=state.day_start_balance - event.amount,
        floor=state.floor if lock is None else max(state.floor, lock),
        paid_out=state.paid_out + event.amount,
        paid_on=day,
    )
