"""Venues: the chaos venue's process and how it is spoken to, and what trading costs at each."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Final

from app.brokers.chaos import ChaosSettings, ChaosVenue, Manners, VenueProcess
from app.brokers.chaos.process import bearer
from app.brokers.net.calls import Place, Timeouts
from app.brokers.paper_settings import PaperSettings
from app.config import Settings
from app.domain.accounts import CHAOS, PAPER, Account
from app.services.ports import Clock, Quotes
from app.sim.costs import Costs

_ROOT: Final = Path(__file__).resolve().parents[2]


def chaos_venue(
    settings: Settings, quotes: Quotes, clock: Clock, chance: random.Random
) -> ChaosVenue:
    """Return the venue of the chaos accounts; its process starts with the first of them.

    With VENUE_URL it is a process that somebody else runs, and that outlives this one.
    """
    timeouts = Timeouts(settings.broker_connect_timeout_s, settings.broker_read_timeout_s)
    manners = Manners(timeouts, settings.broker_idle_s)
    if settings.venue_url is not None:
        token = settings.venue_token.get_secret_value() if settings.venue_token else ""
        there = Place(settings.venue_url.rstrip("/"), bearer(token))
        return ChaosVenue(lambda: there, quotes, clock, chance, manners)
    process = VenueProcess(
        [sys.executable, "-m", "app", "venue"],
        settings.data_dir / "venue",
        {
            "QUOTE_MAX_AGE_S": str(settings.quote_max_age_s),
            "ALERT_PRICE_MAX_AGE_S": str(settings.alert_price_max_age_s),
        },
        _ROOT,
    )
    return ChaosVenue(process.place, quotes, clock, chance, manners, process.close)


def costs_of(account: Account) -> Costs:
    """Return what trading costs on the account; nothing where its venue does not say."""
    if account.venue == PAPER:
        return PaperSettings.read(account.settings).rules.costs
    if account.venue == CHAOS:
        return PaperSettings.read(ChaosSettings.read(account.settings).paper).rules.costs
    return Costs()
