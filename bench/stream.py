"""The stream of prices: 2,000 trades a second at the server while alerts become orders at Alpaca.

The stand-in for Alpaca is a process of its own, and sends each trade in a message of its own, which
is the dearest way.  Alerts are sent at the same pace twice, without
the trades and with them; the difference of the server's processor time is what the stream costs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from app.domain.accounts import ALPACA
from bench.exchange import Exchange, exchange
from bench.figures import Figure, at_most
from bench.load import Answers, paced, post
from bench.run import Run
from bench.servers import Server, signalbox
from bench.stage import Body, Stage, staged

_PART: Final = "stream"
_SYMBOL: Final = "AAPL"
_PRICE: Final = "270"
#: Trades in each hundredth of a second, alerts in a second, and one of how many trades.
_EACH_10_MS: Final = 20
_ALERTS_A_SECOND: Final = 10
_ONE_TRADES: Final = 10
_P99_MS: Final = at_most(100)
_CORE: Final = at_most(25)
_LOST: Final = at_most(0)


def measure(run: Run) -> list[Figure]:
    """Return what of the stream is lost, what it costs, and how answers fare meanwhile."""
    seconds = run.pick(30, 2)
    with exchange(run.directory / "alpaca") as venue:
        with (
            staged(
                run.directory / _PART,
                strategies=2,
                symbols=(_SYMBOL,),
                venues=(ALPACA,),
                alpaca=(venue.address, venue.keys),
            ) as stage,
            signalbox(stage.settings) as server,
        ):
            venue.wait_for_streams()
            calm, calm_s = _answered(stage, server, seconds, 0)
            sent = sum(_burst(venue, seconds) for _ in range(_EACH_10_MS))
            busy, busy_s = _answered(stage, server, seconds, 1)
            stage.wait()
            filled = sum(map(len, stage.filled().values()))
        received = _received(server.log)
    return _figures(seconds, sent, received, filled, (calm, calm_s), (busy, busy_s))


def _burst(venue: Exchange, seconds: int) -> int:
    """Let a trade come each hundredth of a second, in a message of its own; return how many."""
    return int(venue.tell("burst", symbol=_SYMBOL, count=1, seconds=seconds)["sent"])


def _figures(
    seconds: int,
    sent: int,
    received: int,
    filled: int,
    calm: tuple[Answers, float],
    busy: tuple[Answers, float],
) -> list[Figure]:
    lost = f"{sent} trades sent in {seconds} s, {received} received before any was left out"
    share = 100 * (busy[1] - calm[1]) / busy[0].seconds
    cost = (
        f"one core was busy for {100 * busy[1] / busy[0].seconds:.0f} % with the stream, for"
        f" {100 * calm[1] / calm[0].seconds:.0f} % without"
    )
    pace = (
        f"{_ALERTS_A_SECOND} a second, one in {_ONE_TRADES} an order at Alpaca, {filled} fills;"
        f" without the stream {calm[0].milliseconds(99):.1f} ms"
    )
    return [
        Figure(_PART, "trades lost", float(sent - received), "", _LOST, lost),
        Figure(_PART, "processor time of the stream", share, "% of a core", _CORE, cost),
        Figure(_PART, "webhook answered, p50", busy[0].milliseconds(50), "ms"),
        Figure(_PART, "webhook answered, p99", busy[0].milliseconds(99), "ms", _P99_MS, pace),
    ]


def _answered(stage: Stage, server: Server, seconds: int, turn: int) -> tuple[Answers, float]:
    """Send alerts for so long; return the answers, and the server's processor time meanwhile."""
    trading, idle = stage.paths
    sent = [
        post(trading if number % _ONE_TRADES == 0 else idle, _body(turn, number), close=True)
        for number in range(seconds * _ALERTS_A_SECOND)
    ]
    before = server.cpu_s()
    answers = paced(server.port, sent, _ALERTS_A_SECOND).expect(202)
    return answers, server.cpu_s() - before


def _body(turn: int, number: int) -> Body:
    """An alert that buys one or sells it again; the others find their strategy flat."""
    body: Body = {"id": f"{turn}-{number}", "symbol": _SYMBOL, "price": _PRICE}
    if number % _ONE_TRADES:
        return {**body, "action": "exit"}
    side = "sell" if number // _ONE_TRADES % 2 else "buy"
    return {**body, "action": side, "quantity": "1"}


def _received(log: Path) -> int:
    """How many trades the server counted before any was left out, as it wrote at its end."""
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    ended = [json.loads(line) for line in lines if '"prices_ended"' in line]
    return int(ended[-1]["received"].get("t", 0)) if ended else 0
