"""The pages: each is one route, one template and the data that its script starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.domain.errors import InvalidInput, StoreUnavailable
from app.domain.inbox import AlertState
from app.domain.safety.switches import Scope as Switched
from app.domain.sessions import Roll, day_bounds
from app.domain.users import User
from app.services.calendar import Ask
from app.services.reads import Page, Paging, Row, Scope
from app.services.tracing import summary
from app.web import editor, standby, vendor, wire
from app.web.api import refusals, strategies, traces
from app.web.api.dashboard import figures
from app.web.api.safety import stops_of
from app.web.auth import Guard, csrf_token, guard, me, signed_in
from app.web.deps import WebSettings, deps
from app.web.market import chip
from app.web.months import last_of, month_grid, parse_month, parse_year, year_grid
from app.web.shapes.connections import mode_of, real_money

View = Callable[..., ResponseReturnValue]

RECENT_ALERTS: Final = 20
RECENT_LOG: Final = 200
ALERTS_A_PAGE: Final = 50
THEMES: Final = ("dark", "light", "auto")
COLOURS: Final = ("default", "cvd", "redup")


@guard(Guard.PUBLIC)
def index() -> ResponseReturnValue:
    """Lead to the dashboard."""
    return redirect("/dashboard")


@guard(Guard.SESSION)
def dashboard() -> str:
    """Show the day, the curve, the month, what is open and what happened."""
    web, user = deps(), me()
    asked = {name: request.args.get(name) or None for name in ("strategy_id", "account_id")}
    picked = {name: request.args.get(name) or None for name in ("symbol", "tag")}
    scope = Scope(user.id, **asked)
    ask = Ask(scope, symbol=picked["symbol"], tag=picked["tag"])
    roll, today = web.views.roll(scope), web.calendar.today(scope)
    boot = {
        "summary": figures(scope),
        "positions": [
            wire.position(each)
            for each in web.recorder.positions(user.id, scope.strategy_id, scope.account_id)
        ],
        "log": _log(user.id),
        "accounts": _accounts(user.id),
        "scope": asked,
        "picked": picked,
        "day_ends": wire.iso(day_bounds(today, roll)[1]),
    }
    return render_template(
        "dashboard.html",
        page="dashboard",
        boot=boot,
        calendar=_calendar(ask, today),
        filters={**asked, **picked},
        to=partial(_dashboard_at, {**asked, **picked}),
        curve_csv=_dashboard_at(asked, "/api/dashboard/pnl-drawdown-chart.csv"),
        strategies=web.strategies.list(user.id),
        tags=web.reads.tags(user.id),
    )


def _calendar(ask: Ask, today: date) -> dict[str, object]:
    """The month that is asked for, or the year."""
    year = parse_year(request.args.get("year"), today)
    first = year or parse_month(request.args.get("month"), today)
    last = last_of(first.replace(month=12) if year else first)
    days = deps().calendar.calendar(replace(ask, start=first, end=last)).days
    span = {"start": first, "end": last}
    return {**(year_grid if year else month_grid)(first, days, today), **span}


def _dashboard_at(
    filters: Mapping[str, str | None], path: str = "/dashboard", **more: object
) -> str:
    """The address of the dashboard, or of what else has its filters, with something changed."""
    kept = {name: value for name, value in {**filters, **more}.items() if value is not None}
    return f"{path}?{urlencode(kept)}" if kept else path


@guard(Guard.SESSION)
def control() -> str:
    """Show the strategies with their switches, the ticket, the log and the last alerts."""
    user = me()
    page = deps().reads.alerts(user.id, Paging(page_size=RECENT_ALERTS), heartbeats=False)
    boot = {
        "strategies": strategies.rows(user.id),
        "alerts": [wire.alert(row, summary(row.body)) for row in page.rows],
        "accounts": _accounts(user.id),
        "log": _log(user.id),
    }
    return render_template("control.html", page="control", boot=boot)


@guard(Guard.SESSION)
def strategy_list() -> str:
    """List the strategies, or those in the archive."""
    archived = request.args.get("archived") == "1"
    rows = strategies.rows(me().id, archived=archived)
    return render_template("strategies.html", page="strategies", strategies=rows, archived=archived)


@guard(Guard.SESSION)
def alerts() -> str:
    """List the alerts with their outcomes."""
    web, user = deps(), me()
    names = ("state", "strategy", "q", "heartbeats")
    filters = {name: request.args.get(name) or None for name in names}
    if filters["state"] not in {None, *AlertState}:
        raise InvalidInput("There is no such outcome.", fields={"state": "is no outcome"})
    paging = Paging(_page_number(request.args.get("page", "1")), ALERTS_A_PAGE)
    page = web.reads.alerts(
        user.id,
        paging,
        state=filters["state"],
        strategy_id=filters["strategy"],
        q=filters["q"],
        heartbeats=filters["heartbeats"] is not None,
    )
    return render_template(
        "alerts.html",
        page="alerts",
        alerts=[wire.alert(row, summary(row.body)) for row in page.rows],
        filters=filters,
        strategies=web.strategies.list(user.id),
        states=[state.value for state in AlertState],
        pages=_pages(page, paging, filters),
    )


@guard(Guard.SESSION)
def alert(alert_id: str) -> str:
    """Show the whole way of one alert."""
    context = traces.page(deps().tracer.trace(me().id, alert_id))
    return render_template("alert.html", page="alerts", **context)


def _page_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and int(text)):
        raise InvalidInput("The page must be a number from 1.", fields={"page": "from 1"})
    return int(text)


def _pages(page: Page[Row], paging: Paging, filters: Mapping[str, str | None]) -> dict[str, object]:
    """The way to the pages before and after this one."""
    last = max(1, -(-page.total // paging.page_size))
    kept = {name: value for name, value in filters.items() if value}

    def to(number: int) -> str | None:
        there = 1 <= number <= last and number != paging.page
        return f"/alerts?{urlencode({**kept, 'page': number})}" if there else None

    return {
        "page": paging.page,
        "total_pages": last,
        "total_items": page.total,
        "prev_url": to(paging.page - 1),
        "next_url": to(paging.page + 1),
    }


def _log(user_id: str) -> list[wire.Json]:
    """The newest lines of the log, oldest first."""
    lines = deps().reads.log(user_id, limit=RECENT_LOG)
    return [wire.log_entry(fact) for fact in reversed(lines)]


def _accounts(user_id: str) -> list[wire.Json]:
    return [
        {"id": each.id, "name": each.name, "venue": each.venue, "mode": each.mode.value}
        for each in deps().accounts.list(user_id)
    ]


def _about(libraries: vendor.Libraries) -> Callable[[], str]:
    @guard(Guard.SESSION)
    def about() -> str:
        """Show the version and the licences of what the browser gets."""
        return render_template(
            "about.html",
            page="about",
            version=deps().settings.version,
            licences=libraries.licences(),
            notice=libraries.notice("lightweight-charts.js"),
        )

    return about


def install(app: Flask, settings: WebSettings) -> None:
    """Add the pages and what their templates use."""
    libraries = vendor.Libraries(settings.root / "static" / "vendor")
    app.jinja_env.globals.update(vendor=libraries.vendor, csrf_token=csrf_token)
    app.jinja_env.filters.update(
        money=vendor.money,
        pnl=vendor.pnl,
        price=vendor.price,
        sgn=vendor.sgn,
        when=vendor.when(settings.display_zone),
    )
    app.context_processor(_context)
    routes = Blueprint("pages", __name__)
    views: dict[str, View] = {
        "/": index,
        "/dashboard": dashboard,
        "/control": control,
        "/strategies": strategy_list,
        "/strategies/new": editor.new,
        "/strategies/<strategy_id>": editor.show,
        "/alerts": alerts,
        "/alerts/<alert_id>": alert,
        "/about": _about(libraries),
        refusals.PATH: refusals.page,
    }
    for path, view in views.items():
        routes.add_url_rule(path, view_func=view)
    actions: dict[str, View] = {
        "/strategies/new": editor.create,
        "/strategies/<strategy_id>": editor.save,
        "/strategies/<strategy_id>/rotate-key": editor.rotate,
        "/strategies/<strategy_id>/archive": editor.archive,
        "/strategies/<strategy_id>/restore": editor.restore,
    }
    for path, action in actions.items():
        routes.add_url_rule(path, view_func=action, methods=["POST"])
    app.register_blueprint(routes)


def _who() -> tuple[User | None, list[wire.Json], list[str]]:
    """Who is signed in, what is stopped, and the names of the accounts with real money.

    Without the database nothing is known.  The page that says so is rendered with this, so it must
    not fail on it.
    """
    try:
        user = signed_in()
        if user is None:
            return None, [], []
        return user, [wire.stop(each) for each in stops_of(user.id).values()], real_money(user.id)
    except StoreUnavailable:
        return None, [], []


def _context() -> dict[str, object]:
    """What every template may use."""
    web = deps()
    user, stops, real = _who()
    halted = any(each["scope"] == Switched.SERVER for each in stops)
    roll = Roll.parse(web.settings.trading_day_roll)
    theme, colours = request.cookies.get("theme"), request.cookies.get("pnl")
    return {
        "user": user.name if user else None,
        "mode": mode_of(real),
        "real_money": real,
        "zone": web.settings.display_zone,
        "theme": theme if theme in THEMES else "dark",
        "pnl_colours": colours if colours in COLOURS else "default",
        "halted": user is not None and (halted or web.storage.pending),
        "stops": stops,
        "trouble": web.storage.trouble if user else None,
        "market": chip() if user else None,
        "standby": standby.banner(signed_in=user is not None),
        "reset": f"{roll.at:%H:%M}",
        "reset_zone": roll.zone.key,
    }
