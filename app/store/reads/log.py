"""The live log, and when strategies and keys were last heard of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, or_, select

from app.domain.events import Fact, Level
from app.services.reads import KeyUse, Span
from app.store.reads.base import ALWAYS, ReadModel, contains, member, where_given, within
from app.store.repos.history import FACT
from app.store.tables.history import FACTS
from app.store.tables.people import STRATEGIES, WEBHOOK_KEYS
from app.store.tables.trading import ALERTS

_a = ALERTS.c

_LAST_RECEIVED: Final = (
    select(func.max(_a.received_at))
    .where(_a.strategy_id == STRATEGIES.c.id)
    .correlate(STRATEGIES)
    .scalar_subquery()
)
_KEYS: Final = (
    select(WEBHOOK_KEYS.c.id, WEBHOOK_KEYS.c.created_at)
    .join_from(WEBHOOK_KEYS, STRATEGIES, STRATEGIES.c.id == WEBHOOK_KEYS.c.strategy_id)
    .where(
        STRATEGIES.c.user_id == bindparam("user_id"), STRATEGIES.c.id == bindparam("strategy_id")
    )
)
#: A key's alerts came after the key was made, which bounds the search for those of a new key.
_LAST_USE: Final = (
    select(_a.received_at, _a.source_address)
    .where(
        _a.strategy_id == bindparam("strategy_id"),
        _a.key_id == bindparam("key_id"),
        _a.received_at >= bindparam("since"),
    )
    .order_by(_a.received_at.desc(), _a.id.desc())
    .limit(1)
)


class Log(ReadModel):
    """What happened, in words."""

    def log(
        self,
        user_id: str,
        *,
        after: int | None = None,
        limit: int = 200,
        levels: Sequence[str] = (),
        strategy_id: str | None = None,
        q: str | None = None,
        span: Span = ALWAYS,
    ) -> Sequence[Fact]:
        """The facts after number ``after``, oldest first; without it the newest, newest first.

        The server's own facts, which have no user, are everybody's.
        """
        wanted = select(*FACT.columns).where(
            or_(FACTS.c.user_id == user_id, FACTS.c.user_id.is_(None)),
            *where_given({FACTS.c.strategy_id: strategy_id}),
            *within(FACTS.c.at, span),
        )
        if levels:
            chosen = [member(Level, level, "level") for level in levels]
            wanted = wanted.where(FACTS.c.level.in_(chosen))
        if q:
            wanted = wanted.where(contains(q, FACTS.c.message, FACTS.c.code))
        if after is None:
            wanted = wanted.order_by(FACTS.c.number.desc())
        else:
            wanted = wanted.where(FACTS.c.number > after).order_by(FACTS.c.number)
        return FACT.all(self._rows(wanted.limit(limit)))

    def last_alerts(self, user_id: str) -> Mapping[str, datetime]:
        """When each strategy last received an alert, by strategy id."""
        wanted = select(STRATEGIES.c.id, _LAST_RECEIVED).where(STRATEGIES.c.user_id == user_id)
        return {row[0]: row[1] for row in self._rows(wanted) if row[1] is not None}

    def key_uses(self, user_id: str, strategy_id: str) -> Mapping[str, KeyUse]:
        """The last use of each of the strategy's webhook keys, by key id."""
        uses: dict[str, KeyUse] = {}
        with self._store.read() as unit:
            of = {"user_id": user_id, "strategy_id": strategy_id}
            for key_id, made in unit.connection.execute(_KEYS, of).all():
                values = {"strategy_id": strategy_id, "key_id": key_id, "since": made}
                last = unit.connection.execute(_LAST_USE, values).first()
                if last is not None:
                    uses[key_id] = KeyUse(last[0], last[1])
        return uses
