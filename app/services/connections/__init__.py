"""Connecting accounts to their venues: keys, tests, bounds, and what real money needs besides."""

from app.services.connections.desk import ConnectionDesk, State
from app.services.connections.wishes import Bounds, KeyPair, Wish

__all__ = ["Bounds", "ConnectionDesk", "KeyPair", "State", "Wish"]
