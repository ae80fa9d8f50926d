"""When an account may trade, and when it must be flat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.sessions import WEEKDAYS, Window, next_roll
from app.propfirm.rulesets import RuleSet


@dataclass(frozen=True, slots=True)
class News:
    """A time of the user's own list during which nothing is opened: ``end`` is not in it."""

    name: str
    start: datetime
    end: datetime


def must_be_flat(rules: RuleSet, at: datetime) -> bool:
    """True from the flat time until the session ends."""
    if rules.flat_time is None or rules.flat_time == rules.session_end:
        return False
    days = frozenset(range(len(WEEKDAYS)))
    return Window(days, rules.flat_time, rules.session_end, rules.zone).contains(at)


def next_flat(rules: RuleSet, at: datetime) -> datetime | None:
    """Return the UTC instant by which all must be closed, ``at`` itself when it is past.

    None for a rule set without a flat time.
    """
    if rules.flat_time is None:
        return None
    if must_be_flat(rules, at):
        return at
    end = next_roll(at, rules.roll).astimezone(rules.zone)
    day = end.date() if rules.flat_time <= rules.session_end else end.date() - timedelta(days=1)
    return datetime.combine(day, rules.flat_time, rules.zone).astimezone(UTC)


def in_hours(rules: RuleSet, at: datetime) -> bool:
    """True when the rule set allows to trade at that instant."""
    return not rules.allowed_hours or any(each.contains(at) for each in rules.allowed_hours)


def news_at(news: Iterable[News], at: datetime) -> News | None:
    """Return the first news during which the instant lies, or None."""
    return next((each for each in news if each.start <= at < each.end), None)
