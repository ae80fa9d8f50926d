"""Add-ons' keys, the accounts that they tell of, and what they told, as stored and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.domain.addon.clocks import Skew
from app.domain.addon.keeping import kept_message
from app.domain.addon.messages import Operation
from app.domain.addon.reading import read_message
from app.domain.addon.records import AddonKey, Followed, KeptExecution
from app.domain.addon.stream import Session, Stream
from app.domain.errors import Conflict, NotFound
from app.propfirm import FundedDay, FundedMinute, Held, Update, library, opened
from app.services.ports import Checkpoint, Entry
from app.store.unit_of_work import SqlStore
from tests.support.addon import execution, position, read, told
from tests.support.records import ACCOUNT, NOON, USER, furnish

KEY = AddonKey("key-1", USER.id, "Desk PC", NOON, "hash-1")
STREAM = Stream(
    current=Session("s2", 2, NOON, last=7, highest=9, missing=((2, 3), (5, 5))),
    earlier=(Session("s1", 1, NOON),),
    opened_at=NOON,
    played=4,
    tails=True,
)
FOLLOWED = Followed(ACCOUNT.id, USER.id, "APEX-1", KEY.id)
MESSAGE = read(
    told(
        3,
        unrealized=None,
        positions=[position()],
        executions=[execution("e1"), execution("e2", 2, is_entry=None, fee=None)],
        daily_pnl_history=[{"date": "2026-03-03", "pnl": "310.00"}],
    )
)


@pytest.fixture
def held(store: SqlStore) -> SqlStore:
    furnish(store)
    with store.write() as uow:
        uow.addon_keys.insert(KEY)
        uow.addons.insert(FOLLOWED)
    return store


def test_a_message_is_kept_as_it_is_posted() -> None:
    assert read_message(kept_message(MESSAGE)) == MESSAGE


def test_a_key_is_found_by_its_hash_and_keeps_its_last_use(held: SqlStore) -> None:
    used = replace(
        KEY,
        name="Laptop",
        signed=True,
        installation_id="i-1",
        last_used_at=NOON,
        revoked_at=NOON,
    )
    with held.write() as uow:
        assert uow.addon_keys.by_hash("hash-1") == KEY
        assert uow.addon_keys.by_hash("hash-2") is None
        uow.addon_keys.used(KEY.id, "i-1", NOON)
        uow.addon_keys.save(used)
        assert list(uow.addon_keys.list(USER.id)) == [used]
        assert list(uow.addon_keys.list("other")) == []
        with pytest.raises(NotFound):
            uow.addon_keys.save(replace(KEY, id="none"))


def test_what_is_known_of_an_account_is_read_as_it_was_saved(held: SqlStore) -> None:
    second = timedelta(seconds=1)
    skew = Skew(NOON, -2 * second, timedelta(microseconds=7))
    saved = replace(FOLLOWED, stream=STREAM, skew=skew, newest=MESSAGE, heard_at=NOON)
    with held.write() as uow:
        assert uow.addons.hold(USER.id, "APEX-1") == FOLLOWED
        assert uow.addons.hold("other", "APEX-1") is None
        uow.addons.save(saved)
    with held.write() as uow:
        assert uow.addons.get(ACCOUNT.id) == saved
        assert list(uow.addons.list(USER.id)) == [saved]
        with pytest.raises(Conflict):
            uow.addons.insert(FOLLOWED)
        with pytest.raises(NotFound):
            uow.addons.save(replace(FOLLOWED, account_id="none"))


def test_a_checkpoint_is_kept_with_what_was_told_since_in_the_order_of_things(
    held: SqlStore,
) -> None:
    rules = next(iter(library().values()))
    day = FundedDay(ACCOUNT.id, date(2026, 3, 2), Decimal("-1.25"), high=Decimal(3))
    minute = FundedMinute(ACCOUNT.id, 7, *map(Decimal, (4, 3, 2, 1)))
    checkpoint = Checkpoint(ACCOUNT.id, opened(rules), rules.id, rules.version, NOON, day, minute)
    news = (
        Held(NOON, Decimal(2)),
        Update(NOON, Decimal("50000.25"), None),
        Update(NOON, None, Decimal(-1)),
    )
    entries = [Entry(ACCOUNT.id, place, news) for place in ((1, 2), (1, 10), (2, 1))]
    with held.write() as uow:
        assert uow.addons.checkpoint(ACCOUNT.id) is None
        uow.addons.open(replace(checkpoint, state=None))
        for place in (1, 0, 2):
            uow.addons.add_entry(entries[place])
        assert list(uow.addons.entries(ACCOUNT.id)) == entries
        uow.addons.open(checkpoint)
        assert uow.addons.checkpoint(ACCOUNT.id) == checkpoint
        assert list(uow.addons.entries(ACCOUNT.id)) == []
        uow.addons.add_entry(entries[0])
        uow.addons.close(ACCOUNT.id)
        assert uow.addons.checkpoint(ACCOUNT.id) is None
        assert list(uow.addons.entries(ACCOUNT.id)) == []


def test_an_execution_is_kept_once_and_may_be_corrected(held: SqlStore) -> None:
    first, second = MESSAGE.executions
    wrong = replace(first, operation=Operation.UPDATE, price=Decimal(1))
    with held.write() as uow:
        assert uow.addons.add_execution(ACCOUNT.id, first, NOON)
        assert not uow.addons.add_execution(ACCOUNT.id, wrong, NOON)
        assert uow.addons.add_execution(ACCOUNT.id, second, NOON)
        both = [KeptExecution(ACCOUNT.id, each, NOON) for each in (second, first)]
        assert list(uow.addons.executions(ACCOUNT.id, first.time, 10)) == both
        assert list(uow.addons.executions(ACCOUNT.id, second.time, 10)) == both[:1]
        assert list(uow.addons.executions(ACCOUNT.id, first.time, 1)) == both[:1]
        uow.addons.replace_execution(ACCOUNT.id, wrong, NOON)
        assert uow.addons.executions(ACCOUNT.id, first.time, 10)[1].execution == wrong
