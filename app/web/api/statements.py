"""Statements as an API and as pages: files imported, and what they say beside our own fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from apiflask import APIBlueprint, APIFlask
from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.domain.errors import InvalidInput
from app.domain.statements import (
    MOST_BYTES,
    TITLES,
    Comparison,
    Lot,
    Outcome,
    Row,
    Statement,
    Totals,
)
from app.services.statements import Upload
from app.web import wire
from app.web.api.listing import ListQuery, add, listed, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json

PATH: Final = "/api/statements"
#: What a form carries around its file.
AROUND: Final = 64 * 1024
ROWS: Final = 100

WORDS: Final = {
    Outcome.MATCHED: "Matched",
    Outcome.LATE: "Late",
    Outcome.SLIPPED: "Slipped",
    Outcome.FEES: "Fees differ",
    Outcome.MISSED: "Missed",
    Outcome.OURS_ONLY: "Ours only",
}


class RowsQuery(ListQuery):
    """Which rows of a comparison: of one outcome, of one symbol."""

    outcome: Outcome | None = None
    symbol: str | None = None


@guard(Guard.EITHER)
def take() -> tuple[Json, int]:
    """Import a file; it comes as multipart form data, with the fields that say what it is."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidInput("Choose the file to import.", fields={"file": "must be given"})
    with closing(sent):
        data = sent.stream.read(MOST_BYTES + 1)
    account_id = _field("account_id")
    if account_id is None:
        raise InvalidInput("Choose the account.", fields={"account_id": "must be given"})
    upload = Upload(
        file_name=sent.filename,
        data=data,
        account_id=account_id,
        zone=_field("zone") or deps().settings.display_zone,
        strategy_id=_field("strategy_id"),
        symbol=_field("symbol"),
    )
    taken = deps().statements.take(me().id, upload)
    told = {**_statement(taken.statement), "again": taken.again, "message": _said(taken.statement)}
    if taken.again:
        told["message"] = _again(taken.statement)
    return told, 200 if taken.again else 201


@guard(Guard.EITHER)
def statements(query: ListQuery) -> Response:
    """List the imports, newest first."""
    return part([_statement(each) for each in deps().statements.all(me().id)], query)


@guard(Guard.EITHER)
def one(statement_id: str) -> Json:
    """Show an import with the sums of its comparison with our fills as they are now."""
    statement, found = deps().statements.compared(me().id, statement_id)
    return {**_statement(statement), "totals": totals(found.totals)}


@guard(Guard.EITHER)
def rows(statement_id: str, query: RowsQuery) -> Response:
    """List what an import tells beside what we have, oldest first."""
    _, found = deps().statements.compared(me().id, statement_id)
    chosen = _chosen(found, query)
    start = query.paging.offset
    shown = [row(each) for each in chosen[start : start + query.page_size]]
    return listed(shown, len(chosen), query)


@guard(Guard.EITHER)
def remove(statement_id: str) -> tuple[str, int]:
    """Take an import away; our books are not touched."""
    deps().statements.remove(me().id, statement_id)
    return "", 204


@guard(Guard.SESSION)
def page() -> str:
    """Show the imports, and the form for another one."""
    accounts = deps().accounts.list(me().id)
    return render_template(
        "statements.html",
        page="statements",
        statements=[_statement(each) for each in deps().statements.all(me().id)],
        accounts=accounts,
        strategies=deps().strategies.list(me().id),
        zone=deps().settings.display_zone,
        formats=TITLES.values(),
        boot={"most_bytes": MOST_BYTES},
    )


@guard(Guard.SESSION)
def show(statement_id: str) -> str:
    """Show one import beside our fills."""
    statement, found = deps().statements.compared(me().id, statement_id)
    query = _query()
    chosen = _chosen(found, query)
    start, last = query.paging.offset, max(1, -(-len(chosen) // ROWS))
    kept = {name: value for name, value in request.args.items() if name in {"outcome", "sort"}}

    def to(number: int) -> str | None:
        return f"?{urlencode({**kept, 'page': number})}" if 1 <= number <= last else None

    return render_template(
        "statement.html",
        page="statements",
        statement=_statement(statement),
        totals=totals(found.totals),
        rows=[row(each) for each in chosen[start : start + ROWS]],
        total=len(chosen),
        number=query.page,
        last=last,
        newer=to(query.page - 1),
        older=to(query.page + 1),
        outcomes=[(each.value, word) for each, word in WORDS.items()],
        words={each.value: word for each, word in WORDS.items()},
        chosen=query.outcome.value if query.outcome else "",
        csv=f"{PATH}/{statement_id}/rows.csv?{urlencode({**kept, 'page_size': 1000})}",
        boot={"id": statement_id, "file_name": statement.file_name},
    )


def row(each: Row) -> Json:
    """Return a row: theirs are the statement's words, ours are our fills'; null where missing.

    ``slippage`` and ``fee_difference`` are above zero if worse, ``difference`` is the money that
    the statement moved more.
    """
    theirs, ours = each.theirs, each.ours
    return {
        "outcomes": ", ".join(outcome.value for outcome in each.outcomes),
        "at": wire.iso(each.lot.at),
        "symbol": each.lot.symbol,
        "side": each.lot.side.value,
        "quantity": wire.money(each.lot.quantity),
        "statement_price": _of(theirs, lambda lot: wire.money(lot.price)),
        "our_price": _of(ours, lambda lot: wire.money(lot.price)),
        "statement_at": _of(theirs, lambda lot: wire.iso(lot.at)),
        "our_at": _of(ours, lambda lot: wire.iso(lot.at)),
        "late_s": each.late_s,
        "slippage": wire.money(each.slippage),
        "statement_fee": _of(theirs, lambda lot: wire.money(lot.moved()[1])),
        "our_fee": _of(ours, lambda lot: wire.money(lot.moved()[1])),
        "fee_difference": wire.money(each.fee_difference),
        "difference": wire.money(each.difference),
        "lines": _of(theirs, lambda lot: ", ".join(lot.notes)),
        "fills": _of(ours, lambda lot: ", ".join(part.id for part in lot.parts)),
        "alert_id": _of(ours, lambda lot: next(iter(lot.notes), None)),
    }


def totals(sums: Totals) -> Json:
    """Return the sums: statement = ours + missed + ours_only + price + fees + untold."""
    names = ("statement", "ours", "missed", "ours_only", "price", "fees", "untold", "slippage")
    return {
        **{name: wire.money(getattr(sums, name)) for name in names},
        "outcomes": {
            each.value: {"rows": sums.counts[each], "difference": wire.money(sums.amounts[each])}
            for each in Outcome
        },
    }


def _of(lot: Lot | None, tell: Callable[[Lot], object]) -> object:
    return None if lot is None else tell(lot)


_SORTS: Final[Mapping[str, Callable[[Row], Any]]] = {
    "at": lambda each: each.lot.at,
    "symbol": lambda each: each.lot.symbol,
    "quantity": lambda each: each.lot.quantity,
    "late_s": lambda each: each.late_s or 0.0,
    "slippage": lambda each: each.slippage or Decimal(0),
    "fee_difference": lambda each: each.fee_difference or Decimal(0),
    "difference": lambda each: each.difference,
}


def _chosen(found: Comparison, query: RowsQuery) -> Sequence[Row]:
    chosen = [
        each
        for each in found.rows
        if (query.outcome is None or query.outcome in each.outcomes)
        and (query.symbol is None or each.lot.symbol == query.symbol)
    ]
    if not query.sort:
        return chosen
    if query.sort not in _SORTS:
        raise InvalidInput(
            f"There is no column {query.sort[:40]!r} to sort by.",
            fields={"sort": f"one of {', '.join(_SORTS)}"},
        )
    return sorted(chosen, key=_SORTS[query.sort], reverse=query.order == "desc")


def _query() -> RowsQuery:
    """What the page of an import shows; a filter that means nothing shows everything."""
    given = {name: request.args.get(name) or None for name in ("outcome", "sort", "page")}
    text = given["page"] or "1"
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else 1
    outcome = given["outcome"] if given["outcome"] in set(Outcome) else None
    sort = given["sort"] if given["sort"] in _SORTS else ""
    return RowsQuery(
        page=max(number, 1),
        page_size=ROWS,
        sort=sort or "",
        outcome=Outcome(outcome) if outcome else None,
    )


def _field(name: str) -> str | None:
    return (request.form.get(name) or "").strip() or None


def _statement(each: Statement) -> Json:
    skipped = dict(each.skipped or {})
    return {
        "id": each.id,
        "file_name": each.file_name,
        "format": each.format.value,
        "title": TITLES[each.format],
        "simulated": each.format.simulated,
        "account_id": each.account_id,
        "account_name": deps().accounts.get(me().id, each.account_id).name,
        "strategy_id": each.strategy_id,
        "strategy_name": _strategy(each.strategy_id),
        "symbol": each.symbol,
        "zone": each.zone,
        "imported_at": wire.iso(each.imported_at),
        "lines": each.lines,
        "executions": each.executions,
        "known": each.known,
        "skipped": sum(skipped.values()),
        "skipped_because": ", ".join(f"{count} {why}" for why, count in sorted(skipped.items())),
        "first_at": wire.when(each.first_at),
        "last_at": wire.when(each.last_at),
    }


def _strategy(strategy_id: str | None) -> str | None:
    return None if strategy_id is None else deps().strategies.get(me().id, strategy_id).name


def _said(each: Statement) -> str:
    known = f" {each.known} of them were known from another file." if each.known else ""
    return f"{each.executions} executions were imported as {TITLES[each.format]}.{known}"


def _again(each: Statement) -> str:
    return (
        f"This file was imported before, on {each.imported_at:%Y-%m-%d} as {each.file_name}, with"
        f" times in {each.zone}. Nothing was imported again; delete that import to read the file"
        " anew."
    )


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "POST", "/statements", take)
    add(api, "GET", "/statements", statements, query=ListQuery)
    add(api, "GET", "/statements/<statement_id>", one)
    add(api, "GET", "/statements/<statement_id>/rows", rows, query=RowsQuery)
    add(api, "DELETE", "/statements/<statement_id>", remove)


def install_pages(app: APIFlask) -> None:
    """Add the pages, and the bound of what may be sent, before anything reads it."""
    routes = Blueprint("statements", __name__)
    routes.add_url_rule("/statements", "page", page)
    routes.add_url_rule("/statements/<statement_id>", "show", show)
    app.register_blueprint(routes)

    @app.before_request
    def bound() -> None:
        if request.path == PATH and request.method == "POST":
            request.max_content_length = MOST_BYTES + AROUND
            if (request.content_length or 0) > request.max_content_length:
                raise RequestEntityTooLarge
