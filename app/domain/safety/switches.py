"""Trading switches: what stops new orders on the whole server, an account or a strategy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class TradingState(StrEnum):
    """Whether new orders may go out: all, only those that reduce exposure, or none but exits."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"

    @property
    def strictness(self) -> int:
        """0 for active; the more it stops, the higher."""
        return _STRICTNESS[self]


_STRICTNESS: Final = {TradingState.ACTIVE: 0, TradingState.REDUCING: 1, TradingState.HALTED: 2}


class Scope(StrEnum):
    """How much a switch stops."""

    SERVER = "server"
    ACCOUNT = "account"
    STRATEGY = "strategy"


#: Codes of switches that the rules of a funded account threw.
BY_RULES: Final = frozenset({"FUNDED_CLOSED", "FUNDED_REDUCED"})
#: The code of the switch of an account that has no keys to its venue any more.
NOT_CONNECTED: Final = "NOT_CONNECTED"
#: Codes of switches that the server takes back by itself when their reason is gone.
CLEARED_BY_ITSELF: Final = BY_RULES | {"HEARTBEAT_LOST", NOT_CONNECTED}


@dataclass(frozen=True, slots=True)
class Switch:
    """Where a switch stands, since when, and why.

    ``subject_id`` is the account's or strategy's id, empty for the server; ``thrown_by`` the user
    who did it, None when the server did it itself, or somebody on the command line.
    """

    scope: Scope
    subject_id: str
    state: TradingState
    at: datetime
    code: str | None = None
    detail: str | None = None
    thrown_by: str | None = None

    def outdoes(self, other: Switch | None) -> bool:
        """Whether this one has to take the place of ``other``.

        It does when it is stricter, or when the other would be taken back by the server itself.
        """
        if other is None or self.state.strictness != other.state.strictness:
            return other is None or self.state.strictness > other.state.strictness
        passing = other.code in CLEARED_BY_ITSELF
        return passing and self.code not in CLEARED_BY_ITSELF


@dataclass(frozen=True, slots=True)
class Stop:
    """A switch that is not active, in words: what it stops ("the account desk"), who threw it."""

    switch: Switch
    subject: str
    thrower: str

    @property
    def since(self) -> str:
        """When it was thrown, to the second."""
        return f"{self.switch.at:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def sentence(self) -> str:
        """What is stopped, since when, by whom, and why where a reason was given."""
        halted = self.switch.state is TradingState.HALTED
        what = "Trading is halted on" if halted else "Only orders that reduce pass on"
        told = f"{what} {self.subject} since {self.since}, by {self.thrower}."
        return f"{told} {self.switch.detail or ''}".rstrip()


def strictest(switches: Iterable[Switch]) -> Switch | None:
    """Return the strictest switch that is not active, the first of equals; None without one."""
    thrown = [switch for switch in switches if switch.state is not TradingState.ACTIVE]
    return max(thrown, key=lambda switch: switch.state.strictness, default=None)
