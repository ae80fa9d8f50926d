"""Ports: what the use cases need from the world; nothing here knows an adapter."""

from app.services.ports.history import Facts, Flags, History, Sample, Series
from app.services.ports.inbox import Alerts, Decisions
from app.services.ports.journal import TripRemarks
from app.services.ports.ledger import (
    Book,
    BookedFill,
    BookKey,
    Fills,
    Orders,
    OrderStep,
    Positions,
    Trips,
)
from app.services.ports.people import Accounts, KeyHolder, Keys, Owner, Strategies, Users
from app.services.ports.safety import Drifts, Storms, Switches
from app.services.ports.store import Publish, Store, UnitOfWork
from app.services.ports.system import Clock, Holder, Ids, Lease, Vault
from app.services.ports.venue import Broker, Brokers, Capabilities, PaperLog, Quotes

__all__ = [
    "Accounts",
    "Alerts",
    "Book",
    "BookKey",
    "BookedFill",
    "Broker",
    "Brokers",
    "Capabilities",
    "Clock",
    "Decisions",
    "Drifts",
    "Facts",
    "Fills",
    "Flags",
    "History",
    "Holder",
    "Ids",
    "KeyHolder",
    "Keys",
    "Lease",
    "OrderStep",
    "Orders",
    "Owner",
    "PaperLog",
    "Positions",
    "Publish",
    "Quotes",
    "Sample",
    "Series",
    "Store",
    "Storms",
    "Strategies",
    "Switches",
    "TripRemarks",
    "Trips",
    "UnitOfWork",
    "Users",
    "Vault",
]
