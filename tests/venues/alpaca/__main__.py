"""Run the stand-in by hand: ``python -m tests.venues.alpaca --data /tmp/alpaca --walk``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from tests.venues.alpaca.house import KEY, SECRET
from tests.venues.alpaca.running import move, running


def main() -> None:
    """Serve until SIGTERM or SIGINT; one line of JSON says where."""
    parser = argparse.ArgumentParser(prog="python -m tests.venues.alpaca", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="for clients; 0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0, help="for prices and faults")
    parser.add_argument("--data", type=Path, required=True, help="folder of the durable log")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="of every answer")
    parser.add_argument("--walk", action="store_true", help="let all prices walk, each second")
    parser.add_argument("--seed", type=int, default=1, help="of the walk")
    given = parser.parse_args()
    with running(given.data, given.port, given.control_port) as stand_in:
        stand_in.house.latency_s = given.latency_ms / 1000
        ending = stand_in.clients.ending
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        where = {"address": stand_in.address, "control": stand_in.control_address}
        sys.stdout.write(json.dumps({**where, "key": KEY, "secret": SECRET}) + "\n")
        sys.stdout.flush()
        move(stand_in.house, ending, 1.0 if given.walk else None, given.seed)


if __name__ == "__main__":
    main()
