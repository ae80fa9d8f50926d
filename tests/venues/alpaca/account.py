"""One account of the stand-in: its orders, its executions, and its money as Alpaca counts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from app.domain.money import ZERO, divide, exact
from app.sim.ledger import Ledger
from tests.venues.alpaca.market.assets import Asset
from tests.venues.alpaca.market.prices import Prices
from tests.venues.alpaca.orders import Execution, Ticket
from tests.venues.alpaca.words import Json, cents, name_of, said, stamp

#: A short sale at the market is counted this much above the ask.
_SHORT_MARGIN: Final = Decimal("1.03")


@dataclass
class Terms:
    """What the account may do; set on the control port and kept over restarts.

    ``rate_limit`` is requests a minute, 0 for none; ``plan`` is free (IEX, 30 symbols) or plus.
    """

    secret: str
    cash: str = "100000"
    multiplier: int = 2
    shorting_enabled: bool = True
    pattern_day_trader_block: bool = False
    trading_blocked: bool = False
    account_blocked: bool = False
    trade_suspended_by_user: bool = False
    rate_limit: int = 200
    plan: str = "free"


@dataclass
class AccountBook:
    """An account in memory, as the log has it."""

    key: str
    terms: Terms
    created_at: datetime
    ledger: Ledger
    tickets: dict[str, Ticket] = field(default_factory=dict)
    by_client_id: dict[str, str] = field(default_factory=dict)
    executions: list[Execution] = field(default_factory=list)
    number: int = 0
    open_ids: dict[str, None] = field(default_factory=dict)
    events: int = 0

    @property
    def id(self) -> str:
        return name_of("account", self.key)

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def keep(self, tickets: Iterable[Ticket], executions: Iterable[Execution]) -> None:
        """Take what was written to the log."""
        for ticket in tickets:
            self.tickets[ticket.id] = ticket
            self.by_client_id[ticket.client_order_id] = ticket.id
            self.number = max(self.number, ticket.number)
            if ticket.over:
                self.open_ids.pop(ticket.id, None)
            else:
                self.open_ids[ticket.id] = None
        for execution in executions:
            self.executions.append(execution)
            self.number = max(self.number, execution.number)

    @property
    def working(self) -> Iterator[Ticket]:
        """Orders that are not over, in the order in which they came."""
        return (self.tickets[order_id] for order_id in tuple(self.open_ids))

    @property
    def counted(self) -> Iterator[Ticket]:
        """Working orders, without those in whose place another is on its way."""
        return (ticket for ticket in self.working if ticket.status != "pending_replace")

    def legs(self, parent_id: str) -> list[Ticket]:
        """The legs of an order that stand; one that was replaced is followed by its successor."""
        found = (one for one in self.tickets.values() if one.parent_id == parent_id)
        return [one for one in found if one.replaced_by is None]

    def held(self, symbol: str) -> Decimal:
        """The signed position, negative if short."""
        return self.ledger.position(symbol).quantity

    def spoken_for(self, symbol: str, side: str) -> list[Ticket]:
        """Open orders that would use up the position, of which each group of legs counts once."""
        found = [one for one in self.counted if one.symbol == symbol and one.side == side]
        groups: dict[str, Ticket] = {}
        for one in found:
            if one.parent_id is None or self.entered(one):
                groups.setdefault(one.parent_id or one.id, one)
        return list(groups.values())

    def entered(self, leg: Ticket) -> bool:
        """Whether the position that a leg guards is there."""
        parent = self.tickets[leg.parent_id or ""]
        return parent.order_class == "oco" or parent.status == "filled"

    def group(self, ticket: Ticket) -> list[Ticket]:
        """The other orders that stand or fall with one."""
        if ticket.parent_id is None:
            return [one for one in self.legs(ticket.id) if not one.over]
        parent = self.tickets[ticket.parent_id]
        found = [*self.legs(parent.id), *([parent] if parent.order_class == "oco" else [])]
        return [one for one in found if one.id != ticket.id and not one.over]

    @exact
    def available(self, symbol: str) -> Decimal:
        """The unsigned part of the position that no open order would close."""
        held = self.held(symbol)
        side = "sell" if held > 0 else "buy"
        taken = sum((one.remaining for one in self.spoken_for(symbol, side)), ZERO)
        return max(abs(held) - taken, ZERO)

    # --- money ------------------------------------------------------------------------------------

    @exact
    def values(self, prices: Prices) -> tuple[Decimal, Decimal]:
        """The market value of what is long, and of what is short (negative)."""
        worth = [one.position.quantity * prices.mark(one.terms.symbol) for one in self.ledger.open]
        return sum((w for w in worth if w > 0), ZERO), sum((w for w in worth if w < 0), ZERO)

    @exact
    def cash(self) -> Decimal:
        """Cash after what was bought was paid for and what was sold short was paid out."""
        return self.ledger.cash - sum((one.position.basis for one in self.ledger.open), ZERO)

    @exact
    def equity(self, prices: Prices) -> Decimal:
        """Cash plus the market value of everything held."""
        return self.cash() + sum(self.values(prices), ZERO)

    @exact
    def cost_basis(self, ticket: Ticket, prices: Prices) -> Decimal:
        """The money that an order would put into positions: 0 for one that only closes."""
        if ticket.leg is not None or ticket.order_class == "oco":
            return ZERO
        if ticket.notional is not None:
            return ticket.notional if ticket.side == "buy" else ZERO
        held = self.held(ticket.symbol)
        sign = ticket.direction.sign
        opened = max(abs(held + ticket.remaining * sign) - abs(held), ZERO)
        ask = prices.quote(ticket.symbol).ask
        own = ticket.limit_price or ticket.stop_price
        if ticket.side == "buy":
            return opened * (own or ask)
        return opened * max(ticket.limit_price or ZERO, ask * _SHORT_MARGIN)

    @exact
    def buying_power(self, prices: Prices, *, crypto: bool = False) -> Decimal:
        """The money that is free for new positions; never negative."""
        reserved = sum((self.cost_basis(one, prices) for one in self.counted), ZERO)
        if crypto or self.terms.multiplier == 1:
            return max(self.cash() - reserved, ZERO)
        long, short = self.values(prices)
        free = self.equity(prices) * self.terms.multiplier - (long - short)
        return max(free - reserved, ZERO)

    def to_json(self, prices: Prices) -> Json:
        """What GET /v2/account says."""
        terms, equity, cash = self.terms, self.equity(prices), self.cash()
        long, short = self.values(prices)
        power = cents(self.buying_power(prices))
        free = cents(self.buying_power(prices, crypto=True))
        gross = long - short
        return {
            "id": self.id,
            "account_number": "PA" + self.id[:8].upper(),
            "status": "ACTIVE",
            "crypto_status": "ACTIVE",
            "currency": "USD",
            "cash": cents(cash),
            "equity": cents(equity),
            "portfolio_value": cents(equity),
            "last_equity": cents(Decimal(terms.cash)),
            "buying_power": power,
            "regt_buying_power": power,
            "daytrading_buying_power": "0",
            "non_marginable_buying_power": free,
            "multiplier": str(terms.multiplier),
            "pattern_day_trader": terms.pattern_day_trader_block,
            "trading_blocked": terms.trading_blocked,
            "transfers_blocked": False,
            "account_blocked": terms.account_blocked,
            "trade_suspended_by_user": terms.trade_suspended_by_user,
            "shorting_enabled": terms.shorting_enabled,
            "daytrade_count": 0,
            "long_market_value": cents(long),
            "short_market_value": cents(short),
            "position_market_value": cents(gross),
            "initial_margin": cents(gross / terms.multiplier),
            "maintenance_margin": cents(gross * 3 / 10),
            "last_maintenance_margin": "0",
            "accrued_fees": "0",
            "sma": "0",
            "created_at": stamp(self.created_at),
        }

    def position_json(self, asset: Asset, prices: Prices) -> Json:
        """What GET /v2/positions says of one position."""
        position = self.ledger.position(asset.symbol)
        price, sign = prices.mark(asset.symbol), 1 if position.quantity > 0 else -1
        value, basis = position.quantity * price, position.basis
        gain = value - basis
        part = round(divide(gain, abs(basis)), 9) if basis else ZERO
        start = asset.price
        return {
            "asset_id": asset.id,
            "symbol": asset.symbol.replace("/", ""),
            "exchange": asset.exchange,
            "asset_class": asset.kind,
            "asset_marginable": asset.marginable,
            "avg_entry_price": said(round(position.average_price or ZERO, 9)),
            "qty": said(position.quantity),
            "qty_available": said(self.available(asset.symbol) * sign),
            "side": "long" if sign > 0 else "short",
            "market_value": said(value),
            "cost_basis": said(basis),
            "unrealized_pl": said(gain),
            "unrealized_plpc": said(part),
            "unrealized_intraday_pl": said(gain),
            "unrealized_intraday_plpc": said(part),
            "current_price": said(price),
            "lastday_price": said(start),
            "change_today": said(round(divide(price - start, start), 9)),
        }
