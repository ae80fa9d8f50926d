"""What keeps the history of curves small, put together from the settings."""

from __future__ import annotations

from app.bootstrap.core import Core
from app.config import Settings
from app.services.history import Keeper, Keeping, Roller
from app.workers.historian import Historian


def keeping(settings: Settings) -> Keeping:
    """Return how long what is kept."""
    return Keeping(
        settings.history_seconds_days, settings.history_minutes_days, settings.history_hours_days
    )


def historian(made: Core) -> Historian:
    """Return the worker that rolls curves up and deletes what is old."""
    roller = Roller(made.store, made.settings.trading_day_roll)
    return Historian(roller, Keeper(made.store, keeping(made.settings)))
