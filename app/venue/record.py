"""What the venue's log says, for whoever compares it with the server's books."""

from __future__ import annotations

from typing import Any

from app.venue.log import VenueLog


def judged(log: VenueLog, account_id: str | None) -> dict[str, Any]:
    """Return every order, fill and request, of one account or of all, as JSON."""
    names = [account_id] if account_id else sorted(log.accounts())
    return {
        "orders": [order.to_json() for name in names for order in log.orders(name)],
        "fills": [fill.to_json() for name in names for fill in log.load(name).fills],
        "requests": [one for one in log.requests() if one["account_id"] in names],
    }
