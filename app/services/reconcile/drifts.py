"""The book of drifts: each difference is written down, believed after a while, told, and ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from app.domain.accounts import Account
from app.domain.errors import InvariantBroken
from app.domain.events import Fact, FactKind, Level
from app.domain.money import wire
from app.domain.safety.drift import Difference, Drift, DriftState, Resolution, suspected
from app.services.ports import Ids, UnitOfWork

_ENDS = {
    Resolution.VANISHED: "the broker and our books agree again",
    Resolution.IMPORTED: "the trades that made the difference were imported",
    Resolution.ACCEPTED: "the broker's number was accepted",
    Resolution.FLATTENED: "the broker's number was accepted, and the difference is being closed",
}


class DriftBook:
    """Keeps the drifts of accounts up to date with what each look found."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def note(
        self,
        uow: UnitOfWork,
        account: Account,
        found: Sequence[tuple[Difference, bool]],
        imported: Collection[str],
        now: datetime,
    ) -> bool:
        """Write down what a look found; whether anything is suspected and not yet believed.

        Each difference comes with whether nothing of its symbol is under way.  What is not found
        any more is resolved: by the import of trades in its symbol, or by itself.  What was only
        suspected leaves no trace.
        """
        known = {drift.about: drift for drift in uow.drifts.unresolved(account.id)}
        suspects = False
        for difference, calm in found:
            drift = known.pop(difference.about, None)
            after = self._noted(uow, account, drift, difference, now, calm=calm)
            suspects = suspects or after.state is DriftState.SUSPECTED
        for drift in known.values():
            how = Resolution.IMPORTED if drift.symbol in imported else Resolution.VANISHED
            if drift.state is DriftState.OPEN:
                end(uow, account, drift.resolved(how, now))
            else:
                uow.drifts.remove(drift.id)
        return suspects

    def _noted(
        self,
        uow: UnitOfWork,
        account: Account,
        drift: Drift | None,
        difference: Difference,
        now: datetime,
        *,
        calm: bool,
    ) -> Drift:
        if drift is None:
            fresh = suspected(self._ids(), account.id, difference, now)
            uow.drifts.insert(fresh)
            return fresh
        after = drift.seen(difference, now, calm=calm)
        uow.drifts.update(after)
        news = (after.ours, after.theirs, after.state) != (drift.ours, drift.theirs, drift.state)
        if news and after.state is DriftState.OPEN:
            uow.facts.append(_fact(account, after, FactKind.DRIFT_FOUND, after.detail, now))
        return after


def end(uow: UnitOfWork, account: Account, drift: Drift) -> None:
    """Store a resolved drift, and tell how it ended."""
    uow.drifts.update(drift)
    if drift.resolution is None or drift.resolved_at is None:
        raise InvariantBroken("A drift that is not resolved was ended.")
    message = f"{drift.symbol} on {account.name}: {_ENDS[drift.resolution]}"
    if drift.resolved_by is not None:
        user = uow.users.get(drift.resolved_by)
        message = f"{message}, by {user.name if user else 'a user who is gone'}"
    uow.facts.append(_fact(account, drift, FactKind.DRIFT_RESOLVED, message, drift.resolved_at))


def _fact(account: Account, drift: Drift, kind: FactKind, message: str, now: datetime) -> Fact:
    found = kind is FactKind.DRIFT_FOUND
    return Fact(
        kind=kind,
        at=now,
        message=message,
        level=Level.ERROR if found else Level.INFO,
        code="POSITION_DRIFT",
        user_id=account.user_id,
        account_id=account.id,
        order_id=drift.order_id,
        data={
            "drift_id": drift.id,
            "symbol": drift.symbol,
            "ours": wire(drift.ours),
            "theirs": None if drift.theirs is None else wire(drift.theirs),
            "by": drift.resolved_by,
        },
    )
