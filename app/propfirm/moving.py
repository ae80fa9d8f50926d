"""What becomes of an account that is moved to another version of its rules."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from app.domain.errors import Conflict, InvalidInput
from app.domain.money import exact
from app.propfirm.rulesets import Mode, RuleSet
from app.propfirm.state import AccountState


@exact
def moved(state: AccountState, old: RuleSet, new: RuleSet) -> AccountState:
    """Return the account under the ``new`` rules: what it has reached stays, its floor is theirs.

    The floor may lie lower than before, because other rules say so.  What failed stays failed.
    Raises Conflict for rules that begin with another balance.
    """
    if new.start_balance != old.start_balance:
        raise Conflict(
            f"These rules begin with {new.start_balance:f} and the account's own with"
            f" {old.start_balance:f}: track it no more, then put it under the new ones as a new"
            " account."
        )
    floor, lock = new.first_floor, new.drawdown.lock_at
    if new.drawdown.mode is not Mode.STATIC:
        floor = max(floor, state.high_water - new.drawdown.amount)
    if lock is not None:
        floor = lock if state.paid_out else min(floor, lock)
    return replace(state, floor=floor)


@exact
def taken_over(
    state: AccountState, rules: RuleSet, balance: Decimal, high_water: Decimal | None
) -> AccountState:
    """Return a new account that has been traded already: its balance, and the highest that counts.

    The present day begins with ``balance``.  Raises InvalidInput for a mark below the start.
    """
    reached = rules.start_balance if high_water is None else high_water
    if reached < rules.start_balance:
        what = f"must not lie below the start of {rules.start_balance:f}"
        raise InvalidInput(f"high_water {what}.", fields={"high_water": what})
    known = replace(state, balance=balance, day_start_balance=balance, high_water=reached)
    return moved(known, rules, rules)
