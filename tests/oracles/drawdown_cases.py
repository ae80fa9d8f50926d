"""The drawdown oracle: its series, and the comparison with what is expected.

``ORACLE_DIR`` names a folder to read instead of the project's copies.  A reckoner is anything that
makes the figures of a series: the domain on raw samples, or on summaries, or with a store between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from app.domain.equity import (
    CashFlow,
    CurveDay,
    HighWater,
    Outcome,
    Sample,
    Summary,
    arranged,
    curve_days,
    grouped,
    merged,
    outcome,
    without_flows,
)
from app.domain.sessions import Roll, trading_day
from tests.oracles.pnl_cases import folder

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The oracle writes percentages as floats of eight places.
PERCENT = Decimal("1e-8")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Series:
    """One row of the oracle; the samples as they arrive."""

    id: str
    category: str
    roll: Roll
    start: Decimal
    samples: tuple[Sample, ...]
    flows: tuple[CashFlow, ...]
    expected: Row

    def day(self, at: datetime) -> date:
        """The trading day of an instant."""
        return trading_day(at, self.roll)


@dataclass(frozen=True)
class Reckoning:
    """What was made of a series: the mark after each span, the samples of each, and the days."""

    marks: Sequence[HighWater]
    days: Sequence[CurveDay]
    outcome: Outcome


Reckoner = Callable[[Series], Reckoning]


def reckoned(
    series: Series,
    spans: Sequence[Summary],
    *,
    day: Callable[[datetime], date] | None = None,
    flows: Sequence[CashFlow] | None = None,
) -> Reckoning:
    """Make the figures from spans, none of which reaches over the end of a day."""
    mark, marks = HighWater(series.start), []
    days: dict[date, list[Summary]] = {}
    for span in spans:
        mark = mark.after(span)
        marks.append(mark)
        days.setdefault((day or series.day)(span.first.at), []).append(span)
    whole = ((each, merged(parts)) for each, parts in days.items())
    of_days = curve_days(
        [(each, summary) for each, summary in whole if summary is not None],
        series.start,
        series.flows if flows is None else flows,
    )
    return Reckoning(marks, of_days, outcome(of_days))


def adjusted(series: Series) -> tuple[Sample, ...]:
    """The samples in order, without deposits and payouts."""
    return without_flows(arranged(series.samples), series.flows)


def by_sample(series: Series) -> Reckoning:
    """Every sample is a span of its own: the raw way."""
    return reckoned(series, [span for _, span in grouped(adjusted(series), lambda at: at)])


def by_minute(series: Series) -> Reckoning:
    """From the summaries of minutes."""
    return reckoned(series, _minutes(series))


def by_hour(series: Series) -> Reckoning:
    """From summaries of hours, each merged from its minutes; a session's end is never within."""
    hours: dict[datetime, list[Summary]] = {}
    for span in _minutes(series):
        hours.setdefault(span.first.at.replace(minute=0, second=0, microsecond=0), []).append(span)
    whole = (merged(parts) for parts in hours.values())
    return reckoned(series, [span for span in whole if span is not None])


def by_day(series: Series) -> Reckoning:
    """From one summary of each day."""
    return reckoned(series, [span for _, span in grouped(adjusted(series), series.day)])


def _minutes(series: Series) -> Sequence[Summary]:
    spans = grouped(adjusted(series), lambda at: at.replace(second=0, microsecond=0))
    return [span for _, span in spans]


@cache
def all_series() -> tuple[Series, ...]:
    """Return every series of the drawdown oracle."""
    with (folder() / "drawdown.jsonl").open(encoding="utf-8") as lines:
        return tuple(_series(json.loads(line)) for line in lines if line.strip())


def _series(row: Row) -> Series:
    weekdays = " weekdays" if row["roll_weekend"] else ""
    return Series(
        id=row["id"],
        category=row["category"],
        roll=Roll.parse(f"{row['session_end']} {row['timezone']}{weekdays}"),
        start=Decimal(row["start"]),
        samples=tuple(
            Sample(instant(each["ts"]), None if each["equity"] is None else Decimal(each["equity"]))
            for each in row["samples"]
        ),
        flows=tuple(
            CashFlow(instant(each["ts"]), Decimal(each["amount"])) for each in row["cash_flows"]
        ),
        expected=row["expected"],
    )


def instant(milliseconds: int) -> datetime:
    """Return the instant of the oracle's milliseconds."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def differences(series: Series, reckoner: Reckoner) -> Iterator[str]:
    """Yield each way in which what ``reckoner`` makes of the series is not as expected."""
    made, expected = reckoner(series), series.expected
    yield from _marks(made.marks, expected)
    mark = made.marks[-1]
    percent = mark.max_drawdown_percent
    actual = {
        "final_peak": mark.peak,
        "current_drawdown": mark.drawdown,
        "max_drawdown": mark.max_drawdown,
        "max_drawdown_ts": mark.fall and mark.fall.trough_at,
        "max_drawdown_peak_ts": mark.fall and mark.fall.peak_at,
        "max_drawdown_pct": None if percent is None else percent.quantize(PERCENT),
        "samples_used": sum(day.samples for day in made.days),
        "winning_days": made.outcome.winning_days,
        "best_day": made.outcome.best_day,
        "worst_day": made.outcome.worst_day,
    }
    for key, value in actual.items():
        if value != _wanted(key, expected[key]):
            yield f"{key} is {value}, not {expected[key]}"
    days = [_day(day) for day in made.days]
    if days != [_expected_day(day) for day in expected["days"]]:
        yield f"days are {days}"


def _marks(marks: Sequence[HighWater], expected: Row) -> Iterator[str]:
    """Compare the running peak and the drawdown at the end of each span."""
    at: dict[datetime | None, tuple[Decimal, Decimal]] = {
        instant(ts): (Decimal(peak), Decimal(fall))
        for ts, peak, fall in zip(
            expected["ts_used"], expected["peak"], expected["drawdown"], strict=True
        )
    }
    for mark in marks:
        last = mark.last.at if mark.last else None
        wanted = at.get(last)
        if wanted != (mark.peak, mark.drawdown):
            yield f"at {last} peak and drawdown are {mark.peak}, {mark.drawdown}, not {wanted}"


def _wanted(key: str, value: float | str | None) -> object:
    if value is not None and key.endswith("_ts"):
        return instant(int(value))
    if value is not None and key.endswith("_pct"):
        return Decimal(str(value)).quantize(PERCENT)
    return Decimal(value) if isinstance(value, str) else value


def _day(day: CurveDay) -> tuple[object, ...]:
    return (day.day.isoformat(), day.close, day.pnl, day.high, day.low, day.samples)


def _expected_day(row: Row) -> tuple[object, ...]:
    amounts = (Decimal(row[key]) for key in ("close", "pnl", "high", "low"))
    return (row["day"], *amounts, row["samples"])
