"""What every broker with a stream does alike: join it, tell what it hears, adopt what is there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from app.domain.accounts import Account
from app.domain.errors import BrokerError, BrokerUnknown
from app.domain.reports import Report, VenueOrder

Receive = Callable[[Report], None]


class Attending(ABC):
    """A broker of one account whose venue tells over a stream what happens."""

    def __init__(
        self, account: Account, join: Callable[[], Callable[[], None]], hang_up: Callable[[], None]
    ) -> None:
        """``join`` starts the stream and returns what ends it; ``hang_up`` ends the calls."""
        self._owner = account
        self._join = join
        self._hang_up = hang_up
        self._leave: Callable[[], None] | None = None
        self._receive: Receive | None = None

    @property
    def account_id(self) -> str:
        """Which account this is."""
        return self._owner.id

    def open(self) -> None:
        """Begin to listen; a venue that cannot be reached yet is tried again by itself."""
        self._leave = self._join()

    def close(self) -> None:
        """Stop listening; orders work on at the venue."""
        if self._leave is not None:
            self._leave()
        self._hang_up()

    def listen(self, receive: Receive) -> None:
        """Hand every later report to ``receive``, which only queues it."""
        self._receive = receive

    @abstractmethod
    def order(self, client_order_id: str) -> VenueOrder | None:
        """The venue's order under our own id; None only when the venue itself says so."""

    def _tell(self, report: Report) -> None:
        if self._receive is not None:
            self._receive(report)

    def _adopted(self, client_order_id: str) -> VenueOrder:
        """The order that the venue has under this id already."""
        try:
            held = self.order(client_order_id)
        except BrokerError as failure:
            raise BrokerUnknown(failure.detail) from failure
        if held is None:
            raise BrokerUnknown("The venue says that it has the order, and that it has not.")
        return held
