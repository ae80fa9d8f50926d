"""Deletion: in chunks, by age, and never of what is not rolled up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NoReturn, cast

from sqlalchemy import text

from app.domain.errors import StoreUnavailable
from app.propfirm import FundedMinute
from app.services.history import Keeper, Keeping, Rederived, Roller, rederive
from app.services.history.keeper import CHUNK
from app.services.ports import Level, Store
from app.store.engine import make_engines
from app.store.reads import SqlReads
from app.store.unit_of_work import SqlStore
from app.workers.historian import Historian
from tests.support.history import ROLL, START, curve, record, roll, sample, spans
from tests.support.records import ACCOUNT, furnish

DAY, HOUR = 86400, 3600
KEEPING = Keeping(seconds_days=2, minutes_days=10, hours_days=40)


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def swept(store: SqlStore, now: int, keeping: Keeping = KEEPING) -> int:
    """Delete all that is too old at ``now``; in how many steps."""
    keeper = Keeper(store, keeping)
    steps = 0
    while keeper.step(at(now)):
        steps += 1
    return steps


def kept(store: SqlStore, series: int) -> dict[Level | None, tuple[int, int]]:
    """How many rows there are of each layer, and when the first is."""
    with store.read() as unit:
        found: dict[Level | None, list[int]] = {
            level: [each.at for each in unit.rolled.spans(series, level, 0, 2**40)]
            for level in Level
        }
        found[None] = [each.at for each in unit.rolled.samples(series, 0, 2**40)]
    return {layer: (len(rows), rows[0]) for layer, rows in found.items() if rows}


def test_h6_each_layer_is_kept_for_its_days_and_days_for_ever(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START + n * 1800, n % 97) for n in range(60 * 48)])
    now = START + 60 * DAY
    roll(store, now)
    before = spans(store, series, Level.DAY)
    swept(store, now)
    found = kept(store, series)
    assert found[None][1] >= now - 2 * DAY - (DAY if store.on_postgres else HOUR)
    assert now - 10 * DAY - HOUR <= found[Level.MINUTE][1] <= now - 10 * DAY + HOUR
    assert now - 40 * DAY - HOUR <= found[Level.HOUR][1] <= now - 40 * DAY + HOUR
    assert spans(store, series, Level.DAY) == before
    assert len(before) == 61
    assert list(rederive(store, Rederived())) == []
    first, last = START, START + 60 * DAY - 1800
    reads = SqlReads(store)
    assert reads.extent(series) == (first, last)
    opens = reads.open_pnl(series, [START - 1, START + HOUR - 1, now])
    assert list(opens) == [0, 1, (60 * 48 - 1) % 97]


def test_minutes_of_funded_accounts_are_kept_as_long_as_those_of_curves(store: SqlStore) -> None:
    furnish(store)
    now, one = START + 30 * DAY, Decimal(1)
    with store.write() as unit:
        for minute in range(0, 30 * 24 * 60, 7):
            place = START // 60 + minute
            unit.funded.save_minute(FundedMinute(ACCOUNT.id, place, one, one, one, one))
    swept(store, now)
    with store.read() as unit:
        found = unit.funded.minutes(ACCOUNT.id, 0, 2**30)
    oldest = (now - 10 * DAY) // 60
    assert oldest - 60 <= found[0].minute <= oldest + 7
    assert found[-1].minute >= now // 60 - 7


def test_h6_nothing_is_deleted_that_is_not_rolled_up(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START + n * 600, n % 9) for n in range(6 * 24 * 3)])
    everything = kept(store, series)
    swept(store, START + 400 * DAY)
    assert kept(store, series) == everything
    half = START + DAY + 1800
    roll(store, half)
    swept(store, START + 400 * DAY)
    found = kept(store, series)
    whole = half - half % DAY if store.on_postgres else half
    assert found[None][1] == whole
    assert found[Level.MINUTE][1] == half - 1800
    assert found[Level.HOUR][1] == START + HOUR
    assert found[Level.DAY] == (1, START + HOUR - DAY)
    roll(store, START + 9 * DAY)
    assert sum(
        each.summary.samples for each in spans(store, series, Level.DAY) if each.summary
    ) == (6 * 24 * 3)


def test_a_chunk_is_all_that_one_transaction_deletes(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START + n, 0) for n in range(3 * CHUNK)])
    roll(store, START + 3 * DAY)
    keeper = Keeper(store, KEEPING)
    left = []
    while keeper.step(at(START + 9 * DAY)):
        left.append(kept(store, series).get(None, (0, 0))[0])
    dropped = [before - after for before, after in pairwise(left)]
    assert max(dropped) == CHUNK
    assert left[-1] == 0


def test_each_hour_looks_for_more(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START + n * HOUR, n) for n in range(100)])
    roll(store, START + 5 * DAY)
    keeper, now = Keeper(store, Keeping(1, 10, 40)), at(START + 3 * DAY)
    while keeper.step(now):
        pass
    before = kept(store, series)[None][0]
    assert not keeper.step(now)
    now += timedelta(days=1)
    while keeper.step(now):
        pass
    assert kept(store, series)[None][0] == before - 24


def test_the_file_gives_its_room_back_little_by_little(sqlite_store_url: str) -> None:
    store = SqlStore(make_engines(sqlite_store_url), lambda _: None)
    series = curve(store)
    record(store, [sample(series, START, 1)])
    roll(store, START + 4 * DAY)
    with store.record() as unit:
        unit.connection.execute(text("CREATE TABLE filling AS SELECT zeroblob(8000000) AS data"))
    with store.record() as unit:
        unit.connection.execute(text("DROP TABLE filling"))

    def pages() -> int:
        with store.read() as unit:
            return int(unit.connection.execute(text("PRAGMA page_count")).scalar_one())

    before = pages()
    assert swept(store, START + 40 * DAY) > 5
    assert pages() < before / 2
    store.close()


def test_samples_have_a_place_for_each_day_which_is_dropped_whole(
    postgres_store_url: str,
) -> None:
    store = SqlStore(make_engines(postgres_store_url), lambda _: None)
    today = START - START % DAY

    def places() -> list[str]:
        with store.read() as unit:
            found = unit.connection.execute(
                text(
                    "SELECT DISTINCT tableoid::regclass::text FROM strategy_pnl_history ORDER BY 1"
                )
            )
            return list(found.scalars())

    swept(store, START)
    series = curve(store)
    record(store, [sample(series, today + n * HOUR, n) for n in range(-24, 60)])
    assert places() == [
        "strategy_pnl_history_20260302",
        "strategy_pnl_history_20260303",
        "strategy_pnl_history_20260304",
        "strategy_pnl_history_other",
    ]
    swept(store, START + 4 * DAY, Keeping(1, 10, 40))
    assert len(places()) == 4
    roll(store, START + 4 * DAY)
    swept(store, START + 3 * DAY, Keeping(1, 10, 40))
    assert places() == ["strategy_pnl_history_20260304"]
    with store.read() as unit:
        known = unit.rolled.of(series)
    assert known is not None
    assert known.seconds_from == today + 2 * DAY
    store.close()


class Busy:
    """A store whose recording is refused."""

    def __init__(self, store: SqlStore) -> None:
        self.read = store.read

    def record(self) -> NoReturn:
        raise StoreUnavailable("Somebody reads for long.")


def test_tables_that_others_hold_wait_for_the_next_hour(store: SqlStore) -> None:
    keeper = Keeper(cast("Store", Busy(store)), KEEPING)
    for _ in ("room", "days", "minutes"):
        assert keeper.step(at(START))
    assert not keeper.step(at(START))


def test_the_worker_rolls_up_first_and_deletes_then(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START + n, n) for n in range(300)])
    worker = Historian(Roller(store, ROLL), Keeper(store, KEEPING))
    now = at(START + 5 * DAY)
    for _ in range(20):
        assert not worker.step(now)
    found = kept(store, series)
    assert None not in found
    assert found[Level.MINUTE] == (5, START)


def test_what_was_tampered_with_is_found_and_left_as_it_is(store: SqlStore) -> None:
    series = curve(store)
    record(store, [sample(series, START + n * 30, n) for n in range(400)])
    roll(store, START + 2 * DAY)
    count = Rederived()
    assert list(rederive(store, count)) == []
    assert count.spans == 200 + 4 + 2
    with store.record() as unit:
        unit.connection.execute(
            text("UPDATE strategy_pnl_history SET open = open + 1 WHERE at = :at"),
            {"at": START + 600},
        )
        unit.connection.execute(
            text("DELETE FROM pnl_spans WHERE level = 1 AND at = :at"), {"at": START + 1200}
        )
    found = list(rederive(store, Rederived()))
    assert [(each.at, each.stored is None) for each in found if each.derived] == [
        (START + 600, False),
        (START + 1200, True),
        (START, False),
    ]
    stored, derived = found[0].stored, found[0].derived
    assert stored is not None
    assert derived is not None
    assert derived.open == (stored.open or Decimal(0)) or derived.summary != stored.summary
