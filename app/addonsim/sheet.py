"""What the stand-in knows of one account, and the messages that it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.addonsim.script import Json, Line, instant

VALUES: Final = (
    "cash_value",
    "net_liquidation",
    "realized_pnl",
    "gross_realized_pnl",
    "unrealized_pnl",
    "commission",
    "fee",
    "buying_power",
    "initial_margin",
    "intraday_margin",
    "sod_cash_value",
    "sod_liquidating_value",
    "trailing_max_drawdown",
    "daily_loss_limit",
)
_ACCOUNT: Final = {
    "connection": "Simulated",
    "provider": "Simulator",
    "connection_status": "Connected",
    "is_simulated": True,
    "currency": "USD",
}
#: More executions than this go in several messages, so that none is too large.
MOST_EXECUTIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Message:
    """A numbered message of a session; ``made_at`` counts in the seconds of the script."""

    session_id: str
    seq: int
    kind: str
    made_at: float
    body: Json

    @property
    def key(self) -> tuple[str, int]:
        """What names the message among those of its account."""
        return (self.session_id, self.seq)


@dataclass
class Sheet:
    """One account: its values, positions, orders, and the executions of the day."""

    name: str
    installation_id: str
    new_session: Callable[[], str]
    session_id: str = ""
    _seq: int = 0
    _account: Json = field(default_factory=dict)
    _values: dict[str, str | None] = field(default_factory=dict)
    _positions: Sequence[Json] = ()
    _orders: Sequence[Json] = ()
    _executions: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session_id = self.new_session()

    @property
    def begun(self) -> bool:
        """Whether the session has said anything yet."""
        return self._seq > 0

    def restart(self) -> None:
        """Begin a new session, as when the add-on is loaded again."""
        self.session_id = self.new_session()
        self._seq = 0

    def take(self, line: Line) -> None:
        """Note what a line says."""
        self._account = {**self._account, **line.account}
        self._values = {**self._values, **line.values}
        if line.positions is not None:
            self._positions = line.positions
        if line.orders is not None:
            self._orders = line.orders

    def told(self, line: Line, at: float, event_time: datetime) -> Message:
        """Return the message of a line that has been taken."""
        executions = [self._timed(each, event_time) for each in line.executions]
        body: Json = {"reason": list(line.reason), "executions": executions}
        if line.daily_pnl_history:
            body["daily_pnl_history"] = list(line.daily_pnl_history)
        return self._message(line.kind, at, event_time, body)

    def _timed(self, execution: Json, event_time: datetime) -> Json:
        """Note an execution, at the time of its event where the script gives it none."""
        timed = {"time": instant(event_time), **execution}
        self._executions[str(execution.get("execution_id"))] = timed
        return timed

    def heartbeat(self, at: float, event_time: datetime) -> Message:
        """Return a message that says nothing new."""
        return self._message("heartbeat", at, event_time, {"reason": ["heartbeat"]})

    def snapshot(self, at: float, event_time: datetime) -> Message:
        """Return a message with everything but executions."""
        return self._message("snapshot", at, event_time, {"reason": ["snapshot"]})

    def everything(self, at: float, event_time: datetime) -> list[Message]:
        """Return a snapshot with all executions of the day, in as many messages as they need."""
        known = list(self._executions.values())
        parts = [known[i : i + MOST_EXECUTIONS] for i in range(0, len(known), MOST_EXECUTIONS)]
        return [
            self._message(
                "delta" if number else "snapshot",
                at,
                event_time,
                {"reason": ["snapshot"], "executions": part},
            )
            for number, part in enumerate(parts or [[]])
        ]

    def _message(self, kind: str, at: float, event_time: datetime, said: Json) -> Message:
        self._seq += 1
        body: dict[str, Any] = {
            "schema": 1,
            "type": "AccountUpdate",
            "source": "ninjatrader",
            "addon_version": "1.0.0",
            "nt_version": "stand-in",
            "installation_id": self.installation_id,
            "session_id": self.session_id,
            "seq": self._seq,
            "kind": kind,
            "event_time": instant(event_time),
            "account": {"display_name": self.name, **_ACCOUNT, **self._account},
            "values": {**dict.fromkeys(VALUES), **self._values},
            "positions": list(self._positions),
            "orders": list(self._orders),
            "executions": [],
            "daily_pnl_history": [],
            **said,
        }
        return Message(self.session_id, self._seq, kind, at, body)
