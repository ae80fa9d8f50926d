"""What keeps trading safe: switches, differences to venues, and storms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.domain.safety.drift import Drift
from app.domain.safety.storms import Storm
from app.domain.safety.switches import Scope, Switch


class Switches(Protocol):
    """Trading switches, each kept as it was thrown last; they outlive the process."""

    def get(self, scope: Scope, subject_id: str = "") -> Switch | None:
        """The switch; None when it was never thrown, which means active.

        Nobody throws it before the transaction ends.
        """

    def throw(self, switch: Switch) -> None: ...

    def all(self) -> Sequence[Switch]:
        """Every switch that was ever thrown, active ones included."""


class Drifts(Protocol):
    """Differences between our books and the venues'; at most one unresolved for each subject."""

    def insert(self, drift: Drift) -> None: ...

    def update(self, drift: Drift) -> None: ...

    def remove(self, drift_id: str) -> None:
        """Forget a suspicion that came to nothing."""

    def get(self, drift_id: str) -> Drift | None: ...

    def unresolved(self, account_id: str) -> Sequence[Drift]:
        """Suspected and open drifts of the account, oldest first."""

    def latest(self, account_id: str, limit: int) -> Sequence[Drift]:
        """The account's drifts, resolved ones included, newest first."""


class Storms(Protocol):
    """Storms and their reports."""

    def save(self, storm: Storm) -> None: ...

    def get(self, storm_id: str) -> Storm | None: ...

    def running(self) -> Sequence[Storm]:
        """Everybody's storms that are under way."""

    def latest(self, limit: int, user_id: str | None = None) -> Sequence[Storm]:
        """Storms, newest first, their reports without the alerts.

        With a user only theirs, and those of the command line, which are nobody's.
        """
