"""Markets: when they trade (hours), who is told that one opened (watch), their prices (desk)."""

from app.services.market.desk import MarketData, MarketDesk
from app.services.market.hours import HoursBook, HoursSource, Standing
from app.services.market.watch import MarketWatch

__all__ = ["HoursBook", "HoursSource", "MarketData", "MarketDesk", "MarketWatch", "Standing"]
