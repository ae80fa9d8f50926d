"""Errands: what is asked of several venues at once, so that one that hangs holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

Errand = Callable[[], object]


class Errands:
    """Runs one errand for each account at a time, in a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def run(self, errands: Mapping[str, Errand], patience_s: float) -> set[str]:
        """Run each account's errand; the accounts whose errand has not ended after so long.

        An account whose last errand is still under way gets no second one, and is among them.
        """
        with self._lock:
            free = errands.keys() - self._busy
            self._busy |= free
        left, ended = set(free), threading.Event()
        for account_id in free:
            self._start(account_id, errands[account_id], left, ended)
        if left:
            ended.wait(patience_s)
        with self._lock:
            return left | (errands.keys() - free)

    def _start(
        self, account_id: str, errand: Errand, left: set[str], ended: threading.Event
    ) -> None:
        def go() -> None:
            try:
                errand()
            finally:
                with self._lock:
                    self._busy.discard(account_id)
                    left.discard(account_id)
                    if not left:
                        ended.set()

        threading.Thread(target=go, name=f"errand-{account_id}", daemon=True).start()
