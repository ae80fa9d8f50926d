"""The server's entry for crash tests: the real one, killed at the point that CRASH_AT names."""

from __future__ import annotations

import os

import eventlet

eventlet.monkey_patch()


def _made() -> object:
    from tests.crash.points import watch_moments, watch_statements

    name = os.environ["CRASH_AT"]
    watch_statements(name)

    import wsgi

    watch_moments(name, wsgi.runtime)
    return wsgi.app


app = _made()
