"""Comparing: which numbers differ, and what most likely made the difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.money import ZERO, divide, exact, plain
from app.domain.orders import Order, OrderState
from app.domain.safety.drift import GRACE, Difference, DriftCause, position_words
from app.services.trading.settle import describe

_UNDER_WAY: Final = frozenset({OrderState.SUBMITTING, OrderState.UNKNOWN})
_GUESSES: Final = {
    DriftCause.MANUAL_TRADE: "Most likely a trade by hand at the broker.",
    DriftCause.MISSED_FILL: "Most likely a fill of a working order that was not reported.",
    DriftCause.LATE_FILL: "Most likely a fill that is still on its way.",
    DriftCause.UNKNOWN: "What happened is not known: look at the broker's own list.",
}

Quantities = Mapping[str, Decimal]
"""Signed quantities by symbol."""


@exact
def account_book(books: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Return the sum of an account's books by symbol; a symbol that is flat is left out."""
    total: dict[str, Decimal] = {}
    for symbol, quantity in books:
        total[symbol] = total.get(symbol, ZERO) + quantity
    return {symbol: plain(quantity) for symbol, quantity in total.items() if quantity}


@dataclass(frozen=True, slots=True)
class Books:
    """An account in our books: positions before the venue was asked and now, and working orders.

    ``before`` has the fills that the venue told of in its answer: its positions have them too.
    """

    account: str
    before: Quantities
    now: Quantities
    working: Sequence[Order]


def positions(books: Books, theirs: Quantities) -> list[Difference]:
    """Return where the venue lists neither what we held before it was asked nor what we hold now.

    Symbols are those of either side.
    """
    found = []
    for symbol in sorted({*books.now, *theirs}):
        ours, held = books.now.get(symbol, ZERO), theirs.get(symbol)
        if (held or ZERO) not in {ours, books.before.get(symbol, ZERO)}:
            found.append(_of_position(books, symbol, ours, held))
    return found


def order(books: Books, missing: Order) -> Difference:
    """Return the difference about a working order of ours that the venue does not know."""
    cause = DriftCause.UNKNOWN
    detail = (
        f"Our books have a working order on {books.account}, {describe(missing)}, and the broker"
        f" knows of none. {_GUESSES[cause]}"
    )
    left = plain(missing.remaining * missing.side.sign)
    return Difference(missing.symbol, left, None, cause, detail, missing.id)


def calm(symbol: str, last_fill: datetime | None, working: Sequence[Order], now: datetime) -> bool:
    """Whether nothing of the symbol filled a moment ago, and no order of it is under way."""
    if last_fill is not None and abs(now - last_fill) < GRACE:
        return False
    return not any(each.state in _UNDER_WAY for each in working if each.symbol == symbol)


@exact
def _of_position(books: Books, symbol: str, ours: Decimal, theirs: Decimal | None) -> Difference:
    gap = (theirs or ZERO) - ours
    cause = DriftCause.UNKNOWN if theirs is None else _cause(symbol, gap, books.working)
    words = position_words(books.account, symbol, ours, theirs)
    return Difference(symbol, ours, theirs, cause, f"{words} {_GUESSES[cause]}")


def _cause(symbol: str, gap: Decimal, working: Sequence[Order]) -> DriftCause:
    same = [each for each in working if each.symbol == symbol and each.side.sign * gap > 0]
    if any(each.state in _UNDER_WAY for each in same):
        return DriftCause.LATE_FILL
    if any(each.remaining >= abs(gap) for each in same):
        return DriftCause.MISSED_FILL
    return DriftCause.MANUAL_TRADE


@exact
def price_of(
    ours: Decimal, theirs: Decimal, basis: Decimal, average: Decimal | None
) -> Decimal | None:
    """Return the price at which the difference makes our average cost the venue's; None if unknown.

    ``basis`` is the signed cost of what we hold, ``average`` the venue's price of what it holds.
    Only a position that grew has such a price: what closed one may have cost anything.
    """
    if average is None or abs(theirs) <= abs(ours) or ours * theirs < 0:
        return None
    price = divide(theirs * average - basis, theirs - ours)
    return price if price > 0 else None
