"""Connected accounts: what a venue says of keys, of a connection, and besides orders and prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from app.domain.accounts import Mode
from app.domain.instruments import Contract
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


@dataclass(frozen=True, slots=True)
class Asset:
    """What a venue lists; ``tradable`` is whether it takes orders for it now."""

    symbol: str
    name: str
    exchange: str
    tradable: bool
    shortable: bool
    fractionable: bool
    marginable: bool


@dataclass(frozen=True, slots=True)
class VenueDay:
    """What an account was worth, in its currency, at the end of a day as its venue cuts days."""

    day: date
    equity: Decimal


class Insight(Protocol):
    """What a venue knows besides orders and prices; each verb raises BrokerError if it is silent.

    An account that is not open is not asked for.
    """

    def asset(self, account_id: str, contract: Contract) -> Asset | None:
        """What the venue lists under the contract's symbol; None when it does not list it."""

    def days(self, account_id: str) -> Sequence[VenueDay]:
        """The account's last days by the venue's own count, oldest first."""
