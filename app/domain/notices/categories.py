"""Which facts are told to people who do not look at a page, and under which heading."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.domain.events import Fact, FactKind, Level


class Category(StrEnum):
    """What a notice is about; a channel takes some of them."""

    FILL = "fill"
    REFUSAL = "refusal"
    BREACH = "breach"
    NEAR_LIMIT = "near_limit"
    DRIFT = "drift"
    DISCONNECT = "disconnect"
    HALT = "halt"
    ALARM = "alarm"


#: What a notice of the category begins with.
TITLES: Final[Mapping[Category, str]] = {
    Category.FILL: "Fill",
    Category.REFUSAL: "Refused",
    Category.BREACH: "Rule broken",
    Category.NEAR_LIMIT: "Limit near",
    Category.DRIFT: "Books and broker",
    Category.DISCONNECT: "Connection",
    Category.HALT: "Trading switch",
    Category.ALARM: "Server alarm",
}

#: What a reader of the settings needs to know of each category.
SAYS: Final[Mapping[Category, str]] = {
    Category.FILL: "An order was filled, in whole or in part.",
    Category.REFUSAL: "An alert or an order was refused, by a rule of yours or by the broker.",
    Category.BREACH: "A funded account broke a rule or is paused by one, or an account reached its"
    " daily loss.",
    Category.NEAR_LIMIT: "A funded account is close to a limit.",
    Category.DRIFT: "Our books and the broker's differ, agree again, or a trade came from outside.",
    Category.DISCONNECT: "A broker or a sender of alerts is silent, or is back; an alert or an"
    " answer was lost.",
    Category.HALT: "Trading was halted, limited to exits or resumed; a close did not work.",
    Category.ALARM: "Something goes wrong in the server itself: its disk, its work, a take-over.",
}

#: Every kind of fact and its category; None is never told: what was only placed, asked or saved.
KINDS: Final[Mapping[FactKind, Category | None]] = {
    FactKind.ALERT_RECEIVED: None,
    FactKind.ALERT_REFUSED: Category.REFUSAL,
    FactKind.ALERT_FINISHED: None,
    FactKind.ALERT_MISSED: Category.DISCONNECT,
    FactKind.SOURCE_SILENT: Category.DISCONNECT,
    FactKind.SOURCE_HEARD: Category.DISCONNECT,
    FactKind.SOURCE_BUSY: Category.DISCONNECT,
    FactKind.ORDER_DENIED: Category.REFUSAL,
    FactKind.ORDER_SUBMITTED: None,
    FactKind.ORDER_ACCEPTED: None,
    FactKind.ORDER_REJECTED: Category.REFUSAL,
    FactKind.ORDER_UNKNOWN: Category.DISCONNECT,
    FactKind.ORDER_CANCELED: None,
    FactKind.ORDER_CANCEL_REFUSED: Category.REFUSAL,
    FactKind.ORDER_EXPIRED: Category.REFUSAL,
    FactKind.ORDER_FILLED: Category.FILL,
    FactKind.POSITION_CHANGED: None,
    FactKind.STRATEGY_CHANGED: None,
    FactKind.ACCOUNT_CHANGED: None,
    FactKind.ACCOUNT_CONNECTED: Category.DISCONNECT,
    FactKind.ACCOUNT_DISCONNECTED: Category.DISCONNECT,
    FactKind.ACCOUNT_KEYS_REPLACED: None,
    FactKind.ACCOUNT_BOUNDED: None,
    FactKind.DAILY_LOSS_REACHED: Category.BREACH,
    FactKind.LIVE_ORDER: None,
    FactKind.TRADING_HALTED: Category.HALT,
    FactKind.TRADING_REDUCED: Category.HALT,
    FactKind.TRADING_RESUMED: Category.HALT,
    FactKind.CLOSE_FAILED: Category.HALT,
    FactKind.KEY_ROTATED: None,
    FactKind.REPORT_IGNORED: Category.DRIFT,
    FactKind.EXTERNAL_TRADE: Category.DRIFT,
    FactKind.DRIFT_FOUND: Category.DRIFT,
    FactKind.DRIFT_RESOLVED: Category.DRIFT,
    FactKind.BOOKS_DISAGREE: Category.DRIFT,
    FactKind.BOOKS_AGREE: Category.DRIFT,
    FactKind.VENUE_SILENT: Category.DISCONNECT,
    FactKind.VENUE_ANSWERS: Category.DISCONNECT,
    FactKind.MARKET_OPENED: None,
    FactKind.MARKET_CLOSED: None,
    FactKind.WORKER_FAILED: Category.ALARM,
    FactKind.RULE_BREACHED: Category.BREACH,
    FactKind.RULE_NEAR: Category.NEAR_LIMIT,
    FactKind.FUNDED_DAY_BEGAN: None,
    FactKind.FUNDED_CHANGED: None,
    FactKind.FUNDED_STALE: Category.DISCONNECT,
    FactKind.FUNDED_HEARD: Category.DISCONNECT,
    FactKind.FUNDED_ENFORCED: Category.BREACH,
    FactKind.CHANNEL_FAILED: None,
    FactKind.CHANNEL_WORKS: None,
}

#: Codes that say more than the kind of their fact does; a refusal with the code stays a refusal.
CODES: Final[Mapping[str, Category]] = {
    "OVERFILL": Category.DRIFT,
    "FUNDED_FAILED": Category.BREACH,
    "FUNDED_PAUSED": Category.BREACH,
}


def category_of(fact: Fact) -> Category | None:
    """Return what the fact is told as, None when it is never told; a mere repeat is not told."""
    by_kind = KINDS[fact.kind]
    if by_kind is None:
        return None
    if by_kind is Category.REFUSAL:
        return None if fact.level is Level.INFO else by_kind
    return CODES.get(fact.code or "", by_kind)
