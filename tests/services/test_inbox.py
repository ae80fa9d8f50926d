"""The inbox: kept before it is answered, told why when refused, and the same alert only once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.bootstrap import core
from app.clock import SystemClock
from app.domain.alerts import read
from app.domain.errors import InvalidInput, StoreUnavailable
from app.domain.events import FactKind, Level
from app.domain.inbox import Alert, AlertSource, AlertState
from app.domain.settings import AccountLink, StrategySettings
from app.domain.strategies import Strategy, StrategyState
from app.services.inbox import Answer, Delivery, Inbox
from app.services.pace import Pace
from tests.support.floor import Floor, settings_for
from tests.support.venue import ScriptedVenue

BUY = b'{"action":"buy","quantity":"1"}'


@pytest.fixture
def strategy(floor: Floor) -> Strategy:
    return floor.strategy()


def rows(floor: Floor) -> list[Alert]:
    """Every alert that was kept, in the order of arrival."""
    with floor.core.store.read() as uow:
        ids = [row[0] for row in uow.connection.execute(text("SELECT id FROM alerts ORDER BY id"))]
    return [floor.alert(each) for each in ids]


def id_of(answer: Answer) -> str:
    return str(answer.body["alert_id"])


def test_an_alert_is_kept_whole_before_it_is_answered(floor: Floor, strategy: Strategy) -> None:
    answer = floor.deliver(
        strategy,
        b' {"action": "buy", "quantity": 1, "id": "a"} ',
        content_type="text/plain; charset=utf-8",
        headers={"User-Agent": "Go-http-client/1.1"},
        source_address="52.89.214.238",
    )
    assert (answer.status, answer.body["status"]) == (202, "accepted")
    kept = floor.alert(id_of(answer))
    assert kept.body == b' {"action": "buy", "quantity": 1, "id": "a"} '
    assert kept.headers == {"User-Agent": "Go-http-client/1.1"}
    assert (kept.content_type, kept.source_address) == (
        "text/plain; charset=utf-8",
        "52.89.214.238",
    )
    assert (kept.state, kept.source) == (AlertState.RECEIVED, AlertSource.WEBHOOK)
    assert (kept.dedupe_key, kept.dedupe_rule) == ("id:a", "id")
    assert kept.key_id is not None
    fact = floor.facts[-1]
    assert (fact.kind, fact.message) == (FactKind.ALERT_RECEIVED, "Breakout: Alert received")


def test_accepting_wakes_the_executor_and_refusing_does_not(
    floor: Floor, strategy: Strategy
) -> None:
    rings: list[int] = []
    floor.core.work_arrived.to(lambda: rings.append(1))
    floor.deliver(strategy, BUY)
    floor.deliver(strategy, b"")
    assert rings == [1]


# --- keys -----------------------------------------------------------------------------------------


def test_an_unknown_key_gets_404_and_leaves_nothing(floor: Floor, strategy: Strategy) -> None:
    answer = floor.core.inbox.accept("no-such-key", Delivery(BUY))
    assert (answer.status, answer.body["error_code"]) == (404, "NOT_FOUND")
    refused = InvalidInput("Too large.", code="BODY_TOO_LARGE")
    assert floor.core.inbox.refuse("no-such-key", Delivery(BUY), 413, refused).status == 404
    assert rows(floor) == []


def test_f18_a_rotated_key_opens_until_its_overlap_ends(floor: Floor, strategy: Strategy) -> None:
    new = floor.core.strategies.rotate_key(None, strategy.id, timedelta(hours=1))
    assert floor.post(strategy, action="buy", quantity="1").status == 202
    floor.clock.advance(3600)
    assert floor.post(strategy, action="buy", quantity="1").status == 404
    assert floor.core.inbox.accept(new, Delivery(BUY)).status == 202


def test_an_archived_strategys_key_opens_nothing(floor: Floor, strategy: Strategy) -> None:
    floor.core.strategies.archive(None, strategy.id)
    assert floor.post(strategy, action="buy", quantity="1").status == 404


# --- what is refused at once ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "EMPTY_BODY"),
        (b'{"action":"buy",}', 400, "BAD_JSON"),
        (b"[1]", 400, "NOT_AN_OBJECT"),
        (b'{"action":"buy","action":"sell"}', 400, "DUPLICATE_FIELD"),
        (b"\xff\xfe", 400, "NOT_UTF8"),
        (b"buy now please", 400, "NO_FIELDS"),
        (b'{"action":"bye","quantity":"1"}', 422, "UNKNOWN_ACTION"),
        (b'{"action":"buy","quantity":"-1"}', 422, "BAD_QUANTITY"),
        (b'{"action":"buy","quantity":"NaN"}', 422, "BAD_NUMBER"),
        (b'{"action":"buy","quantity":"1","symbol":"QQQQQQQ9"}', 422, "UNKNOWN_SYMBOL"),
    ],
)
def test_a_message_that_cannot_be_used_is_kept_with_its_reason(
    floor: Floor, strategy: Strategy, body: bytes, status: int, code: str
) -> None:
    answer = floor.deliver(strategy, body)
    assert (answer.status, answer.body["error_code"]) == (status, code)
    kept = floor.alert(id_of(answer))
    assert (kept.state, kept.code, kept.body) == (AlertState.INVALID, code, body)
    assert kept.detail == answer.body["detail"]
    assert kept.finished_at == kept.received_at
    assert (floor.facts[-1].kind, floor.facts[-1].level) == (FactKind.ALERT_REFUSED, Level.ERROR)
    floor.work()
    assert floor.broker.sent == []


def test_a_wrong_field_is_named(floor: Floor, strategy: Strategy) -> None:
    answer = floor.deliver(strategy, b'{"action":"buy","quantity":"x"}')
    assert [field["field"] for field in answer.body["fields"]] == ["quantity"]  # type: ignore[attr-defined]


def test_a_message_that_could_not_be_used_does_not_block_its_corrected_resend(
    floor: Floor, strategy: Strategy
) -> None:
    assert floor.deliver(strategy, b'{"id":"a","action":"buy","quantity":"x"}').status == 422
    assert floor.deliver(strategy, b'{"id":"a","action":"buy","quantity":"1"}').status == 202


def test_a_symbol_that_the_strategy_maps_is_known(floor: Floor) -> None:
    mapped = floor.strategy("Mapped", symbol_map={"SPX500USD": "ES"})
    assert floor.post(mapped, action="buy", quantity="1", symbol="OANDA:SPX500USD").status == 202


def test_what_is_too_large_to_read_is_kept_with_the_status_it_was_given(
    floor: Floor, strategy: Strategy
) -> None:
    error = InvalidInput("The message is longer than 64 KiB.", code="BODY_TOO_LARGE")
    answer = floor.core.inbox.refuse(floor.keys[strategy.id], Delivery(b"{" * 100), 413, error)
    assert (answer.status, answer.body["error_code"]) == (413, "BODY_TOO_LARGE")
    assert floor.alert(id_of(answer)).state is AlertState.INVALID


def test_a_strategy_that_is_off_refuses_with_200_and_a_row(
    floor: Floor, strategy: Strategy
) -> None:
    floor.core.strategies.set_state(None, strategy.id, StrategyState.OFF)
    answer = floor.post(strategy, action="buy", quantity="1")
    assert (answer.status, answer.body["code"]) == (200, "STRATEGY_OFF")
    kept = floor.alert(id_of(answer))
    assert (kept.state, kept.code) == (AlertState.REFUSED, "STRATEGY_OFF")
    assert (floor.facts[-1].kind, floor.facts[-1].code) == (FactKind.ALERT_REFUSED, "STRATEGY_OFF")
    floor.work()
    assert floor.alert(kept.id).state is AlertState.REFUSED


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("52.89.214.238", 202),
        ("10.1.2.3", 202),
        ("::ffff:10.1.2.3", 202),
        ("10.2.0.1", 200),
        ("nonsense", 200),
        (None, 200),
    ],
)
def test_only_listed_senders_pass_an_allow_list(
    floor: Floor, address: str | None, status: int
) -> None:
    guarded = floor.strategy("Guarded", source_allowlist=["52.89.214.238", "10.1.0.0/16"])
    answer = floor.deliver(guarded, BUY, source_address=address)
    assert answer.status == status
    if status == 200:
        assert answer.body["code"] == "SOURCE_NOT_ALLOWED"
        assert str(address or "unknown") in str(answer.body["detail"])


# --- the same alert -------------------------------------------------------------------------------


def test_a1_a_resend_gets_the_first_alerts_id_each_time_and_makes_one_order(
    floor: Floor, strategy: Strategy
) -> None:
    first = floor.post(strategy, id="a", action="buy", quantity="1")
    floor.work()
    for _ in range(3):
        floor.clock.advance(5)
        again = floor.post(strategy, id="a", action="buy", quantity="1")
        assert (again.status, again.body["status"]) == (200, "duplicate")
        assert (id_of(again), again.body["state"]) == (id_of(first), "executed")
    floor.work()
    assert len(floor.broker.sent) == 1
    kept = rows(floor)
    assert [each.state for each in kept] == [AlertState.EXECUTED, *[AlertState.DUPLICATE] * 3]
    assert {each.duplicate_of for each in kept[1:]} == {id_of(first)}


def test_the_order_of_fields_and_white_space_make_no_other_alert(
    floor: Floor, strategy: Strategy
) -> None:
    floor.deliver(strategy, b'{"id":"a","action":"buy","quantity":"1"}')
    again = floor.deliver(strategy, b'{ "quantity": 1, "action": "buy", "id": "a" }')
    assert again.body["status"] == "duplicate"


def test_the_same_id_with_another_message_is_a_conflict_and_a_row(
    floor: Floor, strategy: Strategy
) -> None:
    first = floor.post(strategy, id="a", action="buy", quantity="1")
    again = floor.post(strategy, id="a", action="buy", quantity="2")
    assert (again.status, again.body["error_code"]) == (409, "CONFLICT")
    assert id_of(again) == id_of(first)
    kept = rows(floor)[-1]
    assert (kept.state, kept.duplicate_of) == (AlertState.CONFLICT, id_of(first))
    assert floor.facts[-1].level is Level.ERROR
    floor.work()
    assert floor.held(strategy) == 1


def test_an_idempotency_header_counts_when_the_message_has_no_id(
    floor: Floor, strategy: Strategy
) -> None:
    assert floor.deliver(strategy, BUY, idempotency_key="k").status == 202
    assert floor.deliver(strategy, BUY, idempotency_key="k").status == 200
    assert floor.deliver(strategy, BUY, idempotency_key="l").status == 202


def test_a2_two_alerts_with_times_and_order_ids_of_their_own_are_two(floor: Floor) -> None:
    strategy = floor.strategy("Timed", dedupe_window_s=3)
    bodies = [
        b'{"action":"buy","quantity":"1","order_id":"%d","timenow":"2026-11-16T16:00:00Z"}' % order
        for order in (1, 2)
    ]
    for body in bodies:
        assert floor.deliver(strategy, body).status == 202
        floor.clock.advance(0.4)
    assert floor.deliver(strategy, bodies[1]).status == 200


def test_a2_without_any_id_equal_messages_within_the_window_are_one(floor: Floor) -> None:
    strategy = floor.strategy("Windowed", dedupe_window_s=3)
    first = floor.deliver(strategy, BUY)
    floor.clock.advance(2.9)
    again = floor.deliver(strategy, BUY)
    assert (again.body["status"], id_of(again)) == ("duplicate", id_of(first))
    assert floor.alert(id_of(first)).dedupe_rule == "window"
    floor.clock.advance(0.2)
    assert floor.deliver(strategy, BUY).status == 202


@pytest.mark.parametrize("start", [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 2.9])
def test_a2_the_window_reaches_across_its_edge(floor: Floor, start: float) -> None:
    strategy = floor.strategy("Windowed", dedupe_window_s=3)
    floor.clock.advance(start)
    floor.deliver(strategy, BUY)
    floor.clock.advance(2.5)
    assert floor.deliver(strategy, BUY).body["status"] == "duplicate"
    floor.clock.advance(0.6)
    assert floor.deliver(strategy, BUY).status == 202


def test_without_a_window_equal_messages_are_different_alerts(floor: Floor) -> None:
    strategy = floor.strategy("Open", dedupe_window_s=None)
    assert floor.deliver(strategy, BUY).status == 202
    floor.clock.advance(0.001)
    assert floor.deliver(strategy, BUY).status == 202


def test_the_same_id_at_two_strategies_is_two_alerts(floor: Floor, strategy: Strategy) -> None:
    other = floor.strategy("Other")
    assert floor.post(strategy, id="a", action="buy", quantity="1").status == 202
    assert floor.post(other, id="a", action="buy", quantity="1").status == 202


def test_f08_fifty_deliveries_at_once_are_one_alert_and_one_order(
    floor: Floor, strategy: Strategy
) -> None:
    answers: list[Answer] = []
    gate = threading.Barrier(50)

    def deliver() -> None:
        gate.wait()
        answers.append(floor.deliver(strategy, b'{"id":"a","action":"buy","quantity":"1"}'))

    threads = [threading.Thread(target=deliver) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] * 49 + [202]
    assert len({id_of(answer) for answer in answers}) == 1
    floor.work()
    assert len(floor.broker.sent) == 1
    assert len(rows(floor)) == 50


# --- nothing is promised that was not kept --------------------------------------------------------


class _FailingStore:
    """A database that takes the rows and fails when they are to be kept."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @contextmanager
    def write(self) -> Iterator[object]:
        with suppress(ZeroDivisionError), self._floor.core.store.write() as uow:
            yield uow
            _ = 1 / 0
        raise StoreUnavailable("The disk is full.")


@pytest.mark.parametrize("call", ["accept", "refuse"])
def test_c02_a_write_that_failed_keeps_nothing_wakes_nobody_and_is_raised(
    floor: Floor, strategy: Strategy, call: str
) -> None:
    rings: list[int] = []
    inbox = Inbox(
        _FailingStore(floor),  # type: ignore[arg-type]
        floor.clock,
        floor.core.ids,
        floor.core.vault,
        Pace(floor.clock.monotonic),
        lambda: rings.append(1),
        lambda: None,
    )
    error = InvalidInput("Too large.", code="BODY_TOO_LARGE")
    more = () if call == "accept" else (413, error)
    with pytest.raises(StoreUnavailable):
        getattr(inbox, call)(floor.keys[strategy.id], Delivery(BUY), *more)
    assert rows(floor) == []
    assert rings == []
    assert floor.deliver(strategy, BUY).status == 202


def test_c03_an_alert_whose_answer_was_lost_is_found_by_its_resend(
    floor: Floor, strategy: Strategy
) -> None:
    floor.post(strategy, id="a", action="buy", quantity="1")
    floor.work()
    assert floor.post(strategy, id="a", action="buy", quantity="1").body["state"] == "executed"


def test_what_comes_from_inside_is_kept_as_manual(floor: Floor, strategy: Strategy) -> None:
    with floor.core.store.write() as uow:
        alert = floor.core.inbox.enqueue(uow, strategy.id, None, BUY, "Breakout: buy 1 by hand")
    kept = floor.alert(alert.id)
    assert (kept.source, kept.dedupe_rule) == (AlertSource.MANUAL, "inside")
    assert floor.facts[-1].message == "Breakout: buy 1 by hand"


def test_every_accepted_message_can_be_read_again(floor: Floor, strategy: Strategy) -> None:
    answer = floor.deliver(strategy, b"\xef\xbb\xbf symbol=ES; action=buy; quantity=1")
    assert read(floor.alert(id_of(answer)).body).intent.symbol == "ES"


def test_an_arrival_is_told_to_the_pace(floor_folder: Path) -> None:
    clock = SystemClock()
    venue = ScriptedVenue(clock)
    made = core(settings_for(floor_folder), clock=clock, venues={"scripted": venue.broker})
    account = made.accounts.find(None, "desk")
    links = [AccountLink(account.id)]
    _, key = made.strategies.create(None, "Breakout", "ES", StrategySettings(), links)
    made.inbox.accept(key, Delivery(BUY))
    assert made.pace._arrivals == 1
    made.close()
