"""Messages as an add-on posts them."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.addon.messages import Message
from app.domain.addon.reading import read_posted

Json = dict[str, Any]

#: A Wednesday, 09:00 in Chicago, as in the worlds of the web's tests.
START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
NAME = "APEX-12345-01"
INSTALLATION = "7f0c0000-0000-4000-8000-000000000001"

_WHOLE: Json = {
    "schema": 1,
    "type": "AccountUpdate",
    "source": "ninjatrader",
    "addon_version": "1.0.0",
    "nt_version": "8.1.5",
    "installation_id": INSTALLATION,
    "session_id": "s1",
    "seq": 1,
    "kind": "snapshot",
    "reason": ["execution", "position"],
    "account": {
        "name": NAME,
        "display_name": "Apex 50k",
        "connection": "Rithmic",
        "provider": "Rithmic",
        "connection_status": "Connected",
        "is_simulated": False,
        "currency": "USD",
    },
    "values": {
        "cash_value": "50000.00",
        "net_liquidation": None,
        "realized_pnl": "0",
        "unrealized_pnl": "0",
        "buying_power": "48000.00",
        "sod_liquidating_value": None,
    },
    "positions": [],
    "orders": [],
    "executions": [],
    "daily_pnl_history": [],
}


def instant(seconds: float) -> str:
    """The instant so long after the start, as an add-on writes it."""
    at = START + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def told(
    seq: int = 1,
    *,
    at: float | None = None,
    kind: str | None = None,
    session: str = "s1",
    cash: str | None = "50000",
    unrealized: str | None = "0",
    account: str = NAME,
    **more: Any,  # noqa: ANN401  any field of a message
) -> Json:
    """One message, told ``at`` seconds after the start; by default ``seq`` seconds."""
    message = deepcopy(_WHOLE)
    when = instant(seq if at is None else at)
    message |= {
        "session_id": session,
        "seq": seq,
        "kind": kind or ("snapshot" if seq == 1 else "delta"),
        "sent_at": when,
        "event_time": when,
    }
    message["account"]["name"] = account
    message["values"] |= {"cash_value": cash, "unrealized_pnl": unrealized}
    return message | more


def batch(*messages: Json) -> Json:
    return {"schema": 1, "type": "AccountUpdateBatch", "messages": list(messages)}


def execution(name: str, seconds: float = 1, **more: Any) -> Json:  # noqa: ANN401
    return {
        "execution_id": name,
        "order_id": "nt-90",
        "instrument": "MNQ 03-26",
        "side": "Buy",
        "quantity": 1,
        "price": "21500.25",
        "commission": "0.50",
        "fee": "0.37",
        "time": instant(seconds),
        "is_entry": True,
        "operation": "Add",
    } | more


def position(quantity: int = 1, way: str = "Long", **more: Any) -> Json:  # noqa: ANN401
    return {
        "instrument": "MNQ 03-26",
        "root": "MNQ",
        "market_position": way,
        "quantity": quantity,
        "average_price": "21500.25",
        "unrealized_pnl": "0",
        "point_value": "2",
        "tick_size": "0.25",
    } | more


def read(message: Json) -> Message:
    """The message as the server reads it."""
    (entry,) = read_posted(json.dumps(message).encode()).entries
    assert isinstance(entry, Message)
    return entry
