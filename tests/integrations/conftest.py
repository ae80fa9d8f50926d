"""The add-on, compiled against stand-ins of NinjaTrader's classes, and run under mono."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.serving import eventually
from tests.support.tree import ROOT

SOURCE = ROOT / "integrations" / "ninjatrader" / "SignalboxBridge.cs"
STUBS = ROOT / "tests" / "integrations" / "stubs"
TOOLS = ("mcs", "mono")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The add-on with its driver, compiled as NinjaTrader's older compiler would: C# 5."""
    if not all(map(shutil.which, TOOLS)):
        # CI may not pass over the add-on; elsewhere a machine without mono is a fair one.
        assert os.environ.get("CI") != "true", "no mono: run `make setup-test`"
        pytest.skip("no mono: run `make setup-test`")
    target = tmp_path_factory.mktemp("addon") / "addon.exe"
    # 0649: the fields of a stand-in are set by tests, or by nobody.
    strict = ["-langversion:5", "-warn:4", "-warnaserror", "-nowarn:0649"]
    libraries = ["-r:System.Core.dll", "-r:System.Net.Http.dll"]
    sources = [str(SOURCE), *sorted(map(str, STUBS.glob("*.cs")))]
    done = subprocess.run(
        ["mcs", *strict, *libraries, f"-out:{target}", *sources],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@dataclass
class Platform:
    """A NinjaTrader that is none, with the add-on loaded."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def do(self, *commands: str) -> None:
        """Let things happen, and wait until each has."""
        for command in commands:
            done = self.lines.count(f"DONE {command}")
            self._write(command)
            eventually(lambda: self.lines.count(f"DONE {command}") > done, 10)  # noqa: B023

    def said(self) -> str:
        """What stands in the output window."""
        return "\n".join(line for line in self.lines if line.startswith("SAID "))

    def end(self) -> int:
        """Unload the add-on; how many of NinjaTrader's events still call it."""
        self._write("end")
        self.process.wait(20)
        eventually(lambda: any(line.startswith("LISTENERS ") for line in self.lines), 5)
        return int(next(x for x in self.lines if x.startswith("LISTENERS ")).split()[1])

    def _write(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()


@dataclass
class Machine:
    """A PC with NinjaTrader's folder on it."""

    program: Path
    folder: Path

    def settings(self, **settings: object) -> None:
        """Write ``signalbox.json``."""
        self.folder.mkdir(exist_ok=True)
        text = "// what a person wrote\n" + json.dumps(settings)
        (self.folder / "signalbox.json").write_text(text)

    @contextmanager
    def running(self) -> Iterator[Platform]:
        """Start the platform; it is killed at the end where it was not unloaded."""
        process = subprocess.Popen(
            ["mono", str(self.program)],
            env={**os.environ, "NT_USER_DATA": str(self.folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        platform = Platform(process)
        reader = threading.Thread(target=self._read, args=(platform,), daemon=True)
        reader.start()
        try:
            yield platform
        finally:
            process.kill()
            process.wait(10)
            reader.join(5)
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()

    @staticmethod
    def _read(platform: Platform) -> None:
        assert platform.process.stdout is not None
        for line in platform.process.stdout:
            platform.lines.append(line.rstrip("\n"))

    def outbox(self, ending: str) -> list[dict[str, Any]]:
        """The whole lines of the outbox's file of that ending."""
        (path,) = (self.folder / "outbox").glob(f"*{ending}")
        *lines, _ = path.read_text().split("\n")
        return [json.loads(line) for line in lines]


@pytest.fixture
def machine(program: Path, tmp_path: Path) -> Machine:
    """A PC of its own for each test."""
    folder = tmp_path / "NinjaTrader 8"
    folder.mkdir()
    return Machine(program, folder)
