"""Crash point C18: a real server dies while its account's trading day rolls."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.bootstrap import Core
from tests.crash.ward import Ward
from tests.support.serving import Program, eventually

#: What is to be done before the roll takes less than this.
_BEFORE = timedelta(seconds=8)
#: How long before the roll the point is armed, and how long after it the server must be dead.
_ARMED_S, _DEAD_S = 2.0, 5.0


def roll_over(ward: Ward) -> None:
    """C18: two are held with open profit, and the server dies as it begins the next day.

    The day of the server that comes after it begins with what was earned until the roll.
    """
    ends, account_id, token = _soon(ward)
    ward.start()
    assert ward.send(ward.move(2)) == 202
    _price(ward, "5010")
    ward.judged()
    ward.pause((ends - ward.clock.now()).total_seconds() - _ARMED_S)
    ward.die_at("C18")
    ward.dead(_ARMED_S + _DEAD_S)
    assert ends <= ward.deaths[-1]
    ward.start()
    _price(ward, "5020")
    evidence = ward.judged()
    earned = [
        (sample.at, None if sample.open is None else sample.realised + sample.open)
        for series, sample in evidence.curves
        if (series.strategy_id, series.account_id) == (None, account_id)
    ]
    until = [pnl for at, pnl in earned if at < ends.timestamp() and pnl is not None]
    assert until[-1] > 0
    program = Program(f"http://127.0.0.1:{ward.server.port}", token)
    figures = eventually(lambda: _priced(program, account_id))
    now = Decimal(figures["realised"]) + Decimal(figures["open_pnl"])
    assert Decimal(figures["today_pnl"]) == now - until[-1]


def _soon(ward: Ward) -> tuple[datetime, str, str]:
    """Let the account's day end at the next minute; when, which account, and an API token."""

    def change(made: Core) -> tuple[datetime, str, str]:
        link = made.strategies.find(None, "First").accounts[0]
        account = made.accounts.get(None, link.account_id)
        ends = (ward.clock.now() + _BEFORE).replace(second=0, microsecond=0) + timedelta(minutes=1)
        made.accounts.update_paper(None, account.id, account.settings, f"{ends:%H:%M} UTC")
        return ends, account.id, made.users.create_token(made.users.list()[0].id, "crash")[1]

    return ward.prepared(change)


def _price(ward: Ward, price: str) -> None:
    """Say a price by an alert that has nothing to close."""
    fields = {**ward.alert(ward.other, action="close"), "symbol": ward.desk.symbol, "price": price}
    assert ward.send(fields, ward.other) == 202


def _priced(program: Program, account_id: str) -> dict[str, Any] | None:
    figures = dict(program.get(f"/api/accounts/{account_id}/figures"))
    return None if figures["open_pnl"] is None else figures
