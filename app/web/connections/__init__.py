"""Connections of accounts to their venues over HTTP: the API, and the page that connects one."""

from app.web.connections.api import install_connections
from app.web.connections.page import install_connect_page

__all__ = ["install_connect_page", "install_connections"]
