"""A worker ends with its master, and not before."""

from __future__ import annotations

from datetime import UTC, datetime

from app.workers.parent import ParentWatch

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_a_worker_whose_master_was_killed_ends_itself() -> None:
    parents, ended = [7, 7, 1], []
    watch = ParentWatch(7, lambda: parents.pop(0), lambda: ended.append(True))
    assert [watch.step(NOW), watch.step(NOW)] == [False, False]
    assert ended == []
    watch.step(NOW)
    assert ended == [True]
