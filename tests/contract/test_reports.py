"""The contract of a broker: each fill is told exactly once, whatever happens on the way."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

from app.domain.reports import FillReport
from tests.support.contract import Opened, Stage, answered

D = Decimal


def test_12_fills_after_an_instant_are_those_and_none_before(stage: Stage) -> None:
    stage.filled("buy", "1", name="early")
    time.sleep(0.05)
    later = stage.now()
    stage.filled("buy", "2", name="late")
    names = [r.client_order_id for r in stage.broker.fills(later - timedelta(hours=1))]
    assert names == ["sb-early", "sb-late"]
    assert [r.client_order_id for r in stage.broker.fills(later)] == ["sb-late"]


def test_13_each_fill_is_heard_once_and_is_the_one_that_is_listed(stage: Stage) -> None:
    for name in "abcde":
        stage.send(stage.order("buy", "1", name=name))
    stage.fills(5)
    stage.quiet()
    heard = stage.fills(5)
    told = [one.fill for one in stage.listed()]
    assert sorted((f.venue_fill_id, f.price, f.quantity) for f in told) == sorted(
        (f.venue_fill_id, f.price, f.quantity) for f in heard
    )
    assert len({f.venue_fill_id for f in told}) == 5


def test_51_a_fill_that_is_told_before_the_order_is_acknowledged_is_told(stage: Stage) -> None:
    stage.venue.fault("fill_first")
    stage.send(stage.order("buy", "1"))
    assert len(stage.told("sb-1")) == 1
    stage.quiet()
    assert len(stage.told()) == 1
    stage.becomes("sb-1", "filled")


def test_52_a_fill_that_is_told_after_the_cancel_is_told(stage: Stage) -> None:
    stage.venue.fault("partial_cancel", "shuffled")
    stage.send(stage.order("buy", "4"))
    stage.event("cancel", "sb-1")
    (fill,) = stage.fills(1, "sb-1")
    assert fill.quantity == 2
    held = stage.becomes("sb-1", "canceled")
    assert (held.filled_quantity, stage.held()) == (D(2), D(2))


def test_53_a_report_that_comes_twice_names_the_same_fill(stage: Stage) -> None:
    stage.venue.fault("doubled")
    stage.send(stage.order("buy", "1"))
    answered(lambda: stage.told("sb-1"))
    stage.quiet()
    assert len({fill.venue_fill_id for fill in stage.told("sb-1")}) == 1
    assert len(stage.listed()) == 1


def test_54_a_fill_during_a_lost_stream_is_told_after_it_is_back(stage: Stage) -> None:
    stage.send(stage.order("buy", "5", "limit", limit="499"))
    stage.rests("sb-1")
    stage.venue.lose_stream(0.3)
    stage.quote("498.90", "498.95")
    stage.becomes("sb-1", "filled")
    assert stage.told() == []
    (fill,) = stage.fills(1, "sb-1")
    assert (fill.quantity, fill.price) == (D(5), D("498.95"))
    answered(stage.venue.hears)
    stage.quiet()
    assert {one.venue_fill_id for one in stage.told()} == {fill.venue_fill_id}


def test_55_an_order_that_ended_during_a_lost_stream_is_told_after_it_is_back(
    stage: Stage,
) -> None:
    sent = stage.order("buy", "5", "limit", limit="490")
    stage.send(sent)
    stage.rests("sb-1")
    stage.venue.lose_stream(0.3)
    stage.broker.cancel(sent)
    stage.event("cancel", "sb-1")
    stage.becomes("sb-1", "canceled")


def test_56_events_that_never_come_are_found_by_asking(stage: Stage) -> None:
    stage.venue.fault("lost_event")
    stage.send(stage.order("buy", "1"))
    stage.becomes("sb-1", "filled")
    assert [one.client_order_id for one in stage.listed()] == ["sb-1"]
    assert stage.held() == 1


def test_57_a_broker_that_starts_again_finds_what_works_and_then_its_fills(stage: Stage) -> None:
    stage.send(stage.order("buy", "5", "limit", limit="499"))
    stage.rests("sb-1")
    stage.restart()
    assert stage.works() == [("sb-1", D(5))]
    stage.quote("498.90", "498.95")
    (fill,) = stage.fills(1, "sb-1")
    assert fill.quantity == 5


def test_58_what_filled_before_a_broker_started_is_listed_and_is_the_same_fill(
    stage: Stage,
) -> None:
    before = stage.filled("buy", "1")
    stage.restart()
    (listed,) = stage.listed()
    assert listed.fill.venue_fill_id == before.venue_fill_id
    assert (listed.client_order_id, listed.fill.price) == ("sb-1", before.price)
    stage.quiet()
    assert {one.venue_fill_id for one in stage.told()} == {before.venue_fill_id}


def test_59_an_order_that_somebody_else_placed_is_told_under_an_id_that_is_not_ours(
    stage: Stage,
) -> None:
    stage.venue.by_hand(stage.order("buy", "3", "limit", limit="499", name="hand"))
    (there,) = answered(stage.broker.open_orders)
    assert not there.client_order_id.startswith("sb-")
    assert (there.symbol, there.quantity, there.limit_price) == ("SPY", D(3), D(499))
    stage.quote("498.90", "498.95")
    stage.fills(1)
    (told,) = [one for one in stage.reports if isinstance(one, FillReport)]
    (listed,) = stage.listed()
    for report in (told, listed):
        assert report.client_order_id in {None, there.client_order_id}
        assert report.venue_order_id == there.venue_order_id
        assert (report.fill.quantity, report.fill.price) == (D(3), D("498.95"))
    assert stage.held() == 3


def test_67_every_fill_is_listed_however_many_there_are(opened: Opened) -> None:
    stage = opened("1")
    stage.send(stage.order("buy", "105", "limit", limit="500.01"))
    stage.fills(1)
    for _ in range(104):
        stage.quote("500", "500.01")
    stage.becomes("sb-1", "filled")
    listed = stage.listed()
    assert len({one.fill.venue_fill_id for one in listed}) == 105
    assert sum(one.fill.quantity for one in listed) == 105
    times = [one.fill.at for one in listed]
    assert times == sorted(times)
    assert len(stage.fills(105)) == 105


def test_68_every_order_that_works_is_listed_however_many_there_are(stage: Stage) -> None:
    names = [f"{number:03d}" for number in range(60)]
    for name in names:
        stage.send(stage.order("buy", "1", "limit", limit="490", name=name))
    assert [name for name, _ in stage.works()] == [f"sb-{name}" for name in names]
