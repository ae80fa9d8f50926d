"""Connecting accounts: what a venue says of keys before they are kept, and of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.accounts import Mode
from app.domain.reports import AccountSnapshot


@dataclass(frozen=True, slots=True)
class Entered:
    """Keys as somebody typed them.

    ``hint`` is what may be shown of them, ``text`` all of them as is encrypted; ``mode`` is the one
    that they are for, None when they do not show it.
    """

    hint: str
    mode: Mode | None
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Probe:
    """What a venue says of the account that keys open.

    ``number`` and ``status`` are the venue's own words; ``blocked`` says in sentences what it does
    not let the account do.
    """

    number: str
    status: str
    currency: str
    snapshot: AccountSnapshot
    blocked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """How an account's connection stands in this process.

    ``up`` is whether its stream is connected, ``since`` from when on it is so; ``last_error`` is a
    sentence.  ``requests_left`` of ``requests_per_minute`` may be sent in this minute, None before
    the venue said so.
    """

    up: bool
    since: datetime | None = None
    last_message_at: datetime | None = None
    last_error: str | None = None
    requests_left: int | None = None
    requests_per_minute: int | None = None


class Connector(Protocol):
    """What connecting an account needs of its venue."""

    def read(self, key: str, secret: str) -> Entered:
        """Return what is to be kept of the keys; raises InvalidInput when they can be none."""

    def check(self, settings: Mapping[str, object]) -> None:
        """Raise InvalidInput, with the fields, for settings of an account that cannot be used."""

    def reaches(self, mode: Mode) -> bool:
        """Whether the venue's host for that mode is known to this server."""

    def probe(self, keys: str, mode: Mode) -> Probe:
        """Ask the venue once what the keys open; raises BrokerError.

        ``keys`` are the ``text`` of Entered.
        """

    def connection(self, account_id: str) -> Connection:
        """Return how the account's connection stands, without asking anybody."""
