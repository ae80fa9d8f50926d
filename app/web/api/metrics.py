"""Metrics as an API: the figures of closed round trips, their groups, and how they spread."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.domain.journal import Direction
from app.domain.metrics import ENOUGH, Bin, Cut, Figures, Group, MetricDay
from app.domain.remarks import LONGEST_TAG, ExitReason, TripResult
from app.services.journal import Choice, RangeName, Report
from app.services.reads import Pick, Scope
from app.web import wire
from app.web.api.listing import Day, ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.etag import tagged
from app.web.wire import Json

#: What is said beside a ratio of too few round trips.
TOO_FEW: Final = "too few"
#: Figures that say how the trading developed and mean little for one day.
_DEVELOPED: Final = (
    "max_drawdown",
    "recovery_factor",
    "sharpe",
    "sortino",
    "calmar",
    "sqn",
    "expectancy_r",
    "exposure",
)


class RangeQuery(Strict):
    """Which round trips: by when they ended, book, symbol, direction, result, exit, tag, words.

    ``range`` is today, week, month (unless another is named), year, all, or custom with its first
    and last trading day.
    """

    range: RangeName | None = None
    start_date: Day | None = None
    end_date: Day | None = None
    strategy_id: str | None = None
    account_id: str | None = None
    symbol: str | None = None
    direction: Direction | None = None
    result: TripResult | None = None
    exit: ExitReason | None = None
    tag: str | None = Field(None, max_length=LONGEST_TAG)
    q: str | None = Field(None, max_length=200)

    @property
    def pick(self) -> Pick:
        """What is asked of the round trips besides their time and book."""
        return Pick(
            self.symbol or None, self.direction, self.result, self.exit, self.tag or None, self.q
        )

    @property
    def choice(self) -> Choice:
        """What is asked for, of the user who asks."""
        return Choice(
            Scope(me().id, self.strategy_id or None, self.account_id or None),
            self.range,
            self.start_date,
            self.end_date,
            self.pick,
        )


class GroupsQuery(RangeQuery, ListQuery):
    """Which round trips, and what they are grouped by."""

    by: Cut


class HistoryQuery(ListQuery):
    """Whose kept figures, of which trading days; the last 90 unless others are named."""

    start_date: Day | None = None
    end_date: Day | None = None
    strategy_id: str | None = None
    account_id: str | None = None

    @property
    def scope(self) -> Scope:
        """What the figures are about, of the user who asks."""
        return Scope(me().id, self.strategy_id or None, self.account_id or None)


@guard(Guard.EITHER)
@tagged
def metrics(query: RangeQuery) -> Json:
    """Measure closed round trips: figures, groups by every cut, and the spread of results."""
    report = deps().measuring.report(query.choice, list(Cut), spread=True)
    return {
        **told(report),
        "groups": {each.value: cut(report, each) for each in Cut},
        "distribution": [_bin(each) for each in report.distribution],
    }


@guard(Guard.EITHER)
@tagged
def groups(query: GroupsQuery) -> Response:
    """List the groups of round trips by one cut."""
    report = deps().measuring.report(query.choice, [query.by])
    return part(cut(report, query.by), query)


@guard(Guard.EITHER)
def history(query: HistoryQuery) -> Response:
    """List the figures of each day that is over, and those since the beginning, newest first."""
    found = deps().measuring.history(query.scope, query.start_date, query.end_date)
    return part([developed(each) for each in reversed(found)], query)


def developed(each: MetricDay) -> Json:
    """Return the figures of a day, and as ``total_...`` all until its end, as one flat row."""
    total = each.total
    return {
        "date": each.day.isoformat(),
        **_summed(each.figures),
        **{f"total_{name}": value for name, value in _summed(total).items()},
        **{f"total_{name}": wire.money(getattr(total, name)) for name in _DEVELOPED},
        "total_note": TOO_FEW if total.few else None,
    }


def _summed(each: Figures) -> Json:
    results = each.results
    return {
        **_counts(each),
        "expectancy": wire.money(results.expectancy),
        "win_rate": wire.money(results.win_rate),
        "profit_factor": wire.money(results.profit_factor),
    }


def cut(report: Report, by: Cut) -> list[Json]:
    """Return the groups of a report by one cut."""
    return [_group(each) for each in report.groups[by]]


def told(report: Report) -> Json:
    """Return the figures of a report with the period that they are about."""
    period = report.period
    return {
        "period": {
            "first_day": period.first.isoformat(),
            "last_day": period.last.isoformat(),
            "start": wire.iso(period.start),
            "end": wire.iso(period.end),
            "roll": str(report.roll),
        },
        "sample": {
            "trades": report.figures.results.round_trips,
            "enough": not report.figures.few,
            "enough_from": ENOUGH,
        },
        **_figures(report.figures),
    }


def _figures(each: Figures) -> Json:
    amounts = ("average_win", "average_loss", "largest_win", "largest_loss", "max_drawdown")
    ratios = ("payoff", "expectancy_r", "recovery_factor", "sharpe", "sortino", "calmar", "sqn")
    held = each.average_hold
    results = each.results
    return {
        **_counts(each),
        "expectancy": wire.money(results.expectancy),
        **{name: wire.money(getattr(each, name)) for name in amounts},
        "trades_with_stop": each.with_stop,
        "longest_wins": each.longest_wins,
        "longest_losses": each.longest_losses,
        "streak": each.streak,
        "exposure": wire.money(each.exposure),
        "average_hold_s": None if held is None else round(held.total_seconds(), 3),
        "ratios": {
            "win_rate": _ratio(results.win_rate, few=each.few),
            "profit_factor": _ratio(results.profit_factor, few=each.few),
            **{name: _ratio(getattr(each, name), few=each.few) for name in ratios},
        },
    }


def _ratio(value: Decimal | None, *, few: bool) -> Json:
    return {"value": wire.money(value), "note": TOO_FEW if few else None}


def _counts(each: Figures | Group) -> Json:
    results = each.results
    return {
        "trades": results.round_trips,
        "wins": results.wins,
        "losses": results.losses,
        "scratches": results.scratches,
        "net": wire.money(results.net),
        "gross": wire.money(each.gross),
        "fees": wire.money(each.fees),
        "gross_profit": wire.money(results.gross_profit),
        "gross_loss": wire.money(results.gross_loss),
    }


def _group(each: Group) -> Json:
    """Return a group as one flat row, which is also a line of the CSV."""
    return {
        "key": each.key,
        "name": each.name,
        **_counts(each),
        "expectancy": wire.money(each.results.expectancy),
        "win_rate": wire.money(each.results.win_rate),
        "profit_factor": wire.money(each.results.profit_factor),
        "expectancy_r": wire.money(each.expectancy_r),
        "note": TOO_FEW if each.few else None,
    }


def _bin(each: Bin) -> Json:
    return {"low": wire.money(each.low), "high": wire.money(each.high), "count": each.count}


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/metrics", metrics, query=RangeQuery)
    add(api, "GET", "/metrics/groups", groups, query=GroupsQuery)
    add(api, "GET", "/metrics/history", history, query=HistoryQuery)
