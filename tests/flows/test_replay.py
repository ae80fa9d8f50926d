"""Recorded days through the real intake, executor, paper broker and ledger, to the last digit."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from app.cli import commands
from tests.support.recordings import EXIT, LONG, QUOTES, Recording, alert
from tests.support.tree import ROOT

SAMPLES = Path(os.environ.get("DATA_SAMPLES") or ROOT.parent / "shared" / "data")


class Day(NamedTuple):
    """A recording of the samples and how it is traded."""

    name: str
    symbol: str
    commission: str
    roll: str
    seconds: float


DAYS = [
    Day("ESZ3_20131006-10", "ESZ2013", "2.25", "16:00 America/Chicago", 20.0),
    Day("SPY_20131007-10", "SPY", "0.005", "00:00 UTC", 20.0),
    Day("BTCUSD_20180404", "BTCUSD", "0", "00:00 UTC", 20.0),
]


def replay(quotes: Path, alerts: Path, *options: str) -> Result:
    arguments = ["replay", "--quotes", str(quotes), "--alerts", str(alerts), *options]
    return CliRunner().invoke(commands, arguments, catch_exceptions=False)


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="The recorded days are not here; DATA_SAMPLES names their folder."
)
@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.symbol)
def test_a_recorded_day_leads_to_exactly_the_expected_books(day: Day) -> None:
    begun = time.monotonic()
    result = replay(
        SAMPLES / f"{day.name}_1m.csv.gz",
        SAMPLES / f"{day.name}.alerts.jsonl",
        *("--symbol", day.symbol, "--commission", day.commission, "--roll", day.roll, "--json"),
    )
    assert result.exit_code == 0, result.output
    expected = json.loads((SAMPLES / f"{day.name}.expected.json").read_text(encoding="utf-8"))
    assert json.loads(result.stdout) == expected
    assert time.monotonic() - begun < day.seconds


class Files(Recording):
    """The recording as ``replay`` reads it."""

    def run(self, *options: str, symbol: str = "MESH2026") -> Result:
        self.write()
        return replay(*self.paths, "--symbol", symbol, *options)

    def books(self, *options: str) -> Any:  # noqa: ANN401  JSON
        result = self.run("--json", *options)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_small_recording_leads_to_exactly_its_books(files: Files) -> None:
    assert files.books("--commission", "0.50") == {
        "quotes": "quotes.csv.gz",
        "contract": "MESH2026",
        "multiplier": "5",
        "commission_per_unit": "0.5",
        "slippage": "0",
        "trading_day_rolls": "00:00 UTC",
        "alerts": 6,
        "accepted": 4,
        "duplicates": 1,
        "refused": 1,
        "fills": [
            fill(1, "buy", "2", "5000.25", "2"),
            fill(2, "sell", "2", "5004", "0"),
            fill(2, "sell", "1", "5004", "-1"),
            fill(3, "buy", "1", "5001.25", "0"),
        ],
        "final_position": "0",
        "realised_gross": "51.25",
        "commission": "3",
        "realised_net": "48.25",
        "realised_by_day": [
            {"date": "2026-03-04", "gross": "51.25", "commission": "3", "net": "48.25", "fills": 4}
        ],
    }


def fill(minute: int, side: str, quantity: str, price: str, after: str) -> dict[str, str]:
    return {
        "at": f"2026-03-04T15:{minute:02}:01Z",
        "side": side,
        "quantity": quantity,
        "price": price,
        "position_after": after,
    }


def test_the_same_recording_gives_the_same_books_again(files: Files) -> None:
    assert files.books() == files.books()


def test_a_day_that_rolls_in_between_splits_the_books(files: Files) -> None:
    days = files.books("--roll", "15:02 UTC")["realised_by_day"]
    assert [(day["date"], day["gross"], day["fills"]) for day in days] == [
        ("2026-03-04", "0", 1),
        ("2026-03-05", "51.25", 3),
    ]


def test_a_resting_order_fills_when_the_recorded_price_comes(files: Files) -> None:
    limit = {**LONG, "order_type": "limit", "limit_price": "4990.50"}
    files.alerts = [alert(1, limit)]
    books = files.books()
    assert [(each["at"], each["price"]) for each in books["fills"]] == [
        ("2026-03-04T15:04:00Z", "4990.25")
    ]
    assert books["final_position"] == "2"


def test_protection_works_on_recorded_prices(files: Files) -> None:
    files.alerts = [alert(1, {**LONG, "take_profit": "5003", "stop_loss": "4980"})]
    books = files.books()
    assert [(each["side"], each["price"]) for each in books["fills"]] == [
        ("buy", "5000.25"),
        ("sell", "5004"),
    ]


def test_bars_without_bid_and_ask_are_a_market_one_tick_to_either_side_of_the_close(
    files: Files,
) -> None:
    files.header = "time,open,high,low,close,volume"
    files.quotes = ["2026-03-04T15:01:00Z,5000,5001,4999,5000,10"]
    files.alerts = [alert(1, LONG)]
    assert [each["price"] for each in files.books()["fills"]] == ["5000.25"]


def test_a_file_without_any_price_is_refused(files: Files) -> None:
    files.quotes = ["2026-03-04T15:01:00Z,5000,5001,4999,5000,10,,"]
    result = files.run()
    assert result.exit_code == 2
    assert "holds no prices" in result.stderr


def test_what_the_recording_expects_otherwise_is_named_and_exits_with_1(files: Files) -> None:
    files.alerts = [alert(1, LONG, "accepted"), alert(2, LONG, "accepted")]
    result = files.run("--json")
    assert result.exit_code == 1
    assert "Alert in line 2: duplicate, not accepted." in result.stderr
    assert json.loads(result.stdout)["duplicates"] == 1


def test_people_see_totals_and_days(files: Files) -> None:
    result = files.run()
    assert "realised net         51.25" in result.stdout
    assert "2026-03-04" in result.stdout.splitlines()[-1]


def test_alerts_for_another_product_are_refused_by_the_strategy(files: Files) -> None:
    files.alerts = [alert(1, {"id": "1", "symbol": "NQ1!", "action": "buy", "quantity": 1})]
    books = files.books()
    assert books["fills"] == []
    assert books["accepted"] == 1


def test_trades_in_another_month_than_the_quotes_are_not_passed_over(files: Files) -> None:
    files.alerts = [alert(1, {**LONG, "symbol": "MESM2026", "price": "5050"})]
    result = files.run("--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "The alerts also traded MESM2026, but the quotes are of MESH2026." in result.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "line 1: line is no JSON object"),
        ('{"body": "x"}', "line 1: at must be text"),
        ('{"at": "yesterday", "body": "x"}', "line 1: at must be like"),
        ('{"at": "2026-03-04T15:01:01", "body": "x"}', "line 1: at must say its time zone"),
        ('{"at": "2026-03-04T15:01:01Z"}', "line 1: body must be text"),
        ('{"at": "2026-03-04T15:01:01Z", "body": "", "expect": "fun"}', "expect must be one of"),
        ("", "holds no alerts"),
    ],
)
def test_a_broken_line_of_alerts_is_named(files: Files, line: str, said: str) -> None:
    files.run()
    (files.folder / "alerts.jsonl").write_text(line, encoding="utf-8")
    quotes = files.folder / "quotes.csv.gz"
    result = replay(quotes, files.folder / "alerts.jsonl", "--symbol", "MESH2026")
    assert result.exit_code == 2
    assert said in result.stderr


def test_alerts_out_of_order_are_refused(files: Files) -> None:
    files.alerts = [alert(2, LONG), alert(1, EXIT)]
    result = files.run()
    assert result.exit_code == 2
    assert "line 2: at is earlier than the alert before" in result.stderr


def test_a_broken_row_of_quotes_is_named(files: Files) -> None:
    files.quotes = [QUOTES[0], "2026-03-04T15:02:00Z,,,,,,high,low"]
    result = files.run()
    assert result.exit_code == 2
    assert "quotes.csv.gz, line 3, column bid" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--roll", "noon"], "noon"),
        (["--commission", "free"], "commission"),
        (["--account", "paper"], "--speed"),
        (["--speed", "0", "--account", "paper"], "--speed above 0"),
        (["--speed", "60"], "--account, or --key"),
        (["--speed", "60", "--account", "paper", "--key", "k"], "--account, or --key"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    files: Files, options: Sequence[str], said: str
) -> None:
    result = files.run(*options)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_scratch_database_goes_unless_it_is_kept(
    files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    files.run()
    assert list(scratch.iterdir()) == []
    result = files.run("--keep")
    (kept,) = scratch.iterdir()
    assert str(kept) in result.stderr
    assert (kept / "signalbox.db").is_file()
