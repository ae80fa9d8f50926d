"""The venue's own log keeps what the paper log keeps, and refuses what it has."""

from __future__ import annotations

from datetime import timedelta, timezone
from pathlib import Path

import pytest

from app.domain.errors import Conflict, StoreUnavailable
from app.venue.log import VenueLog
from tests.support.paper import NOON, Stage, order


@pytest.fixture
def log(tmp_path: Path) -> VenueLog:
    return VenueLog(tmp_path)


def traded(log: VenueLog) -> Stage:
    """A paper market on the log: an order that filled, one that rests, one that was cancelled."""
    stage = Stage(log=log)  # type: ignore[arg-type]
    stage.quote("5000", "5000.25")
    stage.send(order("buy", "1", name="filled"))
    stage.later(0.5)
    stage.send(order("buy", "1", name="later"))
    stage.send(order("buy", "1", "limit", limit="4900", name="rests"))
    stage.send(order("buy", "1", "limit", limit="4800", name="gone"))
    stage.broker.cancel(order("buy", "1", "limit", limit="4800", name="gone"))
    return stage


def test_an_account_is_read_back_as_it_was(log: VenueLog, tmp_path: Path) -> None:
    stage = traded(log)
    again = VenueLog(tmp_path)
    state = again.load("acc-paper")
    assert [one.client_order_id for one in state.working] == ["sb-rests"]
    assert [one.fill for one in state.fills] == stage.fills
    assert state.last_number == max(one.number for one in again.orders("acc-paper"))
    gone = again.order("acc-paper", "sb-gone")
    assert gone is not None
    assert gone.state == "canceled"
    assert again.order("acc-other", "sb-gone") is None


def test_fills_after_an_instant_are_those_whatever_its_fraction_and_zone(log: VenueLog) -> None:
    traded(log)
    for after, count in ((NOON, 2), (NOON + timedelta(microseconds=1), 1)):
        elsewhere = after.astimezone(timezone(timedelta(hours=-6)))
        assert len(log.fills("acc-paper", after)) == len(log.fills("acc-paper", elsewhere)) == count
    assert log.fills("acc-paper", NOON + timedelta(seconds=0.6)) == []


def test_what_it_has_is_refused_and_nothing_of_it_is_written(log: VenueLog) -> None:
    traded(log)
    kept = log.orders("acc-paper")
    with pytest.raises(Conflict):
        log.save([kept[0]], [], [])
    with pytest.raises(Conflict):
        log.save([], [], log.load("acc-paper").fills)
    assert log.orders("acc-paper") == kept


def test_a_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    with pytest.raises(StoreUnavailable):
        VenueLog(tmp_path / "file")
