"""The HTTP and Socket.IO shell around the services."""

from app.web.deps import WebDeps, WebSettings
from app.web.factory import create_app

__all__ = ["WebDeps", "WebSettings", "create_app"]
