"""Enforces the rules of a floor's funded account once, and is killed in the middle of it.

``python killed_enforcing.py FOLDER KILL_BEFORE``: the data of the floor, and the statement of
SQLite before which the process ends, counted from 0.  With fewer statements it comes to its end.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from app.bootstrap.funded import enforcer
from app.clock import VirtualClock
from tests.faults.killed_funded import Killer
from tests.support.floor import OPENING, open_floor
from tests.support.venue import ScriptedVenue

#: When the rules are enforced: seconds after the floor's opening.
LATER = timedelta(seconds=30)


def main() -> None:
    """Enforce once."""
    folder, before = sys.argv[1:]
    killer = Killer(0, int(before))
    clock = VirtualClock(OPENING + LATER)
    floor = open_floor(Path(folder), clock, ScriptedVenue(clock), seed=4)
    floor.quote("4980")
    killer.begin(0)
    enforcer(floor.core).step(clock.now())


if __name__ == "__main__":
    main()
