"""Platforms' add-ons: accounts that they tell of are watched here, and traded there.

desk (takes messages), news (what one means to the rules), replaying (in its order, when something
came late), keys (who may tell).
"""

from app.services.addon.desk import AddonDesk, Received, Taken
from app.services.addon.keys import AddonKeyring

__all__ = ["AddonDesk", "AddonKeyring", "Received", "Taken"]
