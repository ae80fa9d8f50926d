"""The page of a symbol: its chart, and its price as it moves."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Flask, render_template

from app.domain.instruments import resolve
from app.domain.quotes import Timeframe
from app.web import wire
from app.web.auth import Guard, guard
from app.web.deps import deps
from app.web.shapes import prices as shapes

#: What people call a bar's length, for those who hear the buttons.
TIMEFRAMES: Final = (
    (Timeframe.MINUTE.value, "1 minute"),
    (Timeframe.FIVE_MINUTES.value, "5 minutes"),
    (Timeframe.FIFTEEN_MINUTES.value, "15 minutes"),
    (Timeframe.HOUR.value, "1 hour"),
    (Timeframe.DAY.value, "1 day"),
)


@guard(Guard.SESSION)
def show(symbol: str) -> str:
    """Show the chart of a symbol, however it is written."""
    web = deps()
    contract = resolve(symbol, web.clock.now().date())
    last = web.quotes.latest(contract.symbol)
    instrument = contract.instrument
    quote = None if last is None else {**shapes.quote(last), "ts": wire.iso(last.at)}
    return render_template(
        "symbol.html",
        page="prices",
        contract=contract,
        name=instrument.name,
        quote=quote,
        timeframes=TIMEFRAMES,
        boot={"symbol": contract.symbol, "tick": wire.money(instrument.tick_size), "quote": quote},
    )


def install_price_page(app: Flask) -> None:
    """Add the page."""
    routes = Blueprint("prices", __name__)
    routes.add_url_rule("/market/<path:symbol>", "show", show)
    app.register_blueprint(routes)
