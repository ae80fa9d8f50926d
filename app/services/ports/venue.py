"""Venues and prices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from app.domain.instruments import Contract
from app.domain.orders import Order
from app.domain.quotes import Quote
from app.domain.reports import AccountSnapshot, Report, VenueOrder, VenuePosition
from app.sim.records import PaperFill, PaperOrder, PaperState


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a venue can do, apart from the verbs that every venue has.

    Where it takes ``pairs``, its broker is a ``PairBroker``.
    """

    order_types: frozenset[str]
    replace: bool = False
    pairs: bool = False
    streaming: bool = True
    fractional: bool = False


class Broker(Protocol):
    """One account at one venue; ``tests/contract`` asks every one for what is promised here.

    A question raises BrokerUnavailable when its answer cannot be had or read, so that what is empty
    is known to be empty.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def open(self) -> None:
        """Connect, and find what is working there."""

    def close(self) -> None: ...

    def account(self) -> AccountSnapshot:
        """The money as the venue counts it; how it counts cash and buying power is its own."""

    def positions(self) -> Sequence[VenuePosition]:
        """Net positions that are not flat; an average price may be rounded to nine places."""

    def submit(self, order: Order, contract: Contract) -> VenueOrder:
        """Send the order under its client_order_id; the same id again is the same order.

        It may fill later, and what happens to it may be reported before this returns.
        Raises BrokerRejected, BrokerUnavailable (not sent), BrokerUnknown (may have been sent).
        """

    def replace(self, order: Order, contract: Contract) -> VenueOrder:
        """Change the quantity and prices of a working order to those of ``order``.

        It stays the order under its client_order_id.  Raises as ``submit`` does.
        """

    def cancel(self, order: Order) -> None:
        """Ask for the order to be cancelled; the outcome arrives as a report."""

    def order(self, client_order_id: str) -> VenueOrder | None:
        """The venue's order under our own id; None is proof that it has none."""

    def open_orders(self) -> Sequence[VenueOrder]:
        """Working orders in order of arrival; somebody else's have ids that are not ours."""

    def fills(self, after: datetime) -> Sequence[Report]:
        """Fills at or later than ``after``, oldest first, as reports, somebody else's too.

        A fill has one venue_fill_id, here and where it is told.
        """

    def listen(self, receive: Callable[[Report], None]) -> None:
        """Hand every later report to ``receive``, which only queues it.

        What happened while the venue could not be heard is told once it can be; a fill may be told
        more than once.
        """


@runtime_checkable
class PairBroker(Broker, Protocol):
    """A broker whose venue takes two exits of one position, of which either cancels the other."""

    def submit_pair(
        self, take_profit: Order, stop: Order, contract: Contract
    ) -> tuple[VenueOrder, VenueOrder]:
        """Send both as one request; raises as ``submit`` does, of both alike.

        Each is found, reported and cancelled under its own client_order_id afterwards.  What fills
        of one is taken off the other, and the end of one is the end of both.
        """


class Brokers(Protocol):
    """The open broker of each account."""

    def of(self, account_id: str) -> Broker:
        """Raises NotFound for an account without a venue."""


class Quotes(Protocol):
    """The quote book: last known price of each contract, with its age."""

    def put(self, quote: Quote) -> None: ...

    def latest(self, symbol: str) -> Quote | None:
        """The last quote, however old."""

    def fresh(self, symbol: str, now: datetime) -> Quote | None:
        """The last quote unless it is too old to value anything by."""

    def firm(self, symbol: str, now: datetime) -> Quote | None:
        """The last quote unless it is too old to trade at, which it is sooner."""

    def confirm(self, quote: Quote, at: datetime) -> None:
        """Let the quote count as one of ``at``; it is taken unless something newer is fresh."""


class PaperLog(Protocol):
    """The durable memory of the paper venue, apart from our own books, as a real venue's is."""

    def save(
        self,
        new: Sequence[PaperOrder],
        changed: Sequence[PaperOrder],
        fills: Sequence[PaperFill],
    ) -> None:
        """Write it all in one transaction: insert ``new`` and ``fills``, update ``changed``.

        Raises Conflict, with nothing written, when (account_id, client_order_id) of a new order is
        kept already, and StoreUnavailable when the database does not take it.
        """

    def load(self, account_id: str) -> PaperState:
        """Orders in a working state, all fills, and the highest number of any order or fill."""

    def order(self, account_id: str, client_order_id: str) -> PaperOrder | None:
        """The order as it was last saved, whatever its state."""

    def fills(self, account_id: str, after: datetime) -> Sequence[PaperFill]:
        """Fills at or later than ``after``, by number."""
