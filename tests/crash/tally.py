"""What all kills of a run add up to, as one line and as a report that can be kept."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.bootstrap import release
from app.storm.judge import INVARIANTS, judge
from app.storm.report import machine
from tests.crash.ward import Ward
from tests.support.tree import ROOT

AT_RANDOM, BROKEN_BROKER = "at random", "at random, broken broker"
#: Where the server is at each point when it is killed.
PLACES = {
    "C01": "half of the alert's body has come",
    "C02": "the alert's row is written, not committed",
    "C03": "the alert is committed, its sender has no answer",
    "C04": "the answer has just left",
    "C05": "the alert waits in the inbox, nobody has claimed it",
    "C06": "the alert is claimed, nothing is decided",
    "C07": "the order is committed, the broker has not been called",
    "C08": "the order is on the wire, the broker does not answer",
    "C09": "the broker took and filled the order, its answer was not heard",
    "C10": "the answer is here, what it says is not written",
    "C11": "fill and position are committed, no page was told",
    "C12": "an order rests at the broker and fills while the server is dead",
    "C13": "the fill is written, its position is not",
    "C14": "one of two is filled",
    "C15": "the broker has cancelled, its answer was not heard",
    "C17": "the first leg of a reversal is booked, the second is not written",
    "C18": "the trading day has ended, the next one is being begun",
    "C19": "a migration has changed half of the tables; all of them",
    "C20": "two servers on one database, the one that trades is killed",
    "C21": "an old backup is put back after the kill",
    AT_RANDOM: "at any moment, alerts under way",
    BROKEN_BROKER: "at any moment, alerts under way, and the broker fails as well",
}


@dataclass
class Tally:
    """What every kill, and every judgement after it, adds up to."""

    began: datetime
    places: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    orders: int = 0
    fills: int = 0
    judgements: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        """How often a server was killed."""
        return sum(self.places.values())

    def add(self, ward: Ward) -> None:
        """Add what happened to a ward, which was judged after every kill."""
        evidence = ward.settled()
        judgment = judge(evidence, ward.acknowledged)
        self.faults.update(each.number for each in judgment.verdicts for _ in each.faults)
        self.lost += judgment.lost
        self.doubled += judgment.doubled
        self.orders += len(evidence.venue_orders)
        self.fills += len(evidence.venue_fills)
        self.judgements += ward.judgements + 1
        self.count(ward)

    def count(self, ward: Ward) -> None:
        """Add how often a ward was killed and what it acknowledged, without a judgement."""
        self.places.update(ward.killed)
        self.acknowledged += len(ward.acknowledged)

    def line(self) -> str:
        """Return the sums in one line."""
        return (
            f"kills {self.kills}, alerts acknowledged {self.acknowledged},"
            f" lost {self.lost}, doubled {self.doubled}"
        )

    def report(self, seed: int, kills: int, now: datetime, failed: int) -> str:
        """Return the whole run as Markdown."""
        return "\n".join(self._lines(seed, kills, now, failed)) + "\n"

    def _verdict(self, kills: int, failed: int) -> str:
        if failed or self.faults or self.lost or self.doubled:
            return f"FAILED ({failed} tests)"
        if self.kills < kills:
            return f"not complete, {kills} were meant, and so nothing is proven"
        return "passed, nothing lost and nothing doubled"

    def _lines(self, seed: int, kills: int, now: datetime, failed: int) -> Iterator[str]:
        took = timedelta(seconds=round((now - self.began).total_seconds()))
        facts = machine(release())
        yield f"# {self.kills} kills: {self._verdict(kills, failed)}"
        yield ""
        yield f"Repeat it with `make crash KILLS={kills} SEED={seed}` at commit `{_commit()}`."
        yield ""
        yield "| | |"
        yield "|---|---|"
        yield f"| Kills (`kill -9` of a real server) | {self.kills} |"
        yield f"| Alerts acknowledged | {self.acknowledged} |"
        yield f"| **Lost** | **{self.lost}** |"
        yield f"| **Doubled** | **{self.doubled}** |"
        yield f"| Orders at the brokers | {self.orders} |"
        yield f"| Fills | {self.fills} |"
        yield f"| Times that everything was judged | {self.judgements} |"
        yield f"| Began | {self.began:%Y-%m-%d %H:%M} UTC |"
        yield f"| Time | {took} |"
        yield (
            f"| Machine | {facts['cores']} cores, {facts['system']}, Python {facts['python']},"
            f" SQLite {facts['sqlite']} |"
        )
        yield ""
        yield "## Where the server was killed"
        yield ""
        yield "| Point | The server is killed when | Kills |"
        yield "|---|---|---|"
        for place, words in PLACES.items():
            if self.places[place]:
                yield f"| {place} | {words} | {self.places[place]} |"
        yield ""
        yield "C16 (a change of an order is under way) does not exist: orders are cancelled and"
        yield "sent anew, none is changed at a broker. At C21 alerts of after the backup are not in"
        yield "the restored database and not counted; their orders are imported into the manual"
        yield "book of the account, and the same alert sent again makes no second one."
        yield ""
        yield "## What held after every kill"
        yield ""
        yield "After each kill a server is started on the same directory, the sender who got no"
        yield "answer sends again, and when all is settled the judge reads our database and the log"
        yield "that the broker keeps for itself."
        yield ""
        yield "| No. | Invariant | Broken |"
        yield "|---|---|---|"
        for number, words in INVARIANTS.items():
            yield f"| {number} | {words} | {self.faults[number]} |"


def _commit() -> str:
    """The commit that was run, with a mark when files were changed since."""
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
