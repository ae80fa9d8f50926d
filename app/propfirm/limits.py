"""How far an account is from each of its limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from app.domain.money import ZERO, divide, exact
from app.propfirm.account import Preferences
from app.propfirm.hours import must_be_flat, next_flat
from app.propfirm.rulesets import Mode, RuleSet
from app.propfirm.state import AccountState, Status


class LimitName(StrEnum):
    """What there is a distance to."""

    MAX_LOSS = "max_drawdown"
    DAILY_LOSS = "daily_loss"
    MAX_CONTRACTS = "max_contracts"
    PROFIT_TARGET = "profit_target"
    FLAT_TIME = "flat_time"


@dataclass(frozen=True, slots=True)
class Limit:
    """The distance to one limit, in money or contracts; None what an unknown equity leaves open.

    ``used`` and ``left`` add up to ``limit`` unless more than all of it is left or used; ``left``
    is negative beyond it.  ``near`` says that no more is left than the owner wants to be told of,
    ``broken`` that the limit is broken at this moment.  ``at`` is the next flat time.
    """

    name: LimitName
    label: str
    limit: Decimal | None = None
    left: Decimal | None = None
    used: Decimal | None = None
    near: bool = False
    broken: bool = False
    at: datetime | None = None

    @property
    def left_percent(self) -> Decimal | None:
        """How much of the limit is left, in percent; None while it is not known."""
        if self.left is None or not self.limit:
            return None
        return divide(self.left * 100, self.limit)


@exact
def limits(
    state: AccountState, rules: RuleSet, chosen: Preferences, at: datetime
) -> tuple[Limit, ...]:
    """Return the distance to each limit that the rules know, at the instant ``at``."""
    return tuple(_limits(state, rules, chosen, at))


def _limits(
    state: AccountState, rules: RuleSet, chosen: Preferences, at: datetime
) -> Iterator[Limit]:
    label = "Maximum loss" if rules.drawdown.mode is Mode.STATIC else "Trailing drawdown"
    yield _loss(LimitName.MAX_LOSS, label, rules.drawdown.amount, state.room, rules, chosen)
    if rules.daily_loss is not None:
        most, left = rules.daily_loss.amount, state.daily_room(rules)
        yield _loss(LimitName.DAILY_LOSS, "Daily loss", most, left, rules, chosen)
    allowed = state.most_contracts(rules)
    if allowed is not None:
        yield Limit(
            LimitName.MAX_CONTRACTS,
            "Contracts",
            limit=Decimal(allowed),
            left=allowed - state.contracts,
            used=state.contracts,
            broken=state.contracts > allowed,
        )
    if rules.profit_target is not None:
        yield _target(state, rules, rules.profit_target)
    flat = next_flat(rules, at)
    if flat is not None:
        holds = bool(state.contracts) and state.status is not Status.FAILED
        soon = flat - at <= timedelta(minutes=chosen.flat_warning)
        late = holds and must_be_flat(rules, at)
        yield Limit(LimitName.FLAT_TIME, "Flat time", near=holds and soon, broken=late, at=flat)


def _loss(
    name: LimitName,
    label: str,
    most: Decimal,
    left: Decimal | None,
    rules: RuleSet,
    chosen: Preferences,
) -> Limit:
    if left is None:
        return Limit(name, label, limit=most)
    return Limit(
        name,
        label,
        limit=most,
        left=left,
        used=max(most - left, ZERO),
        near=left * 100 <= most * chosen.near_percent,
        broken=rules.broken(left),
    )


def _target(state: AccountState, rules: RuleSet, wanted: Decimal) -> Limit:
    made = state.balance - rules.start_balance
    left = max(wanted - made, ZERO)
    return Limit(
        LimitName.PROFIT_TARGET, "Profit target", limit=wanted, left=left, used=max(made, ZERO)
    )
