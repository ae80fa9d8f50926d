"""How gunicorn serves the floor: on the worker that serves Signalbox, without its hooks."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

_DEPLOYED = run_path(str(Path(__file__).resolve().parent.parent / "deploy" / "gunicorn.conf.py"))

bind = _DEPLOYED["bind"]
workers = _DEPLOYED["workers"]
worker_class = _DEPLOYED["worker_class"]
threads = _DEPLOYED["threads"]
keepalive = _DEPLOYED["keepalive"]
loglevel = _DEPLOYED["loglevel"]


def post_worker_init(_worker: object) -> None:
    """Start nothing: the floor has no workers."""


def worker_exit(_server: object, _worker: object) -> None:
    """Finish nothing."""
