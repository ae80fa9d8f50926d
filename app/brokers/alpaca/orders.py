"""Finding orders at Alpaca under our ids, whatever replaced them and whichever pair they are of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import structlog

from app.brokers.alpaca import names, wire
from app.brokers.alpaca.client import AlpacaClient
from app.brokers.alpaca.names import Names
from app.brokers.alpaca.refusals import NOT_THERE
from app.brokers.alpaca.wire import Told
from app.domain.errors import BrokerRejected, BrokerUnavailable, InvalidInput
from app.domain.reports import VenueOrder

_log = structlog.get_logger()

#: The most orders and executions that Alpaca lists at once.
_PAGE: Final = 500
_FILLS_PAGE: Final = 100
#: Orders sent so long before the last one that was listed are listed again.
_OVERLAP: Final = timedelta(minutes=5)
#: An order may have been sent so long before it filled, or before its account was made here.
_BEFORE: Final = timedelta(days=1)
_STEP: Final = timedelta(microseconds=1)
#: Replacements that are followed; more than people make by hand.
_LONGEST_CHAIN: Final = 100
#: Unknown orders that are asked for one by one; more are listed.
_FEW: Final = 3

Json = Mapping[str, Any]
Read = TypeVar("Read")


class Orders:
    """Asks one account's orders; each verb raises BrokerError when the answer cannot be had."""

    def __init__(self, client: AlpacaClient, known: Names, since: datetime) -> None:
        """``since`` is when the account was made here: no order of ours is older."""
        self._client = client
        self._names = known
        self._since = since - _BEFORE
        self._searched = self._since

    def find(self, name: str) -> VenueOrder | None:
        """The order under our id; None only when Alpaca itself says that it has none."""
        chain = self.chain(name)
        return None if chain is None else reading(lambda: wire.held(name, chain))

    def chain(self, name: str) -> list[Told] | None:
        """Alpaca's orders that stood for ours, the one that stands now last."""
        known = self._names.newest(name)
        told = None if known is None else self._by_id(known)
        told = told or self._by_own(name)
        if told is None and not self._names.alone(name):
            told = self._leg(name)
        return None if told is None else self._whole(told)

    def open(self) -> list[VenueOrder]:
        """Working orders in order of arrival, the legs of pairs as orders of their own."""
        # A leg that waits is listed below its parent only, one whose parent is over beside it only.
        listed = {each.id: each for each in self._listed({"status": "open", "nested": "true"})}
        for parent in tuple(listed.values()):
            self.name_of(parent)
            listed.update({leg.id: leg for leg in parent.legs})
        listed.update({each.id: each for each in self._listed({"status": "open"})})
        replaced = {each.replaces for each in listed.values() if not each.over}
        standing = [each for each in listed.values() if not each.over and each.id not in replaced]
        standing.sort(key=lambda each: each.submitted_at)
        return [order for each in standing if (order := self._open(each, listed)) is not None]

    def fills(self, after: datetime) -> list[Json]:
        """The executions from about ``after`` on, oldest first, as they are listed."""
        query = {
            "after": wire.stamp(after - timedelta(seconds=1)),
            "direction": "asc",
            "page_size": str(_FILLS_PAGE),
        }
        found: dict[str, Json] = {}
        while True:
            page = rows(self._client.read("/account/activities/FILL", query))
            fresh = {str(row.get("id")): row for row in page if str(row.get("id")) not in found}
            found.update(fresh)
            if len(page) < _FILLS_PAGE or not fresh:
                break
            query["page_token"] = next(reversed(fresh))
        self._learn_of(found.values(), after)
        return list(found.values())

    def name_of(self, told: Told) -> str:
        """Our id of an order that Alpaca tells of; its client order id if it is not ours."""
        if self._names.of(told.id) is None and not names.read(told.own):
            if told.replaces is not None:
                self.name_of_id(told.replaces)
            elif told.order_class == "oco":
                # A leg may be of a pair of ours, which its parent alone says.
                self._search(told.submitted_at - _OVERLAP, lambda: self._names.of(told.id))
        return self._names.of(told.id) or self._names.learn(told)

    def name_of_id(self, venue_id: str) -> str | None:
        """Our id of an order by Alpaca's; None when Alpaca has no such order any more."""
        known = self._names.of(venue_id)
        if known is not None:
            return known
        told = self._by_id(venue_id)
        return None if told is None else self.name_of(told)

    # --- asking -----------------------------------------------------------------------------------

    def _by_id(self, venue_id: str) -> Told | None:
        return self._one(f"/orders/{venue_id}", {"nested": "true"})

    def _by_own(self, own: str) -> Told | None:
        return self._one("/orders:by_client_order_id", {"client_order_id": own})

    def _one(self, path: str, query: Mapping[str, str]) -> Told | None:
        try:
            answer = self._client.read(path, query)
        except BrokerRejected as refusal:
            if refusal.code in NOT_THERE:
                return None
            raise BrokerUnavailable(refusal.detail) from refusal
        return reading(lambda: Told.read(answer))

    def _leg(self, name: str) -> Told | None:
        """The order as one of a pair: found by looking through all, its absence proven by that."""
        start = self._since if self._names.forgetful else self._searched
        self._search(start, lambda: self._names.newest(name))
        found = self._names.newest(name)
        return None if found is None else self._by_id(found)

    def _search(self, after: datetime, done: Callable[[], str | None]) -> None:
        """Learn the orders sent after an instant, oldest first, until ``done`` has an answer."""
        gapless = after <= self._searched
        for told in self._listed({"status": "all", "nested": "true"}, after):
            self._names.learn(told)
            if gapless:
                self._searched = max(self._searched, told.submitted_at - _OVERLAP)
            if done() is not None:
                return

    def _listed(self, query: Mapping[str, str], after: datetime | None = None) -> Iterator[Told]:
        """A listing, page by page, each order once and oldest first."""
        asked = {**query, "direction": "asc", "limit": str(_PAGE)}
        seen: set[str] = set()
        while True:
            if after is not None:
                asked["after"] = wire.stamp(after)
            answer = self._client.read("/orders", asked)
            page = [reading(partial(Told.read, row)) for row in rows(answer)]
            fresh = [told for told in page if told.id not in seen]
            yield from fresh
            seen.update(told.id for told in fresh)
            if len(page) < _PAGE or not fresh:
                return
            after = max(told.submitted_at for told in fresh) - _STEP

    def _learn_of(self, executions: Any, after: datetime) -> None:  # noqa: ANN401  a view of dicts
        """Learn whose orders executions are of, by a listing where there are many."""
        unknown = {str(row.get("order_id")) for row in executions}
        if sum(self._names.of(each) is None for each in unknown) > _FEW:
            self._search(after - _BEFORE, lambda: None)

    # --- chains -----------------------------------------------------------------------------------

    def _whole(self, told: Told) -> list[Told]:
        """The chain of replacements that an order is of."""
        seen: set[str] = set()
        while told.id not in seen:
            seen.add(told.id)
            self._names.learn(told)
            # What was to replace another and came too late stands for nothing.
            beside = told.replaces if told.status == "rejected" else told.replaced_by
            if beside is not None and beside not in seen:
                told = self._there(beside)
        return self._behind(told, {})

    def _behind(self, told: Told, listed: Mapping[str, Told]) -> list[Told]:
        chain = [told]
        while (before := chain[0].replaces) is not None and len(chain) < _LONGEST_CHAIN:
            chain.insert(0, listed.get(before) or self._there(before))
        return chain

    def _there(self, venue_id: str) -> Told:
        told = self._by_id(venue_id)
        if told is None:
            raise BrokerUnavailable("Alpaca names an order that it says it has not.")
        return told

    def _open(self, told: Told, listed: Mapping[str, Told]) -> VenueOrder | None:
        name = self.name_of(told)
        if told.quantity is None:
            _log.warning("alpaca_order_in_dollars", order=told.id)
            return None
        return reading(lambda: wire.held(name, self._behind(told, listed)))


def reading(read: Callable[[], Read]) -> Read:
    """Return what ``read`` returns; raises BrokerUnavailable for what cannot be read."""
    try:
        return read()
    except InvalidInput as error:
        words = error.detail[:200]
        _log.warning("alpaca_unreadable", detail=words)
        raise BrokerUnavailable(f"Alpaca's answer cannot be read: {words}") from error


def rows(answer: object) -> list[Json]:
    """Return the rows of a list; an answer that is none is no empty list."""
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise BrokerUnavailable("Alpaca's answer is no list.")
    return answer


def answered(ask: Callable[[], Read]) -> Read:
    """Return the answer to a question; what is refused to be answered is unavailable."""
    try:
        return ask()
    except BrokerRejected as refusal:
        raise BrokerUnavailable(refusal.detail) from refusal
