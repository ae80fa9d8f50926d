"""A process that plays numbered lines on a database, and is killed before a statement of one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from tests.support.tree import ROOT

#: Where a line is cut short that is never reached.
NOWHERE = -1


def killed(program: str, url: str, first: int = 0, at: int = NOWHERE, before: int = 0) -> bool:
    """Play the program's lines from ``first`` on in a process of its own; whether it was killed.

    It is killed in the line ``at``, before its statement number ``before``.
    """
    words = [url, str(first), str(at), str(before)]
    done = subprocess.run(
        [sys.executable, program, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


def killed_everywhere(
    program: str, whole: str, folder: Path, line: int, kept: Callable[[str], object]
) -> int:
    """Kill the line before each of its statements on a copy of the database ``whole``.

    Nothing of the line may be kept after a kill, and in the end what is kept must equal what a run
    without a kill keeps.  Returns how often it was killed.
    """
    cut = f"sqlite:///{shutil.copy(whole.removeprefix('sqlite:///'), folder / 'cut.db')}"
    assert not killed(program, whole)
    # A line that is cut short before its first statement: what came before it is all there is.
    assert killed(program, cut, 0, line, 0)
    before = kept(cut)
    deaths = 1
    for statement in count(1):
        if not killed(program, cut, line, line, statement):
            break
        deaths += 1
        assert kept(cut) == before, statement
    assert kept(cut) == kept(whole)
    return deaths
