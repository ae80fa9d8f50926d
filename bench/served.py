"""How gunicorn serves Signalbox when it is looked into: as deployed, with a probe inside
(``BENCH_PROBE`` names its file), or with its background workers at rest (``BENCH_AT_REST``).
"""

from __future__ import annotations

import os
from pathlib import Path
from runpy import run_path

from app.services.ownership import Part
from bench.probe import Probe

_DEPLOYED = run_path(str(Path(__file__).resolve().parent.parent / "deploy" / "gunicorn.conf.py"))
globals().update({name: value for name, value in _DEPLOYED.items() if not name.startswith("_")})

_PROBE = Probe(Path(os.environ["BENCH_PROBE"])) if "BENCH_PROBE" in os.environ else None


def post_worker_init(worker: object) -> None:
    """Start the background workers unless they are to rest, and the probe."""
    if "BENCH_AT_REST" in os.environ:
        _rest()
    else:
        _DEPLOYED["post_worker_init"](worker)
    if _PROBE is not None:
        _PROBE.start()


def _rest() -> None:
    """Be the server that trades, and yet start none of the workers that do."""
    import wsgi  # noqa: PLC0415  the application is built in the worker, after it forked

    ownership = wsgi.runtime.ownership
    ownership.part = Part(_nothing, _nothing, _nothing, _nothing)
    ownership.step(wsgi.runtime.core.clock.now())


def _nothing() -> None:
    """Do nothing."""


def worker_exit(server: object, worker: object) -> None:
    """Write down what the probe saw, then finish as deployed."""
    if _PROBE is not None:
        _PROBE.save()
    _DEPLOYED["worker_exit"](server, worker)
