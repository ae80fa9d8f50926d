"""The storm through Alpaca's adapter: ``python -m tests.storm.alpaca --alerts 300 --kills 3``.

A real server trades at Alpaca's stand-in, a process of its own that breaks requests, orders and
streams by chance, and is killed meanwhile.  The judge reads our database and the stand-in's log.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from app import logs
from app.bootstrap import Core
from app.bootstrap.connecting import connections_of
from app.clock import SystemClock
from app.commands.serve import server_command
from app.domain.accounts import ALPACA, Account
from app.domain.money import ZERO
from app.domain.orders import Fill, Side
from app.services.connections import KeyPair, Wish
from app.services.trading.settle import contract_of
from app.sim.records import PaperFill
from app.sim.terms import Terms
from app.storm.paper import Placed, VenuePaper
from app.storm.plan import Markets, Shape
from app.storm.scratch import ScratchStorm
from app.storm.show import text, traces
from app.storm.stage import faults
from tests.support.alpaca import StandIn, outer_stand_in
from tests.support.tree import ROOT
from tests.venues.alpaca.control import FAULTS

#: Stocks that the stand-in lists, at about the prices that it opens with.
STOCKS: Final[Markets] = tuple(
    (symbol, Decimal(price), Decimal("0.01"))
    for symbol, price in (("AAPL", 270), ("MSFT", 500), ("SPY", 680), ("F", 12))
)
#: What goes wrong, and how often: most of all, answers are lost after an order was taken.
STORMY: Final = {
    "error_after": 0.06,
    "error_before": 0.03,
    "drop_after": 0.06,
    "drop_before": 0.03,
    "hang_after": 0.01,
    "hang_before": 0.01,
    "limited": 0.01,
    "limited_untimed": 0.01,
    "truncated": 0.02,
    "html": 0.02,
    "late_reject": 0.02,
    "partial_cancel": 0.03,
    "fill_first": 0.1,
    "shuffled": 0.1,
    "doubled": 0.1,
    "lost_event": 0.05,
    "stream_close": 0.01,
    "stream_mute": 0.005,
}
#: The money that the stand-in's account begins with: enough for all that a storm buys.
CASH: Final = Decimal(100_000)
#: Requests a minute, so many that only the fault ``limited`` is a limit.
_RATE: Final = 60_000
_KEPT_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")


@dataclass(frozen=True)
class StandInPaper:
    """What the stand-in's log has of its one account, as of the account here."""

    venue: StandIn
    account_id: str

    def orders(self) -> Sequence[Placed]:
        """Every order that was taken, whatever was answered."""
        return [Placed(self.account_id, row["client_order_id"]) for row in self._log()["orders"]]

    def fills(self) -> Sequence[PaperFill]:
        """Every execution, oldest first."""
        log = self._log()
        named = {row["id"]: row["client_order_id"] for row in log["orders"]}
        return [
            self._fill(number, row, named[row["order_id"]])
            for number, row in enumerate(log["fills"], 1)
        ]

    def _log(self) -> Any:  # noqa: ANN401  JSON
        return self.venue.tell("log", key=self.venue.keys[0])

    def _fill(self, number: int, row: Mapping[str, str], name: str) -> PaperFill:
        at, execution = datetime.fromisoformat(row["transaction_time"]), row["id"].split("::")[1]
        fill = Fill(
            venue_fill_id=execution,
            account_id=self.account_id,
            symbol=row["symbol"],
            side=Side(row["side"]),
            quantity=Decimal(row["qty"]),
            price=Decimal(row["price"]),
            commission=ZERO,
            at=at,
        )
        terms = Terms.of(contract_of(row["symbol"], at.date()))
        return PaperFill(self.account_id, execution, number, at, name, row["order_id"], fill, terms)


@dataclass(frozen=True)
class StandInArena:
    """Alpaca's stand-in as the venue of a storm."""

    venue: StandIn
    markets: Markets = STOCKS
    quotes: bool = True

    def settings(self) -> Mapping[str, str]:
        """The hosts of Alpaca, which are the stand-in's one address."""
        address = self.venue.address
        stream = address.replace("http", "ws", 1)
        return {
            "alpaca_paper_url": address,
            "alpaca_data_url": address,
            "alpaca_stream_url": stream,
        }

    def account(self, made: Core, shape: Shape) -> Account:
        """Connect the stand-in's account as a trader does, then let go wrong what shall."""
        key, secret = self.venue.keys
        self.venue.tell("account", key=key, multiplier=4, rate_limit=_RATE)
        desk = connections_of(made, {ALPACA: made.parts.alpaca})
        account = desk.connect(None, Wish("Storm at Alpaca", KeyPair(key, secret)))
        chances = {name: part for name, part in shape.faults.items() if name in FAULTS}
        self.venue.tell("faults", chances=chances, account_id=key, seed=shape.seed)
        return account

    def paper(self, account: Account, directory: Path) -> VenuePaper:
        """The stand-in's own log."""
        return StandInPaper(self.venue, account.id)


def storm(venue: StandIn, folder: Path, shape: Shape, say: Callable[[str], None]) -> ScratchStorm:
    """A storm at the stand-in, on a server in ``folder``."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return ScratchStorm(
        shape=shape,
        directory=folder,
        command=server_command(),
        environment={**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        clock=SystemClock(),
        say=say,
        arena=StandInArena(venue),
    )


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main() -> None:
    """Carry the storm out, print the report, and end with 0 when everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.storm.alpaca", description=__doc__)
    parser.add_argument("--alerts", type=int, default=300)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--restarts", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", help="as app storm takes them; usually what stands in STORMY")
    parser.add_argument("--json", type=Path, help="write the whole report here")
    parser.add_argument("--keep", type=Path, help="use this new folder and keep it")
    parser.add_argument("--traces", action="store_true", help="print the steps of each alert")
    given = parser.parse_args()
    chances = dict(STORMY if given.faults is None else faults(given.faults))
    shape = Shape(
        alerts=given.alerts,
        kills=given.kills,
        restarts=given.restarts,
        faults=chances,
        seed=given.seed,
    )
    logs.configure("error", "auto")
    with tempfile.TemporaryDirectory(prefix="signalbox-storm-") as name:
        report = _run(given.keep or Path(name), shape)
    if given.json is not None:
        given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if given.traces:
        sys.stdout.write(traces(report) + "\n")
    sys.stdout.write(text(report))
    sys.exit(0 if report["passed"] else 1)


def _run(folder: Path, shape: Shape) -> dict[str, object]:
    folder.mkdir(parents=True, exist_ok=True)
    with outer_stand_in(folder / "alpaca", "--walk", "--seed", str(shape.seed)) as venue:
        report = storm(venue, folder / "server", shape, _say).run()
        said = venue.tell("faults")
        _say(f"Faults that happened: {said['drawn']}.")
    return report


if __name__ == "__main__":
    main()
