"""The venue as a process of its own: durable, alone on its directory, and gone with its parent."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from app.brokers.chaos import VenueProcess
from app.clock import SystemClock
from app.domain.errors import BrokerUnavailable
from tests.support.chaos import OuterVenue, outer_venue
from tests.support.serving import Server, eventually, run, serving
from tests.support.tree import ROOT

pytestmark = pytest.mark.hardship

PARENT = """
import sys, time
from pathlib import Path
from app.brokers.chaos import VenueProcess
process = VenueProcess([sys.executable, "-m", "app", "venue"], Path(sys.argv[1]), {}, Path.cwd())
process.place()
print(process.pid, flush=True)
time.sleep(60)
"""
STRATEGY = ("strategy", "create", "Breakout", "--symbol", "ES", "--account", "storm")
COMMAND = [sys.executable, "-m", "app", "venue"]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[VenueProcess]:
    made = VenueProcess(COMMAND, tmp_path / "venue", {}, ROOT)
    yield made
    made.close()


def number(process: VenueProcess) -> int | None:
    """The process that runs now."""
    return process.pid


def alive(pid: int) -> bool:
    """Whether the process is there and not only waits to be buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_process_is_started_when_it_is_needed_and_again_when_it_died(
    process: VenueProcess,
) -> None:
    assert number(process) is None
    first = process.place()
    pid = number(process)
    assert pid is not None
    assert requests.get(f"{first.address}/ping", timeout=5).ok
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: number(process) is None)
    second = process.place()
    assert number(process) not in {None, pid}
    assert second.headers == first.headers
    last = number(process)
    process.close()
    assert not alive(last or 0)
    with pytest.raises(BrokerUnavailable):
        process.place()


def test_the_secret_is_in_no_argument_and_opens_everything_but_the_ping(
    process: VenueProcess,
) -> None:
    place = process.place()
    secret = place.headers["Authorization"].removeprefix("Bearer ")
    shown = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
    assert secret not in shown
    for path in ("/log", "/faults", "/accounts/x", "/stream?account=x", "/quotes"):
        assert requests.get(place.address + path, timeout=5).status_code == 401
        wrong = {"Authorization": "Bearer x"}
        assert requests.get(place.address + path, headers=wrong, timeout=5).status_code == 401
    assert requests.get(place.address + "/log", headers=dict(place.headers), timeout=5).ok


def test_a_command_that_does_not_start_is_told_and_not_waited_for(tmp_path: Path) -> None:
    broken = VenueProcess([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, {}, ROOT)
    with pytest.raises(BrokerUnavailable, match="did not start"):
        broken.place()
    broken.close()


def test_the_process_is_gone_when_its_parent_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    eventually(lambda: not alive(pid))


def test_a_second_venue_on_a_directory_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with outer_venue(tmp_path):
        done = run(["venue", "--data", str(tmp_path)], os.environ)
        assert done.returncode == 2
        assert done.stderr.strip().endswith(f"Another venue works in {tmp_path}: stop it first.")


def test_what_rests_at_the_venue_fills_while_the_server_is_away(tmp_path: Path) -> None:
    with outer_venue(tmp_path) as venue:
        opened(venue)
        venue.end(signal.SIGKILL)
        venue.start()
        put_price(venue, "4899", "4899.25")
        eventually(lambda: [order.state for order in venue.orders("a1")] == ["filled"])
        (fill,) = venue.fills("a1")
        assert str(fill.fill.price) == "4899.25"


def opened(venue: OuterVenue) -> None:
    """Open an account at the venue and let an order rest there."""
    venue.ask("PUT", "/accounts/a1", {"starting_cash": "1000000"})
    order = {
        "id": "o1",
        "client_order_id": "sb-1",
        "symbol": "ESZ2026",
        "side": "buy",
        "quantity": "1",
        "type": "limit",
        "time_in_force": "gtc",
        "role": "entry",
        "leg": "entry",
        "limit_price": "4900",
        "created_at": "2026-11-16T16:00:00+00:00",
    }
    assert venue.ask("POST", "/accounts/a1/orders", {"order": order})["state"] == "accepted"


def put_price(venue: OuterVenue, bid: str, ask: str) -> None:
    at = SystemClock().now().isoformat()
    quote = {"symbol": "ESZ2026", "bid": bid, "ask": ask, "at": at, "source": "stream"}
    venue.ask("POST", "/quotes", [quote])


# --- with a real server ---------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "data", BROKER_IDLE_S="3") as made:
        yield made


def children(server: Server) -> list[int]:
    """The venue processes of the server."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                shown = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if "venue" in shown and str(server.log.parent / "venue") in shown:
                found.append(int(entry.name))
    return found


def held(server: Server) -> list[Decimal]:
    """What our books hold."""
    at = f"file:{server.log.parent / 'signalbox.db'}?mode=ro"
    with closing(sqlite3.connect(at, uri=True)) as database:
        return [Decimal(str(row[0])) for row in database.execute("SELECT quantity FROM positions")]


def test_a_chaos_account_trades_and_its_venue_lives_and_dies_with_the_server(
    server: Server,
) -> None:
    assert children(server) == []
    made = server.command("account", "create", "storm", "--venue", "chaos", "--fault", "doubled=1")
    assert made["venue"] == "chaos"
    assert "faults.doubled=1" in made["settings"]
    created = server.command(
        "strategy", "create", "Breakout", "--symbol", "ES", "--account", "storm"
    )
    body = {"action": "buy", "quantity": "2", "price": "5000"}
    answer = requests.post(created["webhook_url"], json=body, timeout=10)
    assert answer.status_code == 202, answer.text
    eventually(lambda: held(server) == [2])
    (pid,) = children(server)
    os.kill(pid, signal.SIGKILL)
    answer = requests.post(created["webhook_url"], json={**body, "id": "second"}, timeout=10)
    assert answer.status_code == 202
    eventually(lambda: held(server) == [4], 20)
    (pid,) = children(server)
    assert server.stop() == 0
    assert not alive(pid)
