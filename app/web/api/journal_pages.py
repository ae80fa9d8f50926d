"""The pages of the journal: round trips of a range, one of them whole, and what they measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from app.domain.errors import InvalidInput
from app.domain.metrics import Cut, Period
from app.domain.money import ONE, ZERO
from app.domain.remarks import LONGEST_NOTE, ExitReason
from app.services.calendar.ranges import MOST_DAYS
from app.services.journal import DEFAULT_RANGE, Choice, RangeName
from app.services.reads import ANY
from app.web.api.journal import TradesQuery, trade, whole
from app.web.api.listing import MOST_ROWS
from app.web.api.metrics import RangeQuery, cut, developed, told
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json

Query = TypeVar("Query", bound=RangeQuery)

ROWS: Final = 50
#: Days of the development that the page lists; the CSV has all of the range.
DEVELOPED: Final = 10
_FILTERS: Final = (
    "range",
    "start_date",
    "end_date",
    "strategy_id",
    "account_id",
    "symbol",
    "direction",
    "result",
    "exit",
    "tag",
    "q",
)
#: The days that the pages offer, with their names.
_RANGES: Final = {
    RangeName.TODAY: "Today",
    RangeName.WEEK: "Week",
    RangeName.MONTH: "Month",
    RangeName.YEAR: "Year",
    RangeName.ALL: "All",
}


@guard(Guard.SESSION)
def journal() -> str:
    """Show the round trips of a range with their totals."""
    filters = _filters()
    given = {name: request.args.get(name) for name in ("page", "sort", "order")}
    query = _read(TradesQuery, {**filters, **_filled(given), "page_size": str(ROWS)})
    page = deps().journal.page(query.choice.scope, query.paging, pick=query.pick, span=query.span)
    last = max(1, -(-page.total // ROWS))
    sorting = {"sort": query.sort, "order": query.order if query.sort else ""}
    return render_template(
        "journal.html",
        page="journal",
        trades=[trade(each) for each in page.rows],
        totals=told(deps().measuring.report(query.choice)),
        number=query.page,
        last=last,
        newer=_to("/journal", filters, sorting, page=query.page - 1) if query.page > 1 else None,
        older=_to("/journal", filters, sorting, page=query.page + 1) if query.page < last else None,
        sorts=_sorts(filters, query),
        csv=_to("/api/trades.csv", filters),
        exits=[each.value for each in ExitReason],
        **_frame("/journal", filters),
    )


@guard(Guard.SESSION)
def metrics() -> str:
    """Show what the round trips of a range measure."""
    filters = _filters()
    choice = _read(RangeQuery, filters).choice
    report = deps().measuring.report(choice, list(Cut), spread=True)
    most = max((each.count for each in report.distribution), default=1)
    return render_template(
        "metrics.html",
        page="metrics",
        found=told(report),
        cuts={each.value: cut(report, each) for each in Cut},
        bins=[(each, each.count * 100 // most) for each in report.distribution],
        csv={each.value: _to("/api/metrics/groups.csv", filters, {"by": each}) for each in Cut},
        **_development(choice, report.period),
        **_frame("/metrics", filters),
    )


def _development(choice: Choice, period: Period) -> Json:
    """How the figures of the scope developed; kept is only what is not filtered further."""
    if choice.pick != ANY:
        return {"developed": []}
    scope, first = choice.scope, max(period.first, period.last - timedelta(days=MOST_DAYS))
    days = deps().measuring.history(scope, first, period.last)
    given = {
        "strategy_id": scope.strategy_id or "",
        "account_id": scope.account_id or "",
        "start_date": first.isoformat(),
        "end_date": period.last.isoformat(),
    }
    return {
        "developed": [developed(each) for each in reversed(days[-DEVELOPED:])],
        "course": _course([each.total.results.net for each in days]),
        "developed_csv": _to("/api/metrics/history.csv", given, page_size=MOST_ROWS),
    }


def _course(values: Sequence[Decimal]) -> str:
    """The points of a line through the values, in a box of 100 by 24; "" of fewer than two."""
    if len(values) < 2:
        return ""
    low, high = min(*values, ZERO), max(*values, ZERO)
    height, last = high - low or ONE, len(values) - 1
    return " ".join(
        f"{100 * number / last:.2f},{24 * (high - value) / height:.2f}"
        for number, value in enumerate(values)
    )


@guard(Guard.SESSION)
def show(trade_id: str) -> str:
    """Show one round trip down to its fills."""
    return trade_page(trade_id, {})


@guard(Guard.SESSION)
def save(trade_id: str) -> ResponseReturnValue:
    """Keep the note and the tags, or show again what was typed with what is wrong."""
    note, tags = request.form.get("note", ""), request.form.get("tags", "")
    try:
        deps().journal.remark(me().id, trade_id, note, tags.split(","))
    except InvalidInput as error:
        return trade_page(trade_id, error.fields, {"note": note, "tags": tags}), 422
    flash("The note and the tags are kept.")
    return redirect(f"/journal/{trade_id}")


def trade_page(
    trade_id: str, errors: Mapping[str, str], typed: Mapping[str, str] | None = None
) -> str:
    """Return the page of one round trip, with what is wrong in its forms and what was typed."""
    opened = deps().journal.opened(me().id, trade_id)
    kept = {"note": opened.row.remarks.note, "tags": ", ".join(opened.row.remarks.tags)}
    return render_template(
        "trade.html",
        page="journal",
        trade=whole(opened),
        form=typed or kept,
        errors=errors,
        longest=LONGEST_NOTE,
        pictures=deps().pictures.of(me().id, trade_id),
    )


def _filters() -> dict[str, str]:
    """The filters that were filled in; days that were named win over a range."""
    filters = _filled({name: request.args.get(name) for name in _FILTERS})
    if "start_date" in filters or "end_date" in filters:
        filters["range"] = RangeName.CUSTOM.value
    return filters


def _filled(given: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value.strip() for name, value in given.items() if value and value.strip()}


def _read(model: type[Query], given: Mapping[str, str]) -> Query:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        fields = {str(each["loc"][0]): str(each["msg"]) for each in error.errors()}
        raise InvalidInput("A filter cannot be read.", fields=fields) from None


def _frame(path: str, filters: Mapping[str, str]) -> Json:
    """What the filters of both pages show."""
    days = ("range", "start_date", "end_date")
    others = {name: value for name, value in filters.items() if name not in days}
    chosen = filters.get("range", DEFAULT_RANGE.value)
    return {
        "path": path,
        "filters": filters,
        "ranges": [
            (name, _to(path, others, {"range": each}), each == chosen)
            for each, name in _RANGES.items()
        ],
        "other": _to("/metrics" if path == "/journal" else "/journal", filters),
        "strategies": deps().strategies.list(me().id),
        "accounts": deps().accounts.list(me().id),
        "tags": deps().reads.tags(me().id),
    }


def _sorts(filters: Mapping[str, str], query: TradesQuery) -> dict[str, tuple[str, str]]:
    """Of each column the address that sorts by it, and how it is sorted now."""
    names = ("closed_at", "symbol", "quantity", "gross", "commission", "net")
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        now = query.order if query.sort == name else ""
        following = "asc" if now == "desc" else "desc"
        found[name] = (_to("/journal", filters, {"sort": name, "order": following}), now)
    return found


def _to(path: str, *given: Mapping[str, str], **more: object) -> str:
    kept = {name: value for each in given for name, value in each.items() if value}
    text = urlencode({**kept, **more})
    return f"{path}?{text}" if text else path


def install(app: Flask) -> None:
    """Add the pages."""
    routes = Blueprint("journal", __name__)
    routes.add_url_rule("/journal", view_func=journal)
    routes.add_url_rule("/metrics", view_func=metrics)
    routes.add_url_rule("/journal/<trade_id>", view_func=show)
    routes.add_url_rule("/journal/<trade_id>", view_func=save, methods=["POST"])
    app.register_blueprint(routes)
