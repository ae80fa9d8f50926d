"""What round trips say about the trading that made them; every definition is in docs/metrics.md.

results (counts, profit, win rate), closed (a round trip as it is measured), trades (one with the
money at risk), tally and running (what is added up piece by piece), figures (all of it for one
choice of round trips), days (how they developed), groups (the same cut by strategy, symbol, hour
...), distribution (how the results spread), statistics (mean, deviation on exact decimals).
"""

from app.domain.metrics.closed import ClosedTrip
from app.domain.metrics.days import Diary, Mark, MetricDay
from app.domain.metrics.distribution import Bin, Spread, distribution
from app.domain.metrics.figures import ENOUGH, Figures, Period, figures, told
from app.domain.metrics.groups import Cut, Group, Grouping, groups
from app.domain.metrics.results import Metrics, measure
from app.domain.metrics.running import Running
from app.domain.metrics.tally import Tally
from app.domain.metrics.trades import Entered, Trade, initial_risk

__all__ = [
    "ENOUGH",
    "Bin",
    "ClosedTrip",
    "Cut",
    "Diary",
    "Entered",
    "Figures",
    "Group",
    "Grouping",
    "Mark",
    "MetricDay",
    "Metrics",
    "Period",
    "Running",
    "Spread",
    "Tally",
    "Trade",
    "distribution",
    "figures",
    "groups",
    "initial_risk",
    "measure",
    "told",
]
