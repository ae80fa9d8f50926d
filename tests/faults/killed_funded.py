"""Plays a funded account, a transaction a line, and is killed within one of them.

``python killed_funded.py URL FROM KILL_AT KILL_BEFORE``: the first line to be played, the line that
is cut short, and the statement of SQLite before which that happens, counted from 0 (its commit is
one of them).  A line with fewer statements is not cut short.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from app.clock import VirtualClock
from app.propfirm import FundedAccount, Source, Update, opened, rule_set
from app.services.funded.resets import Resets
from app.services.funded.tracker import Tracker
from app.services.ports import KeptRules
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.support.records import ACCOUNT, NOON, furnish

RULES = rule_set("tpt_test_50k")
START = datetime(2026, 3, 6, 15, tzinfo=UTC)
#: Friday's news, the end of its day, and what comes on Monday; None is the clock alone.
LINES: tuple[tuple[timedelta, tuple[int, int] | None], ...] = (
    (timedelta(), (50000, 0)),
    (timedelta(hours=1), (51200, 300)),
    (timedelta(hours=7, seconds=30), None),
    (timedelta(days=2, hours=23), (51100, -400)),
    (timedelta(days=3, hours=1), (49300, -100)),
)
#: The lines that are cut short.
UPDATE, RESET, BREACH = 1, 2, 4


class Killer:
    """Counts the statements of a line, and ends this process as a power cut would."""

    def __init__(self, at: int, before: int) -> None:
        self.at, self.before = at, before
        self.line: int | None = None
        self.count = 0
        event.listen(Pool, "connect", self.follow)

    def follow(self, connection: Any, *_: object) -> None:  # noqa: ANN401  SQLite's own
        connection.set_trace_callback(self.executing)

    def begin(self, line: int) -> None:
        self.line, self.count = line, 0

    def executing(self, _statement: str) -> None:
        if self.line == self.at and self.count == self.before:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


def prepare(store: SqlStore) -> None:
    """Put a new account under the rules, as the add-on's."""
    furnish(store)
    with store.write() as uow:
        uow.rule_sets.insert(KeptRules(RULES, None, NOON))
        uow.funded.insert(
            FundedAccount(
                ACCOUNT.id,
                Source.ADDON,
                RULES.id,
                RULES.version,
                opened(RULES),
                accepted_at=START,
            )
        )


def main() -> None:
    """Play the lines."""
    url, (first, at, before) = sys.argv[1], map(int, sys.argv[2:])
    killer = Killer(at, before)
    store = SqlStore(make_engines(url), lambda _: None)
    for number, (passed, news) in enumerate(LINES):
        if number < first:
            continue
        now = START + passed
        ids = (f"id-{number}-{count}" for count in range(100))
        tracker = Tracker(VirtualClock(now), ids.__next__, lambda _: {})
        killer.begin(number)
        if news is None:
            Resets(store, tracker).step(now)
            continue
        balance, unrealized = news
        told = Update(now, Decimal(balance), Decimal(unrealized))
        with store.write() as uow:
            tracker.apply(uow, ACCOUNT.id, [told], now)
    store.close()


if __name__ == "__main__":
    main()
