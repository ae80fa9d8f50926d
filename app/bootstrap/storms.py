"""The process of a storm on an account: it gets its task by a pipe, and ends with the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import limits

from app.config import Settings
from app.domain.accounts import CHAOS, Account
from app.domain.safety.storms import Storm

_END_S: Final = 2.0
#: Posts a second at most, and the share of the webhook's rate limit that a storm uses.
_FASTEST: Final = 50.0
_SHARE: Final = 0.75
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


class StormProcess:
    """A storm that runs; closing its standard input ends it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def problem(self) -> str | None:
        """Why it ended without a verdict, as far as one can see; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        return f"The storm's process ended with exit code {code}: see the server's log."

    def end(self) -> None:
        """End it at once."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def launcher(
    settings: Settings, root: Path, release: str
) -> Callable[[Storm, Account, Sequence[str], Sequence[str]], StormProcess]:
    """Return what starts the process of a storm against this server."""

    def launch(
        storm: Storm, account: Account, strategies: Sequence[str], keys: Sequence[str]
    ) -> StormProcess:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.storm"],
            cwd=root,
            env=dict(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        task = {
            "storm_id": storm.id,
            "database": _absolute(settings),
            "venue": str((settings.data_dir / "venue").absolute())
            if account.venue == CHAOS
            else None,
            "host": _ANYWHERE.get(settings.host, settings.host),
            "port": settings.port,
            "keys": list(keys),
            "strategies": list(strategies),
            "pace_s": pace(settings.webhook_rate_limit, len(keys)),
            "release": release,
        }
        if process.stdin is not None:
            process.stdin.write(json.dumps(task).encode() + b"\n")
            process.stdin.flush()
        return StormProcess(process)

    return launch


def pace(rate_limit: str, keys: int) -> float:
    """Return the seconds between two posts that keep within the webhook's rate limit."""
    limit = limits.parse(rate_limit)
    return max(1 / _FASTEST, limit.get_expiry() / (limit.amount * keys * _SHARE))


def _absolute(settings: Settings) -> str:
    if settings.database_url is None:
        return f"sqlite:///{settings.database_file.absolute()}"
    prefix = "sqlite:///"
    if settings.database_url.startswith(prefix):
        return prefix + str(Path(settings.database_url.removeprefix(prefix)).absolute())
    return settings.database_url
