"""What Alpaca's refusals mean: our own stable code, Alpaca's words, and what to do about them.

The status decides what may be assumed; the words, which may change, only choose the code.
"""

from __future__ import annotations

from typing import Any, Final

from app.brokers.net.calls import certain
from app.brokers.net.text import clean
from app.domain.errors import BrokerAuth, BrokerError, BrokerRejected
from app.domain.refusals import CATALOGUE

#: An id of ours that Alpaca has already: never told, the order that is there is adopted.
DUPLICATE: Final = "DUPLICATE_ORDER"
#: Alpaca has no such order, and no such asset or position.
UNKNOWN_ORDER: Final = "UNKNOWN_ORDER"
NOT_THERE: Final = frozenset({UNKNOWN_ORDER, "NOT_FOUND"})
#: Any refusal that has no code of its own.
OTHER: Final = "VENUE_REFUSED"

_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
#: Words of refusals in lower case, the first that is found counts.
_WORDS: Final = (
    ("client_order_id must be unique", DUPLICATE),
    ("buying power", "BUYING_POWER"),
    ("insufficient balance", "BUYING_POWER"),
    ("pattern day", "PATTERN_DAY_TRADER"),
    ("wash trade", "WASH_TRADE"),
    ("insufficient qty", "QUANTITY_HELD"),
    ("sub-penny", "BAD_PRICE"),
    ("minimal amount", "ORDER_TOO_SMALL"),
    ("not tradable", "NOT_TRADABLE"),
    ("is not active", "NOT_TRADABLE"),
    ("halted", "HALTED"),
    ("fraction", "FRACTIONAL"),
    ("sold short", "NOT_SHORTABLE"),
    ("to short", "NOT_SHORTABLE"),
    ("not found", "UNKNOWN_SYMBOL"),
    ("time_in_force", "BAD_TIME_IN_FORCE"),
    ("market is closed", "MARKET_CLOSED"),
    ("market hours", "MARKET_CLOSED"),
    ("not allowed to trade", "ACCOUNT_BLOCKED"),
    ("restricted", "ACCOUNT_BLOCKED"),
    ("rejected by user request", "ACCOUNT_BLOCKED"),
    ("order is already in", "TOO_LATE"),
    ("not cancelable", "TOO_LATE"),
)
#: What to do, where the catalogue's advice is for other moments.
_ADVICE: Final = {
    "UNKNOWN_SYMBOL": "Look the symbol up at Alpaca, and correct it in the alert or the strategy.",
    "BAD_PRICE": "Round the price to the instrument's tick: a cent, below a dollar a hundredth.",
}


def meaning(status: int, data: Any, said: str) -> BrokerError | None:  # noqa: ANN401  JSON
    """Return what a 4xx answer means; None when it leaves open whether something was done."""
    body = data if isinstance(data, dict) else None
    code = None if body is None else body.get("code")
    keys_refused = status == _FORBIDDEN and body is not None and code is None
    if status == _UNAUTHORISED or keys_refused:
        return BrokerAuth(f"Alpaca refused the keys ({said.rstrip('.')}).")
    if not certain(status, code):
        return None
    reason = body.get("reject_reason") if body else None
    words = f"{said.rstrip('.')} ({clean(reason)})" if isinstance(reason, str) else said
    return refused(words, _code(status, code, said.lower()))


def refused(said: str, code: str) -> BrokerRejected:
    """Return the refusal with Alpaca's words and a sentence that says what to do."""
    advice = _ADVICE.get(code) or CATALOGUE[code].change
    return BrokerRejected(f"{said.rstrip('.')}. {advice}", code=code)


def _code(status: int, code: object, said: str) -> str:
    # A path that is no endpoint is answered without a code: that proves nothing of an order.
    if status == _NOT_FOUND and code is not None:
        return UNKNOWN_ORDER if "order" in said else "NOT_FOUND"
    if status == _NOT_FOUND:
        return OTHER
    return next((ours for words, ours in _WORDS if words in said), OTHER)
