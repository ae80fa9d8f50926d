"""The settings of an account at Alpaca."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput

FEED: Final = "feed"
EXTENDED_HOURS: Final = "extended_hours"


class Feed(StrEnum):
    """Where prices of stocks come from: one exchange, all of them, or Alpaca's test symbol."""

    IEX = "iex"
    SIP = "sip"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class AlpacaSettings:
    """How an account trades at Alpaca.

    ``extended_hours`` lets limit orders for the day trade before and after the regular session too.
    """

    feed: Feed = Feed.IEX
    extended_hours: bool = False

    @staticmethod
    def read(data: Mapping[str, object]) -> AlpacaSettings:
        """Read the settings as an account keeps them; raises InvalidInput with every fault."""
        feed = data.get(FEED, Feed.IEX.value)
        extended = data.get(EXTENDED_HOURS, False)
        wrong = dict.fromkeys(data.keys() - {FEED, EXTENDED_HOURS}, "is no setting")
        if not isinstance(feed, str) or feed not in set(Feed):
            wrong[FEED] = f"must be one of {', '.join(Feed)}"
        if not isinstance(extended, bool):
            wrong[EXTENDED_HOURS] = "must be true or false"
        if wrong:
            listed = "; ".join(f"{name}: {fault}" for name, fault in sorted(wrong.items()))
            raise InvalidInput(
                f"The Alpaca account's settings cannot be used ({listed}).",
                code="INVALID_SETTINGS",
                fields=wrong,
            )
        return AlpacaSettings(Feed(str(feed)), extended is True)
