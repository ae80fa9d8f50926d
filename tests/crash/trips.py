"""How each crash point is reached: what is sent before and after the server is to die there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.crash.points import ANSWERED, MOMENTS, REPORTS, STATEMENTS
from tests.crash.ward import Ward


def crash(ward: Ward, point: str) -> None:
    """Kill the running server at ``point``, start the next one, let it catch up, and judge it."""
    TRIPS[point](ward)


def _back(ward: Ward, working: int = 0) -> None:
    ward.start()
    ward.resend()
    ward.judged(working)


def _moving(ward: Ward, point: str) -> None:
    """The server dies over an alert that adds one, or goes back from three to two."""
    body = ward.move(ward.desk.held + 1 if ward.desk.held < 3 else 2)
    ward.die_at(point)
    ward.send(body)
    ward.dead()
    _back(ward)


def _half_sent(ward: Ward) -> None:
    """C01: the server dies while the body is on its way."""
    ward.send_half(ward.move(ward.desk.held - 1))
    ward.strike("C01")
    ward.half.close()
    _back(ward)


def _reversing(ward: Ward) -> None:
    """C17: the server dies over an alert that goes from long 2 to short 2."""
    if ward.desk.held != 2:
        assert ward.send(ward.move(2)) == 202
        ward.judged()
    body = ward.move(-2)
    ward.die_at("C17")
    ward.send(body)
    ward.dead()
    _back(ward)


def _filling_in_part(ward: Ward) -> None:
    """C14: the server dies when one of two is filled; the rest fills at the next price."""
    body = ward.move(ward.thin.held + 2, ward.thin)
    ward.die_at("C14")
    ward.send(body, ward.thin)
    ward.dead()
    _back(ward, working=1)
    # A price for the same market, from an alert that has nothing to close.
    price = {**ward.alert(ward.desk, action="close"), "symbol": ward.thin.symbol}
    assert ward.send(price) == 202
    ward.judged()


def _cancelling(ward: Ward) -> None:
    """C15: the server dies when the venue has cancelled an order that was far from the market."""
    fields = {"action": "buy", "contracts": "1", "order_type": "limit", "limit_price": "4000"}
    assert ward.send(ward.alert(ward.desk, **fields)) == 202
    ward.judged(working=1)
    body = ward.alert(ward.desk, action="cancel")
    ward.die_at("C15")
    ward.send(body)
    ward.dead()
    _back(ward)


TRIPS: dict[str, Callable[[Ward], None]] = {
    **{point: partial(_moving, point=point) for point in (*STATEMENTS, *MOMENTS, *REPORTS)},
    ANSWERED: partial(_moving, point=ANSWERED),
    "C01": _half_sent,
    "C14": _filling_in_part,
    "C15": _cancelling,
    "C17": _reversing,
}
