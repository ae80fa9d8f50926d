"""The desk of statements: whole imports or none, swept leftovers, and work in small pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from app.clock import VirtualClock
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.orders import Fill
from app.domain.statements import Format, Outcome, Statement, StatementState
from app.services.statements import Breath, StatementDesk, Taken, Upload
from app.services.statements.breath import TURN_S
from app.services.statements.desk import KEPT
from app.services.statements.taking import AT_ONCE
from app.store.engine import make_engines
from app.store.tables.statements import STATEMENT_LINES, STATEMENT_ROWS
from app.store.unit_of_work import SqlStore
from tests.support.records import NOON, fill, furnish, furnish_neighbour

HEAD = "id,activity_type,transaction_time,side,qty,symbol,price\n"
LIST = "Trade #,Type,Signal,Date/Time,Price,Contracts\n"
TRADE = "1,Entry long,L,2026-03-02 12:00,5000,2\n"


@dataclass
class Ticking:
    """A clock that goes on by a turn with every look, and counts the rests."""

    inner: VirtualClock
    rests: int = 0

    def now(self) -> datetime:
        return self.inner.now()

    def monotonic(self) -> float:
        self.inner.advance(2 * TURN_S)
        return self.inner.monotonic()

    def rest(self) -> None:
        self.rests += 1


@dataclass
class Office:
    """The desk with the store behind it."""

    store: SqlStore
    clock: Ticking
    desk: StatementDesk

    def upload(
        self,
        text: str,
        name: str = "file.csv",
        zone: str = "UTC",
        strategy_id: str | None = None,
        symbol: str | None = None,
    ) -> Upload:
        return Upload(name, text.encode(), "account-1", zone, strategy_id, symbol)

    def take(self, text: str, **more: str) -> Taken:
        return self.desk.take("user-1", self.upload(text, **more))

    def rows(self) -> tuple[int, int]:
        with self.store.read() as uow:
            return (
                len(uow.connection.execute(STATEMENT_ROWS.select()).all()),
                len(uow.connection.execute(STATEMENT_LINES.select()).all()),
            )


@pytest.fixture
def office(sqlite_store_url: str) -> Iterator[Office]:
    store = SqlStore(make_engines(sqlite_store_url), lambda _: None)
    furnish(store)
    clock, numbers = Ticking(VirtualClock(NOON)), count(1)
    desk = StatementDesk(
        store,
        clock,
        lambda: f"statement-{next(numbers)}",
        clock.rest,
        window=timedelta(seconds=300),
        late=timedelta(seconds=5),
    )
    yield Office(store, clock, desk)
    store.close()


def line(number: int) -> str:
    return f"f{number},FILL,2026-03-02T12:{number // 60:02}:{number % 60:02}Z,buy,1,AAPL,190\n"


def share(number: int) -> Fill:
    """Our fill of what the line of that number tells."""
    return fill(number, symbol="AAPL", quantity=Decimal(1), price=Decimal(190))


def lines(first: int, last: int) -> str:
    return HEAD + "".join(line(number) for number in range(first, last))


def test_a_file_is_kept_in_small_transactions_with_rests_between(office: Office) -> None:
    total = AT_ONCE * 2 + 1
    made = office.take(lines(0, total)).statement
    assert (made.state, made.executions, made.lines) == (StatementState.READY, total, total)
    assert made.first_at == NOON.replace(microsecond=0)
    assert office.rows() == (total, total)
    assert office.clock.rests > total
    assert office.desk.all("user-1") == [office.desk.get("user-1", made.id)]


def test_a_fault_in_the_last_line_keeps_nothing(office: Office) -> None:
    with pytest.raises(InvalidInput, match="Nothing was imported"):
        office.take(lines(0, 300) + "x,FILL,now,buy,1,AAPL,190\n")
    assert office.rows() == (0, 0)
    assert office.desk.all("user-1") == []


def test_the_same_file_is_recognised_by_its_content_under_any_name_and_zone(
    office: Office,
) -> None:
    first = office.take(lines(0, 3))
    again = office.take(lines(0, 3), name="other.csv", zone="Asia/Tokyo")
    assert (first.again, again.again) == (False, True)
    assert again.statement == first.statement
    assert office.rows() == (3, 3)


def test_the_same_line_twice_in_a_file_counts_once(office: Office) -> None:
    made = office.take(lines(0, 2) + line(1)).statement
    assert (made.executions, made.lines) == (2, 3)
    assert made.skipped == {"repeated": 1}


def test_what_an_interrupted_import_left_is_swept_by_the_next(office: Office) -> None:
    left = Statement(
        id="statement-0",
        account_id="account-1",
        scope="",
        format=Format.ALPACA_ACTIVITIES,
        state=StatementState.LOADING,
        file_name="left.csv",
        content_hash="left",
        zone="UTC",
        imported_at=NOON,
    )
    made = office.take(lines(0, 2)).statement
    with office.store.write() as uow:
        told = uow.statements.executions(made, 0, 2)
        uow.statements.begin(left)
        uow.statements.add(left, 0, [told[0], replace(told[0], key="only here")])
    assert office.rows() == (3, 4)
    office.take(lines(5, 6))
    assert office.rows() == (3, 3)
    with office.store.read() as uow:
        assert uow.statements.unfinished() == []


def test_a_file_that_is_being_imported_right_now_is_a_conflict(office: Office) -> None:
    made = office.take(lines(0, 2)).statement
    with office.store.write() as uow:
        uow.statements.finish(replace(made, state=StatementState.LOADING))
    office.desk._under_way.add(made.id)
    with pytest.raises(Conflict):
        office.take(lines(0, 2))
    with pytest.raises(NotFound):
        office.desk.get("user-1", made.id)


def test_a_comparison_is_made_anew_when_our_fills_change(office: Office) -> None:
    with office.store.write() as uow:
        uow.fills.insert(share(0), Decimal(0), NOON)
    made = office.take(lines(0, 2)).statement
    _, found = office.desk.compared("user-1", made.id)
    assert found.totals.counts[Outcome.MISSED] == 1
    assert office.desk.compared("user-1", made.id)[1] is found
    with office.store.write() as uow:
        uow.fills.insert(share(1), Decimal(0), NOON)
    assert office.desk.compared("user-1", made.id)[1].totals.counts[Outcome.MISSED] == 0


def test_only_the_last_comparisons_are_kept(office: Office) -> None:
    made = [office.take(lines(n, n + 1)).statement for n in range(KEPT + 1)]
    for each in made:
        office.desk.compared("user-1", each.id)
    assert list(office.desk._known) == [each.id for each in made[1:]]
    office.desk.remove("user-1", made[1].id)
    assert made[1].id not in office.desk._known


def test_more_fills_than_are_read_at_once_are_all_compared(office: Office) -> None:
    with office.store.write() as uow:
        for number in range(1100):
            uow.fills.insert(replace(share(number), at=NOON), Decimal(0), NOON)
    statement = office.take(HEAD + line(0) + line(59)).statement
    _, found = office.desk.compared("user-1", statement.id)
    assert found.totals.counts[Outcome.OURS_ONLY] == 1100 - 2


def test_a_file_without_an_execution_is_an_import_of_nothing(office: Office) -> None:
    made = office.take(HEAD).statement
    assert (made.executions, made.first_at, made.last_at) == (0, None, None)
    assert office.desk.compared("user-1", made.id)[1].rows == []


def test_a_list_of_trades_needs_a_strategy_of_the_user(office: Office) -> None:
    furnish_neighbour(office.store)
    with pytest.raises(InvalidInput) as caught:
        office.take(LIST + TRADE, symbol="ES")
    assert "strategy_id" in caught.value.fields
    with pytest.raises(NotFound):
        office.take(LIST + TRADE, strategy_id="strategy-2")
    made = office.take(LIST + TRADE, strategy_id="strategy-1").statement
    assert (made.strategy_id, made.symbol, made.scope) == ("strategy-1", "ES", "strategy-1")
    other = office.take(lines(0, 1), strategy_id="strategy-1").statement
    assert (other.strategy_id, other.symbol, other.scope) == (None, None, "")


def test_what_is_another_users_is_not_there(office: Office) -> None:
    furnish_neighbour(office.store)
    made = office.take(lines(0, 1)).statement
    for act in (office.desk.get, office.desk.compared, office.desk.remove):
        with pytest.raises(NotFound):
            act("user-2", made.id)
    with pytest.raises(NotFound):
        office.desk.take("user-2", office.upload(lines(0, 1)))


def test_a_symbol_that_nobody_knows_is_refused_with_its_field(office: Office) -> None:
    with pytest.raises(InvalidInput) as caught:
        office.take(LIST + TRADE, strategy_id="strategy-1", symbol="????")
    assert "symbol" in caught.value.fields


def test_a_name_that_is_too_long_is_refused(office: Office) -> None:
    with pytest.raises(InvalidInput) as caught:
        office.take(lines(0, 1), name="x" * 201)
    assert "file" in caught.value.fields


def test_work_rests_only_when_its_turn_is_over() -> None:
    clock, rests = VirtualClock(NOON), []
    breath = Breath(clock, lambda: rests.append(clock.monotonic()))
    for _ in range(20):
        clock.advance(TURN_S / 4)
        breath.take()
    assert len(rests) == 5
