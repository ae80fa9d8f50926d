"""A recording that a test writes for itself: four minutes, and what must become of its alerts."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


def bar(minute: int, bid: str, ask: str) -> str:
    return f"2026-03-04T15:{minute:02}:00Z,,,,,,{bid},{ask}"


def alert(minute: int, body: object, expect: str | None = None) -> dict[str, str]:
    """An alert a second after the minute; a text is sent as it is."""
    line = {
        "at": f"2026-03-04T15:{minute:02}:01Z",
        "content_type": "application/json",
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    return line if expect is None else {**line, "expect": expect}


LONG = {"id": "1", "symbol": "MES1!", "action": "buy", "quantity": 2}
SHORT = {"id": "2", "symbol": "MESH6", "sentiment": "short", "quantity": 1, "action": "sell"}
EXIT = {"id": "3", "symbol": "MES1!", "action": "exit"}

#: Two bought at 5000.25, a reversal at 5004, the exit at 5001.25, and what must do nothing.
QUOTES = [
    bar(1, "5000", "5000.25"),
    bar(2, "5004", "5004.25"),
    bar(3, "5001", "5001.25"),
    bar(4, "4990", "4990.25"),
]
ALERTS = [
    alert(1, LONG, "accepted"),
    alert(1, LONG, "duplicate"),
    alert(1, '{"symbol": "MES1!", "action": "buy", "comment": "a "quote""}', "refused"),
    alert(2, SHORT, "accepted"),
    alert(3, EXIT, "accepted"),
    alert(4, {**EXIT, "id": "4"}, "accepted"),
]


@dataclass
class Recording:
    """A recording that a test writes for itself."""

    folder: Path
    quotes: Sequence[str] = tuple(QUOTES)
    alerts: Sequence[Mapping[str, str]] = tuple(ALERTS)
    header: str = "time,open,high,low,close,volume,bid,ask"

    @property
    def paths(self) -> tuple[Path, Path]:
        """The files of the quotes and of the alerts."""
        return self.folder / "quotes.csv.gz", self.folder / "alerts.jsonl"

    def write(self) -> Sequence[str]:
        """Write both files and return the options that name them."""
        quotes, alerts = self.paths
        text = "\n".join([self.header, *self.quotes])
        quotes.write_bytes(gzip.compress(text.encode()))
        alerts.write_text("\n".join(json.dumps(each) for each in self.alerts), encoding="utf-8")
        return ["--quotes", str(quotes), "--alerts", str(alerts)]
