"""The exchange's side of one account: orders arrive, are matched, and end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.domain.orders import OrderEvent
from app.sim.book import Match
from tests.venues.alpaca import matching
from tests.venues.alpaca.account import AccountBook
from tests.venues.alpaca.log import Log
from tests.venues.alpaca.market.hours import Hours, Session
from tests.venues.alpaca.market.prices import Prices
from tests.venues.alpaca.orders import LIVE, Execution, Ticket
from tests.venues.alpaca.words import Json, name_of, said, stamp

Tell = Callable[[str, str, Json], None]
"""Takes the account's key, the order's id and a message of the trading stream."""

_INSTANT_OF: Final = {
    "canceled": "canceled_at",
    "expired": "expired_at",
    "rejected": "failed_at",
    "replaced": "replaced_at",
}


@dataclass(frozen=True)
class Floor:
    """What all accounts share."""

    prices: Prices
    hours: Hours
    log: Log
    tell: Tell


@dataclass(frozen=True)
class Told:
    """One message of the trading stream to come."""

    event: str
    ticket: Ticket
    execution: Execution | None = None


class Desk:
    """Moves the orders of one account; whoever calls holds the venue's lock."""

    def __init__(self, book: AccountBook, floor: Floor) -> None:
        self.book = book
        self._floor = floor

    def commit(
        self,
        tickets: Sequence[Ticket],
        told: Sequence[Told] = (),
        executions: Sequence[Execution] = (),
    ) -> None:
        """Write what changed, then believe it, then tell it."""
        self._floor.log.save(self.book.key, tickets, executions)
        self.book.keep(tickets, executions)
        for execution in executions:
            terms = self._floor.prices.assets[execution.symbol].terms()
            self.book.ledger = self.book.ledger.after(execution.booked(terms))
        for each in told:
            self._floor.tell(self.book.key, each.ticket.id, self._message(each))

    def arrive(self, order_id: str) -> None:
        """Let an order reach the exchange, or its cancellation."""
        self._take_place(self.book.tickets[order_id])
        ticket = self.book.tickets[order_id]
        if ticket.over:
            return
        if ticket.status == "pending_cancel":
            self.end(ticket, "canceled")
        elif ticket.status in {"pending_new", "accepted"} and self.trades(ticket):
            self._make_new(ticket)
            self.look(ticket.symbol)
        else:
            self.look(ticket.symbol)

    def trades(self, ticket: Ticket) -> bool:
        """Whether the market takes such an order now."""
        session = self._floor.hours.session
        if ticket.symbol in self._floor.prices.halted:
            return False
        if ticket.asset_class == "crypto" or session is Session.REGULAR:
            return ticket.time_in_force != "opg"
        return session is Session.EXTENDED and ticket.extended_hours

    def look(self, symbol: str) -> None:
        """Match the account's orders on a symbol against its quote, in order of arrival."""
        for ticket in self.book.working:
            current = self.book.tickets[ticket.id]
            if current.symbol == symbol and self._matched(current):
                self._match(current)

    def open_bell(self) -> None:
        """Let in what waited for the session; what is for the opening only trades now or never."""
        for ticket in self.book.working:
            if ticket.time_in_force == "opg" and ticket.status == "accepted":
                self._at_once(ticket)
            else:
                self.arrive(ticket.id)

    def close_bell(self, before: Session) -> None:
        """Trade what is for the close, and expire what was for the session that is over."""
        for ticket in tuple(self.book.working):
            if ticket.asset_class == "crypto" or self.book.tickets[ticket.id].over:
                continue
            if ticket.time_in_force == "cls" and before is Session.REGULAR:
                self._at_once(ticket)
            elif self._expires(ticket, before):
                self.end(self.book.tickets[ticket.id], "expired")

    def end(self, ticket: Ticket, status: str) -> None:
        """End an order and whatever stands or falls with it."""
        ending = [ticket, *self.book.group(ticket)]
        now = self._floor.hours.now()
        over = []
        for one in ending:
            state = status if one.id == ticket.id or status == "expired" else "canceled"
            its: dict[str, Any] = {_INSTANT_OF[state]: now}
            over.append(replace(one, status=state, updated_at=now, **its))
        self.commit(over, [Told(one.status, one) for one in over])

    def _take_place(self, ticket: Ticket) -> None:
        """Let a replacement take the place of its order, or be rejected when that is over."""
        old = self.book.tickets.get(ticket.replaces or "")
        if old is None or ticket.over or old.replaced_by == ticket.id:
            return
        now = self._floor.hours.now()
        left = ticket.remaining - (old.filled_qty - ticket.seen_filled)
        if old.status != "pending_replace" or left <= 0:
            self._put_back(old, ticket)
            return
        gone = replace(
            old, status="replaced", replaced_at=now, updated_at=now, replaced_by=ticket.id
        )
        legs = [replace(leg, parent_id=ticket.id) for leg in self.book.legs(old.id)]
        fresh = replace(ticket, qty=left, seen_filled=old.filled_qty)
        self.commit([gone, fresh, *legs], [Told("replaced", gone)])

    def _put_back(self, old: Ticket, ticket: Ticket) -> None:
        """Reject a replacement that came too late; the order works on if it still does."""
        now = self._floor.hours.now()
        failed = replace(ticket, status="rejected", failed_at=now, updated_at=now)
        if old.status == "pending_replace":
            status = "partially_filled" if old.filled_qty else "new"
            old = replace(old, status=status, updated_at=now)
        told = [Told("order_replace_rejected", old), Told("rejected", failed)]
        self.commit([old, failed], told)

    # --- inside -----------------------------------------------------------------------------------

    def _expires(self, ticket: Ticket, before: Session) -> bool:
        if ticket.time_in_force != "day" or ticket.status not in {*LIVE, "held"}:
            return False
        if ticket.extended_hours:
            return self._floor.hours.session is Session.CLOSED
        return before is Session.REGULAR

    def _make_new(self, ticket: Ticket) -> None:
        now = self._floor.hours.now()
        fresh = replace(ticket, status="new", updated_at=now)
        self.commit([fresh], [Told("new", fresh)])

    def _at_once(self, ticket: Ticket) -> None:
        """An auction: the order trades at the quote, and what does not is cancelled."""
        if ticket.status != "new":
            self._make_new(ticket)
        self._match(self.book.tickets[ticket.id])
        left = self.book.tickets[ticket.id]
        if not left.over:
            self.end(left, "canceled")

    def _matched(self, ticket: Ticket) -> bool:
        """Whether the order meets quotes: it is live, or the second leg of a pair that is."""
        if ticket.time_in_force == "cls" or not self.trades(ticket):
            return False
        if ticket.status == "held":
            return ticket.parent_id is not None and self.book.entered(ticket)
        return ticket.status in LIVE

    def _match(self, ticket: Ticket) -> None:
        prices = self._floor.prices
        asset, quote = prices.assets[ticket.symbol], prices.quote(ticket.symbol)
        found = matching.met(ticket, asset, quote, prices.depth(ticket.symbol))
        if found.execution is not None:
            prices.take(ticket.symbol, found.execution)
            self._fill(ticket, found)
        else:
            seen = matching.watched(ticket, found, quote)
            if seen != ticket:
                self.commit([seen])
        current = self.book.tickets[ticket.id]
        if found.ended is OrderEvent.CANCEL and not current.over:
            self.end(current, "canceled")

    def _fill(self, ticket: Ticket, found: Match) -> None:
        assert found.execution is not None
        now, number = self._floor.hours.now(), self.book.next_number()
        after, execution = matching.executed(ticket, found.execution, found.order, number, now)
        name = "fill" if after.status == "filled" else "partial_fill"
        changed, told = [after], [Told(name, after, execution)]
        for other in self.book.group(ticket):
            moved = self._moved(other, after)
            if moved is not None:
                changed.append(moved)
            # Alpaca tells nothing of a held leg that it cancels (alpacahq/alpaca-py, issue 198).
            if moved is not None and "held" != other.status != moved.status != "held":
                told.append(Told(moved.status, moved))
        self.commit(changed, told, [execution])

    def _moved(self, other: Ticket, filled: Ticket) -> Ticket | None:
        """What an execution of one order does to another of its group."""
        now = self._floor.hours.now()
        if filled.leg is None:
            alone = len(self.book.legs(filled.id)) == 1
            enters = filled.status == "filled" and (alone or other.leg == "take_profit")
            return replace(other, status="new", updated_at=now) if enters else None
        if filled.status == "filled" and other.leg == "take_profit" and other.parent_id:
            return replace(other, status="replaced", replaced_at=now, updated_at=now)
        if filled.status == "filled":
            return replace(other, status="canceled", canceled_at=now, updated_at=now)
        return replace(other, qty=other.filled_qty + filled.remaining, updated_at=now)

    def _message(self, told: Told) -> Json:
        at, done = told.ticket.updated_at, told.execution
        self.book.events += 1
        data: Json = {
            "event": told.event,
            "event_id": _ulid(at.timestamp(), self.book.events),
            "execution_id": done.id if done else name_of(told.ticket.id, told.event, at),
            "timestamp": stamp(at),
            "order": told.ticket.to_json(),
        }
        if done is not None:
            data.update(price=said(done.price), qty=said(done.qty))
            data["position_qty"] = said(self.book.held(done.symbol))
        return {"stream": "trade_updates", "data": data}


_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _ulid(at: float, rest: int) -> str:
    """A name that sorts by time: ten letters of the millisecond, sixteen of the event's number."""
    milliseconds = int(at * 1000)
    when = "".join(_LETTERS[(milliseconds >> 5 * n) & 31] for n in reversed(range(10)))
    return when + "".join(_LETTERS[(rest >> 5 * n) & 31] for n in reversed(range(16)))
