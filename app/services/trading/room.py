"""Room for exits: on a venue that holds back quantities, an exit waits until protection is gone.

Meanwhile nothing new guards the position, or it would take back what the exit is waiting for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from app.domain.accounts import Traits
from app.domain.orders import Order, OrderType
from app.domain.planning import Plan, superseded
from app.domain.protection import twins
from app.services.ports import Clock
from app.services.trading.send import PATIENCE_S

Lane = tuple[str, str]
"""A strategy and an account: it has one alert under way at a time."""

#: Protection stays away a little longer than an exit may wait, and never for ever.
_LONGEST_S: Final = PATIENCE_S + 5.0


class Room:
    """Remembers for which strategies and accounts room is being made, and since when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[Lane, float] = {}

    def make(self, lane: Lane) -> bool:
        """Begin, or go on; False when it has taken too long."""
        since = self._since.setdefault(lane, self._clock.monotonic())
        return self._clock.monotonic() - since < PATIENCE_S

    def done(self, lane: Lane) -> None:
        """Let the position be guarded again: the exit is written, or does not come."""
        self._since.pop(lane, None)

    def making(self, lane: Lane) -> bool:
        """Whether an exit is waiting for room."""
        since = self._since.get(lane)
        return since is not None and self._clock.monotonic() - since < _LONGEST_S


def in_the_way(planned: Plan, working: Iterable[Order], traits: Traits) -> tuple[Order, ...]:
    """Return the working orders that must be gone before the plan's orders may go out.

    Where a venue reserves, those are the protective ones too: all of them before an exit, and a
    lone one before what adds at the market, because the venue refuses orders that could meet.
    """
    mine = [order for order in working if order.state.working]
    replaced = superseded(mine) if planned.cancel_working else ()
    if not traits.reserves:
        return replaced
    guards = [order for order in mine if order.role.protective]
    if any(leg.reduce_only for leg in planned.legs):
        return (*replaced, *guards)
    if any(leg.type is OrderType.MARKET for leg in planned.legs):
        return (*replaced, *_alone(guards))
    return replaced


def _alone(guards: Sequence[Order]) -> list[Order]:
    return [each for each in guards if not any(twins(each, other) for other in guards)]
