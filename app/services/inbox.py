"""The inbox: every alert with a valid key is kept before it is answered, and executed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from app.domain.alerts import UNREADABLE, Action, DedupeKey, Reading, body_hash, dedupe_key, read
from app.domain.decisions import Denied
from app.domain.errors import InvalidInput
from app.domain.events import Fact, FactKind, Level
from app.domain.filters import source_allowed
from app.domain.inbox import Alert, AlertSource, AlertState
from app.domain.instruments import resolve
from app.domain.refusals import denied, no_action
from app.domain.safety.switches import Scope
from app.domain.strategies import StrategyState
from app.services.pace import Pace
from app.services.ports import Clock, Ids, KeyHolder, Store, UnitOfWork, Vault
from app.services.together import GroupCommit
from app.services.trading.switches import resume


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as it arrived; ``headers`` are the few that are kept."""

    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    source_address: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told: an HTTP status and a JSON object."""

    status: int
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A delivery, the key that it came with, and when it came."""

    key: str
    delivery: Delivery
    at: datetime


_UNKNOWN_KEY: Final = Answer(404, {"detail": "Not found.", "error_code": "NOT_FOUND", "fields": []})


class Inbox:
    """Keeps alerts and answers their senders; ``wake`` tells the executor that there is work.

    ``pause`` lets other deliveries that are ready join the same transaction.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        vault: Vault,
        pace: Pace,
        wake: Callable[[], None],
        pause: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._vault = vault
        self._pace = pace
        self._wake = wake
        self._keep_together = GroupCommit(store, pause, self._take)

    def accept(self, key: str, delivery: Delivery) -> Answer:
        """Keep the delivery under its strategy and return the answer, after the durable write.

        Raises StoreUnavailable when it could not be kept: nothing was, and the sender must resend.
        """
        self._pace.arrived()
        answer = self._keep_together(_Parcel(key, delivery, self._clock.now()))
        if answer.status == 202:
            self._wake()
        return answer

    def refuse(self, key: str, delivery: Delivery, status: int, error: InvalidInput) -> Answer:
        """Keep a delivery that is not even read (too large, compressed, too often).

        Returns ``status`` with the reason, or 404 for an unknown key; raises StoreUnavailable.
        """
        now = self._clock.now()
        key_hash = self._vault.hash(key)
        with self._store.write() as uow:
            holder = uow.keys.holder(key_hash)
            if holder is None or not self._opens(holder, key_hash, now):
                return _UNKNOWN_KEY
            alert = self._alert(holder, delivery, now)
            return replace(self._invalid(uow, alert, holder, error), status=status)

    def enqueue(
        self, uow: UnitOfWork, strategy_id: str, user_id: str | None, body: bytes, what: str
    ) -> Alert:
        """Keep an alert from inside (a manual ticket, a flatten) in the caller's transaction.

        The caller wakes the executor after its commit.
        """
        now = self._clock.now()
        alert = Alert(
            id=self._ids(),
            strategy_id=strategy_id,
            received_at=now,
            body=body,
            body_hash=body_hash(body),
            state=AlertState.RECEIVED,
            source=AlertSource.MANUAL,
            content_type="application/json",
        )
        alert = replace(alert, dedupe_key=f"inside:{alert.id}", dedupe_rule="inside")
        uow.alerts.insert(alert)
        uow.facts.append(_fact(FactKind.ALERT_RECEIVED, Level.INFO, alert, user_id, what))
        return alert

    def wake(self) -> None:
        """Tell the executor that there is work."""
        self._wake()

    def _take(self, uow: UnitOfWork, parcel: _Parcel) -> Answer:
        key_hash = self._vault.hash(parcel.key)
        holder = uow.keys.holder(key_hash)
        if holder is None or not self._opens(holder, key_hash, parcel.at):
            return _UNKNOWN_KEY
        return self._keep(uow, holder, parcel.delivery, parcel.at)

    def _opens(self, holder: KeyHolder, key_hash: str, now: datetime) -> bool:
        same = self._vault.same(holder.key.key_hash, key_hash)
        return same and holder.key.valid(now) and not holder.archived

    def _keep(
        self, uow: UnitOfWork, holder: KeyHolder, delivery: Delivery, now: datetime
    ) -> Answer:
        try:
            reading = read(delivery.body)
            _check_symbol(reading, holder, now)
        except InvalidInput as error:
            return self._invalid(uow, self._alert(holder, delivery, now), holder, error)
        window, header = holder.settings.dedupe_window_s, delivery.idempotency_key
        dedupe = dedupe_key(reading, now, window, header)
        alert = self._alert(holder, delivery, now, reading.digest, dedupe)
        if reading.intent.action is Action.HEARTBEAT:
            return self._keep_heartbeat(uow, alert, holder, dedupe)
        return self._keep_readable(uow, alert, holder, dedupe)

    def _alert(
        self,
        holder: KeyHolder,
        delivery: Delivery,
        now: datetime,
        digest: str | None = None,
        dedupe: DedupeKey | None = None,
    ) -> Alert:
        return Alert(
            id=self._ids(),
            strategy_id=holder.key.strategy_id,
            received_at=now,
            body=delivery.body,
            body_hash=digest or body_hash(delivery.body),
            state=AlertState.RECEIVED,
            content_type=delivery.content_type[:200],
            headers=delivery.headers,
            source_address=delivery.source_address,
            key_id=holder.key.id,
            dedupe_key=dedupe.key if dedupe else None,
            dedupe_rule=dedupe.rule.value if dedupe else None,
        )

    def _keep_readable(
        self, uow: UnitOfWork, alert: Alert, holder: KeyHolder, dedupe: DedupeKey
    ) -> Answer:
        earlier = _just_before(uow, alert, dedupe)
        if earlier is not None:
            return self._repeated(uow, alert, holder, earlier)
        return self._keep_new(uow, alert, holder, dedupe, _refusal(holder, alert))

    def _keep_heartbeat(
        self, uow: UnitOfWork, alert: Alert, holder: KeyHolder, dedupe: DedupeKey
    ) -> Answer:
        """Keep a sign of life without a line in the log; it ends a pause for want of one.

        A strategy that is off takes it too: its sender is alive all the same.
        """
        refusal = _stranger(holder, alert)
        if refusal is not None or _just_before(uow, alert, dedupe) is not None:
            return self._keep_readable(uow, alert, holder, dedupe)
        answer = no_action("HEARTBEAT")
        alive = replace(
            alert,
            state=AlertState.NO_ACTION,
            code=answer.code,
            detail=answer.detail,
            finished_at=alert.received_at,
        )
        if not uow.alerts.insert(alive):
            return self._keep_readable(uow, alert, holder, dedupe)
        at, own = alert.received_at, alert.strategy_id
        resume(uow, Scope.STRATEGY, own, at, code=answer.code, only="HEARTBEAT_LOST")
        return Answer(200, {"alert_id": alert.id, "status": "heartbeat", "code": answer.code})

    def _keep_new(
        self,
        uow: UnitOfWork,
        alert: Alert,
        holder: KeyHolder,
        dedupe: DedupeKey,
        refusal: Denied | None,
    ) -> Answer:
        if refusal is not None:
            alert = replace(
                alert,
                state=AlertState.REFUSED,
                code=refusal.code,
                detail=refusal.detail,
                finished_at=alert.received_at,
            )
        if not uow.alerts.insert(alert):
            first = uow.alerts.by_key(alert.strategy_id, dedupe.key)
            return self._repeated(uow, alert, holder, first or alert)
        if refusal is not None:
            _tell(uow, FactKind.ALERT_REFUSED, Level.WARNING, alert, holder, refusal.detail)
            return _refused(alert, refusal)
        _tell(uow, FactKind.ALERT_RECEIVED, Level.INFO, alert, holder, "Alert received")
        return Answer(202, {"alert_id": alert.id, "status": "accepted"})

    def _invalid(
        self, uow: UnitOfWork, alert: Alert, holder: KeyHolder, error: InvalidInput
    ) -> Answer:
        alert = replace(
            alert,
            state=AlertState.INVALID,
            code=error.code,
            detail=error.detail,
            finished_at=alert.received_at,
        )
        uow.alerts.insert(alert)
        _tell(uow, FactKind.ALERT_REFUSED, Level.ERROR, alert, holder, error.detail)
        body: dict[str, object] = {
            "alert_id": alert.id,
            "status": "invalid",
            "detail": error.detail,
            "error_code": error.code,
            "fields": [{"field": name, "problem": text} for name, text in error.fields.items()],
        }
        return Answer(400 if error.code in UNREADABLE else 422, body)

    def _repeated(self, uow: UnitOfWork, alert: Alert, holder: KeyHolder, first: Alert) -> Answer:
        """Answer a delivery whose key is taken: the same body is a resend, another a conflict."""
        same = first.body_hash == alert.body_hash
        code = "DUPLICATE" if same else "CONFLICT"
        refusal = denied(code)
        repeat = replace(
            alert,
            state=AlertState.DUPLICATE if same else AlertState.CONFLICT,
            dedupe_key=None,
            duplicate_of=first.id,
            code=code,
            detail=refusal.detail,
            finished_at=alert.received_at,
        )
        uow.alerts.insert(repeat)
        level = Level.INFO if same else Level.ERROR
        _tell(uow, FactKind.ALERT_REFUSED, level, repeat, holder, refusal.detail)
        if same:
            body = {"alert_id": first.id, "status": "duplicate", "state": first.state.value}
            return Answer(200, {**body, "code": code})
        return Answer(
            409,
            {
                "alert_id": first.id,
                "status": "conflict",
                "detail": refusal.detail,
                "error_code": code,
                "fields": [],
            },
        )


def _just_before(uow: UnitOfWork, alert: Alert, dedupe: DedupeKey) -> Alert | None:
    """The equal alert on the other side of a window's edge, when it is still within the window."""
    if dedupe.earlier is None or dedupe.since is None:
        return None
    first = uow.alerts.by_key(alert.strategy_id, dedupe.earlier)
    return first if first is not None and first.received_at >= dedupe.since else None


def _check_symbol(reading: Reading, holder: KeyHolder, now: datetime) -> None:
    """Refuse a symbol that names nothing; raises InvalidInput with a suggestion."""
    written = reading.intent.symbol
    if written is not None:
        resolve(holder.settings.mapped(written), now.date())


def _refusal(holder: KeyHolder, alert: Alert) -> Denied | None:
    """What can be refused before anything is decided: a strategy that is off, a strange sender."""
    if holder.state is StrategyState.OFF:
        return denied("STRATEGY_OFF", strategy=holder.strategy_name)
    return _stranger(holder, alert)


def _stranger(holder: KeyHolder, alert: Alert) -> Denied | None:
    """Refuse an alert from an address that is not in the strategy's allowed sources."""
    allowed = holder.settings.source_allowlist
    if not source_allowed(alert.source_address or "", allowed):
        return denied("SOURCE_NOT_ALLOWED", address=alert.source_address or "unknown")
    return None


def _refused(alert: Alert, refusal: Denied) -> Answer:
    return Answer(
        200,
        {
            "alert_id": alert.id,
            "status": "refused",
            "code": refusal.code,
            "detail": refusal.detail,
        },
    )


def _tell(
    uow: UnitOfWork, kind: FactKind, level: Level, alert: Alert, holder: KeyHolder, what: str
) -> None:
    message = f"{holder.strategy_name}: {what}"
    uow.facts.append(_fact(kind, level, alert, holder.user_id, message))


def _fact(kind: FactKind, level: Level, alert: Alert, user_id: str | None, message: str) -> Fact:
    return Fact(
        kind=kind,
        at=alert.received_at,
        message=message,
        level=level,
        code=alert.code,
        user_id=user_id,
        strategy_id=alert.strategy_id,
        alert_id=alert.id,
    )
