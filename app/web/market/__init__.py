"""Markets over HTTP: whether they are open, and the price of a symbol."""

from app.web.market.api import chip, install_market

__all__ = ["chip", "install_market"]
