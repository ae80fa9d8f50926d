"""The journal as an API: round trips with their remarks, their totals, and one opened to fills."""

from __future__ import annotations

from typing import Final

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.domain.errors import InvalidInput
from app.domain.remarks import Remarks
from app.services.journal import Opened, Part, Told
from app.services.reads import Span
from app.web import wire
from app.web.api.listing import Instant, ListQuery, Strict, add, listed, streamed, wants_csv
from app.web.api.metrics import RangeQuery, told
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json

_TIMES: Final = ("start", "end")


class TradesQuery(RangeQuery, ListQuery):
    """Which round trips: by a range of trading days, or from ``start`` (in it) to ``end`` (not)."""

    start: Instant | None = None
    end: Instant | None = None

    @property
    def span(self) -> Span:
        """The time in which the round trips ended; raises InvalidInput for two ways of saying."""
        days = (self.range, self.start_date, self.end_date)
        if self.start is None and self.end is None:
            return deps().measuring.span(self.choice)
        if any(each is not None for each in days):
            fields = dict.fromkeys(_TIMES, "not together with a range of days")
            raise InvalidInput("Ask for days or for instants, not for both.", fields=fields)
        deps().views.check(self.choice.scope)
        return Span(self.start, self.end)

    @property
    def whole(self) -> bool:
        """Whether no page is named; raises InvalidInput for a sorting that takes a page."""
        if self.model_fields_set & {"page", "page_size"}:
            return False
        if self.sort not in {"", "closed_at"}:
            raise InvalidInput(
                "The whole list comes by the time the round trips closed; name a page to have it"
                " sorted otherwise.",
                fields={"sort": "closed_at, or together with page and page_size"},
            )
        return True


class RemarksIn(Strict):
    """What is written about a round trip, in place of what was; nothing takes it away."""

    note: str = ""
    tags: list[str] = Field(default_factory=list)


@guard(Guard.EITHER)
def trades(query: TradesQuery) -> Response:
    """List round trips by the time they closed, newest first; as CSV all of them at once."""
    journal, scope, span = deps().journal, query.choice.scope, query.span
    if wants_csv() and query.whole:
        pieces = journal.all(scope, descending=query.order == "desc", pick=query.pick, span=span)
        return streamed([trade(each) for each in piece] for piece in pieces)
    page = journal.page(scope, query.paging, pick=query.pick, span=span)
    return listed([trade(each) for each in page.rows], page.total, query)


@guard(Guard.EITHER)
def stats(query: RangeQuery) -> Json:
    """Measure the round trips of a range, by the definitions of the metrics."""
    return told(deps().measuring.report(query.choice))


@guard(Guard.EITHER)
def one(trade_id: str) -> Json:
    """Show one round trip down to its fills."""
    return whole(deps().journal.opened(me().id, trade_id))


@guard(Guard.EITHER)
def remark(trade_id: str, body: RemarksIn) -> Json:
    """Keep a note and tags of a round trip."""
    return _remarks(deps().journal.remark(me().id, trade_id, body.note, body.tags))


def trade(told: Told) -> Json:
    """Return a round trip as a list shows it; ``r`` and ``risk`` are null without a stop.

    ``mae`` and ``mfe`` are null where no price was known while it was open.
    """
    row, trip, far = told.row, told.row.trip, told.reach
    return {
        "id": str(row.id),
        "strategy_id": row.strategy_id,
        "strategy_name": row.strategy_name,
        "account_id": row.account_id,
        "account_name": row.account_name,
        "symbol": trip.symbol,
        "direction": trip.direction.value,
        "quantity": wire.money(trip.quantity),
        "peak_quantity": wire.money(trip.peak_quantity),
        "average_entry": wire.money(trip.average_entry),
        "average_exit": wire.money(trip.average_exit),
        "gross": wire.money(trip.gross),
        "commission": wire.money(trip.commission),
        "net": wire.money(trip.net),
        "risk": wire.money(told.trade.risk),
        "r": wire.money(told.trade.r),
        "mae": wire.money(far.mae),
        "mfe": wire.money(far.mfe),
        "mae_r": wire.money(far.mae_r),
        "mfe_r": wire.money(far.mfe_r),
        "efficiency": wire.money(far.efficiency),
        "known_s": far.seconds,
        "slippage": wire.money(told.slippage),
        "opened_at": wire.iso(trip.opened_at),
        "closed_at": wire.iso(trip.closed_at),
        "duration_s": round((trip.closed_at - trip.opened_at).total_seconds(), 3),
        "exit_reason": row.exit.value,
        "entry_alert_id": row.entry_alert_id,
        "exit_alert_id": row.exit_alert_id,
        "tags": ", ".join(row.remarks.tags),
        "note": row.remarks.note,
    }


def whole(opened: Opened) -> Json:
    """Return a round trip with its fills and what they cost against their signals."""
    return {
        **trade(opened.told),
        **_remarks(opened.row.remarks),
        "stop": wire.money(opened.row.stop),
        "trail": wire.money(opened.row.trail),
        "fills": [_part(each) for each in opened.parts],
    }


def _part(each: Part) -> Json:
    order = each.order
    return {
        "id": each.fill.venue_fill_id,
        "at": wire.iso(each.fill.at),
        "side": each.fill.side.value,
        "quantity": wire.money(abs(each.quantity)),
        "fill_quantity": wire.money(each.fill.quantity),
        "price": wire.money(each.fill.price),
        "commission": wire.money(each.fill.commission),
        "signal_price": wire.money(order.signal_price) if order else None,
        "slippage": wire.money(each.slippage),
        "order_id": each.fill.order_id,
        "role": order.role.value if order else None,
        "alert_id": order.alert_id if order else None,
    }


def _remarks(each: Remarks) -> Json:
    return {"note": each.note, "tags": list(each.tags)}


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/trades", trades, query=TradesQuery)
    add(api, "GET", "/trades/stats", stats, query=RangeQuery)
    add(api, "GET", "/trades/<trade_id>", one)
    add(api, "PUT", "/trades/<trade_id>/remarks", remark, body=RemarksIn)
