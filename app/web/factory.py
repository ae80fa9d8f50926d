"""The web application, put together from its routes and what they may call."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Final

from apiflask import APIBlueprint, APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.web import account_pages, auth, headers, health, pages, problems, signin, standby, webhook
from app.web.api import (
    accounts,
    agreement,
    attachments,
    calendar,
    chart,
    dashboard,
    drift,
    journal,
    journal_day,
    journal_pages,
    metrics,
    records,
    refusals,
    safety,
    statements,
    storms,
    strategies,
    trading,
)
from app.web.connections import install_connect_page, install_connections
from app.web.deps import WebDeps, attach
from app.web.funded import install_addon, install_funded, install_pages
from app.web.market import install_market
from app.web.notifications import install_notifications, install_notifications_page
from app.web.prices import bound_imports, install_price_page, install_prices

#: Seconds that a client may leave between two pieces of its request.
PATIENCE_S: Final = 10.0

Wsgi = Callable[..., Iterable[bytes]]


def create_app(web: WebDeps) -> APIFlask:
    """Return the application; raises InvariantBroken for a route that declares no guard."""
    settings = web.settings
    app = APIFlask(
        "app.web",
        title="Signalbox",
        version=settings.version,
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
        static_folder=str(settings.root / "static"),
        template_folder=str(settings.root / "templates"),
    )
    attach(app, web)
    # A slash too many is answered, never redirected: a webhook's sender follows no redirect.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = None
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_body_bytes
    problems.install(app)
    headers.install(app, settings)
    webhook.install(app, web)
    install_addon(app, web)
    health.install(app)
    signin.install(app, web)
    pages.install(app, settings)
    account_pages.install(app)
    install_connect_page(app)
    drift.install_page(app)
    agreement.install_page(app)
    journal_pages.install(app)
    journal_day.install(app)
    attachments.install_pages(app)
    statements.install_pages(app)
    storms.install_pages(app)
    install_pages(app)
    install_notifications_page(app)
    install_price_page(app)
    bound_imports(app)
    _install_api(app, web)
    auth.install(app, settings)
    standby.install(app)
    app.wsgi_app = _impatient(app.wsgi_app)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _impatient(serve: Wsgi) -> Wsgi:
    """Give a client this long for each piece of its request; one that drips holds nothing up.

    The server hands its socket over in the environment; it is given back as it was.
    """

    def within(environ: dict[str, object], start_response: object) -> Iterable[bytes]:
        connection = environ.get("gunicorn.socket")
        if not isinstance(connection, socket.socket):
            return serve(environ, start_response)
        connection.settimeout(PATIENCE_S)
        try:
            return serve(environ, start_response)
        finally:
            connection.settimeout(None)

    return within


def _install_api(app: APIFlask, web: WebDeps) -> None:
    api = APIBlueprint("api", __name__, url_prefix="/api")
    records.install(api)
    trading.install(api)
    safety.install(api)
    drift.install(api)
    agreement.install(api, web)
    statements.install(api)
    storms.install(api)
    accounts.install(api)
    install_connections(api)
    strategies.install(api)
    dashboard.install(api)
    calendar.install(api)
    chart.install(api)
    journal.install(api)
    attachments.install(api)
    metrics.install(api)
    refusals.install(api)
    install_notifications(api)
    install_prices(api)
    install_market(api)
    install_funded(api)
    signin.install_tokens(api)
    app.register_blueprint(api)
