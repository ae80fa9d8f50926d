"""Funded accounts, their rules, days, minutes and violations, as they are stored and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.errors import Conflict, NotFound
from app.propfirm import (
    AccountState,
    Breach,
    DayResult,
    FundedAccount,
    FundedDay,
    FundedMinute,
    Near,
    News,
    Preferences,
    Rule,
    Severity,
    Source,
    Status,
    Violation,
    library,
    opened,
    read_rule_set,
)
from app.propfirm.keeping import kept_rules, kept_state, state_of
from app.services.ports import KeptNews, KeptRules
from app.store.unit_of_work import SqlStore
from tests.support.records import ACCOUNT, NOON, furnish

USER = ACCOUNT.user_id
BREACH = Breach(Rule.DAILY_LOSS, Severity.SOFT, NOON, Decimal(1000), Decimal("-1000.25"))
STATE = AccountState(
    balance=Decimal("50123.45"),
    high_water=Decimal(51000),
    floor=Decimal(49000),
    day_start_balance=Decimal(50500),
    at=datetime(2026, 3, 2, 12, 0, 0, 123, UTC),
    day=date(2026, 3, 2),
    unrealized=None,
    contracts=Decimal(3),
    status=Status.PAUSED_DAY,
    breaches=(BREACH,),
    days=(DayResult(date(2026, 3, 2), Decimal("-376.55")),),
    paid_out=Decimal(500),
    paid_on=date(2026, 2, 27),
)
FUNDED = FundedAccount(ACCOUNT.id, Source.FILLS)
RULES = next(iter(library().values()))


@pytest.fixture
def held(store: SqlStore) -> SqlStore:
    furnish(store)
    with store.write() as uow:
        uow.funded.insert(FUNDED)
    return store


def test_a_state_is_kept_to_the_last_digit_and_microsecond() -> None:
    assert state_of(kept_state(STATE)) == STATE
    fresh = opened(RULES)
    assert state_of(kept_state(fresh)) == fresh


@pytest.mark.parametrize("rules", library().values(), ids=lambda rules: rules.id)
def test_each_rule_set_is_written_as_it_is_read(rules: object) -> None:
    assert read_rule_set(kept_rules(rules)) == rules  # type: ignore[arg-type]


def test_a_funded_account_is_read_as_it_was_saved(held: SqlStore) -> None:
    chosen = Preferences(Decimal("12.5"), Near.FLATTEN, 3, size_down=True, own_device=True)
    saved = replace(
        FUNDED,
        rule_set_id=RULES.id,
        rule_set_version=RULES.version,
        state=STATE,
        baseline=Decimal("-0.01"),
        preferences=chosen,
        accepted_at=NOON,
        updated_at=NOON,
        told=("floor", "flat"),
    )
    with held.write() as uow:
        assert uow.funded.hold(ACCOUNT.id) == FUNDED
        uow.funded.save(saved)
    with held.read() as uow:
        assert uow.funded.get(ACCOUNT.id) == saved
        assert list(uow.funded.list()) == [saved] == list(uow.funded.list(USER))
        assert list(uow.funded.list("nobody")) == []


def test_saving_an_account_that_is_no_funded_one_is_refused(store: SqlStore) -> None:
    furnish(store)
    with store.write() as uow, pytest.raises(NotFound):
        uow.funded.save(FUNDED)


def test_days_and_minutes_replace_what_was_known_of_them(held: SqlStore) -> None:
    monday = FundedDay(ACCOUNT.id, date(2026, 3, 2), Decimal("1.25"), high=Decimal(3))
    minute = FundedMinute(ACCOUNT.id, 29_000_000, Decimal(2), Decimal(1), Decimal(1), Decimal(0))
    with held.write() as uow:
        uow.funded.save_day(replace(monday, pnl=Decimal(9)))
        uow.funded.save_day(monday)
        uow.funded.save_day(replace(monday, day=date(2026, 2, 27)))
        for at in (0, 1, 2):
            uow.funded.save_minute(replace(minute, minute=minute.minute + at))
        uow.funded.save_minute(minute)
    with held.read() as uow:
        assert uow.funded.day(ACCOUNT.id, monday.day) == monday
        assert [day.day.day for day in uow.funded.days(ACCOUNT.id)] == [27, 2]
        assert list(uow.funded.days(ACCOUNT.id, monday.day)) == [monday]
        assert len(uow.funded.minutes(ACCOUNT.id, 29_000_001, 29_000_002)) == 2
        assert uow.funded.minute(ACCOUNT.id, 29_000_000) == minute
    with held.write() as uow:
        assert uow.funded.forget_minutes(29_000_002, 1) == 1
        assert uow.funded.forget_minutes(29_000_002, 5) == 1
        assert uow.funded.forget_minutes(29_000_002, 5) == 0
        assert len(uow.funded.minutes(ACCOUNT.id, 0, 30_000_000)) == 1


def test_a_violation_keeps_the_figures_of_its_moment_until_the_account_is_dropped(
    held: SqlStore,
) -> None:
    violation = Violation(
        "v1",
        ACCOUNT.id,
        date(2026, 3, 2),
        BREACH,
        RULES.id,
        RULES.version,
        STATE.balance,
        None,
        STATE.high_water,
        STATE.floor,
        None,
        STATE.contracts,
    )
    with held.write() as uow:
        uow.funded.add_violation(violation)
        uow.funded.add_violation(replace(violation, id="v2"))
        uow.funded.withdraw("other", "v1")
        uow.funded.withdraw(ACCOUNT.id, "v2")
    with held.write() as uow:
        assert list(uow.funded.violations(ACCOUNT.id)) == [violation]
        uow.funded.delete(ACCOUNT.id)
        assert uow.funded.get(ACCOUNT.id) is None
        assert list(uow.funded.violations(ACCOUNT.id)) == []


def test_days_and_minutes_are_forgotten_to_be_written_anew(held: SqlStore) -> None:
    days = [FundedDay(ACCOUNT.id, date(2026, 3, each), Decimal(each)) for each in (2, 3, 4)]
    with held.write() as uow:
        for day in days:
            uow.funded.save_day(day)
        for minute in (7, 8, 9):
            uow.funded.save_minute(FundedMinute(ACCOUNT.id, minute, *[Decimal(1)] * 4))
        uow.funded.rewind(ACCOUNT.id, [each.day for each in days[1:]], 8)
        assert list(uow.funded.days(ACCOUNT.id)) == days[:1]
        assert [each.minute for each in uow.funded.minutes(ACCOUNT.id, 0, 99)] == [7]


def test_a_version_of_a_rule_set_is_kept_once_and_for_its_owner(held: SqlStore) -> None:
    own = replace(RULES, version="mine")
    assert USER is not None
    with held.write() as uow:
        uow.rule_sets.insert(KeptRules(RULES, None, NOON))
        uow.rule_sets.insert(KeptRules(own, USER, NOON))
    with held.write() as uow:
        with pytest.raises(Conflict):
            uow.rule_sets.insert(KeptRules(RULES, USER, NOON))
        assert uow.rule_sets.get(RULES.id, "mine") == KeptRules(own, USER, NOON)
        assert uow.rule_sets.get(RULES.id, "none") is None
        assert [each.rules.version for each in uow.rule_sets.list(USER)] == [RULES.version, "mine"]
        assert [each.rules for each in uow.rule_sets.list("other")] == [RULES]


def test_news_are_on_the_list_of_their_user_only(held: SqlStore) -> None:
    assert USER is not None
    cpi = KeptNews("n1", USER, News("CPI", NOON, NOON + timedelta(minutes=5)))
    with held.write() as uow:
        uow.rule_sets.add_news(cpi)
    with held.write() as uow:
        assert list(uow.rule_sets.news(USER)) == [cpi]
        assert list(uow.rule_sets.news("other")) == []
        with pytest.raises(NotFound):
            uow.rule_sets.delete_news("other", "n1")
        uow.rule_sets.delete_news(USER, "n1")
        assert list(uow.rule_sets.news(USER)) == []
