"""What happened, as lists: alerts with their trace, orders, fills and the log."""

from __future__ import annotations

from typing import Literal

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import Field

from app.domain.events import Level
from app.domain.inbox import AlertState
from app.domain.orders import OrderState
from app.domain.sessions import day_bounds
from app.services.reads import Scope, Span
from app.services.tracing import summary
from app.web import wire
from app.web.api import traces
from app.web.api.listing import Day, Instant, ListQuery, Strict, add, listed
from app.web.auth import Guard, guard, me
from app.web.deps import deps


class AlertsQuery(ListQuery):
    """Filters of the list of alerts."""

    state: AlertState | None = None
    strategy_id: str | None = None
    q: str | None = Field(None, max_length=200)
    heartbeats: bool = True


class ScopedQuery(ListQuery):
    """Filters by strategy, account and symbol."""

    strategy_id: str | None = None
    account_id: str | None = None
    symbol: str | None = None

    @property
    def scope(self) -> Scope:
        """What the list is about, for the user who asks."""
        return Scope(me().id, self.strategy_id, self.account_id)


class OrdersQuery(ScopedQuery):
    """Filters of the list of orders."""

    state: OrderState | Literal["working"] | None = None
    alert_id: str | None = None


class TimedQuery(ScopedQuery):
    """Filters of lists that have a time: from ``start`` (in it) to ``end`` (not in it)."""

    start: Instant | None = None
    end: Instant | None = None

    @property
    def span(self) -> Span:
        """The time that the list is about."""
        return Span(self.start, self.end)


class LogQuery(Strict):
    """Which lines of the log: after a number, of a trading day, of levels, of a strategy."""

    after: int | None = Field(None, ge=0)
    limit: int = Field(200, ge=1, le=1000)
    level: Level | None = None
    strategy_id: str | None = None
    q: str | None = Field(None, max_length=200)
    day: Day | None = None


@guard(Guard.EITHER)
def alerts(query: AlertsQuery) -> Response:
    """List the alerts that arrived, newest first, each with what became of it."""
    state = query.state.value if query.state else None
    page = deps().reads.alerts(
        me().id,
        query.paging,
        state=state,
        strategy_id=query.strategy_id,
        q=query.q,
        heartbeats=query.heartbeats,
    )
    return listed([wire.alert(row, summary(row.body)) for row in page.rows], page.total, query)


@guard(Guard.EITHER)
def alert(alert_id: str) -> Response:
    """Show one alert with the body that arrived."""
    trace = deps().tracer.trace(me().id, alert_id)
    return jsonify(traces.alert(trace))


@guard(Guard.EITHER)
def trace(alert_id: str) -> Response:
    """Show the whole way of one alert, from received to filled, with the time between steps."""
    return jsonify(traces.whole(deps().tracer.trace(me().id, alert_id)))


@guard(Guard.EITHER)
def orders(query: OrdersQuery) -> Response:
    """List orders, newest first."""
    state = str(query.state) if query.state else None
    page = deps().reads.orders(
        query.scope, query.paging, state=state, symbol=query.symbol, alert_id=query.alert_id
    )
    return listed([wire.order_row(row) for row in page.rows], page.total, query)


@guard(Guard.EITHER)
def fills(query: TimedQuery) -> Response:
    """List executions, newest first."""
    page = deps().reads.fills(query.scope, query.paging, symbol=query.symbol, span=query.span)
    return listed([wire.fill(row) for row in page.rows], page.total, query)


@guard(Guard.EITHER)
def log(query: LogQuery) -> Response:
    """List lines of the log: after a number oldest first, else the newest, newest first."""
    web = deps()
    span = Span()
    if query.day is not None:
        span = Span(*day_bounds(query.day, web.views.roll(Scope(me().id))))
    lines = web.reads.log(
        me().id,
        after=query.after,
        limit=query.limit,
        levels=[query.level.value] if query.level else [],
        strategy_id=query.strategy_id,
        q=query.q,
        span=span,
    )
    return jsonify(items=[wire.log_entry(fact) for fact in lines])


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/alerts", alerts, query=AlertsQuery)
    add(api, "GET", "/alerts/<alert_id>", alert)
    add(api, "GET", "/alerts/<alert_id>/trace", trace)
    add(api, "GET", "/orders", orders, query=OrdersQuery)
    add(api, "GET", "/fills", fills, query=TimedQuery)
    add(api, "GET", "/log", log, query=LogQuery)
