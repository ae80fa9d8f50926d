"""From the lines of each format to executions."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.errors import InvalidInput
from app.domain.instruments import Contract, resolve
from app.domain.money import exact
from app.domain.orders import Side
from app.domain.statements.formats import Cells, Layout, lay_out
from app.domain.statements.sheet import delimiter, lines
from app.domain.statements.told import Format, Told, fault

_HALF: Final = Decimal("0.5")
_BUYS: Final = ("buy", "b", "bot", "bought", "cover")
_SELLS: Final = ("sell", "s", "sld", "sold", "short")


@dataclass(slots=True)
class Reading:
    """A file being read: its format once the header was seen, and what was passed over so far.

    ``symbol`` is what a list of trades is about, which names none itself.
    """

    text: str
    zone: ZoneInfo
    symbol: str | None = None
    layout: Layout | None = None
    lines: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    _same: Counter[str] = field(default_factory=Counter)

    @property
    def format(self) -> Format:
        """What the file is; raises InvalidInput for one without a header."""
        if self.layout is None:
            raise fault(1, None, "", "the file is empty.")
        return self.layout.shape.format

    def executions(self) -> Iterator[Sequence[Told]]:
        """Yield what each line tells, its header too (nothing); raises InvalidInput at a fault."""
        for line in lines(self.text):
            if self.layout is None:
                self.layout = lay_out(line, self.zone, comma=delimiter(self.text) == ";")
                yield ()
                continue
            self.lines += 1
            cells = Cells(line, self.layout)
            yield _READERS[self.layout.shape.format](self, cells)
        _ = self.format

    def pass_over(self, why: str) -> Sequence[Told]:
        """Count a line that tells no execution."""
        self.skipped[why] += 1
        return ()

    def key(self, *parts: object) -> str:
        """Return the identity of a line without an id: what it says, and which of the same."""
        said = "|".join(str(part) for part in parts)
        self._same[said] += 1
        digest = hashlib.sha256(f"{said}|{self._same[said]}".encode()).hexdigest()
        return f"said:{digest[:40]}"


def _alpaca_activity(reading: Reading, cells: Cells) -> Sequence[Told]:
    if cells.text("kind").upper() not in {"FILL", "FILLS", "TRADE"}:
        return reading.pass_over("no trade")
    return [_one(reading, cells)]


def _alpaca_order(reading: Reading, cells: Cells) -> Sequence[Told]:
    if not cells.maybe("quantity"):
        return reading.pass_over("not filled")
    when = "time" if cells.text("time") or not cells.text("ended") else "ended"
    return [_one(reading, cells, time=when)]


def _tradovate_fill(reading: Reading, cells: Cells) -> Sequence[Told]:
    if cells.text("active").lower() == "false":
        return reading.pass_over("taken back")
    if not cells.text("fill_id"):
        raise cells.fault("fill_id", "the fill has no id.")
    return [_one(reading, cells)]


def _tradovate_order(reading: Reading, cells: Cells) -> Sequence[Told]:
    if not cells.maybe("quantity"):
        return reading.pass_over("not filled")
    return [_one(reading, cells)]


def _tradovate_pair(_: Reading, cells: Cells) -> Sequence[Told]:
    """One line pairs a buy with a sell; a fill that closes several is told in several parts."""
    buy_id, sell_id = cells.text("buy_id"), cells.text("sell_id")
    quantity = _above_zero(cells, "quantity")
    both = (
        (Side.BUY, buy_id, "buy_id", "buy_price", "bought"),
        (Side.SELL, sell_id, "sell_id", "sell_price", "sold"),
    )
    told = []
    for side, fill_id, named, price, time in both:
        if not fill_id:
            raise cells.fault(named, "the fill has no id.")
        at = cells.time(time)
        told.append(
            Told(
                key=_named(f"{buy_id}:{sell_id}:{side}", at.isoformat(), quantity.normalize()),
                line=cells.line.number,
                symbol=_contract(cells, "symbol", at).symbol,
                side=side,
                quantity=quantity,
                price=cells.number(price),
                at=at,
                fill_id=fill_id,
            )
        )
    return told


def _simulated(reading: Reading, cells: Cells) -> Sequence[Told]:
    """An entry or an exit; the commission of the whole trade stands on both, so half is taken."""
    said = cells.text("type").lower().split()
    if said[:1] not in (["entry"], ["exit"]) or said[1:2] not in (["long"], ["short"]):
        raise cells.fault("type", f"{cells.text('type')[:40]!r} is no entry and no exit.")
    label, entry = cells.text("label"), said[0] == "entry"
    if not entry and "open" in {label.lower(), cells.text("time").lower()}:
        return reading.pass_over("still open")
    if not entry and not cells.text("time") and not cells.text("price"):
        return reading.pass_over("still open")
    at, price = cells.time("time"), cells.number("price")
    quantity, fee = _above_zero(cells, "quantity"), cells.maybe("fee")
    if reading.symbol is None:
        raise InvalidInput(
            "A list of trades does not name its symbol. Name it, or choose the strategy.",
            fields={"symbol": "must be given"},
        )
    what = " ".join(said[:2])
    return [
        Told(
            key=reading.key(what, at, price.normalize(), quantity.normalize(), label),
            line=cells.line.number,
            symbol=resolve(reading.symbol, at.date()).symbol,
            side=Side.BUY if what in {"entry long", "exit short"} else Side.SELL,
            quantity=quantity,
            price=price,
            at=at,
            fee=None if fee is None else _halved(fee),
            group=f"{what}|{at.isoformat()}|{label}",
            label=f"{what.capitalize()} #{cells.text('trade')} {label}".rstrip(),
        )
    ]


@exact
def _halved(fee: Decimal) -> Decimal:
    return fee * _HALF


def _one(reading: Reading, cells: Cells, *, time: str = "time") -> Told:
    """Read a line that tells one execution, or one order as a whole."""
    at, side = cells.time(time), _side(cells)
    quantity, price = _above_zero(cells, "quantity"), cells.number("price")
    symbol, fee = _contract(cells, "symbol", at).symbol, cells.maybe("fee")
    fill_id, order_id = cells.text("fill_id") or None, cells.text("order_id") or None
    said = (at.isoformat(), quantity.normalize(), price.normalize(), fee)
    name = fill_id or order_id
    return Told(
        key=_named(name, *said) if name else reading.key(symbol, side, *said),
        line=cells.line.number,
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=price,
        at=at,
        fee=fee,
        fill_id=fill_id,
        order_id=order_id,
        client_id=cells.text("client_id") or None,
        group=order_id,
    )


def _named(name: str, *said: object) -> str:
    """The identity of a line with an id, and what it says: an order may fill on later."""
    return ":".join([name, *("" if part is None else str(part) for part in said)])


def _side(cells: Cells) -> Side:
    word = cells.text("side").lower().replace("_", " ").partition(" ")[0]
    if word in _BUYS:
        return Side.BUY
    if word in _SELLS:
        return Side.SELL
    raise cells.fault("side", f"{cells.text('side')[:40]!r} is neither buy nor sell.")


def _above_zero(cells: Cells, name: str) -> Decimal:
    """The size of a quantity; some files write what is sold below zero."""
    quantity = cells.number(name).copy_abs()
    if not quantity:
        raise cells.fault(name, "the quantity is zero.")
    return quantity


def _contract(cells: Cells, name: str, at: datetime) -> Contract:
    try:
        return resolve(cells.text(name), at.date())
    except InvalidInput as error:
        raise cells.fault(name, error.detail) from None


_READERS: Final[Mapping[Format, Callable[[Reading, Cells], Sequence[Told]]]] = {
    Format.ALPACA_ACTIVITIES: _alpaca_activity,
    Format.ALPACA_ORDERS: _alpaca_order,
    Format.TRADOVATE_FILLS: _tradovate_fill,
    Format.TRADOVATE_ORDERS: _tradovate_order,
    Format.TRADOVATE_PERFORMANCE: _tradovate_pair,
    Format.TRADINGVIEW_TRADES: _simulated,
}
