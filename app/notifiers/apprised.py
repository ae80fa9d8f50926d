"""What apprise does for us; only the process beside the server imports this."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType
from apprise.exception import AppriseException
from apprise.manager_plugins import NotificationManager

_TYPES: Final = {
    "info": NotifyType.INFO,
    "success": NotifyType.SUCCESS,
    "warning": NotifyType.WARNING,
    "error": NotifyType.FAILURE,
}
_LONGEST: Final = 300
#: Pieces of an address that are shorter are no secret, and would blank out half of a sentence.
_SHORTEST: Final = 4
_BETWEEN: Final = re.compile(r"[/:@?&=#,;+\s]+")


class Heard(logging.Handler):
    """Keeps what apprise says about one message."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, each only once."""
        line = record.getMessage().strip()
        if line not in self.words:
            self.words.append(line)


def answer(question: Mapping[str, str]) -> dict[str, str | None]:
    """Check the ``address``, and send ``title`` and ``body`` to it where they are given.

    Returns the ``service`` and the ``problem``, None when there is none; no secret is in either.
    """
    address, heard = question["address"], Heard()
    logger = logging.getLogger("apprise")
    logger.addHandler(heard)
    logger.propagate = False
    try:
        service, problem = _made(address)
        if service is None:
            return {"service": None, "problem": problem}
        if "body" in question and not _sent(service, question):
            words = " ".join(heard.words) or f"{service.service_name} did not take it."
            problem = _clean(words, address, _shown(service))
    finally:
        logger.removeHandler(heard)
    return {"service": str(service.service_name), "problem": problem}


def _made(address: str) -> tuple[NotifyBase | None, str | None]:
    """Return what stands behind the address, or why nothing does."""
    # No picture: it would be fetched from apprise's own site by whoever reads the notice.
    asset = AppriseAsset(app_id="Signalbox", app_desc="Signalbox", app_url="")
    asset.image_url_mask = asset.image_url_logo = ""
    try:
        service = Apprise.instantiate(address, asset=asset, suppress_exceptions=False)
    except (AppriseException, TypeError, ValueError) as error:
        return None, _clean(str(error), address, "")
    if service is not None:
        return service, None
    scheme = address.partition("://")[0].lower()
    known = NotificationManager()  # type: ignore[no-untyped-call]
    if scheme not in known:
        return None, f"No service has addresses that begin with {scheme}://."
    name = known[scheme].service_name
    return None, f"It begins like an address of {name}, but the rest of it is not one."


def _sent(service: NotifyBase, question: Mapping[str, str]) -> bool:
    sender = Apprise(asset=service.asset)
    sender.add(service)
    return bool(
        sender.notify(
            title=question["title"],
            body=question["body"],
            body_format=NotifyFormat.TEXT,
            notify_type=_TYPES[question["level"]],
        )
    )


def _shown(service: NotifyBase) -> str:
    """Return the address as apprise shows it, most of what is secret left out."""
    return str(service.url(privacy=True))  # type: ignore[no-untyped-call]


def _clean(words: str, address: str, shown: str) -> str:
    """Return the words without any piece of the address but the name of its host."""
    rest = address.partition("://")[2]
    host = urlsplit(shown).hostname or ""
    pieces = {piece for text in (rest, unquote(rest)) for piece in _BETWEEN.split(text)}
    if "." in host:
        pieces.discard(host)
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= _SHORTEST:
            words = words.replace(piece, "…")
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
