"""What the figures were taken on: without it none can be compared with another."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from app.bootstrap import ROOT
from app.clock import SystemClock

_COMMITS: Final = 50
_PAGE: Final = bytes(4096)


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, the moment and the program; ``disk_ms`` is one durable write of a page."""

    at: str
    commit: str
    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    directory: str
    filesystem: str
    disk_ms: float
    load_average: float

    def __str__(self) -> str:
        return (
            f"{self.at}, commit {self.commit}, Python {self.python}, {self.system}\n"
            f"{self.cores} cores of {self.cpu}, {self.memory_gib:.0f} GiB; {self.directory} on"
            f" {self.filesystem}, a durable write takes {self.disk_ms:.2f} ms;"
            f" load average {self.load_average:.2f}"
        )


def machine(directory: Path) -> Machine:
    """Look at the machine, and at the disk that holds ``directory``."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        at=SystemClock().now().isoformat(timespec="seconds"),
        commit=_commit(),
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gib=pages / 2**30,
        system=platform.platform(),
        python=platform.python_version(),
        directory=str(directory),
        filesystem=_filesystem(directory),
        disk_ms=1000 * _durable_write_s(directory),
        load_average=os.getloadavg()[0],
    )


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _filesystem(directory: Path) -> str:
    """The kind of file system that holds the directory: the mount with the longest prefix."""
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, name, *_ = line.split()
        if directory.resolve().is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, name
    return kind


def _durable_write_s(directory: Path) -> float:
    """The median time of appending a page and waiting until the disk has it."""
    times = []
    with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
        for _ in range(_COMMITS):
            began = time.perf_counter()
            file.write(_PAGE)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return median(times)
