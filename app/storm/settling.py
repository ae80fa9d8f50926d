"""After a storm: wait until everything has come to its end, or nothing moves any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.services.ports import Clock
from app.storm.evidence import Scene

#: How long nothing may come to its end before the rest is given up, and how long in all.  What was
#: filled unheard is found when an account is compared, each minute, by a broker that may fail then.
STILL_S: Final = 240.0
SETTLE_S: Final = 1800.0


def settle(
    scene: Scene, clock: Clock, wait: Callable[[], bool], tell: Callable[[int], None]
) -> int:
    """Wait until no alert and no order is open; return how many are.

    ``wait`` lets some time pass and says whether to stop; ``tell`` hears what is left each time.
    """
    least = None
    begun = moved = clock.monotonic()
    while (left := scene.open_alerts() + scene.open_orders()) > 0:
        now = clock.monotonic()
        if least is None or left < least:
            least, moved = left, now
        tell(left)
        if now - moved > STILL_S or now - begun > SETTLE_S or wait():
            break
    return left
