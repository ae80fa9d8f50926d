"""What is known of an add-on as JSON and back, exactly: money as text, instants in ISO 8601."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from app.domain.addon.clocks import Skew
from app.domain.addon.messages import Message
from app.domain.addon.reading import SCHEMA
from app.domain.addon.stream import Session, Stream
from app.domain.money import wire

Json = dict[str, Any]

_MICROSECOND: Final = timedelta(microseconds=1)
#: Fields that are called otherwise where they are posted.
_POSTED_AS: Final = {
    "platform_version": "nt_version",
    "days": "daily_pnl_history",
    "day": "date",
}


def kept_message(message: Message) -> Json:
    """Return the message as an add-on would post it; ``read_message`` reads it."""
    return {"schema": SCHEMA, "type": "AccountUpdate", **_object(message)}


def _object(value: Any) -> Json:  # noqa: ANN401  any dataclass of a message
    return {
        _POSTED_AS.get(each.name, each.name): _plain(getattr(value, each.name))
        for each in fields(value)
    }


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a message holds
    match value:
        case Decimal():
            return wire(value)
        case datetime() | date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case tuple():
            return [_plain(each) for each in value]
        case None | str() | int():
            return value
        case _:
            return _object(value)


def kept_stream(stream: Stream) -> Json:
    """Return the stream as JSON."""
    return {
        "current": None if stream.current is None else _kept_session(stream.current),
        "earlier": [_kept_session(each) for each in stream.earlier],
        "opened_at": None if stream.opened_at is None else stream.opened_at.isoformat(),
        "played": stream.played,
        "tails": stream.tails,
    }


def stream_of(record: Mapping[str, Any]) -> Stream:
    """Read what ``kept_stream`` wrote."""
    current, opened = record["current"], record["opened_at"]
    return Stream(
        current=None if current is None else _session_of(current),
        earlier=tuple(map(_session_of, record["earlier"])),
        opened_at=None if opened is None else datetime.fromisoformat(opened),
        played=record["played"],
        tails=record["tails"],
    )


def _kept_session(session: Session) -> Json:
    return {
        "id": session.id,
        "ordinal": session.ordinal,
        "began": session.began.isoformat(),
        "last": session.last,
        "highest": session.highest,
        "missing": [list(each) for each in session.missing],
    }


def _session_of(record: Mapping[str, Any]) -> Session:
    return Session(
        id=record["id"],
        ordinal=record["ordinal"],
        began=datetime.fromisoformat(record["began"]),
        last=record["last"],
        highest=record["highest"],
        missing=tuple((first, last) for first, last in record["missing"]),
    )


def kept_skew(skew: Skew) -> Json:
    """Return what is known of the clock as JSON, spans in microseconds."""
    return {
        "since": skew.since.isoformat(),
        "least": skew.least // _MICROSECOND,
        "before": None if skew.before is None else skew.before // _MICROSECOND,
    }


def skew_of(record: Mapping[str, Any]) -> Skew:
    """Read what ``kept_skew`` wrote."""
    before = record["before"]
    return Skew(
        since=datetime.fromisoformat(record["since"]),
        least=record["least"] * _MICROSECOND,
        before=None if before is None else before * _MICROSECOND,
    )
