"""Venues: the chaos venue's process and how it is spoken to, and what trading costs at each."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from app.brokers.alpaca.keys import Hosts, Keys
from app.brokers.alpaca.venue import AlpacaVenue
from app.brokers.chaos import ChaosSettings, ChaosVenue, Manners, VenueProcess
from app.brokers.chaos.process import bearer
from app.brokers.net.calls import Place, Timeouts
from app.brokers.paper_settings import PaperSettings
from app.config import Settings
from app.domain.accounts import CHAOS, PAPER, Account, Mode
from app.domain.errors import BrokerUnavailable
from app.domain.refusals import explain
from app.services.ports import Clock, Quotes
from app.sim.costs import Costs

_ROOT: Final = Path(__file__).resolve().parents[2]


def chaos_venue(
    settings: Settings, quotes: Quotes, clock: Clock, chance: random.Random
) -> ChaosVenue:
    """Return the venue of the chaos accounts; its process starts with the first of them.

    With VENUE_URL it is a process that somebody else runs, and that outlives this one.
    """
    manners = _manners(settings)
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


def alpaca_venue(
    settings: Settings,
    keys_of: Callable[[str], Keys | None],
    quotes: Quotes,
    clock: Clock,
    chance: random.Random,
) -> AlpacaVenue:
    """Return the venue of the Alpaca accounts, at rest: who trades lets it open streams."""
    hosts_of = partial(_alpaca_hosts, settings)
    venue = AlpacaVenue(hosts_of, keys_of, quotes, clock, chance, _manners(settings))
    venue.rest()
    return venue


def _alpaca_hosts(settings: Settings, mode: Mode) -> Hosts:
    """Where Alpaca is; raises BrokerUnavailable for real money that this server does not let in."""
    if mode is Mode.PAPER:
        trading = settings.alpaca_paper_url
    elif not settings.live_trading:
        raise BrokerUnavailable(explain("LIVE_TRADING_OFF"), code="LIVE_TRADING_OFF")
    elif settings.alpaca_live_url is None:
        raise BrokerUnavailable(explain("LIVE_HOST_MISSING"), code="LIVE_HOST_MISSING")
    else:
        trading = settings.alpaca_live_url
    return Hosts(trading, settings.alpaca_data_url, settings.alpaca_stream_url)


def _manners(settings: Settings) -> Manners:
    timeouts = Timeouts(settings.broker_connect_timeout_s, settings.broker_read_timeout_s)
    return Manners(timeouts, settings.broker_idle_s)


def costs_of(account: Account) -> Costs:
    """Return what trading costs on the account; nothing where its venue does not say."""
    if account.venue == PAPER:
        return PaperSettings.read(account.settings).rules.costs
    if account.venue == CHAOS:
        return PaperSettings.read(ChaosSettings.read(account.settings).paper).rules.costs
    return Costs()
