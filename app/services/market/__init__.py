"""Markets: when they trade (hours), who is told that one opened (watch), their prices (desk).

listings says which symbols the venue of an account trades.
"""

from app.services.market.desk import MarketData, MarketDesk
from app.services.market.hours import HoursBook, HoursSource, Standing
from app.services.market.listings import Listings
from app.services.market.watch import MarketWatch

__all__ = [
    "HoursBook",
    "HoursSource",
    "Listings",
    "MarketData",
    "MarketDesk",
    "MarketWatch",
    "Standing",
]
