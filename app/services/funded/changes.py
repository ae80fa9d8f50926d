"""What the owner of a funded account changes: its rules, the preferences, the list of news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.domain.accounts import Account
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.events import Fact, FactKind
from app.domain.money import ZERO, exact, wire
from app.propfirm import (
    Clock,
    Event,
    FundedAccount,
    News,
    Preferences,
    RuleSet,
    Source,
    moved,
    opened,
    taken_over,
)
from app.propfirm.keeping import kept_preferences
from app.services import ports
from app.services.funded.rules import find
from app.services.funded.tracker import Tracked, Tracker, realised_of, state_of
from app.services.ports import Ids, KeptNews, Store, UnitOfWork

_MOST_NEWS: Final = 500
_LONGEST_NEWS: Final = timedelta(days=7)
_NAME_LENGTH: Final = 80
_MOST_WARNING: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version that an account is put under.

    For an account that was traded before: ``balance`` is what it has now and ``high_water`` the
    highest that its firm counts.  Without them it is a new one, or has what its add-on told last.
    """

    rule_set_id: str
    version: str
    balance: Decimal | None = None
    high_water: Decimal | None = None


class FundedChanges:
    """Puts accounts under rules, moves them, sets their preferences; each change is a fact."""

    def __init__(self, store: Store, clock: ports.Clock, ids: Ids, tracker: Tracker) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._tracker = tracker

    def pin(self, user_id: str, account_id: str, chosen: Chosen) -> Tracked:
        """Put the account under that version: a plain or pending one is accepted, else it is moved.

        Raises NotFound for an account or version that is not the user's, Conflict for rules that
        the account cannot be moved to, InvalidInput with the field.
        """
        with self._store.write() as uow:
            account = _own(uow, user_id, account_id)
            rules = find(uow, user_id, chosen.rule_set_id, chosen.version).rules
            held = uow.funded.hold(account_id)
            if held is None or held.pending:
                return self._accept(uow, account, held, rules, chosen)
            return self._move(uow, account, held, rules)

    def drop(self, user_id: str, account_id: str) -> None:
        """Track the account no more; its days and violations go, and the log keeps what it told.

        One that an add-on tells of is pending again.  Raises NotFound.
        """
        with self._store.write() as uow:
            account = _own(uow, user_id, account_id)
            held = _held(uow, account_id)
            uow.funded.delete(account_id)
            if held.source is Source.ADDON:
                uow.funded.insert(
                    FundedAccount(account_id, held.source, updated_at=held.updated_at)
                )
            words = "is tracked no more"
            self._tell(uow, account, words, {"from": _pinned(held), "to": None})

    def prefer(self, user_id: str, account_id: str, wanted: Mapping[str, object]) -> Preferences:
        """Change what the owner chose for the account; what is not named stays.

        Raises NotFound, InvalidInput with the field.
        """
        with self._store.write() as uow:
            account = _own(uow, user_id, account_id)
            held = _held(uow, account_id)
            chosen = replace(held.preferences, **wanted)  # type: ignore[arg-type]
            _check(chosen)
            if chosen != held.preferences:
                uow.funded.save(replace(held, preferences=chosen))
                data = {
                    "from": kept_preferences(held.preferences),
                    "to": kept_preferences(chosen),
                }
                self._tell(uow, account, "preferences changed", data)
        return chosen

    def news(self, user_id: str) -> Sequence[KeptNews]:
        """The user's list of news, by their start."""
        with self._store.read() as uow:
            return uow.rule_sets.news(user_id)

    def add_news(self, user_id: str, news: News) -> KeptNews:
        """Put news on the user's list; raises InvalidInput with the field."""
        kept = KeptNews(self._ids(), user_id, replace(news, name=news.name.strip()))
        _check_news(kept.news, self._clock.now())
        with self._store.write() as uow:
            if len(uow.rule_sets.news(user_id)) >= _MOST_NEWS:
                raise InvalidInput(f"The list holds {_MOST_NEWS} news; take some off it first.")
            uow.rule_sets.add_news(kept)
        return kept

    def delete_news(self, user_id: str, news_id: str) -> None:
        """Take news off the user's list; raises NotFound."""
        with self._store.write() as uow:
            uow.rule_sets.delete_news(user_id, news_id)

    def _accept(
        self,
        uow: UnitOfWork,
        account: Account,
        pending: FundedAccount | None,
        rules: RuleSet,
        chosen: Chosen,
    ) -> Tracked:
        now = self._clock.now()
        watched = account.watched
        source = Source.ADDON if watched else Source.FILLS
        state, baseline = opened(rules), ZERO
        known = _told_balance(uow, account.id) if watched else None
        balance = known if chosen.balance is None else chosen.balance
        if balance is not None or chosen.high_water is not None:
            now_held = rules.start_balance if balance is None else balance
            state = taken_over(state, rules, now_held, chosen.high_water)
        if source is Source.FILLS:
            baseline = _baseline(rules, state.balance, realised_of(uow, account.id))
        made = FundedAccount(
            account.id,
            source,
            rules.id,
            rules.version,
            state,
            baseline,
            accepted_at=now,
            updated_at=None if pending is None else pending.updated_at,
        )
        if pending is None:
            uow.funded.insert(made)
        else:
            uow.funded.save(replace(made, preferences=pending.preferences))
        words = f"put under {_named(rules)}, at {wire(state.balance)}"
        self._tell(uow, account, words, {"from": None, "to": _pinned(made)})
        return self._play(uow, made, rules, now)

    def _move(
        self, uow: UnitOfWork, account: Account, held: FundedAccount, rules: RuleSet
    ) -> Tracked:
        old = self._tracker.rules_of(uow, held)
        if (old.id, old.version) == (rules.id, rules.version):
            raise Conflict(f"The account is under {_named(rules)} already.")
        before = state_of(held)
        state = moved(before, old, rules)
        made = replace(
            held, rule_set_id=rules.id, rule_set_version=rules.version, state=state, told=()
        )
        uow.funded.save(made)
        floors = f"its floor was {wire(before.floor)} and is {wire(state.floor)}"
        words = f"moved from {_named(old)} to {_named(rules)}; {floors}"
        data = {
            "from": _pinned(held),
            "to": _pinned(made),
            "floor_before": wire(before.floor),
            "floor": wire(state.floor),
        }
        self._tell(uow, account, words, data)
        return self._play(uow, made, rules, self._clock.now())

    def _play(self, uow: UnitOfWork, made: FundedAccount, rules: RuleSet, now: datetime) -> Tracked:
        """Judge the account under its new rules at once."""
        state = state_of(made)
        at = now if state.at is None else max(now, state.at)
        events: Sequence[Event] = [Clock(at)]
        heard = None
        if made.source is Source.FILLS:
            events, heard = self._tracker.own_news(made, rules, at), now
        return self._tracker.apply(uow, made.account_id, events, heard)

    def _tell(
        self, uow: UnitOfWork, account: Account, words: str, data: Mapping[str, object]
    ) -> None:
        uow.facts.append(
            Fact(
                kind=FactKind.FUNDED_CHANGED,
                at=self._clock.now(),
                message=f"Funded account {account.name}: {words}.",
                user_id=account.user_id,
                account_id=account.id,
                data=data,
            )
        )


def _own(uow: UnitOfWork, user_id: str, account_id: str) -> Account:
    account = uow.accounts.hold(account_id)
    if account is None or account.user_id != user_id:
        raise NotFound("There is no such account.")
    return account


def _held(uow: UnitOfWork, account_id: str) -> FundedAccount:
    held = uow.funded.hold(account_id)
    if held is None:
        raise NotFound("The account is under no firm's rules.")
    return held


def _named(rules: RuleSet) -> str:
    return f"{rules.id} {rules.version}"


def _pinned(account: FundedAccount) -> Mapping[str, object] | None:
    if account.rule_set_id is None:
        return None
    return {"id": account.rule_set_id, "version": account.rule_set_version}


def _told_balance(uow: UnitOfWork, account_id: str) -> Decimal | None:
    """What an add-on told last of the account's closed balance; None before it had any figures."""
    followed = uow.addons.get(account_id)
    newest = None if followed is None else followed.newest
    return None if newest is None or newest.values.empty else newest.values.cash_value


@exact
def _baseline(rules: RuleSet, balance: Decimal, realised: Decimal) -> Decimal:
    """What the books may have realised for the account to stand at ``balance`` now."""
    return rules.start_balance + realised - balance


def _check(chosen: Preferences) -> None:
    fields = {}
    if not 0 <= chosen.near_percent <= 100:
        fields["near_percent"] = "must be from 0 to 100"
    if not 0 <= chosen.flat_warning <= _MOST_WARNING:
        fields["flat_warning"] = f"must be from 0 to {_MOST_WARNING} minutes"
    if fields:
        raise InvalidInput("The preferences cannot be used.", fields=fields)


def _check_news(news: News, now: datetime) -> None:
    fields = {}
    if not news.name or len(news.name) > _NAME_LENGTH or not news.name.isprintable():
        fields["name"] = f"must be 1 to {_NAME_LENGTH} visible characters"
    if news.end <= news.start:
        fields["end"] = "must lie after the start"
    elif news.end - news.start > _LONGEST_NEWS:
        fields["end"] = f"must lie at most {_LONGEST_NEWS.days} days after the start"
    elif news.end <= now:
        fields["end"] = "must not be over already"
    if fields:
        raise InvalidInput("The news cannot be put on the list.", fields=fields)
