"""How far the P&L of a round trip went against it and in its favour while it was open."""

from app.domain.excursions.reach import Excursion, Reach, reach

__all__ = ["Excursion", "Reach", "reach"]
