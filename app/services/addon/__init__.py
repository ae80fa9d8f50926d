"""Platforms' add-ons: accounts that they tell of are watched here, and traded there.

desk (takes messages), news (what one means to the rules), replaying (in its order, when something
came late), keys (who may tell), reads (what people see of it).
"""

from dataclasses import dataclass

from app.services.addon.desk import AddonDesk, Received, Taken
from app.services.addon.keys import AddonKeyring
from app.services.addon.reads import AddonReads, Platform

__all__ = ["Addon", "AddonDesk", "AddonKeyring", "AddonReads", "Platform", "Received", "Taken"]


@dataclass(frozen=True, slots=True)
class Addon:
    """Everything about add-ons, put together."""

    desk: AddonDesk
    keys: AddonKeyring
    reads: AddonReads
