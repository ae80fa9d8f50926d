"""Somebody who opens a fresh server in a browser for the first time."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.quick import PASSWORD
from tests.support.serving import Server


def sign_up(page: Page, server: Server) -> None:
    """Create the first user by the link in the terminal, at the second attempt."""
    link = re.search(r"http\S+/setup\?token=\S+", server.printed())
    assert link, server.printed()
    page.goto(link[0])
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill("something else")
    page.get_by_role("button", name="Create and sign in").click()
    expect(page.get_by_label("Password again")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name")).to_have_value("ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create and sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def copied(page: Page, what: str) -> str:
    """Return what the button that copies it copied."""
    page.get_by_role("button", name=f"Copy {what}").click()
    expect(page.get_by_text(f"Copied {what}.")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))
