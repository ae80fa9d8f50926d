"""The same round trips cut into groups: by strategy, account, symbol, weekday or hour of entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.metrics.closed import ClosedTrip
from app.domain.metrics.figures import ENOUGH
from app.domain.metrics.results import Metrics
from app.domain.metrics.tally import Tally
from app.domain.sessions import WEEKDAYS

Named = tuple[str, str]
"""A group's key for programs and its name for people."""

_DAYS: Final = [(str(number), name) for number, name in enumerate(WEEKDAYS, 1)]
_HOURS: Final = [(f"{hour:02d}", f"{hour:02d}:00") for hour in range(24)]


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


class Grouping:
    """Round trips by several cuts, to which more are added piece by piece.

    Each is in exactly one group of a cut, so that the groups add up to the whole; weekday and hour
    are told in ``zone``.
    """

    def __init__(self, cuts: Iterable[Cut], zone: ZoneInfo) -> None:
        self._zone = zone
        self._tallies: dict[Cut, dict[Named, Tally]] = {cut: {} for cut in cuts}

    def add(self, trips: Sequence[ClosedTrip]) -> None:
        """Add round trips to their groups."""
        for cut, tallies in self._tallies.items():
            name = self._names(cut)
            parts: dict[Named, list[ClosedTrip]] = {}
            for each in trips:
                parts.setdefault(name(each), []).append(each)
            for named, part in parts.items():
                tallies.setdefault(named, Tally()).add(part)

    def found(self, cut: Cut) -> Sequence[Group]:
        """Return the groups of a cut that have a round trip, by key."""
        tallies = self._tallies[cut]
        return [_group(*named, tallies[named]) for named in sorted(tallies)]

    def _names(self, cut: Cut) -> Callable[[ClosedTrip], Named]:
        """How the cut's groups are named."""
        match cut:
            case Cut.STRATEGY:
                return lambda each: (each.strategy_id, each.strategy_name)
            case Cut.ACCOUNT:
                return lambda each: (each.account_id, each.account_name)
            case Cut.SYMBOL:
                return lambda each: (each.symbol, each.symbol)
            case Cut.WEEKDAY:
                return lambda each: _DAYS[each.opened_at.astimezone(self._zone).weekday()]
            case Cut.HOUR:
                return lambda each: _HOURS[each.opened_at.astimezone(self._zone).hour]


def groups(trips: Sequence[ClosedTrip], cut: Cut, zone: ZoneInfo) -> Sequence[Group]:
    """Return the groups of ``trips`` by one cut."""
    grouping = Grouping([cut], zone)
    grouping.add(trips)
    return grouping.found(cut)


def _group(key: str, name: str, tally: Tally) -> Group:
    return Group(key, name, tally.results, tally.gross, tally.fees, tally.expectancy_r)
