"""Strategies and their webhook keys, as their owner changes them and as nobody else sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.accounts import Account
from app.domain.alerts import Offset, QuantityType
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.events import FactKind
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyKind, StrategyState
from app.services.ports import KeyHolder
from tests.support.counting import CountingHouse
from tests.support.records import order

ANN, BOB = "ann", "bob"
PLAIN = StrategySettings()


@pytest.fixture
def ann(house: CountingHouse) -> str:
    """A user with a paper account; the id."""
    return house.user(ANN)


def create(house: CountingHouse, user_id: str | None, **changes: object) -> tuple[Strategy, str]:
    given: dict[str, object] = {
        "name": "Breakout",
        "symbol": "ES",
        "settings": PLAIN,
        "accounts": [AccountLink(house.account(user_id).id)],
        **changes,
    }
    return house.strategies.create(user_id, **given)  # type: ignore[arg-type]


def update(house: CountingHouse, made: Strategy, **changes: object) -> Strategy:
    given: dict[str, object] = {
        "name": made.name,
        "symbol": made.symbol,
        "settings": made.settings,
        "accounts": made.accounts,
        **changes,
    }
    return house.strategies.update(made.user_id, made.id, **given)  # type: ignore[arg-type]


def holder(house: CountingHouse, secret: str) -> KeyHolder | None:
    """Who is behind a webhook key, as the intake finds it."""
    with house.store.read() as uow:
        return uow.keys.holder(house.vault.hash(secret))


def manual(house: CountingHouse, account: Account) -> Strategy:
    with house.store.read() as uow:
        found = uow.strategies.manual_of(account.id)
    assert found is not None
    return found


# --- creating and changing ------------------------------------------------------------------------


def test_a_strategy_is_created_switched_on_and_kept_whole(house: CountingHouse, ann: str) -> None:
    made, _ = create(house, ann, name="  Breakout ", symbol=" es1! ")
    assert house.strategies.get(ann, made.id) == made
    assert (made.name, made.symbol, made.state) == ("Breakout", "ES1!", StrategyState.ON)
    assert (made.kind, made.user_id, made.created_at) == (
        StrategyKind.WEBHOOK,
        ann,
        house.clock.now(),
    )


def test_a_change_is_kept_with_its_time_and_told(house: CountingHouse, ann: str) -> None:
    made, _ = create(house, ann)
    house.clock.advance(60)
    changed = update(house, made, name="Momentum", symbol="nq", settings=replace(PLAIN, size=None))
    assert house.strategies.get(ann, made.id) == changed
    assert (changed.name, changed.symbol) == ("Momentum", "NQ")
    assert (changed.created_at, changed.updated_at) == (made.created_at, house.clock.now())
    told = house.facts[-1]
    assert (told.kind, told.strategy_id, told.user_id) == (
        FactKind.STRATEGY_CHANGED,
        made.id,
        ann,
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "   "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "bell\a"}, "name"),
        ({"symbol": "NOSUCH12"}, "symbol"),
        ({"symbol": ""}, "symbol"),
        ({"accounts": []}, "accounts"),
        ({"accounts": [AccountLink("nowhere")]}, "accounts"),
        ({"settings": replace(PLAIN, sizing=QuantityType.FIXED)}, "size"),
        ({"settings": replace(PLAIN, max_position=Decimal(0))}, "max_position"),
        (
            {
                "settings": replace(
                    PLAIN, stop_loss=Offset.parse("1 percent"), trail=Offset.parse("2 percent")
                )
            },
            "trail",
        ),
    ],
)
@pytest.mark.parametrize("doing", ["create", "update"])
def test_what_contradicts_itself_is_refused_beside_its_field_and_not_kept(
    house: CountingHouse,
    ann: str,
    doing: str,
    changes: dict[str, object],
    field: str,
) -> None:
    made = create(house, ann, name="Before")[0]
    told = len(house.facts)
    with pytest.raises(InvalidInput) as refused:
        update(house, made, **changes) if doing == "update" else create(house, ann, **changes)
    assert set(refused.value.fields) == {field}
    assert refused.value.detail.endswith((".", "?"))
    assert house.strategies.list(ann) == [made]
    assert len(house.facts) == told


@pytest.mark.parametrize(
    ("link", "field"),
    [
        ({"quantity_factor": Decimal(0)}, "quantity_factor"),
        ({"max_position": Decimal(-1)}, "max_position"),
    ],
)
def test_what_differs_on_an_account_is_checked_too(
    house: CountingHouse, ann: str, link: dict[str, Decimal], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(house, ann, accounts=[AccountLink(house.account(ann).id, **link)])
    assert set(refused.value.fields) == {field}


def test_an_account_may_not_be_named_twice(house: CountingHouse, ann: str) -> None:
    link = AccountLink(house.account(ann).id)
    with pytest.raises(InvalidInput, match="twice"):
        create(house, ann, accounts=[link, link])


def test_a_name_is_in_use_once_a_user_and_free_again_in_the_archive(
    house: CountingHouse, ann: str
) -> None:
    made, _ = create(house, ann)
    other, _ = create(house, ann, name="Other")
    with pytest.raises(Conflict, match="already"):
        create(house, ann)
    with pytest.raises(Conflict, match="already"):
        update(house, other, name="Breakout")
    assert update(house, made, symbol="NQ").name == "Breakout"
    create(house, house.user(BOB))
    house.strategies.archive(ann, made.id)
    create(house, ann)


def test_the_account_of_another_user_does_not_exist(house: CountingHouse, ann: str) -> None:
    bob = house.user(BOB)
    with pytest.raises(InvalidInput, match="does not exist"):
        create(house, ann, accounts=[AccountLink(house.account(bob).id)])


# --- whose it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "doing",
    [
        lambda service, user, made: service.get(user, made),
        lambda service, user, made: service.find(user, made),
        lambda service, user, made: service.set_state(user, made, StrategyState.OFF),
        lambda service, user, made: service.archive(user, made),
        lambda service, user, made: service.restore(user, made),
        lambda service, user, made: service.rotate_key(user, made, timedelta(0)),
        lambda service, user, made: service.webhook_key(user, made),
        lambda service, user, made: service.keys(user, made),
        lambda service, user, made: service.update(
            user, made, name="Mine", symbol="ES", settings=PLAIN, accounts=[]
        ),
    ],
)
def test_the_strategy_of_another_user_is_not_there(
    house: CountingHouse, ann: str, doing: Callable[..., object]
) -> None:
    made, _ = create(house, ann)
    bob = house.user(BOB)
    with pytest.raises(NotFound):
        doing(house.strategies, bob, made.id)
    with pytest.raises(NotFound):
        doing(house.strategies, ann, "nothing")
    assert house.strategies.get(ann, made.id) == made
    assert house.strategies.list(bob) == []


def test_the_command_line_sees_what_everybody_has(house: CountingHouse, ann: str) -> None:
    made, _ = create(house, ann)
    assert house.strategies.get(None, made.id) == made
    assert house.strategies.find(None, "Breakout") == made
    assert house.strategies.find(ann, made.id) == made
    assert house.strategies.list(None) == [made]
    with pytest.raises(NotFound, match="'Nothing'"):
        house.strategies.find(None, "Nothing")


def test_lists_are_by_name_and_hold_no_manual_book(house: CountingHouse, ann: str) -> None:
    for name in ("zeta", "Alpha", "beta"):
        create(house, ann, name=name)
    house.strategies.archive(ann, house.strategies.find(ann, "beta").id)
    assert [each.name for each in house.strategies.list(ann)] == ["Alpha", "zeta"]
    assert [each.name for each in house.strategies.list(ann, archived=True)] == ["beta"]


# --- switches and the archive ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (StrategyState.ON, "Breakout: on"),
        (StrategyState.NO_NEW_ENTRIES, "Breakout: set to no new entries"),
        (StrategyState.OFF, "Breakout: off"),
    ],
)
def test_a_switch_is_seen_by_the_intake_at_once_and_told(
    house: CountingHouse, ann: str, state: StrategyState, words: str
) -> None:
    made, secret = create(house, ann)
    assert house.strategies.set_state(ann, made.id, state).state is state
    found = holder(house, secret)
    assert found is not None
    assert found.state is state
    assert (house.facts[-1].message, house.facts[-1].data["state"]) == (words, str(state))


def test_a_strategy_that_holds_something_is_not_archived(house: CountingHouse, ann: str) -> None:
    made, _ = create(house, ann)
    house.fill(made, "1", "5000")
    with pytest.raises(Conflict, match="still holds"):
        house.strategies.archive(ann, made.id)
    house.fill(made, "-1", "5000")
    house.strategies.archive(ann, made.id)
    assert house.strategies.get(ann, made.id).archived_at == house.clock.now()


def test_a_strategy_with_a_working_order_is_not_archived(house: CountingHouse, ann: str) -> None:
    made, _ = create(house, ann)
    account_id = made.accounts[0].account_id
    with house.store.write() as uow:
        uow.orders.insert(order(1, strategy_id=made.id, account_id=account_id))
    with pytest.raises(Conflict, match="working order"):
        house.strategies.archive(ann, made.id)


def test_an_archived_strategy_is_off_and_comes_back_switched_off(
    house: CountingHouse, ann: str
) -> None:
    made, secret = create(house, ann)
    house.strategies.archive(ann, made.id)
    found = holder(house, secret)
    assert found is not None
    assert (found.archived, found.state) == (True, StrategyState.OFF)
    with pytest.raises(Conflict, match="restore it first"):
        house.strategies.set_state(ann, made.id, StrategyState.ON)
    back = house.strategies.restore(ann, made.id)
    assert (back.archived_at, back.state) == (None, StrategyState.OFF)
    assert house.strategies.list(ann) == [back]


def test_only_what_is_in_the_archive_comes_back_and_only_under_a_free_name(
    house: CountingHouse, ann: str
) -> None:
    made, _ = create(house, ann)
    with pytest.raises(Conflict, match="not in the archive"):
        house.strategies.restore(ann, made.id)
    house.strategies.archive(ann, made.id)
    create(house, ann)
    with pytest.raises(Conflict, match="'Breakout' already"):
        house.strategies.restore(ann, made.id)


def test_a_manual_book_has_no_key_and_cannot_be_changed(house: CountingHouse, ann: str) -> None:
    book = manual(house, house.account(ann))
    for change in (
        lambda: house.strategies.archive(ann, book.id),
        lambda: house.strategies.set_state(ann, book.id, StrategyState.OFF),
        lambda: house.strategies.rotate_key(ann, book.id, timedelta(0)),
        lambda: update(house, book, name="Mine", symbol="ES"),
    ):
        with pytest.raises(Conflict, match="manual book"):
            change()
    with pytest.raises(NotFound, match="no webhook key"):
        house.strategies.webhook_key(ann, book.id)
    assert manual(house, house.account(ann)) == book


# --- webhook keys ---------------------------------------------------------------------------------


def test_a_key_has_256_bits_is_found_by_its_hash_and_shown_again(
    house: CountingHouse, ann: str
) -> None:
    made, secret = create(house, ann)
    assert len(secret) == 43
    found = holder(house, secret)
    assert found is not None
    assert (found.key.strategy_id, found.user_id) == (made.id, ann)
    assert holder(house, secret[:-1]) is None
    assert house.strategies.webhook_key(ann, made.id) == secret


def test_a_key_is_nowhere_kept_or_shown_in_the_clear(house: CountingHouse, ann: str) -> None:
    made, secret = create(house, ann)
    (key,) = house.strategies.keys(ann, made.id)
    assert secret not in repr(key)
    assert secret not in {key.key_hash, key.key_encrypted}
    assert not any(secret in repr(fact) for fact in house.facts)
    folder = Path(house.url.removeprefix("sqlite:///")).parent
    whole = b"".join(path.read_bytes() for path in folder.glob("signalbox.db*"))
    assert made.id.encode() in whole
    assert secret.encode() not in whole


def test_after_a_rotation_both_keys_work_until_the_overlap_ends(
    house: CountingHouse, ann: str
) -> None:
    made, old = create(house, ann)
    house.clock.advance(5)
    new = house.strategies.rotate_key(ann, made.id, timedelta(hours=1))
    assert new != old
    assert house.strategies.webhook_key(ann, made.id) == new
    assert (house.facts[-1].kind, house.facts[-1].strategy_id) == (FactKind.KEY_ROTATED, made.id)

    def valid() -> list[bool]:
        found = [holder(house, secret) for secret in (old, new)]
        return [each is not None and each.key.valid(house.clock.now()) for each in found]

    assert valid() == [True, True]
    house.clock.advance(3599)
    assert valid() == [True, True]
    house.clock.advance(1)
    assert valid() == [False, True]


def test_a_second_rotation_never_gives_an_old_key_more_time(house: CountingHouse, ann: str) -> None:
    made, _ = create(house, ann)
    start = house.clock.now()
    house.strategies.rotate_key(ann, made.id, timedelta(minutes=10))
    house.clock.advance(1)
    house.strategies.rotate_key(ann, made.id, timedelta(hours=1))
    newest, middle, first = house.strategies.keys(ann, made.id)
    assert newest.expires_at is None
    assert middle.expires_at == start + timedelta(seconds=1, hours=1)
    assert first.expires_at == start + timedelta(minutes=10)
    house.strategies.rotate_key(ann, made.id, timedelta(0))
    assert not any(
        key.valid(house.clock.now()) for key in (house.strategies.keys(ann, made.id)[1:])
    )
