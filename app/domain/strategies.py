"""Strategies: what a trader registers, how its alerts become orders, and its webhook keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.settings import AccountLink, StrategySettings


class StrategyState(StrEnum):
    """Whether alerts are executed: all, only those that close, or none."""

    ON = "on"
    NO_NEW_ENTRIES = "no_new_entries"
    OFF = "off"


class StrategyKind(StrEnum):
    """Webhook strategies have keys; each account has one manual strategy, its manual book."""

    WEBHOOK = "webhook"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Strategy:
    """A registered strategy with its settings and the accounts it trades on."""

    id: str
    name: str
    symbol: str
    state: StrategyState
    settings: StrategySettings
    accounts: tuple[AccountLink, ...]
    created_at: datetime
    updated_at: datetime
    kind: StrategyKind = StrategyKind.WEBHOOK
    user_id: str | None = None
    archived_at: datetime | None = None

    def link(self, account_id: str) -> AccountLink | None:
        """How the strategy trades on that account; None when it does not."""
        return next((link for link in self.accounts if link.account_id == account_id), None)


def symbol_for(strategy: Strategy, sent: str | None) -> str:
    """Return the symbol to trade: what the alert sent, mapped, else the strategy's own."""
    return strategy.symbol if sent is None else strategy.settings.mapped(sent)


@dataclass(frozen=True, slots=True)
class WebhookKey:
    """A strategy's webhook secret: found by hash, kept encrypted so that it can be shown again.

    ``expires_at`` is set when a newer key replaced it and the overlap ends then.
    """

    id: str
    strategy_id: str
    created_at: datetime
    key_hash: str = field(repr=False)
    key_encrypted: str = field(repr=False)
    expires_at: datetime | None = None

    def valid(self, now: datetime) -> bool:
        """Whether the key still opens the webhook."""
        return self.expires_at is None or now < self.expires_at
