"""What is done to an account at its limits and before, and what its owner is warned of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.domain.money import exact
from app.propfirm.account import Near, Preferences
from app.propfirm.hours import must_be_flat, next_flat
from app.propfirm.limits import Limit, LimitName
from app.propfirm.rulesets import RuleSet
from app.propfirm.state import AccountState, Status

#: So long before the flat time everything is closed: fills and the firm's clock take their time.
MARGIN: Final = timedelta(seconds=15)
#: A limit that was near is left behind when this much more than the owner's part of it is left.
_AWAY: Final = Decimal("1.25")
_MONEY: Final = frozenset({LimitName.MAX_LOSS, LimitName.DAILY_LOSS})


class Cause(StrEnum):
    """Why something is done, the gravest first."""

    FAILED = "failed"
    PAUSED = "paused"
    FLAT_TIME = "flat_time"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Measure:
    """What is done: nothing more opens, and with ``closes`` everything is closed.

    ``limit`` is the one that is near, None for another cause; ``day`` is the trading day.
    """

    cause: Cause
    closes: bool
    day: date
    limit: LimitName | None = None

    @property
    def key(self) -> str:
        """What tells it from others: the same key is the same measure going on."""
        if self.cause is Cause.FAILED:
            return self.cause.value
        if self.cause is Cause.NEAR:
            return f"{self.cause}:{self.limit}:{'close' if self.closes else 'reduce'}"
        return f"{self.cause}:{self.day}"


@dataclass(frozen=True, slots=True)
class Warned:
    """What an owner has been warned of (``told``), and which limits are new in it (``fresh``).

    Each entry of ``told`` is a limit and the trading day on which it was told of last.
    """

    told: tuple[str, ...]
    fresh: tuple[Limit, ...] = ()

    @property
    def near(self) -> frozenset[LimitName]:
        """The limits of money that are near, and not yet left behind."""
        return frozenset(LimitName(name) for name in _days(self.told)) & _MONEY


@exact
def warned(
    told: Iterable[str],
    found: Sequence[Limit],
    state: AccountState,
    chosen: Preferences,
    day: date,
) -> Warned:
    """Return what its owner is to be warned of on ``day``, once for each limit that comes near.

    It is told again when the limit was left behind and reached again, and on another day.  What is
    broken is no more near, and of an account that may not trade there is nothing to warn of.  What
    is not known changes nothing.
    """
    days, fresh = _days(told), []
    for limit in found:
        name = limit.name.value
        near = limit.near and not limit.broken and state.status is Status.ACTIVE
        if near and days.get(name) != day.isoformat():
            days[name] = day.isoformat()
            fresh.append(limit)
        elif name in days and _left_behind(limit, chosen):
            del days[name]
    return Warned(tuple(f"{name}@{on}" for name, on in days.items()), tuple(fresh))


def _days(told: Iterable[str]) -> dict[str, str]:
    """The day on which each limit was told of last, by its name."""
    return dict(each.split("@", 1) for each in told)


def _left_behind(limit: Limit, chosen: Preferences) -> bool:
    if limit.name is LimitName.FLAT_TIME:
        return False
    if limit.left is None or limit.limit is None:
        return False
    return limit.left * 100 > limit.limit * chosen.near_percent * _AWAY


def measure(
    state: AccountState,
    rules: RuleSet,
    chosen: Preferences,
    near: Iterable[LimitName],
    at: datetime,
    *,
    holds: bool,
) -> Measure | None:
    """Return what is done to the account at that instant, None when it may trade freely.

    ``near`` are the limits of money that are near; ``holds`` is that something is open or works,
    or was closed for the flat time already: else there is nothing to do then.
    """
    day = rules.day(at)
    if state.status is Status.FAILED:
        return Measure(Cause.FAILED, closes=True, day=day)
    if state.status is Status.PAUSED_DAY and state.day == day:
        return Measure(Cause.PAUSED, closes=True, day=day)
    if holds and closing(rules, at):
        return Measure(Cause.FLAT_TIME, closes=True, day=day)
    closest = next(iter(sorted(near)), None)
    if closest is None or chosen.near is Near.WARN:
        return None
    return Measure(Cause.NEAR, closes=chosen.near is Near.FLATTEN, day=day, limit=closest)


def closing(rules: RuleSet, at: datetime) -> bool:
    """Whether nothing is to be held any more: from a little before the flat time to the day's end.

    Where both are the same instant it is the time before it that counts.
    """
    flat = next_flat(rules, at)
    return flat is not None and (must_be_flat(rules, at) or flat - at <= MARGIN)
