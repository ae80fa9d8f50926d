"""A script: what happens to accounts of a platform, line by line, in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from app.domain.errors import InvalidInput

Json = dict[str, Any]

#: What a line may say; the envelope of a recorded message is left out, as each run makes its own.
_SAID: Final = frozenset(
    {"at", "event_time", "kind", "reason", "account", "values", "daily_pnl_history"}
)
_LISTS: Final = ("positions", "orders", "executions")
_ENVELOPE: Final = frozenset(
    {
        "schema",
        "type",
        "source",
        "addon_version",
        "nt_version",
        "installation_id",
        "session_id",
        "seq",
        "sent_at",
    }
)
MOST_LINES: Final = 200_000


@dataclass(frozen=True, slots=True)
class Line:
    """One event of one account.

    ``at`` counts seconds from the start of the script.  ``event_time`` is the instant that the line
    itself names, None where the run decides it.  ``values`` are merged with what was known;
    ``positions`` and ``orders`` replace it, and None leaves it as it was.
    """

    at: float
    account: Mapping[str, Any]
    event_time: datetime | None = None
    kind: str = "delta"
    reason: Sequence[str] = ()
    values: Mapping[str, str | None] = field(default_factory=dict)
    positions: Sequence[Json] | None = None
    orders: Sequence[Json] | None = None
    executions: Sequence[Json] = ()
    daily_pnl_history: Sequence[Json] = ()

    @property
    def name(self) -> str:
        """The account's name."""
        return str(self.account["name"])


def read(text: str) -> list[Line]:
    """Read a script, one JSON object a line; raises InvalidInput with the line and its fault.

    A line says when by ``at`` (seconds from the start) or by ``event_time``; a script does one or
    the other throughout.
    """
    entries = [
        (number, _object(number, line))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("//")
    ]
    if not entries:
        raise InvalidInput("The script holds no lines.", code="BAD_SCRIPT")
    if len(entries) > MOST_LINES:
        raise InvalidInput(f"A script holds at most {MOST_LINES:,} lines.", code="BAD_SCRIPT")
    first = _instant(*entries[0])
    return sorted((_line(number, entry, first) for number, entry in entries), key=lambda x: x.at)


def write(lines: Iterable[Line]) -> str:
    """Return the lines as a script that ``read`` takes."""
    return "".join(json.dumps(_written(line)) + "\n" for line in lines)


def instant(at: datetime) -> str:
    """Return an instant as messages write it: UTC, with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _written(line: Line) -> Json:
    entry: Json = {"at": round(line.at, 3), "account": dict(line.account)}
    if line.event_time is not None:
        entry = {"event_time": instant(line.event_time), "account": dict(line.account)}
    if line.kind != "delta":
        entry["kind"] = line.kind
    for name in ("reason", "values", *_LISTS, "daily_pnl_history"):
        value = getattr(line, name)
        if value or (value is not None and name in {"positions", "orders"}):
            entry[name] = value
    return entry


def _object(number: int, text: str) -> Json:
    try:
        # Money is exact only as text.
        entry = json.loads(text, parse_float=str)
    except ValueError as error:
        _fault(number, f"is not JSON: {error}")
    if not isinstance(entry, dict):
        _fault(number, "is not a JSON object.")
    unknown = sorted(set(entry) - _SAID - set(_LISTS) - _ENVELOPE)
    if unknown:
        _fault(number, f"names {unknown[0]!r}, which no line has.")
    return entry


def _line(number: int, entry: Json, first: datetime | None) -> Line:
    event_time = _instant(number, entry)
    if (event_time is None) != (first is None):
        _fault(number, "says when in another way than the first line: by `at` or by `event_time`.")
    for name in (*_LISTS, "daily_pnl_history"):
        if not all(isinstance(each, dict) for each in _listed(number, entry, name)):
            _fault(number, f"must hold objects in {name!r}.")
    return Line(
        at=_seconds(number, entry, event_time, first),
        account=_account(number, entry),
        event_time=event_time,
        kind=_kind(number, entry),
        reason=[str(each) for each in _listed(number, entry, "reason")],
        values=_values(number, entry),
        positions=_listed(number, entry, "positions") if "positions" in entry else None,
        orders=_listed(number, entry, "orders") if "orders" in entry else None,
        executions=_listed(number, entry, "executions"),
        daily_pnl_history=_listed(number, entry, "daily_pnl_history"),
    )


def _instant(number: int, entry: Json) -> datetime | None:
    text = entry.get("event_time")
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        _fault(number, f"has an event_time that is no instant: {text!r}.")
    if at.tzinfo is None:
        _fault(number, "has an event_time without a time zone: write it in UTC, with a Z.")
    return at


def _seconds(number: int, entry: Json, at: datetime | None, first: datetime | None) -> float:
    if at is not None and first is not None:
        return (at - first).total_seconds()
    try:
        seconds = float(entry["at"])
    except KeyError:
        _fault(number, "says neither `at` nor `event_time`.")
    except (TypeError, ValueError):
        _fault(number, f"has an `at` that is no number of seconds: {entry['at']!r}.")
    if not 0 <= seconds <= 10**7:
        _fault(number, f"has an `at` that is no number of seconds from the start: {seconds}.")
    return seconds


def _account(number: int, entry: Json) -> Json:
    account = entry.get("account")
    account = {"name": account} if isinstance(account, str) else account
    if not isinstance(account, dict) or not account.get("name"):
        _fault(number, "names no account: `account` is a name, or an object with one.")
    return account


def _kind(number: int, entry: Json) -> str:
    kind = str(entry.get("kind", "delta"))
    if kind not in {"snapshot", "delta", "heartbeat"}:
        _fault(number, f"has the kind {kind!r}: it is snapshot, delta or heartbeat.")
    return kind


def _values(number: int, entry: Json) -> dict[str, str | None]:
    values = entry.get("values", {})
    if not isinstance(values, dict):
        _fault(number, "must hold an object in 'values'.")
    return {name: None if value is None else str(value) for name, value in values.items()}


def _listed(number: int, entry: Json, name: str) -> list[Any]:
    items = entry.get(name, [])
    if not isinstance(items, list):
        _fault(number, f"must hold a list in {name!r}.")
    return items


def _fault(number: int, what: str) -> NoReturn:
    raise InvalidInput(f"Line {number} of the script {what}", code="BAD_SCRIPT")
