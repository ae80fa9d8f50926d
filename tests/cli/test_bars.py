"""Bars on the command line: taken from a file, and listed."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Shell

TEXT = "time,open,high,low,close,volume\n2026-01-05T14:30:00Z,10,12,9,11,7\n"


def test_a_file_is_imported_and_listed(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(TEXT, encoding="utf-8")
    assert "There are no bars yet." in shell.ok("bars", "list")
    taken = shell.json("bars", "import", str(path), "AAPL", "1m")
    assert (taken["new"], taken["equal"], taken["replaced"]) == (1, 0, 0)
    assert shell.json("bars", "list") == [
        {
            "symbol": "AAPL",
            "timeframe": "1m",
            "bars": 1,
            "first": "2026-01-05T14:30:00+00:00",
            "last": "2026-01-05T14:30:00+00:00",
        }
    ]


def test_a_contradiction_is_told_and_replaced_when_that_is_said(
    shell: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "bars.csv"
    path.write_text(TEXT, encoding="utf-8")
    shell.ok("bars", "import", str(path), "AAPL", "1m")
    path.write_text(TEXT.replace("10,", "10.5,"), encoding="utf-8")
    refused = shell.run("bars", "import", str(path), "AAPL", "1m")
    assert refused.exit_code == 1
    assert "line 2, column open: 10.5 where 10 (csv) is kept" in refused.stderr
    assert "replaced   1" in shell.ok("bars", "import", str(path), "AAPL", "1m", "--replace")


def test_a_file_that_is_not_there_is_told_of(shell: Shell, tmp_path: Path) -> None:
    result = shell.run("bars", "import", str(tmp_path / "none.csv"), "AAPL", "1m")
    assert result.exit_code == 2
    assert "none.csv cannot be read" in result.stderr
