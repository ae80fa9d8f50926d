"""Channels of notices: kept whole, one of a name for each user, their rows noted by attempts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import Conflict, NotFound
from app.domain.notices import Category, Channel
from app.services.ports import Delivery
from app.store.unit_of_work import SqlStore
from tests.support.records import NOON, SECOND, furnish

PHONE = Channel(
    id="channel-1",
    user_id="user-1",
    name="Phone",
    service="ntfy",
    scheme="ntfy",
    address_encrypted="not to be read",
    categories=frozenset({Category.FILL, Category.DRIFT}),
    enabled=True,
    created_at=NOON,
)
DESK = replace(PHONE, id="channel-2", name="Desk", enabled=False, categories=frozenset())


@pytest.fixture
def kept(store: SqlStore) -> SqlStore:
    furnish(store)
    with store.write() as unit:
        unit.channels.insert(PHONE)
        unit.channels.insert(DESK)
    return store


def test_a_channel_is_kept_whole(kept: SqlStore) -> None:
    with kept.read() as unit:
        assert unit.channels.get("channel-1") == PHONE
        assert unit.channels.get("channel-9") is None
        assert unit.channels.of_user("user-1") == [PHONE, DESK]
        assert unit.channels.of_user("user-2") == []
        assert unit.channels.enabled() == [PHONE]


def test_a_user_has_one_channel_of_a_name(kept: SqlStore) -> None:
    with pytest.raises(Conflict), kept.write() as unit:
        unit.channels.insert(replace(DESK, id="channel-3"))
    with pytest.raises(Conflict), kept.write() as unit:
        unit.channels.update(replace(DESK, name="Phone"))


def test_a_change_leaves_alone_what_attempts_wrote(kept: SqlStore) -> None:
    with kept.write() as unit:
        unit.channels.note(Delivery("channel-1", NOON + SECOND))
        unit.channels.update(replace(PHONE, name="My phone", enabled=False))
    with kept.read() as unit:
        changed = replace(PHONE, name="My phone", enabled=False, last_sent_at=NOON + SECOND)
        assert unit.channels.get("channel-1") == changed
        assert unit.channels.enabled() == []


def test_an_attempt_that_failed_stands_on_the_row_until_one_works(kept: SqlStore) -> None:
    with kept.write() as unit:
        unit.channels.note(Delivery("channel-1", NOON))
        unit.channels.note(Delivery("channel-1", NOON + SECOND, "nobody there"))
        unit.channels.lose("channel-1", 3)
        unit.channels.lose("channel-1", 4)
        found = unit.channels.get("channel-1")
        failed = replace(PHONE, last_sent_at=NOON, last_error="nobody there", lost=7)
        assert found == replace(failed, last_error_at=NOON + SECOND)
        unit.channels.note(Delivery("channel-1", NOON + 2 * SECOND))
        found = unit.channels.get("channel-1")
        assert found == replace(PHONE, last_sent_at=NOON + 2 * SECOND, lost=7)


def test_a_channel_that_is_gone_is_noted_nowhere_and_changed_by_nobody(kept: SqlStore) -> None:
    with kept.write() as unit:
        unit.channels.remove("channel-1")
        unit.channels.note(Delivery("channel-1", NOON))
        unit.channels.lose("channel-1", 1)
        assert unit.channels.of_user("user-1") == [DESK]
        with pytest.raises(NotFound):
            unit.channels.update(PHONE)
