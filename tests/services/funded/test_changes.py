"""What the owner of a funded account changes, and what becomes of the account then."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.accounts import WATCHED
from app.domain.addon.records import AddonKey, Followed
from app.domain.errors import NotFound
from app.domain.events import FactKind
from app.domain.users import User
from app.propfirm import FundedAccount, Source, Status
from app.services.funded import Chosen
from app.services.funded.changes import FundedChanges
from app.services.funded.rules import RuleBook
from app.services.pnl import Worth
from tests.support.addon import read as message_of
from tests.support.addon import told
from tests.support.funded import FundedHouse
from tests.support.records import ACCOUNT, NOON

D = Decimal
ANN = "user-1"
SOFT = Chosen("apex_eod_eval_50k", "2026-11-20.1")


@pytest.fixture
def changes(funded: FundedHouse) -> FundedChanges:
    """The changes of the house, which knows the rules that come with Signalbox."""
    book = RuleBook(funded.store, funded.clock)
    book.sync()
    book.sync()
    return FundedChanges(funded.store, funded.clock, funded.next_id, funded.tracker)


def watched(funded: FundedHouse, cash: str) -> str:
    """An account of which an add-on told that it has so much."""
    watched_id = "account-9"
    message = replace(message_of(told(cash=cash)), executions=())
    with funded.store.write() as uow:
        uow.addon_keys.insert(AddonKey("key-1", ANN, "PC", NOON, "hash"))
        uow.accounts.insert(replace(ACCOUNT, id=watched_id, name="APEX", venue=WATCHED))
        uow.funded.insert(FundedAccount(watched_id, Source.ADDON, updated_at=NOON))
        uow.addons.insert(Followed(watched_id, ANN, "APEX", "key-1", newest=message))
    return watched_id


def test_an_account_of_an_addon_begins_its_day_with_what_was_told_of_it_last(
    funded: FundedHouse, changes: FundedChanges
) -> None:
    # Counted from the start of 50,000 it would have lost more than the day may lose.
    done = changes.pin(ANN, watched(funded, "48900"), SOFT)
    assert (done.after.balance, done.after.day_pnl) == (D(48900), D(0))
    assert (done.after.status, done.after.floor) == (Status.ACTIVE, D(48000))
    assert (done.account.source, done.account.updated_at) == (Source.ADDON, NOON)


def test_zeros_before_an_addon_has_the_account_are_no_balance(
    funded: FundedHouse, changes: FundedChanges
) -> None:
    message = told(cash="0", values={"cash_value": "0", "unrealized_pnl": "0"})
    watched_id = watched(funded, "1")
    with funded.store.write() as uow:
        followed = uow.addons.get(watched_id)
        assert followed is not None
        uow.addons.save(replace(followed, newest=message_of(message)))
    assert changes.pin(ANN, watched_id, SOFT).after.balance == D(50000)


def test_what_is_told_of_an_account_that_was_dropped_is_pending_again(
    funded: FundedHouse, changes: FundedChanges
) -> None:
    watched_id = watched(funded, "50000")
    changes.pin(ANN, watched_id, SOFT)
    changes.drop(ANN, watched_id)
    with funded.store.read() as uow:
        found = uow.funded.get(watched_id)
    assert found == FundedAccount(watched_id, Source.ADDON, updated_at=NOON)


def test_another_user_changes_nothing(funded: FundedHouse, changes: FundedChanges) -> None:
    with funded.store.write() as uow:
        uow.users.insert(User("user-2", "bob", NOON, "hash"))
    for change in (
        lambda: changes.pin("user-2", ACCOUNT.id, SOFT),
        lambda: changes.drop("user-2", ACCOUNT.id),
        lambda: changes.prefer("user-2", ACCOUNT.id, {}),
    ):
        with pytest.raises(NotFound):
            change()


def test_other_rules_judge_at_once_and_keep_what_was_reached(
    funded: FundedHouse, changes: FundedChanges
) -> None:
    changes.pin(ANN, ACCOUNT.id, Chosen("static_custom_50k", "2026-11-20.1"))
    funded.worths[ACCOUNT.id] = Worth(D(0), D(-1950), D(1))
    done = changes.pin(ANN, ACCOUNT.id, SOFT)
    assert done.after.status is Status.PAUSED_DAY
    (fact,) = [
        each
        for each in funded.facts()
        if each.kind is FactKind.FUNDED_CHANGED and each.data["from"] is not None
    ]
    assert fact.data["to"] == {"id": SOFT.rule_set_id, "version": SOFT.version}
    assert fact.message == (
        "Funded account paper: moved from static_custom_50k 2026-11-20.1 to apex_eod_eval_50k"
        " 2026-11-20.1; its floor was 48000 and is 48000."
    )
