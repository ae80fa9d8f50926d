"""Charts and drawdowns of a strategy, an account, a pair of both, or everything of one user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from app.domain.equity import HighWater, Point
from app.domain.money import CONTEXT, ZERO
from app.services.curves.asking import Asked, Curve, Edge, bounds
from app.services.curves.marks import Drawdowns, carried, decisive, observed, regained, summaries
from app.services.curves.points import CurvePoint, drawn, joined, recorded, second, told
from app.services.curves.reduction import reduced
from app.services.history.outlines import counted, outline
from app.services.pnl.live import Summary
from app.services.ports import Clock, Level, Rolled
from app.services.reads import Outline, Reads, Scope
from app.services.views import Views

DEFAULT_POINTS: Final = 600
MOST_POINTS: Final = 2000
#: Seconds of range up to which a chart is drawn of single seconds, of minutes, of hours: some 1,500
#: spans, which are read and drawn in 15 ms, and a day that the clocks make longer is one still.
SECONDS_UP_TO: Final = 50 * 60
STEPS: Final = ((25 * 3600, Level.MINUTE), (62 * 86400, Level.HOUR))


class CurveBook(Protocol):
    """The recorder's curves and figures, by user, strategy and account; None stands for all."""

    def curve_id(
        self, user_id: str | None, strategy_id: str | None, account_id: str | None
    ) -> int | None:
        """The id of the recorded series; None when there is none yet."""
        ...

    def summary(
        self, user_id: str | None, account_id: str | None = None, strategy_id: str | None = None
    ) -> Summary:
        """The figures of this moment."""
        ...


@dataclass(frozen=True, slots=True)
class Chart:
    """Points of a curve, oldest first, and the falls of the whole range."""

    points: Sequence[CurvePoint]
    drawdowns: Drawdowns


@dataclass(frozen=True, slots=True)
class Past:
    """What a range begins with: its covering spans, the mark before it, and the value that stood.

    ``opening`` is None unless nothing was held, so that the last value holds until the range.
    """

    covering: Sequence[Rolled]
    mark: HighWater
    opening: Point | None


class CurveDesk:
    """Answers questions about curves; nothing here changes anything."""

    def __init__(self, reads: Reads, views: Views, clock: Clock, book: CurveBook) -> None:
        self._reads = reads
        self._views = views
        self._clock = clock
        self._book = book

    def ask(self, scope: Scope, begin: Edge | None = None, end: Edge | None = None) -> Asked:
        """Return what is asked about, cheaply; ``chart`` and ``drawdowns`` do the work.

        Raises InvalidInput for a bad range, NotFound for a strategy or account that is not the
        user's.
        """
        now = self._clock.now()
        begins, ends = bounds(begin, end, self._views.roll(scope), now)
        curve = self._curve(scope)
        figures = self._book.summary(scope.user_id, scope.account_id, scope.strategy_id)
        live = (ends is None or ends > now) and (begins is None or begins <= now)
        first = curve.first if curve else 0
        start = max(first, _second(begins)) if begins else first
        last = _second(ends) if ends and not live else _second(now)
        return Asked(
            curve=curve,
            start=start,
            end=max(start, last),
            now=now,
            live=live,
            pnl=figures.total_pnl,
            flat=not figures.active_positions,
        )

    def chart(self, asked: Asked, limit: int = DEFAULT_POINTS) -> Chart:
        """Return the curve in at most ``limit`` points, and its falls.

        The highest, the lowest and the last value are among them, and the peak and the trough of
        the worst drawdown.  Each drawdown is below the highest point of all history until then.
        """
        curve = asked.curve
        if curve is None:
            return Chart([], _never(asked))
        past = self._past(curve, asked)
        stretches = [*_held(past), *self._stretches(curve, asked), *_live(curve, asked)]
        spots = drawn(joined(stretches), counted(past.mark.peak))
        points = told(reduced(spots, limit), curve.base)
        if asked.live and points and points[-1].at == asked.now:
            points[-1] = points[-1]._replace(live=True)
        return Chart(points, self._falls(curve, asked, past))

    def drawdowns(self, asked: Asked) -> Drawdowns:
        """Return the falls of the curve within the range, below the highest of all history."""
        curve = asked.curve
        if curve is None:
            return _never(asked)
        return self._falls(curve, asked, self._past(curve, asked))

    def _curve(self, scope: Scope) -> Curve | None:
        series_id = self._book.curve_id(scope.user_id, scope.strategy_id, scope.account_id)
        extent = None if series_id is None else self._reads.extent(series_id)
        if series_id is None or extent is None:
            return None
        return Curve(series_id, self._reads.base(series_id), *extent)

    def _past(self, curve: Curve, asked: Asked) -> Past:
        """What the range begins with.

        Where only a span is kept that began before the range, that span is the range's beginning.
        """
        covering = self._reads.covering(curve.series_id, asked.start, asked.end)
        start = min([asked.start, *(span.at for span in covering[:1])])
        before = self._before(curve, start)
        mark = HighWater(peak=curve.base).after_all(summaries(before))
        return Past(covering, mark, _opening(before, start))

    def _before(self, curve: Curve, start: int) -> Sequence[Rolled]:
        """The spans that make the mark at ``start``: of the whole days only those that move it.

        All others leave only falls behind, and those before the range are not asked for.
        """
        days = self._reads.outlines(curve.series_id, Level.DAY, 0, start)
        until = days[-1].until if days else curve.first
        rest = self._reads.covering(curve.series_id, until, start)
        moving = (
            span
            for day in decisive(days)
            for span in self._reads.spans(curve.series_id, Level.DAY, day.at, day.until)
        )
        return [*moving, *rest]

    def _falls(self, curve: Curve, asked: Asked, past: Past) -> Drawdowns:
        opening = [past.opening] if past.opening else []
        mark = observed(carried(past.mark), opening).after_all(summaries(past.covering))
        if asked.live and asked.pnl is not None:
            mark = observed(mark, [Point(asked.now, CONTEXT.add(curve.base, asked.pnl))])
        mark = replace(mark, recovered_at=self._recovered(curve, past.covering, mark))
        until = asked.now if asked.live else _instant(asked.end)
        return Drawdowns(mark, curve.base, until, _unknown(asked, past))

    def _recovered(
        self, curve: Curve, covering: Sequence[Rolled], mark: HighWater
    ) -> datetime | None:
        """When the worst fall's peak was reached again, to the minute while minutes are kept."""
        fall, at = mark.fall, mark.recovered_at
        if fall is None or at is None:
            return None
        within = [each for each in covering if each.at <= at.timestamp() < each.until]
        while within and within[0].level > Level.MINUTE:
            span = within[0]
            finer = self._reads.spans(curve.series_id, Level(span.level - 1), span.at, span.until)
            within = [each for each in finer if regained(fall, each)]
            at = next((regained(fall, each) for each in within), at)
        return at

    def _stretches(self, curve: Curve, asked: Asked) -> Iterator[Outline]:
        """Yield the range as finely as is kept and can be drawn."""
        fine = self._fine(curve, asked)
        begins = fine[0].at if fine else asked.end
        if begins > asked.start:
            yield from map(outline, self._reads.covering(curve.series_id, asked.start, begins))
        yield from fine
        if fine and fine[-1].until < asked.end:
            rest = self._reads.covering(curve.series_id, fine[-1].until, asked.end)
            yield from map(outline, rest)

    def _fine(self, curve: Curve, asked: Asked) -> Sequence[Outline]:
        width = asked.end - asked.start
        if width <= SECONDS_UP_TO:
            rows = self._reads.seconds(curve.series_id, asked.start, asked.end)
            return recorded(rows, curve.base, asked.end)
        level = next((level for most, level in STEPS if width <= most), Level.DAY)
        return self._reads.outlines(curve.series_id, level, asked.start, asked.end)


def _live(curve: Curve, asked: Asked) -> Sequence[Outline]:
    """The value of this moment, where the range reaches it."""
    if not asked.live:
        return []
    equity = None if asked.pnl is None else CONTEXT.add(curve.base, asked.pnl)
    return [second(asked.now.timestamp(), equity, flat=asked.flat)]


def _held(past: Past) -> Sequence[Outline]:
    """The value with which the range begins, where it is known to hold until then."""
    held = past.opening
    return [second(held.at.timestamp(), held.value, flat=True)] if held else []


def _opening(before: Sequence[Rolled], start: int) -> Point | None:
    last = before[-1] if before else None
    if last is None or last.summary is None or last.summary.gap_at is not None or last.open != ZERO:
        return None
    return Point(_instant(start), last.summary.last.value)


def _unknown(asked: Asked, past: Past) -> bool:
    """Whether the value at the end of the range cannot be told."""
    if asked.live:
        return asked.pnl is None
    if not past.covering:
        return past.opening is None
    span = past.covering[-1]
    return span.summary is None or span.summary.gap_at is not None


def _never(asked: Asked) -> Drawdowns:
    """What there is to say of a curve that was never recorded."""
    value = None if asked.pnl is None else Point(asked.now, asked.pnl)
    return Drawdowns(HighWater(last=value), ZERO, asked.now, unknown=value is None)


def _second(at: datetime) -> int:
    """The first whole second that is not before ``at``."""
    return -int(-at.timestamp() // 1)


def _instant(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
