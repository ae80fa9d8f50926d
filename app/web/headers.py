"""Headers of every answer to a browser: what a page may load, and what others may do with it."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

from app.web.deps import WebSettings

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS: Final = "max-age=31536000"


def install(app: Flask, settings: WebSettings) -> None:
    """Set the headers on every answer but the webhook's, which no browser reads."""
    fixed = {**HEADERS, "Strict-Transport-Security": HSTS} if settings.https else HEADERS

    @app.after_request
    def set_headers(response: Response) -> Response:
        if request.endpoint == "webhook.receive":
            return response
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
