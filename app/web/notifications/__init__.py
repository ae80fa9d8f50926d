"""Channels of notices over HTTP: the API, and the page in the settings."""

from app.web.notifications.api import install_notifications
from app.web.notifications.page import install_notifications_page

__all__ = ["install_notifications", "install_notifications_page"]
