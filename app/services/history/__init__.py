"""History that stays small: samples rolled up to minutes, hours and days, and what is kept.

rolling (samples to spans, spans to longer ones), borders (where hours and days end), roller (how
far each curve is rolled, and samples that come late), keeper (what is deleted when), rederive
(what is stored against what it was rolled up from), outlines (what is drawn of a span, in whole
numbers).
"""

from app.services.history.keeper import LAYERS, Keeper, Keeping
from app.services.history.rederive import Difference, Rederived, rederive
from app.services.history.roller import Roller

__all__ = ["LAYERS", "Difference", "Keeper", "Keeping", "Rederived", "Roller", "rederive"]
