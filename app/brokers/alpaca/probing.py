"""What Alpaca says of an account when it is asked whether it can be connected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.brokers.alpaca import wire
from app.brokers.net.text import clean
from app.domain.errors import BrokerUnavailable, InvalidInput
from app.services.ports import Probe

#: What blocks an account, by the field that says so.
_BLOCKS: Final = {
    "account_blocked": "Alpaca has blocked the account.",
    "trading_blocked": "Alpaca does not let the account trade.",
    "trade_suspended_by_user": "Trading was suspended on the account's own page at Alpaca.",
}
_ACTIVE: Final = "ACTIVE"


def probed(account: Mapping[str, Any], at: datetime) -> Probe:
    """Read an account as Alpaca tells it; raises BrokerUnavailable."""
    try:
        snapshot = wire.account_in(account, at)
        status = clean(str(account["status"]))
        blocked = [words for name, words in _BLOCKS.items() if account.get(name) is True]
        if status != _ACTIVE:
            blocked.insert(0, f"Alpaca says that the account is {status}, not {_ACTIVE}.")
        return Probe(
            number=clean(str(account["account_number"])),
            status=status,
            currency=clean(str(account["currency"])),
            snapshot=snapshot,
            blocked=tuple(blocked),
        )
    except (InvalidInput, KeyError, TypeError, AttributeError) as error:
        raise BrokerUnavailable("Alpaca's answer about the account cannot be read.") from error
