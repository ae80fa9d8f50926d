"""How an account stands: the figures that people and programs read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.money import ZERO, divide, exact
from app.propfirm.rulesets import RuleSet
from app.propfirm.state import AccountState, Breach, Status


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's figures after its last event; what depends on an unknown equity is None.

    ``room`` and ``daily_room`` are how far equity may fall to the floor and to the daily limit.
    ``profit`` is what lies in the account above its start, and ``target_left`` what lacks to the
    target, 0 once it is met.  ``best_day`` is the highest closed P&L of a day, 0 without a profit,
    ``best_day_percent`` its part of all that was made, payouts included, None without a profit.
    ``consistency_ok`` is True where no share is demanded.  ``max_contracts`` and ``contracts_left``
    are None without a limit.  ``passed`` is that the target is closed with nothing open, the
    consistency and the days reached.  ``payout_days_ok`` is that the winning days since the last
    payout are enough, None where none are demanded; ``payout_days_left`` is how many are missing.
    """

    trading_day: date | None
    balance: Decimal
    equity: Decimal | None
    high_water: Decimal
    floor: Decimal
    locked: bool
    room: Decimal | None
    day_start_balance: Decimal
    day_pnl: Decimal | None
    daily_room: Decimal | None
    status: Status
    profit: Decimal
    target_met: bool
    target_left: Decimal | None
    best_day: Decimal
    best_day_percent: Decimal | None
    consistency_ok: bool
    trading_days: int
    trading_days_left: int
    winning_days: int
    max_contracts: int | None
    contracts_left: Decimal | None
    passed: bool
    payout_days_ok: bool | None
    payout_days_left: int
    paid_out: Decimal
    breaches: tuple[Breach, ...]


@exact
def standing(state: AccountState, rules: RuleSet) -> Standing:
    """Return the account's figures under the rules."""
    profit = state.balance - rules.start_balance
    made, best = profit + state.paid_out, max((each.pnl for each in state.days), default=ZERO)
    best = max(best, ZERO)
    target, most = rules.profit_target, state.most_contracts(rules)
    target_met = target is not None and profit >= target
    consistency_ok = rules.consistency is None or rules.consistency.allows(best, made)
    days_left = max(rules.min_trading_days - len(state.days), 0)
    payout_days_left = _payout_days_left(state, rules)
    ready = target_met and consistency_ok and not days_left and state.status is not Status.FAILED
    return Standing(
        trading_day=state.day,
        balance=state.balance,
        equity=state.equity,
        high_water=state.high_water,
        floor=state.floor,
        locked=state.locked(rules),
        room=state.room,
        day_start_balance=state.day_start_balance,
        day_pnl=state.day_pnl,
        daily_room=state.daily_room(rules),
        status=state.status,
        profit=profit,
        target_met=target_met,
        target_left=None if target is None else max(target - profit, ZERO),
        best_day=best,
        best_day_percent=divide(best * 100, made) if made > 0 else None,
        consistency_ok=consistency_ok,
        trading_days=len(state.days),
        trading_days_left=days_left,
        winning_days=_winning_days(state, rules),
        max_contracts=most,
        contracts_left=None if most is None else most - state.contracts,
        passed=ready and not state.contracts and state.unrealized == 0,
        payout_days_ok=None if payout_days_left is None else not payout_days_left,
        payout_days_left=payout_days_left or 0,
        paid_out=state.paid_out,
        breaches=state.breaches,
    )


def _winning_days(state: AccountState, rules: RuleSet, since: date | None = None) -> int:
    least = rules.winning_day_min
    if least is None:
        return 0
    return sum(each.pnl >= least and (since is None or each.day > since) for each in state.days)


def _payout_days_left(state: AccountState, rules: RuleSet) -> int | None:
    """How many winning days are missing to a payout; None where none are demanded."""
    if rules.winning_day_min is None or not rules.winning_days_required:
        return None
    return max(rules.winning_days_required - _winning_days(state, rules, state.paid_on), 0)
