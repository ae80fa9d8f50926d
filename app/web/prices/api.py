"""Bars as an API: read them, and import them from files."""

from __future__ import annotations

from contextlib import closing
from typing import Final

from apiflask import APIBlueprint, APIFlask
from flask import Response, jsonify, request
from pydantic import Field
from werkzeug.exceptions import RequestEntityTooLarge

from app.domain.errors import InvalidInput
from app.domain.quotes import Timeframe
from app.domain.quotes.reading import MOST_BYTES
from app.services.bars import DEFAULT_BARS, MOST_BARS, BarAsk, BarFile, Found
from app.web import wire
from app.web.api.listing import Instant, Tabled, add, as_csv, wants_csv
from app.web.auth import Guard, guard
from app.web.deps import deps
from app.web.shapes import prices as shapes
from app.web.wire import Json

PATH: Final = "/api/bars/import"
#: What a form carries around its file.
AROUND: Final = 64 * 1024
_YES: Final = {"1", "true", "yes", "on"}
_NO: Final = {"", "0", "false", "no", "off"}


class BarsQuery(Tabled):
    """With ``start`` the first bars from there on, without it the last ones before ``end``."""

    timeframe: Timeframe = Timeframe.MINUTE
    start: Instant | None = None
    end: Instant | None = None
    limit: int = Field(DEFAULT_BARS, ge=1, le=MOST_BARS)


@guard(Guard.EITHER)
def bars(symbol: str, query: BarsQuery) -> Response:
    """List bars that have ended, oldest first, and say whether some may be missing."""
    ask = BarAsk(symbol, query.timeframe, query.start, query.end, query.limit)
    found = deps().bars.desk.bars(ask)
    if not wants_csv():
        return jsonify(_found(found))
    answer = as_csv([shapes.bar(each.bar) for each in found.bars], len(found.bars))
    answer.headers["X-Complete"] = "true" if found.complete else "false"
    return answer


def _found(found: Found) -> Json:
    return {
        "symbol": found.contract.symbol,
        "timeframe": found.timeframe.value,
        "complete": found.complete,
        "why": found.why,
        "coming": found.coming,
        "next": wire.when(found.following),
        "bars": [{**shapes.bar(each.bar), "source": each.source.value} for each in found.bars],
    }


@guard(Guard.EITHER)
def take() -> tuple[Json, int]:
    """Import a CSV file; it comes as multipart form data: file, symbol, timeframe, replace."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidInput("Choose the file to import.", fields={"file": "must be given"})
    symbol, timeframe, replace = _field("symbol"), _timeframe(), _replace()
    if not symbol:
        raise InvalidInput("Say whose bars they are.", fields={"symbol": "must be given"})
    with closing(sent):
        data = sent.stream.read(MOST_BYTES + 1)
    file = BarFile(sent.filename[:200], data, symbol, timeframe)
    taken = deps().bars.taker.take(file, replace=replace)
    return {
        "symbol": taken.contract.symbol,
        "timeframe": taken.timeframe.value,
        "bars": taken.bars,
        "new": taken.new,
        "equal": taken.equal,
        "replaced": taken.contradicting,
        "first": wire.iso(taken.first),
        "last": wire.iso(taken.last),
    }, 201


def _timeframe() -> Timeframe:
    text = _field("timeframe")
    if text not in set(Timeframe):
        listed = ", ".join(Timeframe)
        raise InvalidInput(
            f"Say how long the bars are: {listed}.", fields={"timeframe": f"one of {listed}"}
        )
    return Timeframe(text)


def _replace() -> bool:
    text = _field("replace").lower()
    if text not in _YES | _NO:
        raise InvalidInput(
            "Say true or false, whether bars that are kept may be replaced.",
            fields={"replace": "true or false"},
        )
    return text in _YES


def _field(name: str) -> str:
    return (request.form.get(name) or "").strip()


def install_prices(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/bars/<path:symbol>", bars, query=BarsQuery)
    add(api, "POST", "/bars/import", take)


def bound_imports(app: APIFlask) -> None:
    """Bound what may be sent, before anything reads it."""

    @app.before_request
    def bound() -> None:
        if request.path == PATH and request.method == "POST":
            request.max_content_length = MOST_BYTES + AROUND
            if (request.content_length or 0) > request.max_content_length:
                raise RequestEntityTooLarge
