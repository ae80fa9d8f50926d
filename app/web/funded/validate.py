"""An order on a funded account, judged as if it were sent: nothing is."""

from __future__ import annotations

from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field

from app.domain.orders import Side
from app.services.funded.whatif import Supposed
from app.web.api.listing import Amount, Strict, add
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json, money

_Positive = Annotated[Amount, Field(gt=0)]


class OrderIn(Strict):
    """An order to ask about.

    Its stop lies at a price (``stop``) or so many points away (``stop_points``).  Without a
    ``price`` it is the market's.  ``automated`` is that a program would send it.
    """

    symbol: Annotated[str, Field(min_length=1, max_length=40)]
    side: Side
    quantity: _Positive
    stop: Amount | None = None
    stop_points: _Positive | None = None
    price: Amount | None = None
    automated: Annotated[bool, Field(strict=True)] = False


@guard(Guard.EITHER)
def validate_trade(account_id: str, body: OrderIn) -> Json:
    """Say whether an order could break a rule of a funded account, without sending it."""
    supposed = Supposed(**dict(body))
    found = deps().what_if.ask(me().id, account_id, supposed)
    refusal, answer = found.refusal, found.answer
    return {
        "allowed": refusal is None,
        "code": None if refusal is None else refusal.code,
        "detail": None if refusal is None else refusal.detail,
        "fits": money(answer.fits),
        "loss": money(answer.loss),
        "worst_equity": money(answer.worst_equity),
        "breach_price": money(answer.breach_price),
        "checks": [
            {"name": each.name, "label": each.label, "ok": each.ok, "detail": each.detail}
            for each in found.checks
        ],
    }


def install(api: APIBlueprint) -> None:
    """Add the route."""
    add(api, "POST", "/accounts/<account_id>/validate-trade", validate_trade, body=OrderIn)
