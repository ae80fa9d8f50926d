"""The message to paste into TradingView, ready for a strategy's alert or an indicator's."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

from app.domain.alerts.intent import Action
from app.domain.money import wire

#: The comment placeholder is left out: a quote in a comment would break the message.
_STRATEGY: Final = {
    "id": "{{strategy.order.id}}-{{timenow}}-{{strategy.market_position_size}}",
    "action": "{{strategy.order.action}}",
    "contracts": "{{strategy.order.contracts}}",
    "market_position": "{{strategy.market_position}}",
    "market_position_size": "{{strategy.market_position_size}}",
    "prev_market_position": "{{strategy.prev_market_position}}",
    "prev_market_position_size": "{{strategy.prev_market_position_size}}",
    "price": "{{strategy.order.price}}",
    "timenow": "{{timenow}}",
}


def message(
    symbol: str,
    action: Action | None = None,
    *,
    quantity: Decimal | None = None,
    account: str | None = None,
    test: bool = False,
) -> str:
    """Return the JSON message of a strategy's alert, or of an indicator's for ``action``.

    ``quantity`` (units, above zero) is for indicators; a strategy's alert says its own.
    """
    fields: dict[str, object] = {"symbol": symbol}
    fields |= _STRATEGY if action is None else _indicator(action, quantity)
    if account:
        fields["account"] = account
    if test:
        fields["test"] = True
    return json.dumps(fields, indent=2, ensure_ascii=False)


def heartbeat() -> str:
    """Return the JSON message of an alert that only says that the sender is alive."""
    fields = {
        "action": str(Action.HEARTBEAT),
        "id": "heartbeat-{{timenow}}",
        "timenow": "{{timenow}}",
    }
    return json.dumps(fields, indent=2)


def _indicator(action: Action, quantity: Decimal | None) -> dict[str, str]:
    fields = {
        "id": f"{action}-{{{{interval}}}}-{{{{timenow}}}}",
        "action": str(action),
        "price": "{{close}}",
        "timenow": "{{timenow}}",
    }
    if quantity is not None:
        fields["quantity"] = wire(quantity)
    return fields
