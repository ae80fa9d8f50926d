"""Charts and drawdowns of recorded curves, over any range.

asking (what is asked, and whether it makes sense), points (spans and seconds as points),
reduction (few points that keep the extremes), marks (falls below the highest), desk (the answers).
"""

from app.services.curves.asking import Asked, Edge
from app.services.curves.desk import DEFAULT_POINTS, MOST_POINTS, Chart, CurveDesk
from app.services.curves.marks import Drawdowns
from app.services.curves.points import CurvePoint
from app.services.curves.reduction import LANDMARKS

__all__ = [
    "DEFAULT_POINTS",
    "LANDMARKS",
    "MOST_POINTS",
    "Asked",
    "Chart",
    "CurveDesk",
    "CurvePoint",
    "Drawdowns",
    "Edge",
]
