"""Strategies as an API: list, create, change, switch, rotate the key, archive."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.domain.alerts import heartbeat, message
from app.domain.errors import InvalidInput
from app.domain.money import ZERO
from app.domain.safety.switches import Scope
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.web import wire
from app.web.api.listing import Amount, ListQuery, Strict, add, part
from app.web.api.safety import stop_on
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json

_KNOWN: Final = frozenset(field.name for field in fields(StrategySettings))


class LinkIn(Strict):
    """One account that the strategy trades on."""

    account_id: str
    quantity_factor: Amount = Decimal(1)
    max_position: Amount | None = None


class StrategyIn(Strict):
    """A strategy; ``settings`` has the shape that GET shows."""

    name: str = Field(max_length=200)
    symbol: str = Field(max_length=40)
    settings: dict[str, Any] = Field(default_factory=dict)
    accounts: list[LinkIn] = Field(max_length=100)

    def parsed(self) -> StrategySettings:
        """Return the settings; raises InvalidInput for an unknown or unreadable one."""
        unknown = sorted(set(self.settings) - _KNOWN)
        if unknown:
            raise InvalidInput(
                "There are no such settings.", fields=dict.fromkeys(unknown, "is no setting")
            )
        return StrategySettings.from_json(self.settings)

    def links(self) -> list[AccountLink]:
        """Return the accounts."""
        return [AccountLink(**each.model_dump()) for each in self.accounts]


class StateIn(Strict):
    """The switch: on, no new entries, off."""

    state: StrategyState


class RotateIn(Strict):
    """How many hours the old key keeps working."""

    overlap_hours: int = Field(24, ge=0, le=24 * 30)


class StrategiesQuery(ListQuery):
    """Whether the archived ones are listed instead."""

    archived: bool = False
    page_size: int = Field(200, ge=1, le=1000)


def account_names(user_id: str) -> dict[str, str]:
    """Return the names of the user's accounts by id."""
    return {account.id: account.name for account in deps().accounts.list(user_id)}


def rows(user_id: str, *, archived: bool = False) -> list[Json]:
    """Return the user's strategies with their figures, as lists and pages show them."""
    web = deps()
    names = account_names(user_id)
    lines = {line.strategy_id: line for line in web.recorder.strategy_lines(user_id)}
    held: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for position in web.recorder.positions(user_id):
        held[position.strategy_id] += position.quantity
    last = web.reads.last_alerts(user_id)
    found: list[Json] = []
    for each in web.strategies.list(user_id, archived=archived):
        line = lines.get(each.id)
        found.append(
            {
                "id": each.id,
                "name": each.name,
                "symbol": each.symbol,
                "state": each.state.value,
                "trading_state": wire.trading_state(stop_on(Scope.STRATEGY, each.id)),
                "archived": each.archived_at is not None,
                "accounts": [names[link.account_id] for link in each.accounts],
                "pnl": wire.money(line.pnl) if line else "0",
                "open_pnl": wire.money(line.open_pnl) if line else "0",
                "today_pnl": wire.money(line.today_pnl) if line else "0",
                "drawdown": wire.money(line.drawdown) if line else "0",
                "position": wire.money(held[each.id]),
                "last_alert_at": wire.when(last.get(each.id)),
                "source": source(each.id),
            }
        )
    return found


def source(strategy_id: str) -> list[Json]:
    """Return what is to be said of where the strategy's alerts come from; mostly nothing."""
    return [wire.source_note(note) for note in deps().sources.notes(strategy_id)]


def webhook_url(key: str) -> str:
    """Return the address that TradingView is given."""
    return f"{deps().settings.base_url}/webhook/{key}"


@guard(Guard.EITHER)
def strategies(query: StrategiesQuery) -> Response:
    """List strategies with their state and figures."""
    return part(rows(me().id, archived=query.archived), query)


@guard(Guard.EITHER)
def strategy(strategy_id: str) -> Json:
    """Show one strategy with its settings and accounts."""
    return _shown(deps().strategies.get(me().id, strategy_id))


@guard(Guard.EITHER)
def create(body: StrategyIn) -> tuple[Json, int]:
    """Register a strategy; the answer holds its webhook key and address."""
    made, key = deps().strategies.create(
        me().id, body.name, body.symbol, body.parsed(), body.links()
    )
    return {**_saved(made), "webhook_key": key, "webhook_url": webhook_url(key)}, 201


@guard(Guard.EITHER)
def change(strategy_id: str, body: StrategyIn) -> Json:
    """Replace a strategy's name, symbol, settings and accounts."""
    changed = deps().strategies.update(
        me().id,
        strategy_id,
        name=body.name,
        symbol=body.symbol,
        settings=body.parsed(),
        accounts=body.links(),
    )
    return _saved(changed)


@guard(Guard.EITHER)
def switch(strategy_id: str, body: StateIn) -> Json:
    """Switch a strategy on, to no new entries, or off; the very next alert sees it."""
    return _shown(deps().strategies.set_state(me().id, strategy_id, body.state))


@guard(Guard.EITHER)
def webhook(strategy_id: str) -> Json:
    """Show the webhook address, the message to paste, and when each key was last used."""
    web = deps()
    each = web.strategies.get(me().id, strategy_id)
    key = web.strategies.webhook_key(me().id, strategy_id)
    uses = web.reads.key_uses(me().id, strategy_id)
    keys = web.strategies.keys(me().id, strategy_id)
    return {
        "webhook_key": key,
        "webhook_url": webhook_url(key),
        "message": message(each.symbol),
        "heartbeat_message": heartbeat(),
        "keys": [wire.webhook_key(kept, uses.get(kept.id)) for kept in keys],
    }


@guard(Guard.EITHER)
def rotate(strategy_id: str, body: RotateIn) -> Json:
    """Make a new webhook key; the old one keeps working for some hours."""
    overlap = timedelta(hours=body.overlap_hours)
    key = deps().strategies.rotate_key(me().id, strategy_id, overlap)
    return {"webhook_key": key, "webhook_url": webhook_url(key)}


@guard(Guard.EITHER)
def archive(strategy_id: str) -> tuple[str, int]:
    """Put a strategy away; its history stays."""
    deps().strategies.archive(me().id, strategy_id)
    return "", 204


@guard(Guard.EITHER)
def restore(strategy_id: str) -> Json:
    """Take a strategy back out of the archive, switched off."""
    return _shown(deps().strategies.restore(me().id, strategy_id))


def _shown(each: Strategy) -> Json:
    return wire.strategy(each, account_names(me().id), stop_on(Scope.STRATEGY, each.id))


def _saved(each: Strategy) -> Json:
    """A strategy with what its venues left to be said of its symbol, null when that is nothing."""
    return {**_shown(each), "remark": deps().strategies.remark(each)}


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/strategies", strategies, query=StrategiesQuery)
    add(api, "POST", "/strategies", create, body=StrategyIn)
    add(api, "GET", "/strategies/<strategy_id>", strategy)
    add(api, "PUT", "/strategies/<strategy_id>", change, body=StrategyIn)
    add(api, "POST", "/strategies/<strategy_id>/state", switch, body=StateIn)
    add(api, "GET", "/strategies/<strategy_id>/webhook", webhook)
    add(api, "POST", "/strategies/<strategy_id>/rotate-key", rotate, body=RotateIn)
    add(api, "POST", "/strategies/<strategy_id>/archive", archive)
    add(api, "POST", "/strategies/<strategy_id>/restore", restore)
