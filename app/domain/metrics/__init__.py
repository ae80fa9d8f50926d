"""What round trips say about the trading that made them; every definition is in docs/metrics.md.

results (counts, profit, win rate), trades (a round trip with the money at risk), figures (all of it
for one choice of round trips), groups (the same cut by strategy, symbol, hour ...), distribution
(how the results spread), statistics (mean, deviation, drawdown on exact decimals).
"""

from app.domain.metrics.distribution import Bin, distribution
from app.domain.metrics.figures import ENOUGH, Figures, Period, figures
from app.domain.metrics.groups import Cut, Group, groups
from app.domain.metrics.results import Metrics, measure
from app.domain.metrics.trades import Trade, initial_risk

__all__ = [
    "ENOUGH",
    "Bin",
    "Cut",
    "Figures",
    "Group",
    "Metrics",
    "Period",
    "Trade",
    "distribution",
    "figures",
    "groups",
    "initial_risk",
    "measure",
]
