"""Which add-ons have fallen silent, told once, and told again when they are heard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from app.domain.events import Fact, FactKind, Level
from app.propfirm import FundedAccount, Source
from app.services.funded import words
from app.services.funded.sessions import SILENT_AFTER, silent
from app.services.ports import Store, UnitOfWork

_FLAG: Final = "funded_silent"
#: A pause of the watch longer than this means that nobody could have been heard meanwhile.
_UNWATCHED: Final = timedelta(seconds=5)


class Silence:
    """Watches the accounts that add-ons tell of; ``step`` is called each second.

    Of an account that fell silent while nobody listened it is told after as long a time as of one
    that was heard when the watch began.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since: datetime | None = None
        self._stepped: datetime | None = None
        self._silent: dict[str, str] | None = None

    def step(self, now: datetime) -> None:
        """Tell of each account that fell silent or is heard again."""
        last, self._stepped = self._stepped, now
        if self._since is None or last is None or not timedelta() <= now - last <= _UNWATCHED:
            self._since = now
        with self._store.read() as uow:
            if self._silent is None:
                self._silent = json.loads(uow.flags.get(_FLAG) or "{}")
            found = [each for each in uow.funded.list() if each.source is Source.ADDON]
        lost = [each for each in found if self._lost(each, now)]
        heard = [each for each in found if self._heard(each, now)]
        gone = self._silent.keys() - {each.account_id for each in found if not each.pending}
        if lost or heard or gone:
            self._write(self._silent, lost, heard, gone, now)

    def _lost(self, account: FundedAccount, now: datetime) -> bool:
        if self._silent is None or self._since is None or account.account_id in self._silent:
            return False
        return silent(account, now) and now - self._since > SILENT_AFTER

    def _heard(self, account: FundedAccount, now: datetime) -> bool:
        if self._silent is None or account.account_id not in self._silent:
            return False
        return account.updated_at is not None and now - account.updated_at <= SILENT_AFTER

    def _write(
        self,
        known: dict[str, str],
        lost: Sequence[FundedAccount],
        heard: Sequence[FundedAccount],
        gone: set[str],
        now: datetime,
    ) -> None:
        ended = gone | {each.account_id for each in heard}
        kept = {name: since for name, since in known.items() if name not in ended}
        kept |= {each.account_id: _since(each, now).isoformat() for each in lost}
        with self._store.write() as uow:
            for each in lost:
                _tell(uow, each, FactKind.FUNDED_STALE, now, words.of_silence())
            for each in heard:
                passed = now - datetime.fromisoformat(known[each.account_id])
                _tell(uow, each, FactKind.FUNDED_HEARD, now, words.of_hearing(passed))
            uow.flags.set(_FLAG, json.dumps(kept), now)
        self._silent = kept


def _since(account: FundedAccount, now: datetime) -> datetime:
    return account.updated_at or account.accepted_at or now


def _tell(
    uow: UnitOfWork, account: FundedAccount, kind: FactKind, now: datetime, text: str
) -> None:
    own = uow.accounts.get(account.account_id)
    lost = kind is FactKind.FUNDED_STALE
    uow.facts.append(
        Fact(
            kind=kind,
            at=now,
            message=f"Funded account {account.account_id if own is None else own.name}: {text}.",
            level=Level.WARNING if lost else Level.SUCCESS,
            code="FUNDED_SILENT" if lost else None,
            user_id=None if own is None else own.user_id,
            account_id=account.account_id,
            data={"heard_at": _since(account, now).isoformat()},
        )
    )
