"""A process that keeps a funded account is killed at every statement, and does it again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.domain.events import Fact, FactKind
from app.propfirm import FundedAccount, FundedDay, FundedMinute, Status, Violation
from app.store.engine import make_engines
from app.store.unit_of_work import SqlStore
from tests.faults import killed_funded
from tests.faults.killed_funded import BREACH, RESET, UPDATE
from tests.support.killing import killed, killed_everywhere
from tests.support.records import ACCOUNT

pytestmark = pytest.mark.hardship


@dataclass(frozen=True)
class Kept:
    """Everything that is kept of the account, and what was told."""

    account: FundedAccount | None
    days: Sequence[FundedDay]
    minutes: Sequence[FundedMinute]
    violations: Sequence[Violation]
    facts: Sequence[Fact]


def kept(url: str) -> Kept:
    with closing(SqlStore(make_engines(url), lambda _: None)) as store, store.read() as uow:
        return Kept(
            uow.funded.get(ACCOUNT.id),
            uow.funded.days(ACCOUNT.id),
            uow.funded.minutes(ACCOUNT.id, 0, 2**30),
            uow.funded.violations(ACCOUNT.id),
            uow.facts.after(0, 1000),
        )


@pytest.fixture
def prepared(sqlite_store_url: str) -> str:
    """A database with an account that was put under rules."""
    with closing(SqlStore(make_engines(sqlite_store_url), lambda _: None)) as store:
        killed_funded.prepare(store)
    return sqlite_store_url


@pytest.mark.parametrize(
    ("line", "least"),
    [
        pytest.param(UPDATE, 6, id="update"),
        pytest.param(RESET, 5, id="reset"),
        pytest.param(BREACH, 8, id="breach"),
    ],
)
def test_a_funded_account_killed_at_any_statement_is_kept_as_if_it_had_not_been(
    prepared: str, tmp_path: Path, line: int, least: int
) -> None:
    deaths = killed_everywhere(killed_funded.__file__, prepared, tmp_path, line, kept)
    assert deaths >= least


def test_what_the_killed_account_goes_through_is_a_day_that_ends_and_a_breach(
    prepared: str,
) -> None:
    assert not killed(killed_funded.__file__, prepared)
    found = kept(prepared)
    assert found.account is not None
    assert found.account.state is not None
    assert found.account.state.status is Status.FAILED
    assert [str(each.day) for each in found.days] == ["2026-03-06", "2026-03-09"]
    assert len(found.violations) == 1
    kinds = [each.kind for each in found.facts]
    assert kinds == [FactKind.FUNDED_DAY_BEGAN, FactKind.RULE_BREACHED]
