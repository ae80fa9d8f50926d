"""The same round trips cut into groups: by strategy, account, symbol, weekday or hour of entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.domain.metrics.figures import ENOUGH
from app.domain.metrics.results import Metrics, measure
from app.domain.metrics.statistics import mean
from app.domain.metrics.trades import Trade
from app.domain.money import ZERO, exact
from app.domain.sessions import WEEKDAYS


class Cut(StrEnum):
    """What round trips are grouped by; weekday and hour are those of the entry."""

    STRATEGY = "strategy"
    ACCOUNT = "account"
    SYMBOL = "symbol"
    WEEKDAY = "weekday"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Group:
    """The round trips of one group: its ``key`` for programs, its ``name`` for people.

    ``gross`` is before and ``fees`` the cost of commission; ``expectancy_r`` is None without stops.
    """

    key: str
    name: str
    results: Metrics
    gross: Decimal
    fees: Decimal
    expectancy_r: Decimal | None

    @property
    def few(self) -> bool:
        """Whether there are too few round trips for the ratios to mean much."""
        return self.results.round_trips < ENOUGH


def groups(trades: Iterable[Trade], cut: Cut, zone: ZoneInfo) -> Sequence[Group]:
    """Return the groups that have a round trip, by key; weekday and hour are told in ``zone``.

    Each round trip is in exactly one group, so that the groups add up to the whole.
    """
    found: dict[tuple[str, str], list[Trade]] = {}
    for each in trades:
        found.setdefault(_key(each, cut, zone), []).append(each)
    return [_group(*named, found[named]) for named in sorted(found)]


def _key(trade: Trade, cut: Cut, zone: ZoneInfo) -> tuple[str, str]:
    entered = trade.trip.opened_at.astimezone(zone)
    match cut:
        case Cut.STRATEGY:
            return trade.strategy_id, trade.strategy_name
        case Cut.ACCOUNT:
            return trade.account_id, trade.account_name
        case Cut.SYMBOL:
            return trade.trip.symbol, trade.trip.symbol
        case Cut.WEEKDAY:
            return str(entered.isoweekday()), WEEKDAYS[entered.weekday()]
        case Cut.HOUR:
            return f"{entered:%H}", f"{entered:%H}:00"


@exact
def _group(key: str, name: str, trades: Sequence[Trade]) -> Group:
    return Group(
        key=key,
        name=name,
        results=measure(each.trip for each in trades),
        gross=sum((each.trip.gross for each in trades), ZERO),
        fees=sum((each.trip.commission for each in trades), ZERO),
        expectancy_r=mean([each.r for each in trades if each.r is not None]),
    )
