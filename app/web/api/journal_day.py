"""The page of one trading day: its figures, its curve, its round trips and what is left over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.errors import InvalidInput
from app.services.calendar.ranges import check_day
from app.services.journal.day import DayBook, Loose
from app.services.reads import Scope
from app.web import wire
from app.web.api.calendar import calendar_day
from app.web.api.journal import trade
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json

_NAMES = ("strategy_id", "account_id")


@guard(Guard.SESSION)
def show(day: str) -> str:
    """Show one trading day."""
    return _page(_read(day), {})


@guard(Guard.SESSION)
def save(day: str) -> ResponseReturnValue:
    """Keep the note of the day, or show again what was typed with what is wrong."""
    when, note = _read(day), request.form.get("note", "")
    try:
        deps().calendar.note(_scope(), when, note)
    except InvalidInput as error:
        return _page(when, error.fields, note), 422
    flash("The note of the day is kept.")
    return redirect(_to(when))


def _page(when: date, errors: Mapping[str, str], typed: str | None = None) -> str:
    scope = _scope()
    book, found = deps().days.open(scope, when), deps().calendar.day(scope, when)
    trips = [trade(each) for each in book.trips]
    return render_template(
        "day.html",
        page="journal",
        day=calendar_day(found),
        book=book,
        trips=trips,
        loose=[loose(each) for each in book.loose],
        before=_to(book.before),
        after=_to(book.after) if book.after else None,
        here=_to(when),
        listed=_address("/journal", start_date=when.isoformat(), end_date=when.isoformat()),
        form={"note": found.note if typed is None else typed},
        errors=errors,
        filters=_filters(),
        strategies=deps().strategies.list(me().id),
        accounts=deps().accounts.list(me().id),
        boot=_boot(book, trips),
    )


def _boot(book: DayBook, trips: list[Json]) -> Json:
    """What the curve is drawn from."""
    names = ("id", "closed_at", "net", "direction", "symbol")
    return {
        **_filters(),
        "start": wire.iso(book.start) if book.start else None,
        "end": wire.iso(book.end) if book.end else None,
        "trips": [{name: each[name] for name in names} for each in trips],
    }


def loose(each: Loose) -> Json:
    """Return a fill, as far as no round trip ended with it on the day."""
    fill = each.row.fill
    return {
        "at": wire.iso(fill.at),
        "symbol": fill.symbol,
        "side": fill.side.value,
        "quantity": wire.money(abs(each.quantity)),
        "fill_quantity": wire.money(fill.quantity),
        "price": wire.money(fill.price),
        "commission": wire.money(fill.commission),
        "strategy_name": each.row.strategy_name,
        "account_name": each.row.account_name,
    }


def _filters() -> dict[str, str]:
    return {name: value for name in _NAMES if (value := request.args.get(name))}


def _scope() -> Scope:
    return Scope(me().id, **_filters())


def _to(when: date) -> str:
    return _address(f"/journal/day/{when.isoformat()}")


def _address(path: str, **more: str) -> str:
    query = urlencode({**_filters(), **more})
    return f"{path}?{query}" if query else path


def _read(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "The day must be a date like 2026-03-02.",
            fields={"date": "must be a date like 2026-03-02"},
        ) from None
    check_day(day, "date")
    return day


def install(app: Flask) -> None:
    """Add the page."""
    routes = Blueprint("journal_day", __name__)
    routes.add_url_rule("/journal/day/<day>", view_func=show)
    routes.add_url_rule("/journal/day/<day>", view_func=save, methods=["POST"])
    app.register_blueprint(routes)
