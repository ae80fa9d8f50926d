"""Prices over HTTP: bars as an API, and the page of a symbol."""

from app.web.prices.api import bound_imports, install_prices
from app.web.prices.page import install_price_page

__all__ = ["bound_imports", "install_price_page", "install_prices"]
