"""Fills for tests: written by hand in one line, or drawn by hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from app.domain.orders import Fill, Side

MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def fill(
    change: str,
    price: str,
    commission: str = "0",
    *,
    number: int = 0,
    at: datetime | None = None,
    base_fee: str = "0",
) -> Fill:
    """Return a fill of ``change`` (signed, negative sells); ``number`` is its minute and its id."""
    quantity = Decimal(change)
    return Fill(
        venue_fill_id=f"F{number:04d}",
        account_id="paper",
        symbol="ESZ2026",
        side=Side.of(quantity),
        quantity=abs(quantity),
        price=Decimal(price),
        commission=Decimal(commission),
        at=at or MONDAY + timedelta(minutes=number),
        base_fee=Decimal(base_fee),
    )


def fills(*changes: tuple[str, str] | tuple[str, str, str]) -> list[Fill]:
    """Return one fill a minute from (signed quantity, price[, commission])."""
    return [fill(*change, number=number) for number, change in enumerate(changes)]


multipliers = st.sampled_from(
    [Decimal(text) for text in ("1", "2", "50", "0.5", "0.1", "12.5", "125000")]
)
prices = st.decimals(-100, 200_000, places=8)
quantities = st.decimals("0.00000001", 500, places=8) | st.integers(1, 9).map(Decimal)
commissions = st.decimals(-5, 50, places=4)


@st.composite
def books(draw: st.DrawFn, most: int = 12) -> list[Fill]:
    """Draw the fills of one book in their order: flips, closes to flat, rebates, coin fees."""
    drawn: list[Fill] = []
    held = Decimal(0)
    for number in range(draw(st.integers(1, most))):
        quantity = abs(held) if held and draw(st.booleans()) else draw(quantities)
        side = draw(st.sampled_from([Side.BUY, Side.SELL]))
        keeps = side is Side.BUY and draw(st.booleans()) and quantity > 1
        base_fee = Decimal("0.00125") if keeps else Decimal(0)
        held += (quantity - base_fee) * side.sign
        drawn.append(
            Fill(
                venue_fill_id=f"F{number:04d}",
                account_id="paper",
                symbol="BTCUSD",
                side=side,
                quantity=quantity,
                price=draw(prices),
                commission=draw(commissions),
                at=MONDAY + timedelta(seconds=draw(st.integers(0, 1)) + number),
                base_fee=base_fee,
            )
        )
    return sorted(drawn, key=lambda each: (each.at, each.venue_fill_id))
