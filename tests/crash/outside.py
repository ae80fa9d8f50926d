"""Crash points that need more than one server: a venue that lives on, a standby, a backup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from app.storm.evidence import Evidence
from app.storm.judge import judge
from app.storm.server import StormServer
from tests.cli.conftest import shell_on
from tests.crash.ward import Ward
from tests.support.chaos import OuterVenue, outer_venue
from tests.support.serving import eventually

#: A chaos account at which nothing goes wrong by chance.
NEVER = {"drop_before": 0.0}


@contextmanager
def outside(ward: Ward) -> Iterator[OuterVenue]:
    """Let the ward trade at a venue whose process lives on when the server is killed."""
    ward.break_broker(NEVER, 1)
    with outer_venue(ward.data_dir / "venue") as venue:
        ward.server.environment = {**ward.server.environment, **venue.env}
        try:
            yield venue
        finally:
            ward.server.kill()


def hang_on_the_wire(ward: Ward, venue: OuterVenue, fault: str) -> None:
    """C08: the server dies while the venue has its order and does not answer."""
    before = venue.drawn().get(fault, 0)
    venue.next(fault, verb="submit", seconds=5)
    assert ward.send(ward.move(ward.desk.held + 1)) == 202
    eventually(lambda: venue.drawn().get(fault, 0) > before)
    ward.strike("C08")
    ward.start()
    ward.resend()
    ward.judged()


def fill_while_down(ward: Ward, venue: OuterVenue) -> None:
    """C12: an order rests far from the market; the server dies, then the market comes to it."""
    fields = {"action": "buy", "contracts": "1", "order_type": "limit", "limit_price": "4990"}
    ward.desk.held += 1
    assert ward.send(ward.alert(ward.desk, **fields)) == 202
    (order,) = ward.judged(working=1).orders[-1:]
    ward.strike("C12")
    at = ward.clock.now().isoformat()
    price = {"symbol": order.symbol, "bid": "4980", "ask": "4980.25", "at": at, "source": "stream"}
    venue.ask("POST", "/quotes", [price])
    filled = eventually(lambda: _fills(venue, order.account_id, order.client_order_id))
    restarted = ward.clock.now()
    ward.start()
    evidence = ward.judged()
    booked = [fill for fill in evidence.fills if fill.order_id == order.id]
    assert [(fill.at, fill.price) for fill in booked] == filled
    assert booked[0].at < restarted
    assert evidence.held == ward.desk.held


def _fills(venue: OuterVenue, account_id: str, name: str) -> list[tuple[object, Decimal]]:
    made = venue.fills(account_id)
    return [(one.fill.at, one.fill.price) for one in made if one.client_order_id == name]


@contextmanager
def beside(ward: Ward, folder: Path) -> Iterator[StormServer]:
    """A second server on the ward's database, which stands by."""
    folder.mkdir()
    secret = (ward.data_dir / "secret.key").read_text(encoding="ascii").strip()
    environment = {**ward.server.environment, "DATABASE_URL": ward.url, "SECRET_KEY": secret}
    second = StormServer(ward.server.command, environment, folder, ward.clock, ward.server.wait)
    try:
        second.start()
        yield second
    finally:
        second.kill()


def standby_takes_over(ward: Ward, second: StormServer) -> None:
    """C20: the server that trades dies over its orders; the one that stands by goes on."""
    first = ward.server
    for _ in range(5):
        assert ward.send(ward.move(ward.desk.held + 1)) == 202
        ward.desk.held %= 3
    ward.strike("C20")
    ward.server = second
    body = ward.move(ward.desk.held - 1)
    eventually(lambda: ward.send(body) in {200, 202}, 20)
    ward.judged()
    # Who was killed comes back and stands by in its turn.
    ward.server = first
    try:
        ward.start()
        assert ward.send(ward.move(0)) == 503
    finally:
        first.kill()
        ward.server = second


def restore_old_backup(ward: Ward, venue: OuterVenue, file: Path) -> Evidence:
    """C21: after a backup trading goes on, the server dies, and the backup is put back.

    The ward has then acknowledged what it had before the backup.
    """
    shell = shell_on(ward.data_dir)
    assert ward.send(ward.move(2)) == 202
    ward.judged()
    shell.ok("backup", str(file))
    kept = set(ward.acknowledged)
    for position in (3, 1, -1):
        assert ward.send(ward.move(position)) == 202
    before = ward.judged()
    ward.strike("C21")
    # The lock of a killed server is free once the kernel has ended all of it.
    eventually(lambda: shell.run("restore", str(file)).exit_code == 0)
    ward.start()
    ward.resend()
    evidence = ward.settled()
    # What came after the backup is not in it: those alerts are gone from our books, not from the
    # venue's, whose orders are in the manual book now, and no longer in the strategy's.
    assert len(evidence.venue_orders) == len(before.venue_orders)
    wrong = [fault for fault in judge(evidence, kept).faults if not fault.startswith("I4")]
    assert not wrong, "\n".join(wrong)
    ward.acknowledged = kept
    assert sum(position.quantity for position in evidence.books.values()) == evidence.held
    return evidence
