"""The REST API for trading, below /v2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from app.brokers.chaos.faults import Fault
from app.domain.money import ZERO, to_step
from tests.venues.alpaca.account import AccountBook
from tests.venues.alpaca.house import House
from tests.venues.alpaca.market.assets import Asset, spelled
from tests.venues.alpaca.market.hours import NEW_YORK
from tests.venues.alpaca.orders import Execution, Ticket
from tests.venues.alpaca.words import (
    NOT_FOUND,
    ApiError,
    Json,
    bad_field,
    forbidden,
    instant,
    number,
    refusal,
    said,
)

Query = Mapping[str, str]
Answer = tuple[int, Any]

_MOST_ORDERS: Final = 500
_MOST_ACTIVITIES: Final = 100
_NO_POSITION: Final = "position does not exist"


class Trading:
    """What one account asks and wants; each verb raises ApiError."""

    def __init__(self, house: House, book: AccountBook) -> None:
        self._house = house
        self._book = book

    def account(self) -> Answer:
        return 200, self._book.to_json(self._house.prices)

    def configurations(self) -> Answer:
        terms = self._book.terms
        return 200, {
            "dtbp_check": "entry",
            "fractional_trading": True,
            "max_margin_multiplier": str(terms.multiplier),
            "no_shorting": not terms.shorting_enabled,
            "pdt_check": "entry",
            "suspend_trade": terms.trade_suspended_by_user,
            "trade_confirm_email": "none",
            "ptp_no_exception_entry": False,
        }

    def clock(self) -> Answer:
        return 200, self._house.hours.clock_json()

    def calendar(self, query: Query) -> Answer:
        today = self._house.hours.now().astimezone(NEW_YORK).date()
        start = _day(query, "start", today)
        return 200, self._house.hours.calendar_json(start, _day(query, "end", today))

    def assets(self, query: Query) -> Answer:
        kind, status = query.get("asset_class"), query.get("status")
        found = [one.to_json() for one in self._house.prices.assets.values()]
        return 200, [
            one for one in found if kind in {None, one["class"]} and status in {None, one["status"]}
        ]

    def asset(self, name: str) -> Answer:
        asset = self._house.prices.asset(spelled(name)) or self._house.prices.asset(name)
        if asset is None:
            raise refusal(404, NOT_FOUND, f"asset not found for {name}")
        return 200, asset.to_json()

    # --- orders -----------------------------------------------------------------------------------

    def submit(self, body: Any, faults: frozenset[Fault]) -> Answer:  # noqa: ANN401  JSON
        return 200, self._house.submit(self._book, body, faults)

    def orders(self, query: Query) -> Answer:
        status, nested = query.get("status", "open"), query.get("nested") in {"true", "True"}
        if status not in {"open", "closed", "all"}:
            raise bad_field("invalid status")
        after, until = _instant(query, "after"), _instant(query, "until")
        symbols = {spelled(one) for one in query.get("symbols", "").split(",") if one}
        side = query.get("side")
        found = [
            one
            for one in self._book.tickets.values()
            if (status == "all" or _closed(one) == (status == "closed"))
            and (after is None or one.submitted_at > after)
            and (until is None or one.submitted_at < until)
            and (not symbols or one.symbol in symbols)
            and side in {None, one.side}
            and (not nested or one.parent_id is None)
        ]
        found.sort(key=lambda one: one.number, reverse=query.get("direction", "desc") != "asc")
        limit = _count(query, "limit", 50, _MOST_ORDERS)
        return 200, [self._shown(one, nested=nested) for one in found[:limit]]

    def order(self, order_id: str, query: Query) -> Answer:
        nested = query.get("nested") in {"true", "True"}
        return 200, self._shown(self._ticket(order_id), nested=nested)

    def by_client_id(self, query: Query) -> Answer:
        own = query.get("client_order_id", "")
        order_id = self._book.by_client_id.get(own)
        if order_id is None:
            raise refusal(404, NOT_FOUND, f"order not found for {own}")
        return 200, self._shown(self._book.tickets[order_id], nested=False)

    def replace(self, order_id: str, body: Any) -> Answer:  # noqa: ANN401  JSON
        return 200, self._house.replace(self._book, self._ticket(order_id), body)

    def cancel(self, order_id: str) -> Answer:
        self._house.cancel(self._book, self._ticket(order_id))
        return 204, None

    def cancel_all(self) -> Answer:
        answer: list[Json] = []
        for one in tuple(self._book.working):
            status, body = 200, None
            if not one.over and one.status != "pending_cancel":
                try:
                    self._house.cancel(self._book, one)
                except ApiError as error:
                    status, body = error.status, error.body
            answer.append({"id": one.id, "status": status, "body": body})
        return 207, answer

    def _shown(self, ticket: Ticket, *, nested: bool) -> Json:
        legs = self._book.legs(ticket.id) if nested else []
        return ticket.to_json([leg.to_json() for leg in legs] or None)

    def _ticket(self, order_id: str) -> Ticket:
        found = self._book.tickets.get(order_id)
        if found is None:
            raise refusal(404, NOT_FOUND, f"order not found for {order_id}")
        return found

    # --- positions --------------------------------------------------------------------------------

    def positions(self) -> Answer:
        held = [one.terms.symbol for one in self._book.ledger.open]
        return 200, [self._position(symbol) for symbol in held]

    def position(self, name: str) -> Answer:
        return 200, self._position(self._held(name).symbol)

    def close(self, name: str, query: Query) -> Answer:
        """Close a position, or ``qty`` or ``percentage`` of it; the answer is the closing order."""
        asset = self._held(name)
        held = abs(self._book.held(asset.symbol))
        part = number(query.get("percentage"), "percentage")
        qty = number(query.get("qty"), "qty")
        if part is not None:
            if not 0 < part <= 100:
                raise bad_field("percentage must be between 0 and 100")
            qty = to_step(held * part / 100, Decimal("1e-9"), ROUND_DOWN)
        return 200, self._house.submit(self._book, self._closing(asset, qty or held), frozenset())

    def close_all(self, query: Query) -> Answer:
        if query.get("cancel_orders") in {"true", "True"}:
            with self._house.lock:
                self.cancel_all()
                for one in tuple(self._book.working):
                    self._house.desk(self._book).arrive(one.id)
        answer = []
        for symbol in [held.terms.symbol for held in self._book.ledger.open]:
            try:
                status, body = self.close(symbol, {})
            except ApiError as error:
                status, body = error.status, error.body
            answer.append({"symbol": symbol, "status": status, "body": body})
        return 207, answer

    def _closing(self, asset: Asset, qty: Decimal) -> Json:
        side = "sell" if self._book.held(asset.symbol) > 0 else "buy"
        if qty > abs(self._book.held(asset.symbol)):
            raise forbidden(f"requested qty {said(qty)} exceeds the position")
        return {
            "symbol": asset.symbol,
            "qty": str(qty),
            "side": side,
            "type": "market",
            "time_in_force": "gtc" if asset.crypto else "day",
        }

    def _held(self, name: str) -> Asset:
        asset = self._house.prices.asset(spelled(name)) or self._house.prices.asset(name)
        if asset is None or not self._book.held(asset.symbol):
            raise refusal(404, NOT_FOUND, _NO_POSITION)
        return asset

    def _position(self, symbol: str) -> Json:
        return self._book.position_json(self._house.prices.assets[symbol], self._house.prices)

    # --- what was ---------------------------------------------------------------------------------

    def activities(self, kind: str | None, query: Query) -> Answer:
        """Executions, newest first unless asked otherwise; ``page_token`` is the last id seen."""
        kinds = [kind] if kind else query.get("activity_types", "FILL").split(",")
        after, until = _instant(query, "after"), _instant(query, "until")
        day = query.get("date")
        found = [
            one
            for one in (self._book.executions if "FILL" in kinds else [])
            if (after is None or one.at > after)
            and (until is None or one.at < until)
            and (day is None or one.at.astimezone(NEW_YORK).date().isoformat() == day)
        ]
        if query.get("direction", "desc") != "asc":
            found.reverse()
        found = _after(found, query.get("page_token"))
        size = _count(query, "page_size", _MOST_ACTIVITIES, _MOST_ACTIVITIES)
        return 200, [one.to_json(self._book.id) for one in found[:size]]

    def history(self, query: Query) -> Answer:
        """Equity at the start, after each execution at the prices of executions, and now.

        With days as timeframe it is that at the end of each, told at its begin in New York.
        """
        frame, points = query.get("timeframe", "1Min"), self._worth()
        if frame == "1D":
            days = {at.astimezone(NEW_YORK).date(): equity for at, equity in points}
            points = [(_midnight(day), equity) for day, equity in days.items()]
        base = points[0][1]
        return 200, {
            "timestamp": [int(at.timestamp()) for at, _ in points],
            "equity": [float(round(equity, 2)) for _, equity in points],
            "profit_loss": [float(round(equity - base, 2)) for _, equity in points],
            "profit_loss_pct": [float(round((equity - base) / base, 6)) for _, equity in points],
            "base_value": float(base),
            "timeframe": frame,
        }

    def _worth(self) -> list[tuple[datetime, Decimal]]:
        marks: dict[str, Decimal] = {}
        cash, held = Decimal(self._book.terms.cash), dict[str, Decimal]()
        points = [(self._book.created_at, cash)]
        for one in self._book.executions:
            signed = one.qty if one.side == "buy" else -one.qty
            cash -= signed * one.price
            held[one.symbol] = held.get(one.symbol, ZERO) + signed
            marks[one.symbol] = one.price
            worth = sum((qty * marks[symbol] for symbol, qty in held.items()), ZERO)
            points.append((one.at, cash + worth))
        points.append((self._house.hours.now(), self._book.equity(self._house.prices)))
        return points


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)


def _closed(ticket: Ticket) -> bool:
    """Whether Alpaca lists it as closed: what it holds back is not open to it."""
    return ticket.over or ticket.status == "held"


def _after(found: list[Execution], token: str | None) -> list[Execution]:
    """What follows the execution of that id."""
    if token is None:
        return found
    ids = [one.activity_id for one in found]
    return found[ids.index(token) + 1 :] if token in ids else []


def _instant(query: Query, name: str) -> datetime | None:
    text = query.get(name)
    return None if not text else instant(text, name)


def _day(query: Query, name: str, today: date) -> date:
    text = query.get(name)
    if not text:
        return today
    found = instant(text, name).date()
    return min(max(found, today - timedelta(days=5 * 365)), today + timedelta(days=365))


def _count(query: Query, name: str, usual: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return usual
    if not text.isdecimal() or not 0 < int(text) <= most:
        raise bad_field(f"{name} must be between 1 and {most}")
    return int(text)
