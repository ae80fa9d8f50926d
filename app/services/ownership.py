"""Ownership: whether this server trades, or stands by until the one that does is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.errors import StoreUnavailable
from app.services.alarms import Alarms
from app.services.ports import Holder, Lease

#: How often the right to trade is taken or looked after, in seconds.
OWNED_EVERY: Final = 1.0


class Role(StrEnum):
    """What this server does: trade, get ready to (its books are settled first), or stand by."""

    TRADING = "trading"
    STARTING = "starting"
    STANDBY = "standby"


@dataclass(frozen=True, slots=True)
class Part:
    """What a trading server does besides serving pages.

    ``prepare`` settles what is open at the venues, ``begin`` starts every worker that trades,
    ``cease`` stops them at once; ``wait`` is called each second in which another server trades.
    """

    prepare: Callable[[], None]
    begin: Callable[[], None]
    cease: Callable[[], None]
    wait: Callable[[], None]


class Ownership:
    """Plays the part of the trading server while the lease is ours, and only then."""

    def __init__(self, lease: Lease, alarms: Alarms, host: str, pid: int, part: Part) -> None:
        self._lease = lease
        self._alarms = alarms
        self._host = host
        self._pid = pid
        self.part = part
        self._waited = False
        self.role = Role.STANDBY
        self.holder: Holder | None = None

    @property
    def may_trade(self) -> bool:
        """Whether this server trades and has the right to at this very moment."""
        return self.role is Role.TRADING and self._lease.held()

    def step(self, now: datetime) -> bool:
        """Take the right, or see that it is still ours, and act on it; never more to do at once."""
        me = Holder(self._host, self._pid, now)
        if self.role is Role.TRADING:
            # A loss that somebody else noticed counts, also if the right could be had again.
            if not (self._lease.held() and self._taken(me)):
                self._cease()
        elif self._taken(me):
            self._begin()
        else:
            self._stand_by()
        return False

    def leave(self, *, ended: bool) -> None:
        """Trade no more; with ``ended`` the next server may begin at once.

        Without it something is still under way, and the right ends with this process.
        """
        self.role = Role.STANDBY
        if ended:
            self._lease.release()

    def explain(self) -> str:
        """Say in a sentence who trades, for somebody who may not change anything here."""
        if self.role is Role.STARTING:
            return "This server is about to trade: try again in a moment."
        who = self.holder
        if who is None:
            return "This server stands by and changes nothing: another one trades on its database."
        return (
            f"This server stands by and changes nothing: the server on {who.host}, process"
            f" {who.pid}, trades on this database since {who.since:%Y-%m-%d %H:%M:%S} UTC."
        )

    def _taken(self, me: Holder) -> bool:
        try:
            return self._lease.take(me)
        except StoreUnavailable:
            return False

    def _begin(self) -> None:
        self.role = Role.STARTING
        self.part.prepare()
        self.role, self.holder = Role.TRADING, None
        self.part.begin()
        if self._waited:
            self._alarms.took_over(self._host, self._pid)

    def _cease(self) -> None:
        self.role, self._waited = Role.STANDBY, True
        self.part.cease()
        self._alarms.stopped_trading(self._host, self._pid)

    def _stand_by(self) -> None:
        self.role, self._waited = Role.STANDBY, True
        self.holder = self._lease.holder()
        self.part.wait()
