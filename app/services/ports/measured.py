"""The kept figures of trading days that are over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from app.domain.metrics import Mark, MetricDay


class Whose(NamedTuple):
    """Whose figures: of one strategy or all (None), on one account or all."""

    user_id: str
    strategy_id: str | None = None
    account_id: str | None = None


class MetricDays(Protocol):
    """Figures of days, one row for each day on which a round trip ended."""

    def owners(self) -> Sequence[Whose]:
        """Everyone who ever traded: whole, by strategy, by account, and by both."""

    def marks(self, whose: Whose) -> Mapping[date, Mark]:
        """By what the kept days are known again."""

    def between(self, whose: Whose, first: date, last: date) -> Sequence[MetricDay]:
        """The days from ``first`` to ``last``, both in it, oldest first."""

    def save(self, whose: Whose, days: Sequence[MetricDay], at: datetime) -> None:
        """Keep the days, in place of those of the same dates."""

    def remove(self, whose: Whose, days: Collection[date]) -> None:
        """Forget days on which no round trip ends any more."""
