"""The settler's worker: books what venues report, and looks after protection, as it comes."""

from __future__ import annotations

from datetime import datetime

from app.services.trading.protect import Protector
from app.services.trading.settle import Settler


class SettleWorker:
    """Books one batch a step, then tends the books that it touched."""

    def __init__(self, settler: Settler, protector: Protector) -> None:
        self._settler = settler
        self._protector = protector

    def step(self, now: datetime) -> bool:  # noqa: ARG002  the settler reads its own clock
        """Do one batch; returns whether more reports wait."""
        self._settler.settle()
        self._protector.tend()
        return self._settler.waiting
