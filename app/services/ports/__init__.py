"""Ports: what the use cases need from the world; nothing here knows an adapter."""

from app.services.ports.history import Facts, Flags, History, Sample, Series
from app.services.ports.inbox import Alerts, Decisions
from app.services.ports.ledger import Book, BookKey, Fills, Orders, OrderStep, Positions, Trips
from app.services.ports.people import Accounts, KeyHolder, Keys, Owner, Strategies, Users
from app.services.ports.store import Publish, Store, UnitOfWork
from app.services.ports.system import Clock, Ids, Vault
from app.services.ports.venue import Broker, Brokers, Capabilities, PaperLog, Quotes

__all__ = [
    "Accounts",
    "Alerts",
    "Book",
    "BookKey",
    "Broker",
    "Brokers",
    "Capabilities",
    "Clock",
    "Decisions",
    "Facts",
    "Fills",
    "Flags",
    "History",
    "Ids",
    "KeyHolder",
    "Keys",
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
    "Strategies",
    "Trips",
    "UnitOfWork",
    "Users",
    "Vault",
]
