"""Maximum adverse and favourable excursion, by the marks of each second and the fills' prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.journal import RoundTrip
from app.domain.money import divide

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Excursion:
    """The lowest and highest P&L of a round trip at the marks of ``seconds`` known seconds.

    Money before costs: what it had realised by then and its open P&L.  ``worst_at`` and ``best_at``
    are the first seconds with those.
    """

    worst: Decimal
    best: Decimal
    worst_at: datetime
    best_at: datetime
    seconds: int

    @staticmethod
    def begun(value: Decimal, at: datetime) -> Excursion:
        """The excursion after the first known second."""
        return Excursion(value, value, at, at, 1)

    def after(self, value: Decimal, at: datetime) -> Excursion:
        """The excursion after one more known second."""
        worse, better = value < self.worst, value > self.best
        return Excursion(
            value if worse else self.worst,
            value if better else self.best,
            at if worse else self.worst_at,
            at if better else self.best_at,
            self.seconds + 1,
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """``mae`` (0 or below) and ``mfe`` (0 or above) in money before costs, each also in R.

    ``efficiency`` is the part of the best that was realised, gross / mfe: 1 left at the best,
    below 0 lost; None when it never was above 0.  ``seconds`` counts those whose price was known.
    All but ``seconds`` are None where no price was known.
    """

    mae: Decimal | None = None
    mfe: Decimal | None = None
    mae_r: Decimal | None = None
    mfe_r: Decimal | None = None
    efficiency: Decimal | None = None
    seconds: int = 0


def reach(trip: RoundTrip, marks: Excursion | None, risk: Decimal | None) -> Reach:
    """Return how far ``trip`` went, by the marks of its seconds and its own fills.

    Without any known second only a round trip within one second is known, by its fills alone.
    ``risk`` is the money that its first stop risked; None without a stop.
    """
    if marks is None and trip.closed_at - trip.opened_at >= _SECOND:
        return Reach()
    seen = [Decimal(0), trip.gross, trip.worst, trip.best]
    if marks is not None:
        seen += [marks.worst, marks.best]
    known = [each for each in seen if each is not None]
    worst, best = min(known), max(known)
    return Reach(
        worst,
        best,
        divide(worst, risk) if risk else None,
        divide(best, risk) if risk else None,
        divide(trip.gross, best) if best else None,
        marks.seconds if marks else 0,
    )
