"""Chaos mode: paper accounts that trade at the venue's own process, over a network that fails."""

from app.brokers.chaos.broker import ChaosBroker
from app.brokers.chaos.process import VenueProcess
from app.brokers.chaos.settings import ChaosSettings
from app.brokers.chaos.venue import ChaosVenue
from app.brokers.net.stream import Manners

__all__ = ["ChaosBroker", "ChaosSettings", "ChaosVenue", "Manners", "VenueProcess"]
