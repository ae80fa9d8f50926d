"""Funded accounts over HTTP: their API and their pages."""

from apiflask import APIBlueprint

from app.web.funded import addon_keys, rule_sets, validate
from app.web.funded import api as accounts
from app.web.funded.addon import install as install_addon
from app.web.funded.pages import install_pages

__all__ = ["install_addon", "install_funded", "install_pages"]


def install_funded(api: APIBlueprint) -> None:
    """Add every route of funded accounts to the API."""
    accounts.install(api)
    rule_sets.install(api)
    validate.install(api)
    addon_keys.install(api)
