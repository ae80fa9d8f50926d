"""The stand-in itself, apart from how it is reached: accounts, orders, and what moves them."""

from __future__ import annotations

import heapq
import threading
import time
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any, Final

from app.brokers.chaos.faults import Fault
from app.sim.ledger import Ledger
from app.venue.plan import Plan, Scripted
from tests.venues.alpaca import checks, entry
from tests.venues.alpaca.account import AccountBook, Terms
from tests.venues.alpaca.desk import Desk, Floor, Told
from tests.venues.alpaca.log import Log
from tests.venues.alpaca.market.assets import Asset
from tests.venues.alpaca.market.hours import Hours, Session
from tests.venues.alpaca.market.prices import Prices
from tests.venues.alpaca.market.tape import Tape
from tests.venues.alpaca.orders import Ticket
from tests.venues.alpaca.updates import Updates
from tests.venues.alpaca.words import Json, bad_field, number, unprocessable

KEY: Final = "PKSTANDIN00000000000"
SECRET: Final = "stand-in-secret-of-nobody"
#: How long an order travels from Alpaca to the exchange, in seconds, unless told otherwise.
TRAVEL_S: Final = 0.002
_CHANGES: Final = ("qty", "limit_price", "stop_price", "trail", "time_in_force", "client_order_id")
_LATE_S: Final = 0.1
_NOT_SENT: Final = "unable to replace order, order isn't sent to exchange yet"


class House:
    """All accounts of the stand-in under one lock."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.lock = threading.RLock()
        self.hours = Hours()
        self.prices = Prices(self.hours.now())
        self.updates = Updates()
        self.tape = Tape()
        self.plan = Plan()
        self.latency_s = 0.0
        self.travel_s = TRAVEL_S
        self.accounts: dict[str, AccountBook] = {}
        self._floor = Floor(self.prices, self.hours, log, self.updates.tell)
        self._due: list[tuple[float, int, str, str]] = []
        self._count = 0
        self._wake = threading.Condition(self.lock)
        self._session = Session.REGULAR
        self._rejects: set[str] = set()
        with self.lock:
            self._reopen()

    def open_account(self, key: str, terms: Terms) -> AccountBook:
        """Open an account, or give it other terms; it is remembered."""
        with self.lock:
            self.log.keep(f"account {key}", asdict(terms))
            known = self.accounts.get(key)
            if known is not None:
                known.terms = terms
                return known
            book = AccountBook(key, terms, self.hours.now(), Ledger(Decimal(terms.cash)))
            self.accounts[key] = book
            return book

    def list_asset(self, asset: Asset) -> None:
        """List an asset, or change one; it is remembered."""
        with self.lock:
            self.log.keep(f"asset {asset.symbol}", asset.to_record())
            self.prices.open(asset, self.hours.now())

    def desk(self, book: AccountBook) -> Desk:
        """The exchange's side of an account."""
        return Desk(book, self._floor)

    # --- orders -----------------------------------------------------------------------------------

    def submit(self, book: AccountBook, body: Any, faults: frozenset[Fault]) -> Json:  # noqa: ANN401
        """Take an order; it reaches the exchange a moment later.  Raises ApiError."""
        with self.lock:
            now = self.hours.now()
            draft = entry.read(body, book.id, book.number + 1, self.prices, now)
            asset = self.prices.assets[draft.ticket.symbol]
            checks.check(book, draft.ticket, asset, self.prices)
            ticket, legs = self._placed(draft.ticket), draft.legs
            desk = self.desk(book)
            desk.commit([ticket, *legs])
            self.updates.mark(ticket.id, faults)
            answer = ticket.to_json([leg.to_json() for leg in legs] or None)
            self._send(book, ticket, faults)
            return answer

    def cancel(self, book: AccountBook, ticket: Ticket) -> None:
        """Ask the exchange to cancel an order; raises ApiError when it is over."""
        with self.lock:
            if ticket.over:
                raise unprocessable(f'order is already in "{ticket.status}" state')
            if ticket.status in {"pending_cancel", "pending_replace"}:
                raise unprocessable(f'order is already in "{ticket.status}" state')
            asked = replace(ticket, status="pending_cancel", updated_at=self.hours.now())
            self.desk(book).commit([asked], [Told("pending_cancel", asked)])
            self._schedule(book.key, ticket.id, self.travel_s)

    def replace(self, book: AccountBook, ticket: Ticket, body: Any) -> Json:  # noqa: ANN401
        """Put a new order in the place of one that works; raises ApiError."""
        if not isinstance(body, dict):
            raise bad_field("request body format is invalid")
        with self.lock:
            if ticket.over or ticket.status in {"pending_cancel", "pending_replace"}:
                raise unprocessable(f'order is already in "{ticket.status}" state')
            if ticket.status in {"pending_new", "accepted"}:
                raise unprocessable(_NOT_SENT)
            if not any(body.get(name) is not None for name in _CHANGES):
                raise unprocessable("order parameters are not changed")
            successor = self._successor(book, ticket, body)
            old = replace(ticket, status="pending_replace", updated_at=self.hours.now())
            told = [] if ticket.status == "held" else [Told("pending_replace", old)]
            self.desk(book).commit([old, successor], told)
            self._schedule(book.key, successor.id, self.travel_s)
            return successor.to_json()

    def _successor(self, book: AccountBook, ticket: Ticket, body: Json) -> Ticket:
        asset = self.prices.assets[ticket.symbol]
        own = body.get("client_order_id")
        made = entry.successor(ticket, body, asset, book.id, book.number + 1, self.hours.now())
        if own and own in book.by_client_id:
            raise bad_field("client_order_id must be unique")
        checks.check_change(book, ticket, made, asset, self.prices)
        return made

    def _placed(self, ticket: Ticket) -> Ticket:
        """Whether it goes to the exchange now, or waits for the market."""
        waits = self.hours.session is not Session.REGULAR and ticket.asset_class != "crypto"
        waits = waits and not (self.hours.session is Session.EXTENDED and ticket.extended_hours)
        if waits or ticket.symbol in self.prices.halted or ticket.time_in_force == "opg":
            return replace(ticket, status="accepted")
        return ticket

    def _send(self, book: AccountBook, ticket: Ticket, faults: frozenset[Fault]) -> None:
        if Fault.LATE_REJECT in faults:
            self._rejects.add(ticket.id)
            self._schedule(book.key, ticket.id, _LATE_S)
        elif Fault.PARTIAL_CANCEL in faults:
            self._partly(book, ticket)
        elif Fault.FILL_FIRST in faults:
            self.desk(book).arrive(ticket.id)
        elif ticket.status == "pending_new":
            self._schedule(book.key, ticket.id, self.travel_s)

    def _partly(self, book: AccountBook, ticket: Ticket) -> None:
        """Offer half of what is wanted, then cancel the rest."""
        priced = self.prices.latest(ticket.symbol)
        half = max(ticket.remaining // 2, ticket.remaining if ticket.remaining <= 1 else Decimal(1))
        self.prices.put(replace(priced, bid_size=half, ask_size=half))
        self.desk(book).arrive(ticket.id)
        self.prices.put(priced)
        left = book.tickets[ticket.id]
        if not left.over:
            self.desk(book).end(left, "canceled")

    # --- what moves it ----------------------------------------------------------------------------

    def put_quotes(self, data: Any) -> int:  # noqa: ANN401  JSON
        """Take prices, oldest first, match every account against them, and tell the tape."""
        if not isinstance(data, list):
            raise bad_field("send a list of quotes")
        for each in data:
            with self.lock:
                now = self.hours.now()
                priced = self.prices.read(each, now)
                symbol = priced.quote.symbol
                self.prices.put(priced)
                self.tape.quote(priced)
                if priced.quote.last is not None:
                    size = number(each.get("size"), "size") or Decimal(1)
                    trade = self.prices.trade(symbol, priced.quote.last, size, now)
                    self.tape.trades([trade])
                for book in self.accounts.values():
                    self.desk(book).look(symbol)
        return len(data)

    def burst(self, symbol: str, count: int) -> None:
        """Put ``count`` trades on the tape at the last price; nothing is matched against them."""
        with self.lock:
            now, price = self.hours.now(), self.prices.mark(symbol)
            made = [self.prices.trade(symbol, price, Decimal(1), now) for _ in range(count)]
            self.tape.trades(made)

    def set_session(self, session: Session | None) -> None:
        """Force a session, or go by the calendar again; it is remembered."""
        with self.lock:
            self.log.keep("session", {"forced": session})
            self.hours.forced = session
            self.step()

    def halt(self, symbol: str, *, halted: bool) -> None:
        """Halt a symbol or let it trade again; it is remembered."""
        with self.lock:
            (self.prices.halted.add if halted else self.prices.halted.discard)(symbol)
            self.log.keep("halted", {"symbols": sorted(self.prices.halted)})
            self.tape.status(symbol, self.hours.now(), halted=halted)
            if not halted:
                self._let_in()

    def step(self) -> None:
        """Ring the bells when the session has changed."""
        with self.lock:
            before, now = self._session, self.hours.session
            if before is now:
                return
            self._session = now
            for book in tuple(self.accounts.values()):
                self.desk(book).close_bell(before)
            self._let_in()

    def suffer(self, key: str, fault: Scripted) -> None:
        """Let the streams of an account meet a fault now."""
        self.updates.suffer(key, fault)
        self.tape.suffer(key, fault)

    def run(self, ending: threading.Event) -> None:
        """Bring orders to the exchange when they are due, until the end."""
        while not ending.is_set():
            with self._wake:
                now = time.monotonic()
                while self._due and self._due[0][0] <= now:
                    _, _, key, order_id = heapq.heappop(self._due)
                    self._arrive(key, order_id)
                wait = 0.1 if not self._due else max(self._due[0][0] - time.monotonic(), 0.0)
                if wait:
                    self._wake.wait(min(wait, 0.1))
                self.step()

    def _let_in(self) -> None:
        for book in tuple(self.accounts.values()):
            desk = self.desk(book)
            if self.hours.session is Session.REGULAR:
                desk.open_bell()
            for ticket in tuple(book.working):
                desk.arrive(ticket.id)
            for symbol in {ticket.symbol for ticket in book.working}:
                desk.look(symbol)

    def _arrive(self, key: str, order_id: str) -> None:
        book = self.accounts[key]
        if order_id in self._rejects:
            self._rejects.discard(order_id)
            self.desk(book).end(book.tickets[order_id], "rejected")
        else:
            self.desk(book).arrive(order_id)

    def _schedule(self, key: str, order_id: str, seconds: float) -> None:
        self._count += 1
        heapq.heappush(self._due, (time.monotonic() + seconds, self._count, key, order_id))
        self._wake.notify_all()

    def _reopen(self) -> None:
        """Read the log: settings first, then each account's orders, which work on."""
        kept = self.log.kept()
        for name, record in kept.items():
            if name.startswith("asset "):
                self.prices.open(Asset.from_record(record), self.hours.now())
        forced = kept.get("session", {}).get("forced")
        self.hours.forced = Session(forced) if forced else None
        self.prices.halted = set(kept.get("halted", {}).get("symbols", ()))
        self._session = self.hours.session
        for name, record in kept.items():
            if name.startswith("account "):
                self._reopen_account(name.removeprefix("account "), Terms(**record))

    def _reopen_account(self, key: str, terms: Terms) -> None:
        book = AccountBook(key, terms, self.hours.now(), Ledger(Decimal(terms.cash)))
        executions = self.log.fills(key)
        book.keep(self.log.orders(key), executions)
        for execution in executions:
            booked = execution.booked(self.prices.assets[execution.symbol].terms())
            book.ledger = book.ledger.after(booked)
        self.accounts[key] = book
        for ticket in tuple(book.working):
            self._schedule(key, ticket.id, 0.0)
