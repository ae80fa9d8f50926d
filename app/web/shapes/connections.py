"""How a connection looks to pages and programs; of its keys nothing but their hint."""

from __future__ import annotations

from app.domain.accounts import Account, Mode
from app.services.calendar import DayBeside
from app.services.connections import State
from app.services.ports import Connection, Probe
from app.web import wire
from app.web.deps import deps
from app.web.wire import Json


def shown(state: State) -> Json:
    """Return how an account is connected; ``stream`` is null while it is disconnected."""
    account, credentials = state.account, state.credentials
    return {
        "account_id": account.id,
        "account_name": account.name,
        "venue": account.venue,
        "venue_title": account.traits.title,
        "mode": account.mode.value,
        "number": account.venue_number,
        "connected": credentials is not None,
        "key_hint": credentials.key_hint if credentials else None,
        "keys_since": wire.iso(credentials.entered_at) if credentials else None,
        "stream": _stream(state.connection),
        "working_orders": state.working,
        "open_positions": state.open,
        "settings": dict(account.settings),
        "bounds": bounds(account),
    }


def bounds(account: Account) -> Json:
    """Return what bounds the account's orders, as the account itself has it; null is no bound."""
    return {
        "max_order_value": wire.money(account.max_order_value),
        "max_daily_loss": wire.money(account.max_daily_loss),
        "max_orders_a_day": account.max_orders_a_day,
    }


def probe(found: Probe) -> Json:
    """Return what the venue said of the account that keys open."""
    money = found.snapshot
    return {
        "number": found.number,
        "status": found.status,
        "currency": found.currency,
        "cash": wire.money(money.cash),
        "equity": wire.money(money.equity),
        "buying_power": wire.money(money.buying_power),
        "blocked": list(found.blocked),
        "at": wire.iso(money.at),
    }


def real_money(user_id: str) -> list[str]:
    """Return the names of the user's accounts that are connected with real money."""
    return [each.name for each in deps().connections.live(user_id)]


def mode_of(names: list[str]) -> str:
    """Return the mode of who has accounts of these names with real money."""
    return (Mode.LIVE if names else Mode.PAPER).value


def _stream(found: Connection | None) -> Json | None:
    if found is None:
        return None
    return {
        "up": found.up,
        "since": wire.when(found.since),
        "last_message_at": wire.when(found.last_message_at),
        "last_error": found.last_error,
        "requests_left": found.requests_left,
        "requests_per_minute": found.requests_per_minute,
    }


def day_beside(each: DayBeside) -> Json:
    """Return a day by the venue's count and by ours; what is unknown is null."""
    return {
        "day": each.day.isoformat(),
        "equity": wire.money(each.equity),
        "venue_pnl": wire.money(each.theirs),
        "our_pnl": wire.money(each.ours),
        "difference": wire.money(each.difference),
    }
