"""The P&L calendar as an API: the days of a range, their totals, and notes on days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from apiflask import APIBlueprint
from flask import Response, jsonify

from app.domain.errors import InvalidInput
from app.services.calendar import Ask, Calendar, CalendarDay, Total
from app.services.reads import Scope
from app.web import wire
from app.web.api.dashboard import ScopeQuery
from app.web.api.listing import Day, Strict, Tabled, add, as_csv, wants_csv
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.etag import tagged
from app.web.wire import Json

_STRETCHES: Final = ("weeks", "months", "years")


class CalendarQuery(ScopeQuery, Tabled):
    """The first and the last trading day, both included; the last 30 without them.

    With ``symbol`` only its fills count, with ``tag`` only round trips that have it, on the day
    they ended; the P&L is then what was realised.
    """

    start_date: Day | None = None
    end_date: Day | None = None
    symbol: str | None = None
    tag: str | None = None

    @property
    def ask(self) -> Ask:
        """What is asked of the calendar, for the user who asks."""
        symbol = self.symbol.strip().upper() if self.symbol else None
        return Ask(self.scope, self.start_date, self.end_date, symbol or None, self.tag or None)


class NoteIn(Strict):
    """What is written about a day, in place of what was; nothing takes it away.

    Of one account with ``account_id``, else of everything of the user.
    """

    note: str = ""
    account_id: str | None = None


@guard(Guard.EITHER)
@tagged
def calendar(query: CalendarQuery) -> Response:
    """P&L of each trading day: realised after fees plus the change of the open P&L of that day."""
    found = deps().calendar.calendar(query.ask)
    days = [calendar_day(day) for day in found.days]
    if wants_csv():
        return as_csv(days, len(days))
    return jsonify(
        calendar_data=days,
        totals=totals(found),
        basis=query.ask.basis.value,
        start_date=found.first.isoformat(),
        end_date=found.last.isoformat(),
        today=found.today.isoformat(),
        roll=str(deps().views.roll(query.scope)),
    )


@guard(Guard.EITHER)
@tagged
def one(day: str, query: ScopeQuery) -> Response:
    """One trading day, also one on which nothing happened."""
    return jsonify(calendar_day(deps().calendar.day(query.scope, _day(day))))


@guard(Guard.EITHER)
def note(day: str, body: NoteIn) -> Json:
    """Keep a note on a day."""
    scope, when = Scope(me().id, account_id=body.account_id or None), _day(day)
    kept = deps().calendar.note(scope, when, body.note)
    return {"date": when.isoformat(), "account_id": scope.account_id, "note": kept}


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
        "wins": day.wins,
        "losses": day.losses,
        "best": wire.money(day.best),
        "worst": wire.money(day.worst),
        "high": wire.money(day.high),
        "low": wire.money(day.low),
        "max_drawdown": wire.money(day.max_drawdown),
        "note": day.note,
    }


def totals(found: Calendar) -> Json:
    """Return what the days add up to by week, month and year, and altogether."""
    parts: dict[str, Iterable[Total]] = {name: getattr(found, name) for name in _STRETCHES}
    stretches = {name: [_total(each) for each in of] for name, of in parts.items()}
    return {**stretches, "range": _total(found.total)}


def _total(each: Total) -> Json:
    return {
        "name": each.name,
        "start_date": each.first.isoformat(),
        "end_date": each.last.isoformat(),
        "pnl": wire.money(each.pnl),
        "known_pnl": wire.money(each.known_pnl),
        "unknown_days": [day.isoformat() for day in each.unknown],
        "gross": wire.money(each.gross),
        "fees": wire.money(each.fees),
        "realised": wire.money(each.realised),
        "days": each.days,
        "days_up": each.up,
        "days_down": each.down,
        "trade_count": each.trades,
        "fill_count": each.fills,
        "wins": each.wins,
        "losses": each.losses,
        "best": wire.money(each.best),
        "worst": wire.money(each.worst),
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "The day must be a date like 2026-03-02.",
            fields={"date": "must be a date like 2026-03-02"},
        ) from None


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/dashboard/pnl-calendar", calendar, query=CalendarQuery)
    add(api, "GET", "/dashboard/days/<day>", one, query=ScopeQuery)
    add(api, "PUT", "/dashboard/days/<day>", note, body=NoteIn)
