"""Which of our orders an order of Alpaca is.

An order of ours may be several of Alpaca's: each replacement is a new one, and of a pair of exits
only the take-profit carries an id that we chose.  So our ids are written into theirs:

    sb-a            an order
    sb-a.2          what replaced it
    sb-a+sb-b       a pair: the take-profit, whose other leg is sb-b under an id that Alpaca made
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from datetime import datetime
from typing import Final

from app.brokers.alpaca.wire import Told

#: Orders that are remembered; the oldest are forgotten first, and asked for again.
_MOST: Final = 20_000
_OURS: Final = re.compile(r"(sb-[^+.]+)(?:\+(sb-[^+.]+))?(?:\.(\d+))?")


def paired(take_profit: str, stop: str) -> str:
    """Return the client order id of a pair."""
    return f"{take_profit}+{stop}"


def read(own: str) -> tuple[str, ...]:
    """Return our ids that a client order id holds: one, two for a pair, none if it is not ours."""
    found = _OURS.fullmatch(own)
    return tuple(each for each in found.group(1, 2) if each) if found else ()


def following(own: str, name: str) -> str:
    """Return the client order id for what replaces the order under ``own``, which is ``name``."""
    found = _OURS.fullmatch(own)
    if found is None:
        return f"{name}.2"
    before = own if found[3] is None else own[: found.start(3) - 1]
    return f"{before}.{int(found[3] or 1) + 1}"


class Names:
    """What has been learned of which order is which; many tasks may use it at once.

    ``forgetful`` is whether anything was forgotten, so that what is not known here may yet be.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._names: OrderedDict[str, str] = OrderedDict()
        self._newest: OrderedDict[str, tuple[datetime, str]] = OrderedDict()
        self._partners: OrderedDict[str, str] = OrderedDict()
        self._alone: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self.forgetful = False

    def of(self, venue_id: str) -> str | None:
        """Our id of an order of Alpaca, its own client order id if it is not ours; None if new."""
        with self._lock:
            return self._names.get(venue_id)

    def newest(self, name: str) -> str | None:
        """Alpaca's id of the last order that is known to stand for ours."""
        with self._lock:
            found = self._newest.get(name)
            return None if found is None else found[1]

    def partner(self, name: str) -> str | None:
        """The other order of the pair that ``name`` is of."""
        with self._lock:
            return self._partners.get(name)

    def send(self, name: str) -> None:
        """Remember that an order is sent by itself."""
        with self._lock:
            self._alone[name] = None
            if len(self._alone) > self._most:
                self._alone.popitem(last=False)

    def alone(self, name: str) -> bool:
        """Whether the order was sent from here by itself, so that it has its own id at Alpaca."""
        with self._lock:
            return name in self._alone

    def learn(self, told: Told) -> str:
        """Remember an order and its legs; return the name of the order."""
        with self._lock:
            ours = read(told.own)
            name = ours[0] if ours else self._known(told) or told.own
            self._put(told, name)
            for leg in told.legs:
                self._put(leg, self._leg(leg, ours))
            if len(ours) == 2:
                self._partners.update({ours[0]: ours[1], ours[1]: ours[0]})
            for memory in (self._names, self._newest, self._partners):
                while len(memory) > self._most:
                    memory.popitem(last=False)
                    self.forgetful = True
        return name

    def _known(self, told: Told) -> str | None:
        return self._names.get(told.id) or self._names.get(told.replaces or "")

    def _leg(self, leg: Told, ours: tuple[str, ...]) -> str:
        named = read(leg.own)
        return named[0] if named else ours[1] if len(ours) == 2 else leg.own

    def _put(self, told: Told, name: str) -> None:
        self._names[told.id] = name
        at, before = self._newest.get(name, (told.submitted_at, told.id))
        if told.replaces is not None and told.status == "rejected":
            # It came too late, and what it was to replace stands.
            if before == told.id:
                self._newest[name] = (told.submitted_at, told.replaces)
        elif told.submitted_at >= at:
            self._newest[name] = (told.submitted_at, told.id)
