"""What takes the messages of platforms' add-ons, put together on the core."""

from __future__ import annotations

from collections.abc import Callable

from app.bootstrap.core import Core
from app.services.addon import Addon, AddonDesk, AddonKeyring, AddonReads


def addon_of(made: Core, pause: Callable[[], None]) -> Addon:
    """Return it; ``pause`` lets what arrives together be kept in one transaction."""
    store, clock, ids = made.store, made.clock, made.ids
    moved = made.funded.watching.moved
    return Addon(
        desk=AddonDesk(store, clock, ids, made.accounts, made.tracker, pause, moved),
        keys=AddonKeyring(store, clock, ids, made.vault),
        reads=AddonReads(store, clock),
    )
