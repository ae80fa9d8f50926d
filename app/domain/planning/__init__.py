"""From an alert to the orders that carry it out: what is closed, what is opened, at which prices.

The difference between the wanted and the held position is cut in two: the part that closes (an
exit, reduce-only) and the part that opens (an entry).  A reversal has both, and its entry waits
until the exit is filled.  Working entries and exits of the strategy are cancelled before anything
else goes out, so they are never counted twice: whoever executes the plan cancels them, waits until
that is confirmed, and plans again with what is held then.  Protective orders are not touched here.

A close goes to the contract that is held.  When an older month is held, a reversal closes that
month and opens the one in front; adding to the older position is refused.

targets (which position is wanted), sizing (how much that is), pricing (order types and prices),
venues (what a venue cannot do), plan (the legs).
"""

from app.domain.planning.plan import Plan, plan, superseded
from app.domain.planning.sizing import Context, Market, Sized, measure, size
from app.domain.planning.targets import Target, target

__all__ = [
    "Context",
    "Market",
    "Plan",
    "Sized",
    "Target",
    "measure",
    "plan",
    "size",
    "superseded",
    "target",
]
