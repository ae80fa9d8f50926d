"""The page that connects an account; what is typed there goes to the API and never comes back."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template

from app.web.auth import Guard, guard
from app.web.deps import deps


@guard(Guard.SESSION)
def page() -> str:
    """Show the form that connects an account."""
    roll = deps().settings.trading_day_roll
    return render_template("connect.html", page="accounts", roll=roll)


def install_connect_page(app: Flask) -> None:
    """Add the page."""
    routes = Blueprint("connections", __name__)
    routes.add_url_rule("/accounts/connect", view_func=page)
    app.register_blueprint(routes)
