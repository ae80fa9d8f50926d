"""Facts: things that happened, numbered, kept for ever, and shown to the people they concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class FactKind(StrEnum):
    """What happened."""

    ALERT_RECEIVED = "AlertReceived"
    ALERT_REFUSED = "AlertRefused"
    ALERT_FINISHED = "AlertFinished"
    ALERT_MISSED = "AlertMissed"
    SOURCE_SILENT = "SourceSilent"
    SOURCE_HEARD = "SourceHeard"
    SOURCE_BUSY = "SourceBusy"
    ORDER_DENIED = "OrderDenied"
    ORDER_SUBMITTED = "OrderSubmitted"
    ORDER_ACCEPTED = "OrderAccepted"
    ORDER_REJECTED = "OrderRejected"
    ORDER_UNKNOWN = "OrderUnknown"
    ORDER_CANCELED = "OrderCanceled"
    ORDER_CANCEL_REFUSED = "OrderCancelRefused"
    ORDER_EXPIRED = "OrderExpired"
    ORDER_FILLED = "OrderFilled"
    POSITION_CHANGED = "PositionChanged"
    STRATEGY_CHANGED = "StrategyChanged"
    ACCOUNT_CHANGED = "AccountChanged"
    ACCOUNT_CONNECTED = "AccountConnected"
    ACCOUNT_DISCONNECTED = "AccountDisconnected"
    ACCOUNT_KEYS_REPLACED = "AccountKeysReplaced"
    ACCOUNT_BOUNDED = "AccountBounded"
    DAILY_LOSS_REACHED = "DailyLossReached"
    LIVE_ORDER = "LiveOrder"
    TRADING_HALTED = "TradingHalted"
    TRADING_REDUCED = "TradingReduced"
    TRADING_RESUMED = "TradingResumed"
    CLOSE_FAILED = "CloseFailed"
    KEY_ROTATED = "KeyRotated"
    REPORT_IGNORED = "ReportIgnored"
    EXTERNAL_TRADE = "ExternalTrade"
    DRIFT_FOUND = "DriftFound"
    DRIFT_RESOLVED = "DriftResolved"
    BOOKS_DISAGREE = "BooksDisagree"
    BOOKS_AGREE = "BooksAgree"
    VENUE_SILENT = "VenueSilent"
    VENUE_ANSWERS = "VenueAnswers"
    MARKET_OPENED = "MarketOpened"
    MARKET_CLOSED = "MarketClosed"
    WORKER_FAILED = "WorkerFailed"
    RULE_BREACHED = "RuleBreached"
    RULE_NEAR = "RuleNear"
    FUNDED_DAY_BEGAN = "FundedDayBegan"
    FUNDED_CHANGED = "FundedChanged"
    FUNDED_STALE = "FundedStale"
    FUNDED_HEARD = "FundedHeard"
    FUNDED_ENFORCED = "FundedEnforced"
    CHANNEL_FAILED = "ChannelFailed"
    CHANNEL_WORKS = "ChannelWorks"


class Level(StrEnum):
    """How much a fact matters to the person who reads the log."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened.  ``number`` is given by the store; ``data`` is JSON (money as text).

    ``user_id`` names the only user who may see it; None is for the server's own facts.
    """

    kind: FactKind
    at: datetime
    message: str
    level: Level = Level.INFO
    code: str | None = None
    user_id: str | None = None
    strategy_id: str | None = None
    account_id: str | None = None
    alert_id: str | None = None
    order_id: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    number: int = 0
