"""Lists over HTTP: pages, sorting and CSV, the same for each of them."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.domain.errors import InvalidInput
from app.domain.money import parse
from app.services.reads import Paging
from app.web.wire import Json

MOST_ROWS: Final = 1000
_CSV: Final = "text/csv; charset=utf-8"
#: A cell that begins like this would be run as a formula by a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Model = TypeVar("Model", bound=BaseModel)
Row = TypeVar("Row")


def _day(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("must be a date like 2026-03-02") from None


def _instant(value: object) -> object:
    """Read ISO 8601 with its zone; the library's own reader takes bare numbers for seconds."""
    if not isinstance(value, str):
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be an instant like 2026-03-02T14:30:00Z") from None
    if at.tzinfo is None:
        raise ValueError("must say its zone, like 2026-03-02T14:30:00Z")
    return at


def _amount(value: object) -> object:
    try:
        return None if value is None else parse(value, "This")
    except InvalidInput as error:
        raise ValueError(error.detail) from None


Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]


class Strict(BaseModel):
    """What a client sends: an unknown name is refused, so that a slip of the pen is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tabled(Strict):
    """What is a table, and there as CSV too: under ``.csv``, by ``format``, or as is accepted."""

    format: Literal["json", "csv"] = "json"


class ListQuery(Tabled):
    """What every list takes."""

    page: int = Field(1, ge=1, le=1_000_000)
    page_size: int = Field(50, ge=1, le=MOST_ROWS)
    sort: str = ""
    order: Literal["asc", "desc"] = "desc"

    @property
    def paging(self) -> Paging:
        """The part of the list that is asked for."""
        return Paging(self.page, self.page_size, self.sort, self.order == "desc")


def add(
    api: APIBlueprint,
    method: str,
    path: str,
    view: Callable[..., Any],
    *,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
) -> None:
    """Add a route; what it takes is checked before ``view`` runs and is in the API's description.

    A table (whose query is a Tabled) is also there as CSV, under the same path with ``.csv``.
    """
    if query is not None:
        view = api.input(query, location="query", arg_name="query")(view)
    if body is not None:
        view = api.input(body, location="json", arg_name="body")(view)
    name = f"{view.__module__.rsplit('.', 1)[-1]}_{view.__name__}"
    api.add_url_rule(path, name, view, methods=[method])
    if query is not None and issubclass(query, Tabled):
        api.add_url_rule(f"{path}.csv", f"{name}_csv", view, methods=[method])


def listed(rows: Sequence[Json], total: int, query: ListQuery) -> Response:
    """Return one page of a list as JSON, or as CSV when that is asked for."""
    if wants_csv():
        return as_csv(rows, total)
    return jsonify(
        items=rows,
        page=query.page,
        page_size=query.page_size,
        total_items=total,
        total_pages=max(1, -(-total // query.page_size)),
    )


def wants_csv() -> bool:
    """Whether CSV was asked for, in one of the ways that ``Tabled`` knows."""
    named = request.path.endswith(".csv") or request.args.get("format") == "csv"
    return named or request.accept_mimetypes.best == "text/csv"


def part(rows: Sequence[Json], query: ListQuery) -> Response:
    """Return one page of a list that is wholly in memory, sorted by any of its columns."""
    if query.sort:
        if rows and query.sort not in rows[0]:
            raise InvalidInput(
                f"There is no column {query.sort[:40]!r} to sort by.",
                fields={"sort": f"one of {', '.join(rows[0])}"},
            )
        rows = sorted(rows, key=_by(query.sort), reverse=query.order == "desc")
    start = query.paging.offset
    return listed(rows[start : start + query.page_size], len(rows), query)


def _by(column: str) -> Callable[[Json], tuple[bool, Decimal, str]]:
    """Sort amounts as numbers, everything else as text; what is unknown comes first."""

    def key(row: Json) -> tuple[bool, Decimal, str]:
        value = row[column]
        try:
            return value is not None, parse(value), ""
        except InvalidInput:
            return value is not None, Decimal(0), str(value)

    return key


def as_csv(rows: Sequence[Json], total: int) -> Response:
    """Return the rows as CSV, their number of all pages in a header; formulas are made harmless."""
    response = Response(_lines(rows, titled=True), content_type=_CSV)
    response.headers["X-Total-Count"] = str(total)
    return response


def streamed(pieces: Iterable[Sequence[Json]]) -> Response:
    """Return a whole list as CSV, sent piece by piece; others are served in between."""

    def lines() -> Iterator[str]:
        titled = True
        for piece in pieces:
            yield _lines(piece, titled=titled)
            titled = False
            time.sleep(0)

    return Response(lines(), content_type=_CSV)


def _lines(rows: Sequence[Json], *, titled: bool) -> str:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), extrasaction="ignore")
        if titled:
            writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, Mapping | list | tuple):
        return str(value)
    if not isinstance(value, str) or not value.lstrip(" ").startswith(_FORMULA):
        return value
    try:
        parse(value)
    except InvalidInput:
        return f"'{value}"
    return value
