"""When markets trade: ordinary days, half days, holidays, weekends, and the clocks' changes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.domain.catalogue import InstrumentKind
from app.domain.errors import InvalidInput
from app.domain.sessions import MARKETS, MarketState, market_of, state_of

NEW_YORK = ZoneInfo("America/New_York")
CHICAGO = ZoneInfo("America/Chicago")


def shares(text: str) -> MarketState:
    """The stock market at a time on the wall in New York."""
    at = datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)
    return state_of(market_of(InstrumentKind.STOCK), at)


def futures(text: str) -> MarketState:
    """The futures market at a time on the wall in Chicago."""
    at = datetime.fromisoformat(text).replace(tzinfo=CHICAGO)
    return state_of(market_of(InstrumentKind.FUTURE), at)


def in_zone(at: datetime | None, zone: ZoneInfo) -> str:
    assert at is not None
    assert at.tzinfo is UTC
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def turns(state: MarketState, zone: ZoneInfo) -> tuple[str, str]:
    """The next open and the next close on the wall."""
    return in_zone(state.next_open, zone), in_zone(state.next_close, zone)


@pytest.mark.parametrize(
    ("at", "phase"),
    [
        ("2026-03-04 03:59:59", "closed"),
        ("2026-03-04 04:00", "pre"),
        ("2026-03-04 09:29:59", "pre"),
        ("2026-03-04 09:30", "regular"),
        ("2026-03-04 15:59:59", "regular"),
        ("2026-03-04 16:00", "post"),
        ("2026-03-04 19:59:59", "post"),
        ("2026-03-04 20:00", "closed"),
        ("2026-03-07 12:00", "closed"),  # Saturday
        ("2026-07-03 12:00", "closed"),  # Independence Day, observed
        ("2026-11-27 12:59:59", "regular"),  # the half day after Thanksgiving
        ("2026-11-27 13:00", "post"),
        ("2026-11-27 16:59:59", "post"),
        ("2026-11-27 17:00", "closed"),
    ],
)
def test_shares_are_in_that_part_of_their_day(at: str, phase: str) -> None:
    state = shares(at)
    assert state.phase == phase
    assert state.is_open is (phase == "regular")


@pytest.mark.parametrize(
    ("at", "next_open", "next_close"),
    [
        ("2026-03-04 10:00", "2026-03-05 09:30", "2026-03-04 16:00"),
        ("2026-03-04 08:00", "2026-03-04 09:30", "2026-03-04 16:00"),
        ("2026-03-04 16:00", "2026-03-05 09:30", "2026-03-05 16:00"),
        ("2026-03-06 18:00", "2026-03-09 09:30", "2026-03-09 16:00"),  # the clocks change between
        ("2026-07-02 18:00", "2026-07-06 09:30", "2026-07-06 16:00"),
        ("2026-11-25 18:00", "2026-11-27 09:30", "2026-11-27 13:00"),
        ("2025-12-24 12:00", "2025-12-26 09:30", "2025-12-24 13:00"),
    ],
)
def test_shares_open_and_close_next(at: str, next_open: str, next_close: str) -> None:
    assert turns(shares(at), NEW_YORK) == (next_open, next_close)


def test_the_opening_moves_with_the_clocks_of_the_exchange() -> None:
    before, after = shares("2026-03-06 08:00"), shares("2026-03-09 08:00")
    assert before.next_open == datetime(2026, 3, 6, 14, 30, tzinfo=UTC)
    assert after.next_open == datetime(2026, 3, 9, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "is_open", "next_open", "next_close"),
    [
        ("2026-03-04 10:00", True, "2026-03-04 17:00", "2026-03-04 16:00"),
        ("2026-03-04 16:00", False, "2026-03-04 17:00", "2026-03-05 16:00"),
        ("2026-03-04 17:00", True, "2026-03-05 17:00", "2026-03-05 16:00"),
        ("2026-03-06 16:00", False, "2026-03-08 17:00", "2026-03-09 16:00"),
        ("2026-03-08 17:00", True, "2026-03-09 17:00", "2026-03-09 16:00"),
        ("2026-04-02 18:00", False, "2026-04-05 17:00", "2026-04-06 16:00"),  # Good Friday
        ("2026-05-25 12:00", False, "2026-05-25 17:00", "2026-05-26 16:00"),  # Memorial Day
        ("2026-05-25 11:59", True, "2026-05-25 17:00", "2026-05-25 12:00"),
    ],
)
def test_futures_trade_from_evening_to_afternoon(
    at: str, is_open: bool, next_open: str, next_close: str
) -> None:
    state = futures(at)
    assert state.phase == ("regular" if is_open else "closed")
    assert turns(state, CHICAGO) == (next_open, next_close)


def test_crypto_never_closes() -> None:
    state = state_of(market_of(InstrumentKind.CRYPTO), datetime(2026, 12, 25, 3, tzinfo=UTC))
    assert (state.is_open, state.next_open, state.next_close) == (True, None, None)


def test_every_kind_of_instrument_has_a_market_and_shares_come_first() -> None:
    assert {market.kind for market in MARKETS} == set(InstrumentKind)
    assert MARKETS[0] is market_of(InstrumentKind.STOCK)


def test_a_year_of_which_the_holidays_are_not_known_is_refused() -> None:
    with pytest.raises(InvalidInput, match="known from 2000 to 2050"):
        shares("2051-03-01 12:00")
