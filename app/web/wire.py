"""Payloads: how each thing looks in JSON.  Money is decimal text, times are ISO 8601 UTC with Z."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from app.domain.accounts import Account
from app.domain.events import Fact
from app.domain.money import wire
from app.domain.orders import Order
from app.domain.refusals import CATALOGUE
from app.domain.safety.switches import Stop, TradingState
from app.domain.sessions import MarketState
from app.domain.strategies import Strategy, WebhookKey
from app.services.pnl.live import LivePosition, StrategyLine, Summary
from app.services.reads import AlertRow, FillRow, KeyUse, OrderRow
from app.services.sources import Note

Json = dict[str, object]


def money(amount: Decimal | None) -> str | None:
    """Return decimal text; None stays None, which is "unknown" and never zero."""
    return None if amount is None else wire(amount)


def when(at: datetime | None) -> str | None:
    """Return ISO 8601 UTC with milliseconds and Z."""
    return None if at is None else iso(at)


def iso(at: datetime) -> str:
    """Return ISO 8601 UTC with milliseconds and Z."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def help_of(code: str | None) -> str | None:
    """Return the address of the code's entry in the public catalogue; None for other codes."""
    return f"/help/refusals#{code}" if code in CATALOGUE else None


def log_entry(fact: Fact) -> Json:
    """Return a fact as a line of the log."""
    return {
        "fact": fact.number,
        "level": fact.level.value,
        "type": fact.kind.value,
        "message": fact.message,
        "code": fact.code,
        "help": help_of(fact.code),
        "alert_id": fact.alert_id,
        "order_id": fact.order_id,
        "strategy_id": fact.strategy_id,
        "account_id": fact.account_id,
        "ts": iso(fact.at),
    }


def alert(row: AlertRow, summary: str | None) -> Json:
    """Return an alert as a list shows it; ``summary`` says what it meant."""
    return {
        "id": row.id,
        "received_at": iso(row.received_at),
        "finished_at": when(row.finished_at),
        "strategy_id": row.strategy_id,
        "strategy_name": row.strategy_name,
        "source": row.source.value,
        "state": row.state.value,
        "code": row.code,
        "sentence": row.detail,
        "help": help_of(row.code),
        "summary": summary,
    }


def order(each: Order) -> Json:
    """Return an order."""
    return {
        "id": each.id,
        "client_order_id": each.client_order_id,
        "venue_order_id": each.venue_order_id,
        "alert_id": each.alert_id,
        "strategy_id": each.strategy_id,
        "account_id": each.account_id,
        "symbol": each.symbol,
        "side": each.side.value,
        "quantity": wire(each.quantity),
        "filled_quantity": wire(each.filled_quantity),
        "average_price": money(each.average_price),
        "type": each.type.value,
        "limit_price": money(each.limit_price),
        "stop_price": money(each.stop_price),
        "trail": money(each.trail),
        "time_in_force": each.time_in_force.value,
        "role": each.role.value,
        "leg": each.leg,
        "reduce_only": each.reduce_only,
        "state": each.state.value,
        "code": each.reason_code,
        "reason": each.reason,
        "created_at": iso(each.created_at),
        "updated_at": iso(each.updated_at),
    }


def order_row(row: OrderRow) -> Json:
    """Return an order with its names."""
    names = {"strategy_name": row.strategy_name, "account_name": row.account_name}
    return {**order(row.order), **names}


def fill(row: FillRow) -> Json:
    """Return a fill with what it realised before commission."""
    each = row.fill
    return {
        "id": each.venue_fill_id,
        "order_id": each.order_id,
        "strategy_id": each.strategy_id,
        "strategy_name": row.strategy_name,
        "account_id": each.account_id,
        "account_name": row.account_name,
        "symbol": each.symbol,
        "side": each.side.value,
        "quantity": wire(each.quantity),
        "price": wire(each.price),
        "commission": wire(each.commission),
        "realised": wire(row.realised),
        "at": iso(each.at),
    }


def stop(each: Stop) -> Json:
    """Return a switch that is not active: what it stops, since when, by whom, and why."""
    switch = each.switch
    return {
        "scope": switch.scope.value,
        "id": switch.subject_id,
        "subject": each.subject,
        "state": switch.state.value,
        "code": switch.code,
        "sentence": each.sentence,
        "reason": switch.detail,
        "by": each.thrower,
        "since": iso(switch.at),
    }


def trading_state(found: Stop | None) -> Json:
    """Return how trading stands on an account or strategy by its own switch."""
    told = stop(found) if found else {"state": TradingState.ACTIVE.value}
    return {name: told.get(name) for name in ("state", "code", "sentence", "reason", "since")}


def account(each: Account, found: Stop | None) -> Json:
    """Return an account; ``found`` is what stops it, None while nothing does."""
    return {
        "id": each.id,
        "name": each.name,
        "venue": each.venue,
        "mode": each.mode.value,
        "starting_cash": wire(each.starting_cash),
        "deposited": wire(each.deposited),
        "roll": each.roll,
        "settings": dict(each.settings),
        "venue_number": each.venue_number,
        "max_order_value": money(each.max_order_value),
        "max_daily_loss": money(each.max_daily_loss),
        "max_orders_a_day": each.max_orders_a_day,
        "trading_state": trading_state(found),
        "created_at": iso(each.created_at),
    }


def strategy(each: Strategy, names: Mapping[str, str], found: Stop | None) -> Json:
    """Return a strategy with its settings; ``names`` gives the accounts' names by id.

    ``found`` is what stops it, None while nothing does.
    """
    return {
        "id": each.id,
        "name": each.name,
        "symbol": each.symbol,
        "state": each.state.value,
        "trading_state": trading_state(found),
        "settings": each.settings.to_json(),
        "accounts": [
            {
                "account_id": link.account_id,
                "account_name": names.get(link.account_id),
                "quantity_factor": wire(link.quantity_factor),
                "max_position": money(link.max_position),
            }
            for link in each.accounts
        ],
        "created_at": iso(each.created_at),
        "updated_at": iso(each.updated_at),
    }


def source_note(note: Note) -> Json:
    """Return what is to be said of where a strategy's alerts come from."""
    return {
        "code": note.code,
        "since": iso(note.since),
        "sentence": note.detail,
        "help": f"/help/refusals#{note.code}",
    }


def webhook_key(key: WebhookKey, use: KeyUse | None) -> Json:
    """Return a webhook key without its secret, with its last use."""
    return {
        "id": key.id,
        "created_at": iso(key.created_at),
        "expires_at": when(key.expires_at),
        "last_used_at": when(use.at) if use else None,
        "last_used_address": use.address if use else None,
    }


def summary(each: Summary) -> Json:
    """Return a user's figures."""
    return {
        "total_pnl": money(each.total_pnl),
        "open_pnl": money(each.open_pnl),
        "today_pnl": money(each.today_pnl),
        "realised": wire(each.realised),
        "realised_today": wire(each.realised_today),
        "equity": money(each.equity),
        "drawdown": money(each.drawdown),
        "max_drawdown": wire(each.max_drawdown),
        "active_positions": each.active_positions,
    }


def strategy_line(line: StrategyLine) -> Json:
    """Return a strategy's figures."""
    return {
        "strategy_id": line.strategy_id,
        "strategy_name": line.strategy_name,
        "pnl": money(line.pnl),
        "open_pnl": money(line.open_pnl),
        "today_pnl": money(line.today_pnl),
        "drawdown": money(line.drawdown),
    }


def position(each: LivePosition) -> Json:
    """Return an open position at its mark; ``net_quantity`` is negative if short."""
    return {
        "strategy_id": each.strategy_id,
        "strategy_name": each.strategy_name,
        "account_id": each.account_id,
        "account_name": each.account_name,
        "symbol": each.symbol,
        "net_quantity": wire(each.quantity),
        "avg_price": wire(each.average_price),
        "last_price": money(each.last_price),
        "unrealized_pnl": money(each.unrealised),
        "quote_age_s": each.quote_age_s,
        "stale": each.stale,
    }


def market_state(each: MarketState) -> Json:
    """Return how a market stands; of one that never closes nothing comes next."""
    return {
        "is_open": each.is_open,
        "session": each.phase.value,
        "next_open": when(each.next_open),
        "next_close": when(each.next_close),
    }


def workers(report: Mapping[str, Mapping[str, object]]) -> Json:
    """Return the workers' states with their last beats as text."""
    return {
        name: {
            key: iso(value) if isinstance(value, datetime) else value for key, value in line.items()
        }
        for name, line in report.items()
    }
