"""Ports: what the use cases need from the world; nothing here knows an adapter."""

from app.services.ports.addon import AddonKeys, Addons, Checkpoint, Entry
from app.services.ports.agreement import (
    Agreements,
    Shelf,
    StoredBooks,
    StoredFill,
    StoredTrip,
)
from app.services.ports.connecting import (
    Asset,
    Connection,
    Connector,
    Entered,
    Insight,
    Probe,
    VenueDay,
)
from app.services.ports.days import BookDays, DayNotes
from app.services.ports.funded import FundedAccounts, KeptNews, KeptRules, RuleSets
from app.services.ports.history import (
    Facts,
    Flags,
    Gap,
    History,
    Kept,
    Level,
    Rolled,
    RolledHistory,
    Rolling,
    Sample,
    Series,
)
from app.services.ports.inbox import Alerts, Decisions
from app.services.ports.journal import Attachments, Excursions, Pictures, TripRemarks
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
from app.services.ports.market import MarketSource, MarketSources
from app.services.ports.measured import MetricDays, Whose
from app.services.ports.notices import Channels, Delivery, Notifier
from app.services.ports.people import Accounts, KeyHolder, Keys, Owner, Strategies, Users
from app.services.ports.safety import Drifts, Storms, Switches
from app.services.ports.store import Publish, Store, UnitOfWork
from app.services.ports.system import Clock, Holder, Ids, Lease, Vault
from app.services.ports.venue import Broker, Brokers, Capabilities, PairBroker, PaperLog, Quotes

__all__ = [
    "Accounts",
    "AddonKeys",
    "Addons",
    "Agreements",
    "Alerts",
    "Asset",
    "Attachments",
    "Book",
    "BookDays",
    "BookKey",
    "BookedFill",
    "Broker",
    "Brokers",
    "Capabilities",
    "Channels",
    "Checkpoint",
    "Clock",
    "Connection",
    "Connector",
    "DayNotes",
    "Decisions",
    "Delivery",
    "Drifts",
    "Entered",
    "Entry",
    "Excursions",
    "Facts",
    "Fills",
    "Flags",
    "FundedAccounts",
    "Gap",
    "History",
    "Holder",
    "Ids",
    "Insight",
    "Kept",
    "KeptNews",
    "KeptRules",
    "KeyHolder",
    "Keys",
    "Lease",
    "Level",
    "MarketSource",
    "MarketSources",
    "MetricDays",
    "Notifier",
    "OrderStep",
    "Orders",
    "Owner",
    "PairBroker",
    "PaperLog",
    "Pictures",
    "Positions",
    "Probe",
    "Publish",
    "Quotes",
    "Rolled",
    "RolledHistory",
    "Rolling",
    "RuleSets",
    "Sample",
    "Series",
    "Shelf",
    "Store",
    "StoredBooks",
    "StoredFill",
    "StoredTrip",
    "Storms",
    "Strategies",
    "Switches",
    "TripRemarks",
    "Trips",
    "UnitOfWork",
    "Users",
    "Vault",
    "VenueDay",
    "Whose",
]
