"""Which setting is behind each code: a house test keeps every code in exactly one of the lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Place(StrEnum):
    """Where a setting is changed."""

    STRATEGY = "strategy"
    ACCOUNT = "account"
    SERVER = "server"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that can be behind a refusal: where it is, its name there, and its label.

    ``name`` is a field of the strategy's form, of an account, of the server's environment in
    lower case, or the kind of a switch.
    """

    place: Place
    name: str
    label: str

    @property
    def shown(self) -> str:
        """The setting as people read it."""
        match self.place:
            case Place.SERVER:
                return self.name.upper()
            case Place.SWITCH:
                return self.label
        return f"{self.label} ({self.place})"


def _strategy(name: str, label: str) -> Setting:
    return Setting(Place.STRATEGY, name, label)


_TAKES: Final = _strategy("state", "Takes alerts")
_SIZE: Final = _strategy("sizing", "Size comes from")
_MAX_POSITION: Final = _strategy("max_position", "Largest position")
_ORDER_TYPE: Final = _strategy("order_type", "Order type")
_STOP: Final = _strategy("stop_loss", "Stop loss")
_SYMBOLS: Final = _strategy("symbol_map", "Symbol mapping")
_MAX_AGE: Final = _strategy("max_age_s", "Oldest alert")
_ACCOUNTS: Final = _strategy("accounts", "Accounts")
_DEDUPE: Final = _strategy("dedupe_window_s", "Same message again within")
_HEARTBEAT: Final = _strategy("heartbeat_minutes", "Heartbeat")
_TRADING: Final = Setting(Place.SWITCH, "trading_state", "The trading switch that is named")
_CREDENTIALS: Final = Setting(Place.ACCOUNT, "settings", "Connection")

#: The setting that did it, by code.
SET_BY: Final[Mapping[str, Setting]] = {
    "STRATEGY_OFF": _TAKES,
    "NO_NEW_ENTRIES": _TAKES,
    "STRATEGY_ARCHIVED": _strategy("archived_at", "Archive"),
    "SOURCE_NOT_ALLOWED": _strategy("source_allowlist", "Allowed senders"),
    "STALE_ALERT": _MAX_AGE,
    "EXPIRED_BEFORE_SENDING": _MAX_AGE,
    "SIDE_NOT_ALLOWED": _strategy("allowed_side", "Sides"),
    "SYMBOL_NOT_ALLOWED": _SYMBOLS,
    "UNKNOWN_SYMBOL": _SYMBOLS,
    "OUTSIDE_WINDOW": _strategy("windows", "Trading windows"),
    "COOLDOWN": _strategy("cooldown_s", "Pause after an entry"),
    "TOO_MANY_ALERTS": _strategy("max_alerts_per_session", "Entries a session at most"),
    "DUPLICATE": _DEDUPE,
    "NO_QUANTITY": _SIZE,
    "QUANTITY_ROUNDS_TO_ZERO": _SIZE,
    "NO_EQUITY": _SIZE,
    "STOP_NEEDED_FOR_RISK_SIZE": _STOP,
    "TWO_STOPS": _STOP,
    "STOP_NOT_TAKEN": _STOP,
    "TAKE_PROFIT_LEFT_OUT": _strategy("take_profit", "Take profit"),
    "NOT_TRADED_THERE": _ACCOUNTS,
    "HELD_OTHER_WAY": _ACCOUNTS,
    "MAX_POSITION": _MAX_POSITION,
    "NO_LIMIT_PRICE": _ORDER_TYPE,
    "NO_STOP_PRICE": _ORDER_TYPE,
    "NO_TRAIL": _ORDER_TYPE,
    "BAD_TIME_IN_FORCE": _strategy("time_in_force", "Order works"),
    "NO_ACCOUNT": _ACCOUNTS,
    "UNKNOWN_ACCOUNT": _ACCOUNTS,
    "HEARTBEAT_LOST": _HEARTBEAT,
    "TRADING_HALTED": _TRADING,
    "TRADING_REDUCING": _TRADING,
    "OVERFILL": _TRADING,
    "VENUE_AUTH": _CREDENTIALS,
    "BROKER_AUTH": _CREDENTIALS,
    "NOT_CONNECTED": _CREDENTIALS,
    "ORDER_VALUE_LIMIT": Setting(Place.ACCOUNT, "max_order_value", "Largest order value"),
    "DAILY_LOSS_LIMIT": Setting(Place.ACCOUNT, "max_daily_loss", "Largest daily loss"),
    "DAY_PNL_UNKNOWN": Setting(Place.ACCOUNT, "max_daily_loss", "Largest daily loss"),
    "ORDERS_A_DAY_LIMIT": Setting(Place.ACCOUNT, "max_orders_a_day", "Orders a day"),
    "LIVE_WITHOUT_LIMITS": Setting(Place.ACCOUNT, "max_order_value", "Largest order value"),
    "LIVE_TRADING_OFF": Setting(Place.SERVER, "live_trading", "Real money"),
    "LIVE_HOST_MISSING": Setting(Place.SERVER, "alpaca_live_url", "Host for real money"),
    "INVALID_SETTINGS": _CREDENTIALS,
    "NO_PRICE": Setting(Place.SERVER, "quote_max_age_s", "Age of a price"),
    "RATE_LIMITED": Setting(Place.SERVER, "webhook_rate_limit", "Limit of requests"),
    "REVERSAL_CLOSE_NOT_FILLED": Setting(Place.SERVER, "reversal_wait_s", "Wait for a close"),
    "ATTACHMENTS_FULL": Setting(Place.SERVER, "attachments_mb", "Room for pictures"),
    "DISK_LOW": Setting(Place.SERVER, "min_free_mb", "Space that must stay free"),
}

#: Codes that no setting is behind: the message, the market, the venue or the machine is.
NO_SETTING: Final = frozenset(
    {
        "EMPTY_BODY",
        "BODY_TOO_LARGE",
        "ATTACHMENT_TOO_LARGE",
        "ATTACHMENT_NOT_A_PICTURE",
        "NOT_UTF8",
        "CONTROL_CHARACTER",
        "BAD_JSON",
        "NOT_AN_OBJECT",
        "TOO_DEEP",
        "DUPLICATE_FIELD",
        "NO_FIELDS",
        "UNRESOLVED_PLACEHOLDER",
        "INVALID_INPUT",
        "BAD_NUMBER",
        "BAD_QUANTITY",
        "BAD_OFFSET",
        "BAD_TIME",
        "BAD_TYPE",
        "UNKNOWN_VALUE",
        "CONTRADICTION",
        "MISSING_PRICE",
        "MISSING_QUANTITY",
        "MISSING_ACTION",
        "UNKNOWN_ACTION",
        "CONFLICT",
        "TEST_ALERT",
        "EXPIRED_KEY",
        "RESTORED_FROM_BACKUP",
        "ALREADY_FLAT",
        "ALREADY_THERE",
        "NOTHING_TO_CANCEL",
        "ZERO_QUANTITY",
        "NO_POSITION",
        "ADD_AGAINST_POSITION",
        "HELD_OTHER_MONTH",
        "BAD_PRICE",
        "ORDER_UNSETTLED",
        "NOTHING_LEFT_TO_CLOSE",
        "ACCOUNT_NOT_RECONCILED",
        "POSITION_DRIFT",
        "NO_BUYING_POWER",
        "BUYING_POWER",
        "KEYS_REFUSED",
        "KEYS_OF_OTHER_MODE",
        "ACCOUNT_REFUSED",
        "ACCOUNT_NOT_USABLE",
        "VENUE_NOT_REACHED",
        "NO_VENUE_HISTORY",
        "CONNECTED_ALREADY",
        "OTHER_ACCOUNT",
        "VENUE_REJECTED",
        "VENUE_UNAVAILABLE",
        "VENUE_LIMITED",
        "VENUE_UNKNOWN",
        "EXIT_HELD_UP",
        "PROTECTION_RENEWED",
        "FUNDED_FAILED",
        "FUNDED_PAUSED",
        "FUNDED_UNKNOWN",
        "FUNDED_AUTOMATION",
        "FUNDED_PRODUCT",
        "FUNDED_HOURS",
        "FUNDED_NEWS",
        "FUNDED_FLAT_TIME",
        "FUNDED_CONTRACTS",
        "FUNDED_MAX_LOSS",
        "FUNDED_DAILY_LOSS",
        "FUNDED_NO_PRICE",
        "FUNDED_SIZED_DOWN",
        "FUNDED_BREACHED",
        "FUNDED_DAY_PAUSED",
        "FUNDED_OVER_LIMIT",
        "FUNDED_NEAR",
        "FUNDED_SILENT",
        "FUNDED_CLOSED",
        "FUNDED_REDUCED",
        "FUNDED_WATCHED",
        "WATCHED_ONLY",
        "MALFORMED_MESSAGE",
        "STALE_SESSION",
        "TOO_MANY_ACCOUNTS",
        "BAD_SIGNATURE",
        "ADDON_ACCOUNT",
        "ADDON_LOST",
        "ADDON_CLOCK",
        "ADDON_TAKEN_BACK",
        "ALERT_MISSED",
        "INTERNAL_ERROR",
        "ORDER_IMPORTED",
        "NOT_AT_BROKER",
        "BAD_REQUEST",
        "BAD_SETTINGS",
        "UNAUTHORISED",
        "CSRF",
        "FORBIDDEN",
        "WRONG_SETUP_LINK",
        "NOT_FOUND",
        "METHOD_NOT_ALLOWED",
        "NOT_ACCEPTABLE",
        "REQUEST_TIMEOUT",
        "UNSUPPORTED_CONTENT",
        "UNAVAILABLE",
        "STOPPING",
        "STANDBY",
        "STORE_UNAVAILABLE",
        "INTERNAL",
        "INVARIANT_BROKEN",
        "CONFIG",
        "NO_SERVER",
        "STORM_BROKEN",
        "BAD_ALERTS",
        "BAD_BARS",
        "BROKER_ERROR",
        "BROKER_REJECTED",
        "BROKER_UNAVAILABLE",
        "BROKER_LIMITED",
        "BROKER_UNKNOWN",
        "DUPLICATE_ORDER",
        "MARKET_CLOSED",
        "MARKET_DATA_PLAN",
        "NO_MARKET_DATA",
        "HALTED",
        "NOT_TRADABLE",
        "NOT_SHORTABLE",
        "FRACTIONAL",
        "ORDER_TOO_SMALL",
        "QUANTITY_HELD",
        "WASH_TRADE",
        "PATTERN_DAY_TRADER",
        "ACCOUNT_BLOCKED",
        "VENUE_REFUSED",
        "NOTHING_TO_REDUCE",
        "TOO_LATE",
        "UNKNOWN_ORDER",
        "CANCELLED_BY_HAND",
        "CLOSE_FAILED",
        "FILL_CONTRADICTS",
        "FILL_NOT_OURS",
        "BOOKS_DISAGREE",
        "REPORT_NOT_OURS",
        "REPORT_OUT_OF_ORDER",
        "WORKER_FAILED",
        "WORKER_LATE",
        "WORKER_REPLACED",
        "TASK_LATE",
        "HUB_LATE",
        "LOG_GROWN",
        "STORAGE_FAILED",
        "TOOK_OVER",
        "STOPPED_TRADING",
        "COMMAND_LINE",
        "HEARTBEAT",
        "SOURCE_SILENT",
        "SOURCE_BUSY",
    }
)
