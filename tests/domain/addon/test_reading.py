"""Messages of add-ons are read strictly: each fault is told with the path of its field."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.addon.messages import Kind, Message, Operation, Unreadable, Way
from app.domain.addon.reading import MALFORMED, MOST_MESSAGES, read_posted
from app.domain.errors import InvalidInput
from tests.support.addon import Json, batch, execution, position, read, told


def fault(document: object) -> dict[str, str]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(InvalidInput) as caught:
        read_posted(body)
    assert caught.value.code == MALFORMED
    return caught.value.fields


def changed(path: str, value: object) -> Json:
    """A message with all kinds of parts, and another value at ``path``."""
    message: Any = told(
        positions=[position()],
        executions=[execution("e1")],
        orders=[{"order_id": "1", "action": "Sell", "type": "Limit", "quantity": 1, "state": "W"}],
        daily_pnl_history=[{"date": "2026-03-03", "pnl": "310.00", "source": "addon"}],
    )
    place: Any = message
    *parents, last = path.split(".")
    for name in parents:
        place = place[int(name)] if name.isdigit() else place[name]
    place[int(last) if last.isdigit() else last] = value
    return message  # type: ignore[no-any-return]


def test_a_message_is_read_whole() -> None:
    message = read(
        told(
            7,
            kind="delta",
            cash="50125.40",
            unrealized="62.50",
            positions=[position(2, "Short")],
            executions=[execution("e1", 3)],
            orders=[
                {
                    "order_id": "nt-91",
                    "name": "",
                    "action": "Sell",
                    "type": "StopMarket",
                    "quantity": 1,
                    "filled": 0,
                    "limit_price": None,
                    "stop_price": "21480.00",
                    "state": "Working",
                    "oco": "g1",
                    "tif": "Day",
                    "time": "2026-03-04T15:04:01Z",
                }
            ],
            daily_pnl_history=[{"date": "2026-03-03", "pnl": "310.00", "source": "addon"}],
        )
    )
    assert (message.seq, message.kind, message.session_id) == (7, Kind.DELTA, "s1")
    assert message.event_time == datetime(2026, 3, 4, 15, 0, 7, tzinfo=UTC)
    assert message.values.cash_value == Decimal("50125.40")
    assert message.values.net_liquidation is None
    (held,) = message.positions or ()
    assert (held.market_position, held.net) == (Way.SHORT, Decimal(-2))
    (done,) = message.executions
    assert (done.execution_id, done.operation, done.fee) == ("e1", Operation.ADD, Decimal("0.37"))
    (order,) = message.orders or ()
    assert (order.stop_price, order.name, order.limit_price) == (Decimal(21480), None, None)
    assert [(day.day, day.pnl) for day in message.days] == [(date(2026, 3, 3), Decimal(310))]
    assert message.account.connected


def test_what_is_not_told_is_unknown_and_what_is_told_besides_is_left_alone() -> None:
    message = told(invented="later", reason=None, nt_version=None)
    for name in ("positions", "orders", "executions", "daily_pnl_history"):
        del message[name]
    message["values"] = {"cash_value": None, "new_figure": "1"}
    found = read(message)
    assert (found.positions, found.orders, found.values.cash_value) == (None, None, None)
    assert (found.executions, found.days) == ((), ())


def test_a_json_number_is_taken_as_it_is_written() -> None:
    body = json.dumps(told()).replace('"50000"', "50000.1000000000000001").encode()
    (entry,) = read_posted(body).entries
    assert isinstance(entry, Message)
    assert entry.values.cash_value == Decimal("50000.1000000000000001")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", 2),
        ("schema", True),
        ("type", "Other"),
        ("installation_id", ""),
        ("session_id", 5),
        ("session_id", "s" * 201),
        ("seq", 0),
        ("seq", "1"),
        ("seq", True),
        ("seq", 2**60),
        ("kind", "full"),
        ("kind", ["delta"]),
        ("sent_at", "yesterday"),
        ("sent_at", "2026-03-04T15:00:00"),
        ("event_time", "0001-01-01T00:00:00+14:00"),
        ("account", "APEX"),
        ("account.name", "\u0007"),
        ("account.name", "n" * 81),
        ("account.is_simulated", "no"),
        ("values", None),
        ("values.cash_value", "much"),
        ("values.cash_value", True),
        ("values.cash_value", "NaN"),
        ("values.cash_value", "1e15"),
        ("values.unrealized_pnl", {}),
        ("positions", {}),
        ("positions.0.market_position", "Sideways"),
        ("positions.0.quantity", -1),
        ("positions.0.instrument", None),
        ("orders.0.state", 4),
        ("orders", [1] * 501),
        ("executions.0.execution_id", None),
        ("executions.0.price", "1,5"),
        ("executions.0.time", "15:00"),
        ("executions.0.operation", "Guess"),
        ("daily_pnl_history.0.date", "19.11.2026"),
    ],
)
def test_a_fault_is_told_with_its_field(path: str, value: object) -> None:
    (found,) = fault(changed(path, value))
    assert found == path


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"seq": NaN}', b"9" * 5000, b'"text"', b"[]"],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert set(fault(body)) == {"body"}


def test_a_bad_message_of_a_batch_stands_in_the_way_of_no_other() -> None:
    bad = told(2)
    bad["values"]["cash_value"] = "much"
    posted = read_posted(
        json.dumps(
            batch(told(1), bad, told(3)) | {"messages": [told(1), bad, told(3), "x"]}
        ).encode()
    )
    first, second, third, fourth = posted.entries
    assert posted.batch
    assert isinstance(first, Message)
    assert isinstance(third, Message)
    assert isinstance(second, Unreadable)
    assert (second.seq, second.account) == (2, "APEX-12345-01")
    assert set(second.error.fields) == {"messages.1.values.cash_value"}
    assert isinstance(fourth, Unreadable)
    assert (fourth.seq, fourth.account, set(fourth.error.fields)) == (None, None, {"messages.3"})


def test_a_batch_has_some_messages_and_not_too_many() -> None:
    assert set(fault(batch())) == {"messages"}
    assert set(fault(batch(*[told()] * (MOST_MESSAGES + 1)))) == {"messages"}
    assert set(fault({"type": "AccountUpdateBatch", "schema": 1})) == {"messages"}
    assert set(fault(batch(told()) | {"schema": 3})) == {"schema"}
