"""Servers as processes of their own, and what they cost."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.bootstrap import ROOT
from app.commands.serve import server_command, server_environment
from app.config import Settings
from bench.load import HOST, LoadFailed, closed, get

_START_S: Final = 60
_STOP_S: Final = 20
_POLL_S: Final = 0.1
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_HERE: Final = Path(__file__).resolve().parent
FLOOR: Final = (_HERE / "floor_served.py", "bench.floor:app")
LOOKED_INTO: Final = (_HERE / "served.py", "wsgi:app")


def free_port() -> int:
    """Return a TCP port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A gunicorn master with its one worker."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def worker(self) -> int:
        """The process id of the worker, which serves."""
        return _children(self.process.pid)[0]

    def children(self) -> list[int]:
        """Return the processes that the worker has started."""
        return _children(self.worker)

    def cpu_s(self) -> float:
        """Seconds of processor time that the worker has spent, user and system."""
        line = Path(f"/proc/{self.worker}/stat").read_text(encoding="utf-8")
        fields = line.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND

    def peak_mib(self) -> float:
        """The most memory that the worker ever had resident, in MiB."""
        status = Path(f"/proc/{self.worker}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def stop(self) -> None:
        """Ask the server to end, and wait for it."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _children(pid: int) -> list[int]:
    """The processes that any thread of the process has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text(encoding="utf-8").split()]


@contextmanager
def floor(directory: Path) -> Iterator[Server]:
    """Serve the floor."""
    port = free_port()
    environment = {**os.environ, "HOST": HOST, "PORT": str(port)}
    with _serving(_command(*FLOOR), environment, port, directory / "floor.log") as server:
        yield server


@contextmanager
def signalbox(
    settings: Settings, *, at_rest: bool = False, probe: Path | None = None
) -> Iterator[Server]:
    """Serve Signalbox as deployed; with its workers at rest, or with a probe inside, when asked."""
    extra = {"BENCH_AT_REST": "yes"} if at_rest else {}
    extra |= {} if probe is None else {"BENCH_PROBE": str(probe)}
    command = _command(*LOOKED_INTO) if extra else server_command()
    environment = _environment(settings) | extra
    with _serving(command, environment, settings.port, settings.data_dir / "log.txt") as server:
        yield server


def _command(config: Path, application: str) -> list[str]:
    """The deployed command with another configuration: of two, the later one counts."""
    return [*server_command()[:-1], "-c", str(config), application]


def _environment(settings: Settings) -> dict[str, str]:
    own = {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.store_url,
        "MARKET_DATA": settings.market_data,
        "WEBHOOK_RATE_LIMIT": settings.webhook_rate_limit,
        "ADDON_RATE_LIMIT": settings.addon_rate_limit,
        "ALPACA_PAPER_URL": settings.alpaca_paper_url,
        "ALPACA_DATA_URL": settings.alpaca_data_url,
        "ALPACA_STREAM_URL": settings.alpaca_stream_url,
    }
    return {**server_environment(settings), **own}


@contextmanager
def _serving(
    command: list[str], environment: Mapping[str, str], port: int, log: Path
) -> Iterator[Server]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
    server = Server(process, port, log)
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        server.stop()


def _wait_until_it_answers(server: Server) -> None:
    for _ in range(int(_START_S / _POLL_S)):
        if server.process.poll() is not None:
            break
        try:
            closed(server.port, iter([get("/health")]), 1, 1)
        except (OSError, LoadFailed):
            time.sleep(_POLL_S)
        else:
            return
    sys.exit(f"A server did not start:\n{server.log.read_text(encoding='utf-8')[-4000:]}")
