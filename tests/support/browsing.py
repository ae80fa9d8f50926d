"""Browsers of people: signed in, watched for every error that a page keeps to itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.support.trader import COOKIE, Trader

DESKTOP = {"width": 1440, "height": 900}
#: Nobody's zone but the reader's: the pages must show the zone of the server's settings.
CONTEXT: dict[str, Any] = {
    "viewport": DESKTOP,
    "timezone_id": "Asia/Tokyo",
    "locale": "en-US",
    "reduced_motion": "reduce",
    "permissions": ["clipboard-read", "clipboard-write"],
}
ON_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
#: What a browser says of an answer that a test asks for on purpose.
REFUSED_FORM = r"status of 4(01|04|09|22)"


@dataclass
class Seats:
    """Browsers that were used and are as new again: to start one costs more than most tests do.

    All that stays of the last user is the cache of files.
    """

    browser: Browser
    _free: dict[str, list[BrowserContext]] = field(default_factory=dict)

    def take(self, options: Mapping[str, Any]) -> Page:
        """An empty page of a browser with these options that nobody else uses."""
        free = self._free.get(repr(options))
        if free:
            return free.pop().pages[0]
        return self.browser.new_context(**options).new_page()

    def give_back(self, context: BrowserContext, options: Mapping[str, Any]) -> None:
        """Close its pages, and forget who signed in and what the pages had stored."""
        left = context.pages
        # Made before the last page is closed, so that the process of both goes on.
        empty = context.new_page()
        for page in left:
            page.close()
        context.clear_cookies()
        stored = {"origin": options["base_url"], "storageTypes": "local_storage"}
        session = context.new_cdp_session(empty)
        session.send("Storage.clearDataForOrigin", stored)
        session.detach()
        self._free.setdefault(repr(options), []).append(context)


@dataclass
class Desk:
    """Opens browsers, and keeps every error and warning that their pages report.

    A breach of the Content-Security-Policy is one, so every test guards the policy.
    """

    seats: Seats
    taken: list[tuple[BrowserContext, Mapping[str, Any]]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    #: Patterns of errors that the test causes on purpose.
    expected: list[str] = field(default_factory=list)

    def page(self, address: str, **more: object) -> Page:
        """A page of somebody who has not signed in, in a browser of its own."""
        options = {**CONTEXT, "base_url": address, **more}
        page = self.seats.take(options)
        self.taken.append((page.context, options))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        return page

    def of(self, trader: Trader, path: str, **more: object) -> Page:
        """A page of somebody who has signed in, ready to use."""
        page = self.page(trader.address, **more)
        page.context.add_cookies(
            [{"name": COOKIE, "value": trader.cookie(), "url": trader.address}]
        )
        visit(page, path)
        return page

    def unexpected(self) -> list[str]:
        """The errors that no test asked for."""
        return [
            error
            for error in self.errors
            if not any(re.search(pattern, error) for pattern in self.expected)
        ]

    def close(self) -> None:
        """Leave every browser to the next test."""
        for context, options in self.taken:
            self.seats.give_back(context, options)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(f"{message.text} {message.location.get('url', '')}")


def visit(page: Page, path: str) -> None:
    """Open a page and wait until it is ready."""
    page.goto(path)
    ready(page)


def ready(page: Page) -> None:
    """Wait until the page's script runs and, where there is a connection, it is live."""
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    if page.locator("#connection").count():
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")


def stay(page: Page) -> None:
    """Mark the page as it is now, for ``stayed``."""
    page.evaluate("window.mark = 1")


def stayed(page: Page) -> bool:
    """Whether the page was not loaded again since it was marked."""
    return bool(page.evaluate("window.mark === 1"))
