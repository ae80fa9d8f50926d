"""The Alpaca accounts of this process: their brokers, their streams, and the prices they bring."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from app.brokers.alpaca.data import AlpacaData
from app.brokers.alpaca.insight import asset_of, days_of
from app.brokers.alpaca.keys import Hosts, Keys
from app.brokers.alpaca.market import Market, Outlet
from app.brokers.alpaca.probing import probed
from app.brokers.alpaca.settings import AlpacaSettings, Feed
from app.brokers.alpaca.streams import PACKED, UPDATES_PATH, TradeUpdates, update_in
from app.brokers.net.calls import Place
from app.brokers.net.limits import Limits
from app.brokers.net.stream import AT_ONCE, Credential, Hearing, Manners, Stream
from app.domain.accounts import Account, Mode
from app.domain.errors import BrokerAuth, BrokerError, BrokerUnavailable
from app.domain.instruments import Contract
from app.domain.quotes import Bar, Quote
from app.domain.refusals import explain
from app.domain.reports import LinkReport
from app.services.ports import (
    Asset,
    Clock,
    Connection,
    Entered,
    MarketSource,
    Probe,
    Quotes,
    VenueDay,
)

if TYPE_CHECKING:
    from app.brokers.alpaca.broker import AlpacaBroker
    from app.brokers.alpaca.client import AlpacaClient

#: Requests that Alpaca takes for an account in a minute.
PER_MINUTE: Final = 200
#: The longest silence of a stream of prices, in seconds: quotes stand as long as it was just heard.
_PRICES_IDLE_S: Final = 10.0

_log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Seat:
    """An account whose broker is open, and how its stream stands; ``stream`` is None at rest."""

    outlet: Outlet
    client: AlpacaClient
    broker: AlpacaBroker | None = None
    stream: Stream | None = None
    up: bool = False
    since: datetime | None = None
    last_message_at: datetime | None = None
    last_error: str | None = None


class AlpacaVenue:
    """Makes the broker of each Alpaca account, and streams the prices that are needed.

    At rest it opens no stream: Alpaca lets one program stream prices with a login, and that is the
    server which trades.
    """

    def __init__(
        self,
        hosts_of: Callable[[Mode], Hosts],
        keys_of: Callable[[str], Keys | None],
        quotes: Quotes,
        clock: Clock,
        chance: random.Random,
        manners: Manners,
    ) -> None:
        """``hosts_of`` raises BrokerUnavailable for a mode that this server does not trade;
        ``keys_of`` are the keys of an account, None when it is disconnected.
        """
        self._hosts_of = hosts_of
        self._keys_of = keys_of
        self._clock = clock
        self._chance = chance
        self._manners = manners
        self._gate = threading.Semaphore(AT_ONCE)
        self._resting = False
        self._seats: dict[str, _Seat] = {}
        self._rates: dict[str, Limits] = {}
        self._patience: dict[str, Limits] = {}
        self._links: list[Callable[[LinkReport], None]] = []
        self._lock = threading.RLock()
        self._market = Market(quotes, clock, self._prices_credential, self._newest)

    # --- accounts ---------------------------------------------------------------------------------

    def broker(self, account: Account) -> AlpacaBroker:
        """Make the account's broker.

        Raises InvalidInput when its settings cannot be used, BrokerAuth when it is disconnected,
        BrokerUnavailable when this server does not trade with that kind of money.
        """
        # The official client takes most of a second to import: not at every start, nor for those
        # who have no account at Alpaca.
        from app.brokers.alpaca.broker import AlpacaBroker  # noqa: PLC0415  see above

        settings = AlpacaSettings.read(account.settings)
        hosts, keys = self._hosts_of(account.mode), self._keys_of(account.id)
        if keys is None:
            raise BrokerAuth(explain("NOT_CONNECTED", account=account.name), code="NOT_CONNECTED")
        client = self._client(keys, hosts)
        outlet = Outlet(account.id, keys, hosts, settings.feed)
        joined = partial(self._join, _Seat(outlet, client))
        return AlpacaBroker(account, client, settings, self._clock, joined)

    def connection(self, account_id: str) -> Connection:
        """Return how the account's connection stands, without asking anybody."""
        seat = self._seats.get(account_id)
        if seat is None:
            return Connection(up=False)
        return Connection(
            up=seat.up,
            since=seat.since,
            last_message_at=seat.last_message_at,
            last_error=seat.last_error or self._market.problem(account_id),
            requests_left=seat.client.requests_left,
            requests_per_minute=seat.client.requests_per_minute,
        )

    def on_link(self, receive: Callable[[LinkReport], None]) -> None:
        """Hand every later change of a stream's connection to ``receive``, which only queues."""
        self._links.append(receive)

    def begin(self) -> None:
        """Open streams from now on, of the accounts that are open too."""
        with self._lock:
            self._resting = False
            for seat in self._seats.values():
                self._start(seat)

    def rest(self) -> None:
        """Open no stream, and end those of prices; those of accounts end with their brokers."""
        self._resting = True
        self._market.close()

    def close(self) -> None:
        """End the streams of prices, once each broker was closed."""
        self.rest()

    # --- connecting -------------------------------------------------------------------------------

    def read(self, key: str, secret: str) -> Entered:
        """Return what is to be kept of the keys; raises InvalidInput when they can be none."""
        keys = Keys.read(key, secret)
        return Entered(keys.hint, keys.mode, keys.to_json())

    def check(self, settings: Mapping[str, object]) -> None:
        """Raise InvalidInput, with the fields, for settings of an account that cannot be used."""
        AlpacaSettings.read(settings)

    def reaches(self, mode: Mode) -> bool:
        """Whether this server knows Alpaca's host for that mode, and may use it."""
        try:
            self._hosts_of(mode)
        except BrokerError:
            return False
        return True

    def probe(self, keys: str, mode: Mode) -> Probe:
        """Ask Alpaca once what the keys open; raises BrokerError."""
        client = self._client(Keys.from_json(keys), self._hosts_of(mode))
        try:
            return probed(client.read("/account"), self._clock.now())
        finally:
            client.close()

    # --- what Alpaca knows besides ----------------------------------------------------------------

    def asset(self, account_id: str, contract: Contract) -> Asset | None:
        """Return what Alpaca lists under the symbol, None when it does not; raises BrokerError."""
        return asset_of(self._open(account_id).client, contract)

    def days(self, account_id: str) -> Sequence[VenueDay]:
        """Return the account's last month by Alpaca's own count; raises BrokerError."""
        return days_of(self._open(account_id).client)

    def _open(self, account_id: str) -> _Seat:
        seat = self._seats.get(account_id)
        if seat is None:
            raise BrokerUnavailable("The account is not open here.")
        return seat

    # --- prices -----------------------------------------------------------------------------------

    def follow(self, needed: Callable[[], Sequence[str]]) -> None:
        """Stream the prices of the symbols that ``needed`` returns, the most important first.

        It is asked each second by ``step``.
        """
        self._market.follow(needed)

    def on_bar(self, receive: Callable[[Bar], None]) -> None:
        """Hand every bar of a minute to ``receive``: as it ended, and again when it was changed."""
        self._market.prices.on_bar(receive)

    def source(self) -> MarketSource | None:
        """The data service of the best account that is open; None while none is."""
        seats = tuple(self._seats.values())
        best = self._market.best([seat.outlet for seat in seats])
        seat = next((seat for seat in seats if seat.outlet is best), None)
        return None if seat is None else _data(seat)

    def _newest(self, outlet: Outlet, contracts: Sequence[Contract]) -> Mapping[str, Quote]:
        return _data(self._open(outlet.account_id)).newest(contracts)

    def step(self, now: datetime) -> bool:  # noqa: ARG002  prices carry their own time
        """Put what came in into the quote book, and stream what is needed; False: wait."""
        self._market.step(self._outlets)
        return False

    def _outlets(self) -> Sequence[Outlet]:
        with self._lock:
            return [] if self._resting else [seat.outlet for seat in self._seats.values()]

    # --- streams ----------------------------------------------------------------------------------

    def _join(self, seat: _Seat, broker: AlpacaBroker) -> Callable[[], None]:
        """Start the account's stream, unless at rest; what is returned ends it."""
        seat.broker = broker
        with self._lock:
            self._seats[seat.outlet.account_id] = seat
            if not self._resting:
                self._start(seat)
        return partial(self._leave, seat)

    def _start(self, seat: _Seat) -> None:
        """Start the stream of an account that has none."""
        outlet, broker = seat.outlet, seat.broker
        if broker is None or seat.stream is not None:
            return
        hear, linked = partial(self._hear, seat, broker), partial(self._linked, seat)
        credential = self._credential(outlet, Place(outlet.hosts.trading, {}), self._manners)
        hearing = Hearing(broker.catch_up, hear, linked)
        seat.stream = Stream(credential, UPDATES_PATH, TradeUpdates(outlet.keys), hearing)
        seat.stream.start()

    def _leave(self, seat: _Seat) -> None:
        with self._lock:
            if self._seats.get(seat.outlet.account_id) is seat:
                del self._seats[seat.outlet.account_id]
            if seat.stream is not None:
                seat.stream.close()

    def _hear(self, seat: _Seat, broker: AlpacaBroker, message: Any) -> None:  # noqa: ANN401  JSON
        seat.last_message_at = self._clock.now()
        update = update_in(message)
        if update is not None:
            broker.hear(update)

    def _linked(self, seat: _Seat, up: bool, detail: str | None) -> None:  # noqa: FBT001
        now = self._clock.now()
        changed = up != seat.up or seat.since is None
        seat.up, seat.last_error = up, detail
        if changed:
            seat.since = now
        account_id = seat.outlet.account_id
        _log.info("alpaca_linked", account_id=account_id, up=up, detail=detail)
        if changed:
            report = LinkReport(account_id, up, now, detail)
            for receive in self._links:
                receive(report)

    def _prices_credential(self, outlet: Outlet) -> Credential:
        manners = replace(self._manners, idle_s=min(self._manners.idle_s, _PRICES_IDLE_S))
        return self._credential(outlet, Place(outlet.hosts.stream, PACKED), manners)

    def _credential(self, outlet: Outlet, place: Place, manners: Manners) -> Credential:
        with self._lock:
            limits = self._patience.setdefault(outlet.keys.key, self._limits())
        return Credential(lambda: place, manners, limits, self._gate, self._chance, self._clock)

    def _client(self, keys: Keys, hosts: Hosts) -> AlpacaClient:
        from app.brokers.alpaca.client import AlpacaClient  # noqa: PLC0415  as in ``broker``

        with self._lock:
            limits = self._rates.setdefault(keys.key, self._limits(PER_MINUTE))
        return AlpacaClient(keys, hosts, self._manners.timeouts, limits, self._clock)

    def _limits(self, per_minute: int | None = None) -> Limits:
        return Limits(self._clock.monotonic, self._chance, per_minute)


def _data(seat: _Seat) -> AlpacaData:
    feed = Feed.IEX if seat.outlet.feed is Feed.TEST else seat.outlet.feed
    return AlpacaData(seat.client, feed)
