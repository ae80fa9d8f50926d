"""Bars that are asked for: from the store, after what is missing was asked of a data service."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.clock import VirtualClock
from app.domain.errors import BrokerLimited, BrokerRejected, InvalidInput
from app.domain.quotes import Bar, BarSource, Range, Timeframe
from app.services.bars import BarAsk, BarHouse, Found, make_bars
from app.services.bars.filling import FAILED_S, FRESH_S, PIECE, SETTLED
from app.store.unit_of_work import SqlStore
from tests.support.bars import MINUTE, NOW, Archive, bar

HOUR = timedelta(hours=1)
#: Hardly any bars, over a time that takes several pieces.
LONG_QUIET = [Range(NOW - 100_000 * MINUTE, NOW - 5 * MINUTE)]
M, H, DAY = Timeframe.MINUTE, Timeframe.HOUR, Timeframe.DAY


@dataclass
class Desk:
    """The desk on an empty store, with a data service and a clock."""

    store: SqlStore
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    woken: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.archive = Archive(self.clock.now)
        self.house: BarHouse = make_bars(
            self.store, self.archive, self.clock, lambda: None, days=30, synthetic=False
        )
        self.house.filler.wake_with(lambda: self.woken.append(1))

    def ask(self, symbol: str = "AAPL", frame: Timeframe = M, **more: Any) -> Found:  # noqa: ANN401
        return self.house.desk.bars(BarAsk(symbol, frame, **more))

    def keep(self, source: BarSource, bars: Sequence[Bar], frame: Timeframe = M) -> None:
        with self.store.write() as uow:
            uow.bars.save(frame, source, bars)

    def asked(self) -> list[tuple[float, float]]:
        """The ranges that were asked for, in minutes before the start, since the last look."""
        found = [
            ((each.start - NOW) / MINUTE, (each.end - NOW) / MINUTE)
            for _, _, each in self.archive.asked
        ]
        self.archive.asked.clear()
        return found

    def rest(self) -> int:
        """Let the background work until nothing waits; returns how often it asked."""
        before = len(self.archive.asked)
        while self.house.filler.step(self.clock.now()):
            pass
        return len(self.archive.asked) - before


@pytest.fixture
def desk(store: SqlStore) -> Desk:
    return Desk(store)


def times(found: Found) -> list[float]:
    return [(each.bar.at - NOW) / MINUTE for each in found.bars]


def ago(minutes: float) -> datetime:
    return NOW - minutes * MINUTE


def test_what_is_missing_is_asked_for_once_and_then_known(desk: Desk) -> None:
    whole: dict[str, Any] = {"start": ago(60), "end": ago(30)}
    first = desk.ask(**whole)
    assert desk.asked() == [(-60, -30)]
    assert (first.complete, first.why, len(first.bars)) == (True, None, 30)
    assert {each.source for each in first.bars} == {BarSource.ALPACA}
    desk.clock.advance(3600)
    assert desk.ask(**whole) == first
    assert desk.asked() == []


def test_only_gaps_are_asked_for(desk: Desk) -> None:
    desk.ask(start=ago(60), end=ago(50))
    desk.ask(start=ago(40), end=ago(30))
    desk.asked()
    found = desk.ask(start=ago(70), end=ago(20))
    assert (found.complete, found.coming) == (False, True)
    desk.rest()
    assert sorted(desk.asked()) == [(-70, -60), (-50, -40), (-30, -20)]
    assert len(desk.ask(start=ago(70), end=ago(20)).bars) == 50


def test_a_time_without_trades_is_not_asked_for_again(desk: Desk) -> None:
    desk.archive.quiet = [Range(ago(90), ago(20))]
    assert desk.ask(start=ago(60), end=ago(30)).bars == []
    desk.asked()
    desk.clock.advance(FRESH_S)
    again = desk.ask(start=ago(60), end=ago(30))
    assert (again.bars, again.complete, desk.asked()) == ([], True, [])


def test_a_bar_that_has_not_ended_is_not_told(desk: Desk) -> None:
    desk.clock.advance(30)
    assert times(desk.ask(limit=2)) == [-2, -1]
    hours = desk.ask(frame=H, limit=2)
    assert times(hours) == [-120, -60]
    assert all(end <= 0 for _, end in desk.asked())


def test_what_is_not_settled_is_asked_for_again_but_not_at_once(desk: Desk) -> None:
    desk.ask(start=ago(60))
    assert desk.asked() == [(-60, 0)]
    desk.ask(start=ago(60))
    assert desk.asked() == []
    desk.clock.advance(FRESH_S)
    desk.archive.price = "11"
    found = desk.ask(start=ago(60))
    settled = -SETTLED / MINUTE
    assert desk.asked() == [(settled, 1)]
    prices = [str(each.bar.close) for each in found.bars]
    assert prices == ["10"] * 45 + ["11"] * 16


def test_the_last_bars_are_found_over_nights_and_weekends(desk: Desk) -> None:
    weekend = Range(ago(5000), ago(30))
    desk.archive.quiet = [weekend]
    found = desk.ask(limit=100)
    assert len(found.bars) == 100
    assert found.following is None
    assert times(found) == [*range(-5070, -5000), *range(-30, 0)]


def test_a_long_time_is_asked_for_piece_by_piece_in_the_background(desk: Desk) -> None:
    start = ago(2.5 * PIECE)
    desk.archive.quiet = [Range(start + 50 * MINUTE, ago(5))]
    found = desk.ask(start=start, limit=10)
    assert (len(found.bars), found.complete, found.following) == (10, True, start + 10 * MINUTE)
    desk.asked()
    found = desk.ask(start=start, limit=5000)
    assert (found.complete, found.coming) == (False, True)
    assert desk.woken
    assert desk.rest() > 0
    assert all(end - begin <= PIECE for begin, end in desk.asked())
    whole = desk.ask(start=start, limit=5000)
    assert (len(whole.bars), whole.complete) == (55, True)
    assert desk.rest() == 0


def test_the_newest_bars_come_first_when_the_last_are_wanted(desk: Desk) -> None:
    desk.archive.quiet = LONG_QUIET
    found = desk.ask(limit=5000)
    assert times(found)[-1] == -1
    assert found.coming
    desk.rest()
    assert desk.ask(limit=5000).complete


def test_the_same_piece_waits_once(desk: Desk) -> None:
    desk.archive.quiet = LONG_QUIET
    for _ in range(3):
        desk.ask(limit=5000)
    desk.asked()
    pieces = desk.rest()
    ranges = desk.asked()
    assert len(set(ranges)) == pieces


def test_a_service_that_fails_is_told_of_and_left_alone_for_a_moment(desk: Desk) -> None:
    desk.ask(start=ago(60), end=ago(50))
    desk.archive.trouble = BrokerLimited("Too many requests: wait 7 seconds.", 7)
    desk.asked()
    for _ in range(3):
        found = desk.ask(start=ago(60), end=ago(40))
        assert found.why == "Too many requests: wait 7 seconds."
        assert (len(found.bars), found.coming) == (10, False)
    assert len(desk.asked()) == 1
    desk.archive.trouble = None
    desk.clock.advance(FAILED_S)
    assert desk.ask(start=ago(60), end=ago(40)).complete


def test_a_failure_in_the_background_ends_what_waits_for_that_symbol(desk: Desk) -> None:
    desk.archive.quiet = LONG_QUIET
    desk.ask(limit=5000)
    desk.asked()
    desk.archive.trouble = BrokerRejected("There is no such symbol.")
    assert desk.rest() == 1
    assert desk.ask(limit=5000).why == "There is no such symbol."


def test_what_nobody_serves_is_told_from_what_is_kept(desk: Desk) -> None:
    desk.keep(BarSource.BUILT, [bar(ago(3), symbol="ESH2026", volume=None)])
    found = desk.ask("ES1!", limit=10)
    assert found.contract.symbol == "ESH2026"
    assert times(found) == [-3]
    assert found.why is not None
    assert "No connected account" in found.why
    desk.archive.connected = False
    assert not desk.ask("AAPL", limit=10).complete
    assert desk.asked() == []


def test_longer_bars_are_made_of_minutes_where_nobody_else_has_them(desk: Desk) -> None:
    minutes = [bar(ago(60 - n), close=str(10 + n), symbol="ESH2026") for n in range(60)]
    desk.keep(BarSource.CSV, minutes)
    desk.keep(BarSource.CSV, [bar(ago(120), close="7", symbol="ESH2026")], H)
    found = desk.ask("ES", H, limit=10)
    assert [(str(each.bar.open), str(each.bar.high), each.source) for each in found.bars] == [
        ("7", "7", BarSource.CSV),
        ("10", "69", BarSource.BUILT),
    ]
    assert times(desk.ask("ES", Timeframe.FIVE_MINUTES, limit=3)) == [-15, -10, -5]
    assert times(desk.ask("ES", H, start=ago(59))) == []


def test_bars_of_made_up_minutes_say_so(desk: Desk) -> None:
    desk.keep(BarSource.SYNTHETIC, [bar(ago(61), symbol="ESH2026")])
    desk.keep(BarSource.BUILT, [bar(ago(62), symbol="ESH2026")])
    (found,) = desk.ask("ES", H, limit=1).bars
    assert found.source is BarSource.SYNTHETIC


def test_two_who_ask_for_the_same_at_once_ask_the_service_once(desk: Desk) -> None:
    came, go = threading.Event(), threading.Event()

    def wait() -> None:
        came.set()
        go.wait(5)

    desk.archive.meanwhile = wait
    answers: list[Found] = []

    def ask() -> None:
        answers.append(desk.ask(start=ago(60), end=ago(30)))

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for each in askers:
        each.start()
    assert came.wait(5)
    go.set()
    for each in askers:
        each.join(5)
    assert desk.asked() == [(-60, -30)]
    assert [len(each.bars) for each in answers] == [30, 30, 30]


def test_the_first_bars_say_where_the_next_begin(desk: Desk) -> None:
    first = desk.ask(start=ago(100), limit=40)
    assert first.following == ago(60)
    second = desk.ask(start=first.following, limit=60)
    assert second.following is None
    assert times(first) + times(second) == list(range(-100, 0))


def test_a_quiet_time_is_skipped_by_asking_on(desk: Desk) -> None:
    desk.archive.quiet = [Range(ago(20_000), ago(50))]
    start: datetime | None = ago(20_000)
    found: list[float] = []
    for _ in range(10):
        if start is None:
            break
        answer = desk.ask(start=start, limit=10)
        found += times(answer)
        start = answer.following
    assert found == list(range(-50, 0))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"start": ago(1), "end": ago(2)}, "start"),
        ({"start": datetime(1, 1, 1, tzinfo=NOW.tzinfo)}, "start"),
        ({"end": datetime(1969, 1, 1, tzinfo=NOW.tzinfo)}, "end"),
    ],
)
def test_times_that_cannot_be_are_refused(desk: Desk, more: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        desk.ask(**more)
    assert set(caught.value.fields) == {field}


def test_a_time_that_is_still_to_come_has_no_bars_yet(desk: Desk) -> None:
    found = desk.ask(start=NOW + HOUR, end=NOW + 2 * HOUR)
    assert (found.bars, found.complete, desk.asked()) == ([], True, [])


def test_days_begin_at_the_exchange(desk: Desk) -> None:
    found = desk.ask(frame=DAY, limit=3)
    assert [each.bar.at.isoformat()[:13] for each in found.bars] == [
        "2026-03-03T05",
        "2026-03-04T05",
        "2026-03-05T05",
    ]
