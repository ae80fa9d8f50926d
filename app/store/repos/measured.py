"""Repository of the figures of trading days that are over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, delete, select

from app.domain.metrics import Figures, Mark, MetricDay, Metrics
from app.domain.money import wire
from app.services.ports import Whose
from app.store.records import Repo, insert_or_replace
from app.store.tables.measured import METRIC_DAYS
from app.store.tables.people import ACCOUNTS
from app.store.tables.trading import POSITIONS

_m = METRIC_DAYS.c
_MICROSECOND: Final = timedelta(microseconds=1)
_COUNTS: Final = tuple(each.name for each in fields(Metrics))
_OTHERS: Final = tuple(
    each.name for each in fields(Figures) if each.name not in {"results", "average_hold"}
)


def _of(values: Whose) -> dict[str, str]:
    return {
        "user_id": values.user_id,
        "strategy_id": values.strategy_id or "",
        "account_id": values.account_id or "",
    }


_MINE: Final[tuple[ColumnElement[bool], ...]] = (
    _m.user_id == bindparam("user_id"),
    _m.strategy_id == bindparam("strategy_id"),
    _m.account_id == bindparam("account_id"),
)
_MARKS: Final = select(_m.day, _m.trades, _m.net, _m.total_trades, _m.total_net).where(*_MINE)
_BETWEEN: Final = (
    select(_m.day, _m.figures, _m.total)
    .where(*_MINE, _m.day >= bindparam("first"), _m.day <= bindparam("last"))
    .order_by(_m.day)
)
_SAVE: Final = insert_or_replace(METRIC_DAYS, "user_id", "strategy_id", "account_id", "day")
_REMOVE: Final = delete(METRIC_DAYS).where(*_MINE, _m.day == bindparam("day"))
_BOOKS: Final = (
    select(ACCOUNTS.c.user_id, POSITIONS.c.strategy_id, POSITIONS.c.account_id)
    .join_from(POSITIONS, ACCOUNTS, ACCOUNTS.c.id == POSITIONS.c.account_id)
    .distinct()
)


class MetricDays(Repo):
    """Figures of days, one row for each day on which a round trip ended."""

    __slots__ = ()

    def owners(self) -> Sequence[Whose]:
        """Everyone who ever traded: whole, by strategy, by account, and by both."""
        found: dict[Whose, None] = {}
        for user, strategy, account in sorted(self._connection.execute(_BOOKS).all()):
            for each in ((None, None), (strategy, None), (None, account), (strategy, account)):
                found[Whose(user, *each)] = None
        return list(found)

    def marks(self, whose: Whose) -> Mapping[date, Mark]:
        """By what the kept days are known again."""
        return {row[0]: Mark(*row[1:]) for row in self._rows(_MARKS, **_of(whose))}

    def between(self, whose: Whose, first: date, last: date) -> Sequence[MetricDay]:
        """The days from ``first`` to ``last``, both in it, oldest first."""
        rows = self._rows(_BETWEEN, **_of(whose), first=first, last=last)
        return [MetricDay(day, _decode(own), _decode(total)) for day, own, total in rows]

    def save(self, whose: Whose, days: Sequence[MetricDay], at: datetime) -> None:
        """Keep the days, in place of those of the same dates."""
        rows = [_row(each) | _of(whose) | {"measured_at": at} for each in days]
        if rows:
            self._connection.execute(self._variant(_SAVE), rows)

    def remove(self, whose: Whose, days: Collection[date]) -> None:
        """Forget days on which no round trip ends any more."""
        for day in sorted(days):
            self._count(_REMOVE, _of(whose) | {"day": day})


def _row(each: MetricDay) -> dict[str, Any]:
    return {
        "day": each.day,
        **each.mark._asdict(),
        "figures": _encode(each.figures),
        "total": _encode(each.total),
    }


def _encode(each: Figures) -> dict[str, Any]:
    held = each.average_hold
    return {
        **{name: _plain(getattr(each.results, name)) for name in _COUNTS},
        **{name: _plain(getattr(each, name)) for name in _OTHERS},
        "average_hold_us": None if held is None else held // _MICROSECOND,
    }


def _plain(value: object) -> object:
    return wire(value) if isinstance(value, Decimal) else value


def _decode(data: Mapping[str, Any]) -> Figures:
    held = data["average_hold_us"]
    return Figures(
        results=Metrics(**{name: _read(data[name]) for name in _COUNTS}),
        average_hold=None if held is None else held * _MICROSECOND,
        **{name: _read(data[name]) for name in _OTHERS},
    )


def _read(value: Any) -> Any:  # noqa: ANN401  a count, an amount or nothing
    return Decimal(value) if isinstance(value, str) else value
