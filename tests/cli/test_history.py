"""How much history there is, and whether it is right, from the command line."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import text

from app.clock import VirtualClock
from app.services.history import Roller
from app.services.ports import Sample
from tests.cli.conftest import Shell, shell_on
from tests.support.agreeing import open_ledger
from tests.support.floor import OPENING

SECOND = int(OPENING.timestamp())


def watched(folder: Path, *damage: str) -> Shell:
    """A database with a curve of two hours, rolled up, and damaged if that is said."""
    core = open_ledger(folder, VirtualClock(OPENING)).core
    with core.store.record() as uow:
        curve = uow.history.add_series(None, None, None, Decimal(50000)).id
        samples = [Sample(curve, SECOND + n * 50, Decimal(0), Decimal(n % 9)) for n in range(144)]
        uow.history.record(samples, [])
    roller = Roller(core.store, "00:00 UTC")
    while roller.step(OPENING + timedelta(hours=3)):
        pass
    for statement in damage:
        with core.store.write() as uow:
            uow.connection.execute(text(statement))
    core.close()
    return shell_on(folder)


def test_each_layer_is_counted_with_its_age_and_what_will_be_deleted(floor_folder: Path) -> None:
    shell = watched(floor_folder)
    said = shell.ok("history")
    assert said.endswith("1 curves.\n")
    layers = {row["layer"]: row for row in shell.json("history")["layers"]}
    assert {name: row["rows"] for name, row in layers.items()} == {
        "samples": 144,
        "minutes": 120,
        "hours": 2,
    }
    samples = layers["samples"]
    assert samples["oldest"] == OPENING.isoformat().replace("+00:00", "Z")
    assert (samples["kept_days"], samples["bytes"] > 1000) == (2, True)
    assert all(row["to_be_deleted"] in {0, row["rows"]} for row in layers.values())


def test_history_that_is_right_is_told_so(floor_folder: Path) -> None:
    shell = watched(floor_folder)
    said = shell.ok("history", "--rederive")
    assert said == ("Everything is what its parts come to.\n122 spans rolled up again, 0 differ.\n")
    assert shell.json("history", "--rederive") == {"spans": 122, "differences": 0, "first": []}


def test_history_that_is_wrong_is_shown_with_both_and_exits_with_1(floor_folder: Path) -> None:
    shell = watched(floor_folder, "UPDATE strategy_pnl_history SET open = 0 WHERE open = 800000000")
    result = shell.run("history", "--rederive")
    assert result.exit_code == 1
    assert "122 spans rolled up again, 24 differ." in result.output
    assert "50000 (50000 to 50008, 1 samples)" in result.output
    assert "50000 (50000 to 50000, 1 samples)" in result.output
