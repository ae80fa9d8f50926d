"""What the web layer is given: its settings and the use cases behind its routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast

from flask import Flask, current_app

from app.services.ports import Clock, Ids, Quotes
from app.services.reads import Reads

if TYPE_CHECKING:
    from app.services.accounts import AccountService
    from app.services.addon import Addon
    from app.services.agreement import Agreement
    from app.services.bars import BarHouse
    from app.services.calendar import BesideDesk, CalendarDesk
    from app.services.connections import ConnectionDesk
    from app.services.curves import CurveDesk
    from app.services.faults import FaultBook
    from app.services.funded import Funded
    from app.services.funded.whatif import WhatIf
    from app.services.funds import Funds
    from app.services.halts import HaltDesk
    from app.services.health import Health
    from app.services.inbox import Inbox
    from app.services.journal import DayDesk, JournalDesk, Measuring, PictureDesk
    from app.services.manual import ManualDesk
    from app.services.market import HoursBook, MarketDesk
    from app.services.notices import NoticeDesk
    from app.services.ownership import Ownership
    from app.services.pnl import Recorder
    from app.services.reconcile import DriftDesk
    from app.services.sources import Sources
    from app.services.statements import StatementDesk
    from app.services.storage import Storage
    from app.services.storms import StormDesk
    from app.services.strategies import StrategyService
    from app.services.tracing import Tracer
    from app.services.users import UserService
    from app.services.views import Views

_NAME: Final = "signalbox"


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The settings that the web layer needs; ``root`` holds templates/ and static/.

    ``secret_key`` signs sessions.  ``trading_day_roll`` is when a trading day begins where no
    account says so.  ``trusted_proxies`` counts the reverse proxies whose headers are true.
    """

    root: Path
    version: str
    secret_key: str
    base_url: str
    async_mode: Literal["eventlet", "threading"]
    webhook_rate_limit: str
    addon_rate_limit: str
    login_rate_limit: str
    trusted_proxies: int
    session_hours: int
    display_zone: str
    trading_day_roll: str
    max_body_bytes: int = 65536

    @property
    def https(self) -> bool:
        """Whether people reach the server over TLS, so that cookies may be marked secure."""
        return self.base_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class WebDeps:
    """Everything a route may call.

    ``draining`` is True while the server stops; ``ownership`` says whether it trades.
    """

    settings: WebSettings
    clock: Clock
    ids: Ids
    inbox: Inbox
    strategies: StrategyService
    users: UserService
    accounts: AccountService
    connections: ConnectionDesk
    funded: Funded
    addon: Addon
    what_if: WhatIf
    funds: Funds
    faults: FaultBook
    drift: DriftDesk
    agreement: Agreement
    desk: ManualDesk
    halts: HaltDesk
    notices: NoticeDesk
    storage: Storage
    statements: StatementDesk
    storms: StormDesk
    recorder: Recorder
    health: Health
    sources: Sources
    views: Views
    calendar: CalendarDesk
    beside: BesideDesk
    curves: CurveDesk
    measuring: Measuring
    journal: JournalDesk
    days: DayDesk
    pictures: PictureDesk
    tracer: Tracer
    reads: Reads
    quotes: Quotes
    hours: HoursBook
    market: MarketDesk
    bars: BarHouse
    draining: Callable[[], bool]
    ownership: Ownership


def attach(app: Flask, web: WebDeps) -> None:
    """Keep ``web`` with the app, where ``deps`` finds it."""
    app.extensions[_NAME] = web


def deps() -> WebDeps:
    """Return what the current app was given."""
    return cast("WebDeps", current_app.extensions[_NAME])
