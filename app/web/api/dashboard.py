"""The figures of the dashboard as an API: summary, status, P&L calendar and P&L curve."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import Field

from app.services.reads import CurvePoint, Scope
from app.services.views import DEFAULT_POINTS, MOST_POINTS, CalendarDay
from app.web import wire
from app.web.api.listing import Day, Instant, Strict, add
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json


class ScopeQuery(Strict):
    """A strategy, an account, both, or (without them) everything of the user."""

    strategy_id: str | None = None
    account_id: str | None = None

    @property
    def scope(self) -> Scope:
        """What the figures are about, for the user who asks."""
        return Scope(me().id, self.strategy_id or None, self.account_id or None)


class CalendarQuery(ScopeQuery):
    """The first and the last trading day, both included; the last 30 without them."""

    start_date: Day | None = None
    end_date: Day | None = None


class ChartQuery(ScopeQuery):
    """From ``start`` to ``end``, at most ``limit`` points."""

    start: Instant | None = None
    end: Instant | None = None
    limit: int = Field(DEFAULT_POINTS, ge=4, le=MOST_POINTS)


class SummaryQuery(Strict):
    """One account, or all."""

    account_id: str | None = None


@guard(Guard.EITHER)
def calendar(query: CalendarQuery) -> Response:
    """P&L of each trading day: realised after fees plus the change of the open P&L of that day."""
    views = deps().views
    days = views.calendar(query.scope, query.start_date, query.end_date)
    return jsonify(
        calendar_data=[calendar_day(day) for day in days],
        roll=str(views.roll(query.scope)),
    )


def calendar_day(day: CalendarDay) -> Json:
    """Return one day of the calendar; ``pnl`` is null while a price that it needs is unknown."""
    return {
        "date": day.day.isoformat(),
        "pnl": wire.money(day.pnl),
        "gross": wire.money(day.gross),
        "fees": wire.money(day.fees),
        "realised": wire.money(day.realised),
        "open_change": wire.money(day.open_change),
        "trade_count": day.trades,
        "fill_count": day.fills,
    }


@guard(Guard.EITHER)
def chart(query: ChartQuery) -> Response:
    """The P&L curve with its drawdown, oldest first; gaps are null."""
    points = deps().views.curve(query.scope, query.start, query.end, query.limit)
    return jsonify(chart_data=[chart_point(point) for point in points])


def chart_point(point: CurvePoint) -> Json:
    """Return one point as numbers, which is what charts draw."""
    return {
        "timestamp": wire.iso(point.at),
        "pnl": None if point.pnl is None else float(point.pnl),
        "drawdown": None if point.drawdown is None else float(point.drawdown),
    }


@guard(Guard.EITHER)
def summary(query: SummaryQuery) -> Json:
    """The user's figures now."""
    return figures(me().id, query.account_id)


def figures(user_id: str, account_id: str | None = None) -> Json:
    """Return the summary with what the closed round trips say; raises NotFound."""
    web = deps()
    scope = web.views.check(Scope(user_id, account_id=account_id))
    now = web.recorder.summary(user_id, account_id)
    results = web.views.results(scope)
    return {
        **wire.summary(now),
        "win_rate": wire.money(results.win_rate),
        "profit_factor": wire.money(results.profit_factor),
        "trades": results.round_trips,
        "ts": wire.iso(now.at),
    }


@guard(Guard.EITHER)
def status() -> Json:
    """What the server is doing: mode, trading state, workers."""
    web = deps()
    return {
        "version": web.settings.version,
        "mode": web.settings.mode.value,
        "trading_state": web.halts.state().value,
        "display_zone": web.settings.display_zone,
        "now": wire.iso(web.clock.now()),
        "draining": web.draining(),
        "role": web.ownership.role.value,
        "workers": wire.workers(web.health.report()),
    }


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/dashboard/pnl-calendar", calendar, query=CalendarQuery)
    add(api, "GET", "/dashboard/pnl-drawdown-chart", chart, query=ChartQuery)
    add(api, "GET", "/summary", summary, query=SummaryQuery)
    add(api, "GET", "/status", status)
