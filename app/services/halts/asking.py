"""Asking venues about orders that are to go, each account's by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from app.domain.orders import Order
from app.services.halts.errands import Errands
from app.services.trading.send import Sender


class Asking:
    """Sends cancels, and clears up those whose answer was lost."""

    def __init__(self, sender: Sender, errands: Errands) -> None:
        self._sender = sender
        self._errands = errands

    def cancel(self, orders: Iterable[Order], patience_s: float) -> set[str]:
        """Ask for cancels that are written down; the accounts that did not answer in time."""
        return self._each(self._sender.cancel, orders, patience_s)

    def clear_up(self, orders: Iterable[Order], patience_s: float) -> set[str]:
        """Ask what became of cancels whose answer was lost, as ``cancel`` does."""
        return self._each(self._sender.clear_up, orders, patience_s)

    def _each(
        self, ask: Callable[[Order], object], orders: Iterable[Order], patience_s: float
    ) -> set[str]:
        by_account: defaultdict[str, list[Order]] = defaultdict(list)
        for order in orders:
            by_account[order.account_id].append(order)
        errands = {each: partial(_in_turn, ask, mine) for each, mine in by_account.items()}
        return self._errands.run(errands, patience_s)


def _in_turn(ask: Callable[[Order], object], orders: Iterable[Order]) -> None:
    for order in orders:
        ask(order)
