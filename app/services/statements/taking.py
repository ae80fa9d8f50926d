"""A file becomes an import: read to its end first, then kept in small transactions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.instruments import resolve
from app.domain.sessions.reading import read_zone
from app.domain.statements import Reading, Statement, StatementState, Told, decode
from app.services.ports import Clock, Store
from app.services.statements.breath import Breath

#: Executions that one transaction keeps or forgets: others write in between.
AT_ONCE: Final = 50
_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent; ``zone`` is that of its times which name none.

    ``strategy_id`` and ``symbol`` only matter to a list of simulated trades.
    """

    file_name: str
    data: bytes
    account_id: str
    zone: str
    strategy_id: str | None = None
    symbol: str | None = None


def content_hash(data: bytes, breath: Breath) -> str:
    """Return the name of a content, by which the same file is known again."""
    digest = hashlib.sha256()
    for start in range(0, len(data), _BLOCK):
        digest.update(data[start : start + _BLOCK])
        breath.take()
    return digest.hexdigest()


def read(upload: Upload, symbol: str | None, breath: Breath) -> tuple[Reading, list[Told]]:
    """Read the whole file; raises InvalidInput at the first fault.

    What is told twice by the same id counts once.
    """
    reading = Reading(decode(upload.data), read_zone(upload.zone), symbol)
    found: dict[str, Told] = {}
    for told in reading.executions():
        for each in told:
            if each.key in found:
                reading.skipped["repeated"] += 1
            found.setdefault(each.key, each)
        breath.take()
    return reading, list(found.values())


def keep(store: Store, statement: Statement, told: list[Told], breath: Breath) -> Statement:
    """Keep the executions a few at a time, then show the import; returns it as it is then."""
    new = 0
    for start in range(0, len(told), AT_ONCE):
        with store.record() as uow:
            new += uow.statements.add(statement, start, told[start : start + AT_ONCE])
        breath.rest()
    times = [each.at for each in told]
    ready = replace(
        statement,
        state=StatementState.READY,
        executions=len(told),
        known=len(told) - new,
        first_at=min(times, default=None),
        last_at=max(times, default=None),
    )
    with store.write() as uow:
        uow.statements.finish(ready)
    return ready


def forget(store: Store, statement: Statement, breath: Breath) -> None:
    """Take an import away with what no other import tells; it is hidden from the start."""
    with store.write() as uow:
        uow.statements.finish(replace(statement, state=StatementState.LEAVING))
    left = AT_ONCE
    while left:
        with store.record() as uow:
            left = uow.statements.take_away(statement, AT_ONCE)
        breath.rest()
    with store.write() as uow:
        uow.statements.remove(statement)


def checked_symbol(symbol: str | None, clock: Clock) -> str | None:
    """Return the symbol when it is one; raises InvalidInput with the field."""
    if not symbol:
        return None
    try:
        resolve(symbol, clock.now().date())
    except InvalidInput as error:
        raise InvalidInput(error.detail, fields={"symbol": "is not known"}) from None
    return symbol
