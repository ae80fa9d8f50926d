"""Halting: stop new orders, cancel what works, close what is open, and see it through."""

from __future__ import annotations

from typing import Final

from app.services.halts.asking import Asking
from app.services.halts.closing import Closer
from app.services.halts.desk import Halt, HaltDesk, HaltReport
from app.services.halts.errands import Errands
from app.services.halts.keeper import HaltKeeper
from app.services.inbox import Inbox
from app.services.manual import ManualDesk
from app.services.ports import Clock, Quotes, Store
from app.services.trading.send import Sender
from app.services.trading.settle import Settler

__all__ = ["Halt", "HaltDesk", "HaltKeeper", "HaltReport", "make_halts"]

#: How long a halt waits for the venues' answers to its cancels, in seconds.
PATIENCE_S: Final = 3.0


def make_halts(
    store: Store,
    clock: Clock,
    inbox: Inbox,
    desk: ManualDesk,
    sender: Sender,
    settler: Settler,
    quotes: Quotes,
    patience_s: float = PATIENCE_S,
) -> tuple[HaltDesk, HaltKeeper]:
    """Return the desk where trading is halted, and who sees each halt through.

    The desk waits for the venues' answers to its cancels for ``patience_s`` seconds.
    """
    asking, closer = Asking(sender, Errands()), Closer(clock, desk, quotes)
    return (
        HaltDesk(store, clock, inbox, closer, settler, asking, patience_s),
        HaltKeeper(store, settler, closer, asking, inbox),
    )
