"""The right to trade without a database behind it, and a server that plays its part for tests."""

from __future__ import annotations

from app.services.alarms import Alarms
from app.services.ownership import Ownership, Part
from app.services.ports import Clock, Holder


class OneLease:
    """A right that is ours to have unless ``other`` has it."""

    handover_s = 0.0

    def __init__(self, other: Holder | None = None) -> None:
        self.other = other
        self.mine: Holder | None = None

    def take(self, me: Holder) -> bool:
        if self.mine is None and self.other is None:
            self.mine = me
        return self.held()

    def held(self) -> bool:
        if self.other is not None:
            self.mine = None
        return self.mine is not None

    def holder(self) -> Holder | None:
        return self.other or self.mine

    def release(self) -> None:
        self.mine = None


def nothing() -> None:
    """Do nothing."""


def owning(
    lease: OneLease,
    clock: Clock,
    alarms: Alarms,
    part: Part | None = None,
) -> Ownership:
    """A server, process 1234 on alpha, after its first look at the lease."""
    played = part or Part(nothing, nothing, nothing, nothing)
    ownership = Ownership(lease, alarms, "alpha", 1234, played)
    ownership.step(clock.now())
    return ownership
