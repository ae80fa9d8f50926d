"""When the markets of funded accounts are open, and when news of an account are too old."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from app.domain.errors import InvalidInput
from app.domain.sessions import Roll, Window, exchange, trading_day
from app.propfirm import FundedAccount, Source

#: Without news for longer than this while the market is open, an account's rules are not known.
SILENT_AFTER: Final = timedelta(seconds=15)

#: The market of futures rests for an hour a day, and from Friday's close to Sunday's opening.
_REST: Final = Window.parse("Mon-Fri 16:00-17:00 America/Chicago")
_DAY: Final = Roll(time(17), _REST.zone)
_SATURDAY: Final = 5


def in_session(at: datetime) -> bool:
    """Whether the futures market is open; a day whose holidays are not known counts as open."""
    day = trading_day(at, _DAY)
    return day.weekday() < _SATURDAY and not _REST.contains(at) and not _holiday(day)


def _holiday(day: date) -> bool:
    try:
        return exchange("CMES").closed_on(day)
    except InvalidInput:
        return False


def silent(account: FundedAccount, now: datetime) -> bool:
    """Whether an add-on should have told of the account and has not; never true of our own.

    What was never told of is silent at any hour.
    """
    if account.source is not Source.ADDON or account.pending:
        return False
    heard = account.updated_at
    return heard is None or (now - heard > SILENT_AFTER and in_session(now))
