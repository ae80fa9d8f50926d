"""People, accounts, strategies and keys."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count
from threading import Thread

import pytest

from app.clock import VirtualClock
from app.domain.accounts import AccountFlow, Credentials, FlowKind, Mode
from app.domain.alerts import Offset, OffsetUnit, QuantityType
from app.domain.errors import Conflict, InvariantBroken, NotFound
from app.domain.orders import OrderType, Side, TimeInForce
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import StrategyKind, StrategyState
from app.domain.users import ApiToken
from app.services.accounts import AccountService
from app.services.ports import KeyHolder, Owner
from app.store.unit_of_work import SqlStore
from tests.support.records import ACCOUNT, KEY, NOON, SECOND, STRATEGY, USER, alert, furnish

BOB = replace(USER, id="user-2", name="bob")
TOKEN = ApiToken("token-1", "user-1", "script", NOON, "hash-1")


@pytest.fixture(autouse=True)
def furnished(store: SqlStore) -> None:
    furnish(store)


def test_users_are_found_by_id_and_by_name(store: SqlStore) -> None:
    with store.write() as unit:
        unit.users.insert(BOB)
        unit.users.set_password("user-2", "another")
    bob = replace(BOB, password_hash="another")
    with store.read() as unit:
        assert unit.users.list() == [USER, bob]
        assert unit.users.count() == 2
        assert unit.users.get("user-2") == unit.users.by_name("bob") == bob
        assert unit.users.get("nobody") is unit.users.by_name("nobody") is None


def test_a_password_of_nobody_cannot_be_set(store: SqlStore) -> None:
    with pytest.raises(NotFound), store.write() as unit:
        unit.users.set_password("nobody", "hash")


def test_two_users_never_share_a_name(store: SqlStore) -> None:
    with pytest.raises(Conflict), store.write() as unit:
        unit.users.insert(replace(BOB, name=USER.name))


def test_a_token_ends_once(store: SqlStore) -> None:
    with store.write() as unit:
        unit.users.insert_token(TOKEN)
        unit.users.insert_token(replace(TOKEN, id="token-2", token_hash="hash-2"))
        unit.users.revoke_token("token-1", NOON + SECOND)
        unit.users.revoke_token("token-1", NOON + 2 * SECOND)
    ended = replace(TOKEN, revoked_at=NOON + SECOND)
    with store.read() as unit:
        assert unit.users.token_by_hash("hash-1") == ended
        assert unit.users.token_by_hash("nothing") is None
        assert [each.id for each in unit.users.tokens("user-1")] == ["token-1", "token-2"]
        assert unit.users.tokens("user-2") == []


def test_cash_flows_are_kept_to_the_last_digit_and_listed_by_their_instant(
    store: SqlStore,
) -> None:
    late = AccountFlow(
        "flow-1", ACCOUNT.id, NOON + SECOND, Decimal("-2.50"), FlowKind.PAYOUT, "", NOON + SECOND
    )
    early = replace(
        late, id="flow-2", at=NOON, amount=Decimal("1e-18"), kind=FlowKind.DEPOSIT, made_by="user-1"
    )
    with store.write() as unit:
        unit.accounts.add_flow(late)
        unit.accounts.add_flow(early)
    with store.read() as unit:
        assert unit.accounts.flows(ACCOUNT.id) == [early, late]
        assert unit.accounts.flows("nothing") == []


def test_the_keys_to_an_account_are_kept_replaced_and_forgotten(store: SqlStore) -> None:
    first = Credentials(ACCOUNT.id, "PK...1234", "sealed", NOON)
    second = replace(first, key_hint="PK...5678", keys_encrypted="sealed too")
    for entered in (first, second):
        with store.write() as unit:
            unit.accounts.enter(entered)
        with store.read() as unit:
            assert unit.accounts.credentials(ACCOUNT.id) == entered
    assert "sealed" not in repr(second)
    with store.write() as unit:
        assert unit.accounts.with_keys() == {ACCOUNT.id}
        unit.accounts.forget(ACCOUNT.id)
        unit.accounts.forget(ACCOUNT.id)
        assert unit.accounts.credentials(ACCOUNT.id) is None
        assert unit.accounts.with_keys() == set()


def test_an_account_is_found_by_its_number_at_its_venue_and_has_it_alone(store: SqlStore) -> None:
    numbered = replace(ACCOUNT, id="account-2", name="second", venue="alpaca", venue_number="PA1")
    with store.write() as unit:
        unit.accounts.insert(numbered)
        assert unit.accounts.by_number("alpaca", "PA1") == numbered
        assert unit.accounts.by_number("paper", "PA1") is None
    with pytest.raises(Conflict), store.write() as unit:
        unit.accounts.insert(replace(numbered, id="account-3", name="third"))


def test_the_bounds_of_an_account_are_kept_to_the_last_digit(store: SqlStore) -> None:
    bounded = replace(
        ACCOUNT,
        max_order_value=Decimal("2500.01"),
        max_daily_loss=Decimal("1e-18"),
        max_orders_a_day=7,
    )
    with store.write() as unit:
        unit.accounts.update(bounded)
        assert unit.accounts.get(ACCOUNT.id) == bounded
        unit.accounts.update(ACCOUNT)
        assert unit.accounts.get(ACCOUNT.id) == ACCOUNT


def test_deposits_at_the_same_time_are_all_in_the_sum(store: SqlStore) -> None:
    numbers = count()
    service = AccountService(store, VirtualClock(NOON), lambda: str(next(numbers)), "00:00 UTC", {})

    def deposit() -> None:
        for _ in range(5):
            service.move_cash("user-1", ACCOUNT.id, FlowKind.DEPOSIT, Decimal("0.1"))

    threads = [Thread(target=deposit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as unit:
        kept = unit.accounts.get(ACCOUNT.id)
        assert len(unit.accounts.flows(ACCOUNT.id)) == 20
    assert kept is not None
    assert kept.deposited == 2


def test_an_account_is_kept_whole_and_changed(store: SqlStore) -> None:
    changed = replace(
        ACCOUNT,
        name="renamed",
        venue="other",
        mode=Mode.LIVE,
        starting_cash=Decimal("0.01"),
        roll="00:00 UTC",
        settings={"commission_per_unit": "2.25", "nested": {"a": [1, None]}},
        deposited=Decimal("-0.000000000000000001"),
    )
    with store.read() as unit:
        assert unit.accounts.get("account-1") == ACCOUNT
    with store.write() as unit:
        unit.accounts.update(changed)
    with store.read() as unit:
        assert unit.accounts.get("account-1") == unit.accounts.by_name("user-1", "renamed")
        assert unit.accounts.get("account-1") == changed
        assert unit.accounts.get("nothing") is unit.accounts.by_name(None, "paper") is None


def test_changing_what_does_not_exist_is_said(store: SqlStore) -> None:
    with pytest.raises(NotFound), store.write() as unit:
        unit.accounts.update(replace(ACCOUNT, id="nothing"))
    with pytest.raises(NotFound), store.write() as unit:
        unit.strategies.update(replace(STRATEGY, id="nothing"))
    with pytest.raises(NotFound), store.write() as unit:
        unit.strategies.set_state("nothing", StrategyState.OFF, NOON)


def test_each_owner_names_things_as_they_like(store: SqlStore) -> None:
    with store.write() as unit:
        unit.users.insert(BOB)
        for owner, number in (("user-2", 2), (None, 3)):
            unit.accounts.insert(replace(ACCOUNT, id=f"account-{number}", user_id=owner))
            unit.strategies.insert(replace(STRATEGY, id=f"strategy-{number}", user_id=owner))
    with store.read() as unit:
        assert [each.id for each in unit.accounts.list("user-2")] == ["account-2"]
        assert [each.id for each in unit.strategies.list("user-2")] == ["strategy-2"]
        assert len(unit.accounts.list()) == len(unit.strategies.list()) == 3
        owned = unit.accounts.by_name("user-2", "paper"), unit.accounts.by_name(None, "paper")
        assert [each and each.id for each in owned] == ["account-2", "account-1"]
        found = unit.strategies.by_name("user-2", "Breakout")
        assert found is not None
        assert found.id == "strategy-2"
        assert unit.strategies.by_name("user-2", "Other") is None


@pytest.mark.parametrize("owner", ["user-1", None])
def test_one_owner_never_has_two_of_the_same_name(store: SqlStore, owner: str | None) -> None:
    with store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-0", name="same", user_id=owner))
        unit.strategies.insert(replace(STRATEGY, id="strategy-0", name="same", user_id=owner))
    with pytest.raises(Conflict), store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-9", name="same", user_id=owner))
    with pytest.raises(Conflict), store.write() as unit:
        unit.strategies.insert(replace(STRATEGY, id="strategy-9", name="same", user_id=owner))


def test_the_name_of_an_archived_strategy_is_free_again(store: SqlStore) -> None:
    archived = replace(STRATEGY, archived_at=NOON)
    again = replace(STRATEGY, id="strategy-2")
    with store.write() as unit:
        unit.strategies.update(archived)
        unit.strategies.insert(again)
    with store.read() as unit:
        assert unit.strategies.by_name("user-1", "Breakout") == again
        assert unit.strategies.list("user-1") == [again]
        assert unit.strategies.list("user-1", archived=True) == [archived, again]
        assert unit.strategies.get("strategy-1") == archived


def test_the_first_user_adopts_what_has_no_owner(store: SqlStore) -> None:
    with store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-2", name="free", user_id=None))
        unit.strategies.insert(replace(STRATEGY, id="strategy-2", name="free", user_id=None))
        unit.history.add_series(None, "strategy-2", None, Decimal(0))
        unit.users.insert(BOB)
        unit.users.adopt_all("user-2")
    with store.read() as unit:
        assert [each.id for each in unit.accounts.list("user-2")] == ["account-2"]
        assert [each.id for each in unit.strategies.list("user-2")] == ["strategy-2"]
        assert [each.user_id for each in unit.history.series()] == ["user-2"]
        assert unit.accounts.get("account-1") == ACCOUNT


SETTINGS = StrategySettings(
    allowed_side=Side.SELL,
    sizing=QuantityType.PERCENT_OF_EQUITY,
    size=Decimal("12.5"),
    max_position=Decimal(3),
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.DAY,
    take_profit=Offset(OffsetUnit.TICKS, Decimal(20)),
    stop_loss=Offset(OffsetUnit.PERCENT, Decimal("0.5")),
    trail=Offset(OffsetUnit.AMOUNT, Decimal("2.25")),
    max_age_s=None,
    cooldown_s=5,
    max_alerts_per_session=10,
    dedupe_window_s=None,
    windows=("Mon-Fri 08:30-15:00 America/Chicago",),
    symbol_map={"NQ1!": "MNQ"},
    source_allowlist=("52.89.214.238",),
)


def test_a_strategy_is_kept_whole_and_changed(store: SqlStore) -> None:
    whole = replace(
        STRATEGY,
        name="Changed",
        symbol="NQ",
        state=StrategyState.NO_NEW_ENTRIES,
        kind=StrategyKind.MANUAL,
        settings=SETTINGS,
        accounts=(
            AccountLink("account-2", Decimal("0.25"), Decimal(2)),
            AccountLink("account-1", Decimal(3)),
        ),
        updated_at=NOON + SECOND,
    )
    with store.read() as unit:
        assert unit.strategies.get("strategy-1") == STRATEGY
        assert unit.strategies.get("nothing") is None
    with store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-2", name="second"))
        unit.strategies.update(whole)
    with store.read() as unit:
        assert unit.strategies.get("strategy-1") == whole
        assert unit.strategies.list() == [whole]
    without = replace(whole, accounts=())
    with store.write() as unit:
        unit.strategies.update(without)
        assert unit.strategies.get("strategy-1") == without


def test_a_link_that_multiplies_by_nothing_is_refused_by_the_database(store: SqlStore) -> None:
    links = (AccountLink("account-1", Decimal(0)),)
    with pytest.raises(InvariantBroken), store.write() as unit:
        unit.strategies.update(replace(STRATEGY, accounts=links))


def test_a_strategy_has_an_owner_and_an_account_its_manual_book(store: SqlStore) -> None:
    manual = replace(STRATEGY, id="strategy-2", name="Manual", kind=StrategyKind.MANUAL)
    free = replace(manual, id="strategy-3", user_id=None, accounts=())
    with store.write() as unit:
        unit.accounts.insert(replace(ACCOUNT, id="account-2", name="second"))
        unit.strategies.insert(manual)
        unit.strategies.insert(free)
    with store.read() as unit:
        assert unit.strategies.manual_of("account-1") == manual
        assert unit.strategies.manual_of("account-2") is None
        assert unit.strategies.owner("strategy-1") == Owner("user-1", STRATEGY.name)
        assert unit.strategies.owner("strategy-3") == Owner(None, "Manual")
        with pytest.raises(NotFound):
            unit.strategies.owner("nothing")


def test_a_switch_changes_the_state_and_says_when(store: SqlStore) -> None:
    with store.write() as unit:
        unit.strategies.set_state("strategy-1", StrategyState.OFF, NOON + SECOND)
    with store.read() as unit:
        assert unit.strategies.get("strategy-1") == replace(
            STRATEGY, state=StrategyState.OFF, updated_at=NOON + SECOND
        )


def test_a_key_leads_to_its_strategy_in_one_look_up(store: SqlStore) -> None:
    later = replace(KEY, id="key-2", key_hash="hash-2", expires_at=NOON + SECOND)
    with store.write() as unit:
        unit.strategies.update(replace(STRATEGY, settings=SETTINGS))
        unit.keys.insert(later)
    holder = KeyHolder(KEY, "user-1", "Breakout", "ES", StrategyState.ON, SETTINGS, archived=False)
    with store.read() as unit:
        assert unit.keys.holder("hash-1") == holder
        assert unit.keys.holder("hash-2") == replace(holder, key=later)
        assert unit.keys.holder("nothing") is None
        assert unit.keys.of_strategy("strategy-1") == [later, KEY]
    with store.write() as unit:
        unit.keys.expire("key-1", NOON)
        unit.strategies.update(replace(STRATEGY, archived_at=NOON))
        found = unit.keys.holder("hash-1")
    assert found is not None
    assert (found.key.expires_at, found.archived) == (NOON, True)


def test_a_secret_opens_one_strategy_only(store: SqlStore) -> None:
    with pytest.raises(Conflict), store.write() as unit:
        unit.keys.insert(replace(KEY, id="key-2"))


def test_a_strategy_with_alerts_cannot_be_cleared_away(store: SqlStore) -> None:
    from sqlalchemy import text

    with store.write() as unit:
        unit.alerts.insert(alert(1))
    with pytest.raises(Conflict), store.write() as unit:
        unit.connection.execute(text("DELETE FROM strategies"))
