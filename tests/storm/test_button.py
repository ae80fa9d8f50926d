"""The process behind the button: it keeps within the limit, tells no secret, and never lives on."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bootstrap import ROOT, core
from app.bootstrap.storms import launcher, pace
from app.domain.safety.storms import Storm, StormState, Wish
from app.store import migrate
from tests.support.serving import eventually, free_port
from tests.support.world import settings_for


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        ("600/minute", 1 / 30),
        ("100000/second", 1 / 50),
        ("60/hour", 20.0),
        ("1 per 5 second", 5 / 3),
    ],
)
def test_a_storm_keeps_within_three_quarters_of_the_rate_limit(limit: str, seconds: float) -> None:
    assert pace(limit, 4) == pytest.approx(seconds)


def test_its_secrets_come_by_the_pipe_and_with_the_pipe_it_ends(tmp_path: Path) -> None:
    settings = settings_for(tmp_path).model_copy(update={"port": free_port()})
    migrate.upgrade(settings.store_url)
    made = core(settings)
    account = made.accounts.ensure_first(None)
    wish = {"mode": "account", "wish": Wish(alerts=5).to_json()}
    storm = Storm("storm-1", StormState.RUNNING, made.clock.now(), wish, account_id=account.id)
    with made.store.write() as uow:
        uow.storms.save(storm)
    run = launcher(settings, ROOT, "1.2.3")(storm, account, ["s-1"], ["a-secret-key"])
    try:

        def posted() -> bool:
            with made.store.read() as uow:
                found = uow.storms.get(storm.id)
            assert found is not None
            progress = found.report.get("progress")
            return isinstance(progress, dict) and progress["posts"] > 0

        eventually(posted)
        process = Path("/proc") / str(run.pid)
        assert b"a-secret-key" not in (process / "cmdline").read_bytes()
        assert b"a-secret-key" not in (process / "environ").read_bytes()
        assert run.problem() is None
    finally:
        run.end()
        made.close()
    assert str(run.problem()).startswith("The storm's process ended with exit code 1")
