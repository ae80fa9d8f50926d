"""What a message of an add-on means to the rules of its account."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.propfirm import AccountState, Clock, Held, Update
from app.services.addon.news import events_of, needed
from tests.support.addon import START, position, read, told


def news(**more: Any) -> list[object]:  # noqa: ANN401
    return list(events_of(read(told(1, **more)), START))


def update(**more: Any) -> tuple[Decimal | None, Decimal | None]:  # noqa: ANN401
    *_, last = news(**more)
    assert isinstance(last, Update)
    assert last.quoted
    return last.balance, last.unrealized


def values(cash: str | None, liquid: str | None, unrealized: str | None) -> dict[str, Any]:
    return {
        "values": {"cash_value": cash, "net_liquidation": liquid, "unrealized_pnl": unrealized},
        "positions": None,
    }


def test_contracts_come_before_the_balance() -> None:
    two, short = position(2), position(3, "Short", instrument="MES 03-26")
    held, said = news(positions=[two, short, position(0, "Flat")], cash="50100")
    assert held == Held(START, Decimal(5))
    assert said == Update(START, Decimal(50100), Decimal(0))


def test_positions_that_are_not_told_change_no_contracts() -> None:
    assert len(news(positions=None)) == 1


@pytest.mark.parametrize("liquid", [None, "0"])
def test_equity_is_cash_and_open_pnl_where_the_feed_has_no_net_liquidation(
    liquid: str | None,
) -> None:
    assert update(**values("50000", liquid, "-12.50")) == (Decimal(50000), Decimal("-12.5"))


def test_net_liquidation_is_the_equity_where_the_feed_has_it() -> None:
    assert update(**values("50000", "50187.90", "60")) == (Decimal(50000), Decimal("187.9"))


def test_an_open_pnl_that_is_not_told_is_unknown() -> None:
    assert update(**values("50000", None, None)) == (Decimal(50000), None)


@pytest.mark.parametrize("cash", ["0", None])
def test_zeros_before_the_platform_has_the_account_are_no_news(cash: str | None) -> None:
    assert news(**values(cash, "0", "0")) == []


def test_a_platform_without_its_broker_has_no_news() -> None:
    cut = told(1)
    cut["account"]["connection_status"] = "ConnectionLost"
    assert events_of(read(cut), START) == ()


def test_who_holds_nothing_has_no_open_pnl() -> None:
    assert update(positions=[], unrealized="62.50") == (Decimal(50000), None)
    assert update(positions=[], unrealized=None) == (Decimal(50000), None)
    assert update(positions=[], unrealized="0") == (Decimal(50000), Decimal(0))


@pytest.mark.parametrize(
    ("way", "open_pnl", "known"),
    [
        ("Long", "-8600.00", True),
        ("Long", "-8700.00", False),
        ("Short", "8700.00", False),
        ("Short", "-8600.00", True),
        ("Long", "-43000.50", False),
    ],
)
def test_a_price_that_jumped_is_no_quote(way: str, open_pnl: str, known: bool) -> None:
    held = position(1, way, unrealized_pnl=open_pnl)
    _, open_ = update(positions=[held], unrealized=open_pnl)
    assert (open_ is not None) is known


@pytest.mark.parametrize("gap", ["average_price", "unrealized_pnl", "point_value"])
def test_a_position_that_does_not_tell_enough_is_believed(gap: str) -> None:
    held = position(1, unrealized_pnl="-43000") | {gap: None}
    assert update(positions=[held], unrealized="-43000")[1] == Decimal(-43000)


def test_news_of_nothing_are_time_and_the_same_contracts_are_none() -> None:
    state = AccountState(
        balance=Decimal(50000),
        high_water=Decimal(50000),
        floor=Decimal(48000),
        day_start_balance=Decimal(50000),
        contracts=Decimal(1),
    )
    held, update = events = events_of(read(told(1, positions=[position()])), START)
    assert needed(state, events) == [Clock(START), Clock(START)]
    assert needed(replace(state, contracts=Decimal(2)), events) == [held, Clock(START)]
    assert needed(replace(state, balance=Decimal(1)), events) == [Clock(START), update]
