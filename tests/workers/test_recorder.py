"""The recorder's worker wakes often and records each second once."""

from __future__ import annotations

from sqlalchemy import text

from app.workers.recorder import RecordWorker
from tests.support.floor import Floor


def test_each_second_is_recorded_once_however_often_the_worker_wakes(floor: Floor) -> None:
    floor.strategy()
    worker = RecordWorker(floor.core.recorder)
    for _ in range(20 * 61):
        assert not worker.step(floor.clock.now())
        floor.clock.advance(0.05)
    with floor.core.store.read() as uow:
        rows = uow.connection.execute(
            text("SELECT count(*), count(DISTINCT at) FROM strategy_pnl_history GROUP BY series_id")
        ).all()
    assert rows
    assert {(count, seconds) for count, seconds in rows} == {(2, 2)}
