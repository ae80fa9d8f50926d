"""The P&L curve and its drawdowns as an API: any range, in as many points as are wanted."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import Field

from app.domain.money import exact
from app.services.curves import (
    DEFAULT_POINTS,
    LANDMARKS,
    MOST_POINTS,
    Asked,
    Chart,
    CurvePoint,
    Drawdowns,
)
from app.web import wire
from app.web.api.dashboard import ScopeQuery
from app.web.api.listing import Day, Instant, Tabled, add, as_csv, wants_csv
from app.web.auth import Guard, guard
from app.web.deps import deps
from app.web.etag import unless_known
from app.web.wire import Json


class RangeQuery(ScopeQuery):
    """From ``start`` to ``end``, both included: instants, or trading days, which count as a whole.

    Without ``start`` from the beginning, without ``end`` until this moment.
    """

    start: Instant | Day | None = None
    end: Instant | Day | None = None

    def ask(self) -> Asked:
        """What is asked of which curve; raises NotFound and InvalidInput."""
        return deps().curves.ask(self.scope, self.start, self.end)


class ChartQuery(RangeQuery, Tabled):
    """A range in at most ``limit`` points."""

    limit: int = Field(DEFAULT_POINTS, ge=LANDMARKS, le=MOST_POINTS)


class DrawdownQuery(RangeQuery, Tabled):
    """A range."""


@guard(Guard.EITHER)
def chart(query: ChartQuery) -> Response:
    """The P&L curve with its drawdown, oldest first; gaps are null, and the end is live."""
    asked = query.ask()
    return unless_known(asked.state, lambda: _chart(asked, query.limit))


def _chart(asked: Asked, limit: int) -> Response:
    found = deps().curves.chart(asked, limit)
    if wants_csv():
        return as_csv([_row(point) for point in found.points], len(found.points))
    return jsonify(chart_told(asked, found))


def chart_told(asked: Asked, found: Chart) -> Json:
    """Return a chart with the falls of its range."""
    return {
        "chart_data": [_point(each) for each in found.points],
        "drawdown": told(asked, found.drawdowns),
    }


def _point(point: CurvePoint) -> Json:
    """Return one point as numbers, which is what charts draw."""
    drawn: Json = {
        "timestamp": wire.iso(point.at),
        "pnl": None if point.pnl is None else float(point.pnl),
        "drawdown": None if point.drawdown is None else float(point.drawdown),
    }
    return {**drawn, "live": True} if point.live else drawn


def _row(point: CurvePoint) -> Json:
    """Return one point as a line of the CSV, in exact amounts."""
    return {
        "timestamp": wire.iso(point.at),
        "pnl": wire.money(point.pnl),
        "drawdown": wire.money(point.drawdown),
        "live": point.live,
    }


@guard(Guard.EITHER)
def drawdown(query: DrawdownQuery) -> Response:
    """How far a curve is below its highest equity, and how far and how long it ever was."""
    asked = query.ask()
    return unless_known(asked.state, lambda: _drawdown(asked))


def _drawdown(asked: Asked) -> Response:
    found = told(asked, deps().curves.drawdowns(asked))
    return as_csv([_flat(found)], 1) if wants_csv() else jsonify(found)


@exact
def told(asked: Asked, each: Drawdowns) -> Json:
    """Return the falls of a range: amounts of equity, percent of the highest equity before."""
    mark, last = each.mark, each.mark.last
    value = None if each.unknown or last is None else last.value
    return {
        "until": wire.iso(each.until),
        "live": asked.live,
        "base": wire.money(each.base),
        "equity": wire.money(value),
        "pnl": None if value is None else wire.money(value - each.base),
        "high_water": {
            "equity": wire.money(mark.peak),
            "pnl": wire.money(mark.peak - each.base),
            "at": wire.when(mark.peak_at),
        },
        "current": _current(each),
        "maximum": _maximum(each),
        "longest_s": int(each.longest.total_seconds()),
    }


def _current(each: Drawdowns) -> Json:
    mark = each.mark
    return {
        "amount": None if each.unknown else wire.money(mark.drawdown),
        "percent": None if each.unknown else wire.money(mark.drawdown_percent),
        "since": wire.when(mark.under_since),
        "under_water_s": int(each.under_water.total_seconds()),
    }


def _maximum(each: Drawdowns) -> Json:
    """The largest fall; ``largest_percent`` may be that of another one, from a lower peak."""
    mark, fall = each.mark, each.mark.fall
    return {
        "amount": wire.money(mark.max_drawdown),
        "percent": wire.money(each.percent),
        "peak": None if fall is None else wire.money(fall.peak),
        "peak_at": None if fall is None else wire.when(fall.peak_at),
        "trough": None if fall is None else wire.money(fall.trough),
        "trough_at": None if fall is None else wire.iso(fall.trough_at),
        "recovered_at": wire.when(mark.recovered_at),
        "largest_percent": wire.money(mark.max_drawdown_percent),
    }


def _flat(found: Json) -> Json:
    """Return what is nested as columns, like ``maximum_amount``."""
    row: Json = {}
    for name, value in found.items():
        inner = value.items() if isinstance(value, dict) else None
        row |= {f"{name}_{each}": part for each, part in inner} if inner else {name: value}
    return row


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/dashboard/pnl-drawdown-chart", chart, query=ChartQuery)
    add(api, "GET", "/drawdown", drawdown, query=DrawdownQuery)
