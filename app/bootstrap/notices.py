"""Notices to people, put together: who carries them, the desk of channels, and what sends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from app.bootstrap.core import Core
from app.notifiers import COMMAND, Courier
from app.services.notices import Dispatcher, NoticeDesk
from app.workers.notifier import NOTICES_EVERY, NoticeWorker
from app.workers.supervisor import Spawn, Supervisor


@dataclass(frozen=True, slots=True)
class Notices:
    """The desk that people use, and the courier that must be closed."""

    desk: NoticeDesk
    courier: Courier


def make_notices(made: Core, root: Path) -> Notices:
    """Return the desk with its courier; no process runs yet."""
    courier = Courier(COMMAND, root, made.clock)
    return Notices(NoticeDesk(made.store, made.clock, made.ids, made.vault, courier), courier)


def add_notifier(made: Core, notices: Notices, supervisor: Supervisor, spawn: Spawn) -> None:
    """Add the worker that tells; only the server that trades does, so that all is told once."""
    dispatcher = Dispatcher(
        made.store,
        made.clock,
        made.vault,
        notices.courier,
        ZoneInfo(made.settings.display_zone),
        lambda: made.storage.trouble,
    )
    worker = NoticeWorker(dispatcher, spawn, supervisor.attempt)
    supervisor.add("notices", worker.step, every=NOTICES_EVERY)
