"""A recording in virtual time: the real intake, executor, paper broker and ledger, on a scratch
database, as fast as the machine can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

from app.bootstrap import Core, core
from app.brokers.feeds import ReplayFeed
from app.clock import VirtualClock
from app.config import Settings, load
from app.domain.errors import InvariantBroken
from app.domain.events import Fact, FactKind
from app.domain.money import wire
from app.domain.settings import AccountLink, StrategySettings
from app.replay.recording import RecordedAlert, Recording
from app.services.inbox import Answer, Delivery
from app.services.ports import BookKey
from app.store import migrate

#: Longer than any recording: its quotes count until the next one comes.
_ALWAYS_S: Final = 10**9
#: So much money that buying power limits nothing.
_CASH: Final = Decimal(10**12)
_LEVERAGE: Final = "1000"
_ENDINGS: Final = frozenset({FactKind.ALERT_FINISHED, FactKind.ALERT_REFUSED})
_ACCEPTED: Final = 202


class Verdict(StrEnum):
    """What the intake said to an alert."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Terms:
    """How the recording is traded: commission in money per unit and side, when the trading day
    begins, and the seed of all chance.
    """

    commission: Decimal
    roll: str
    seed: int


@dataclass(frozen=True, slots=True)
class Surprise:
    """An alert of which the recording says something else than what became of it."""

    line: int
    expected: str
    found: Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the intake said to how many alerts, where it surprises, and the book they led to."""

    verdicts: Counter[Verdict]
    surprises: Sequence[Surprise]
    book: BookKey


def scratch(directory: Path, terms: Terms) -> Settings:
    """Return the settings of a replay: its own database, and prices that do not grow old."""
    return load(
        data_dir=directory,
        database_url=None,
        secret_key=None,
        market_data="alerts",
        quote_max_age_s=_ALWAYS_S,
        alert_price_max_age_s=_ALWAYS_S,
        trading_day_roll=terms.roll,
    )


def opened(recording: Recording, terms: Terms, settings: Settings) -> Core:
    """Make the scratch database and return the services on it, the clock at the recording's start.

    The caller closes them.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(settings.store_url)
    return core(settings, clock=VirtualClock(recording.start), seed=terms.seed)


class Replay:
    """Plays one recording."""

    def __init__(self, made: Core, recording: Recording, terms: Terms) -> None:
        """``made`` comes from ``opened``; raises InvalidInput when ``terms`` cannot be used."""
        if not isinstance(made.clock, VirtualClock):
            raise InvariantBroken("A replay needs a virtual clock.")
        self._made = made
        self._clock = made.clock
        self._recording = recording
        self._feed = ReplayFeed(recording.quotes, made.quotes.put)
        self._executor = made.executor()
        self._open: set[str] = set()
        made.bus.subscribe(self._hear)
        account = made.accounts.create_paper(
            None, "replay", _CASH, _costs(terms), made.settings.trading_day_roll
        )
        strategy, self._key = made.strategies.create(
            None,
            "Replay",
            recording.contract.symbol,
            StrategySettings(max_age_s=None),
            [AccountLink(account.id)],
        )
        self._book = BookKey(strategy.id, account.id, recording.contract.symbol)

    def play(self) -> Outcome:
        """Run every quote and alert at its own instant and return what became of the alerts."""
        verdicts: Counter[Verdict] = Counter()
        surprises = []
        for alert in self._recording.alerts:
            self._quotes_until(alert.at)
            self._clock.move_to(alert.at)
            found = self._deliver(alert)
            verdicts[found] += 1
            if alert.expect not in {None, found}:
                surprises.append(Surprise(alert.line, alert.expect or "", found))
        self._quotes_until(None)
        return Outcome(verdicts, surprises, self._book)

    def _quotes_until(self, end: datetime | None) -> None:
        """Put each quote up to ``end`` (all without it) and let the market act on it."""
        while (at := self._feed.next_at) is not None and (end is None or at <= end):
            self._clock.move_to(at)
            self._feed.advance_to(at)
            self._made.venue.step(at)
            if self._open:
                self._work(at)
            elif self._made.settler.waiting:
                self._settle()

    def _deliver(self, alert: RecordedAlert) -> Verdict:
        delivery = Delivery(body=alert.body, content_type=alert.content_type)
        verdict = _verdict(self._made.inbox.accept(self._key, delivery))
        if verdict is Verdict.ACCEPTED:
            self._work(alert.at)
        return verdict

    def _work(self, now: datetime) -> None:
        while self._executor.step(now):
            pass
        self._settle()

    def _settle(self) -> None:
        while self._made.settler.settle():
            pass
        self._made.protector.tend()

    def _hear(self, facts: Sequence[Fact]) -> None:
        """Keep count of the alerts that still want something."""
        for fact in facts:
            if fact.alert_id is None:
                continue
            if fact.kind is FactKind.ALERT_RECEIVED:
                self._open.add(fact.alert_id)
            elif fact.kind in _ENDINGS:
                self._open.discard(fact.alert_id)


def _costs(terms: Terms) -> dict[str, object]:
    return {
        "commission_per_unit": wire(terms.commission),
        "leverage": _LEVERAGE,
        "seed": terms.seed,
    }


def _verdict(answer: Answer) -> Verdict:
    if answer.status == _ACCEPTED:
        return Verdict.ACCEPTED
    return Verdict.DUPLICATE if answer.body["status"] == "duplicate" else Verdict.REFUSED
