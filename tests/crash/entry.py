"""The server's entry for crash tests: the real one, killed at the point that is asked for.

The file that CRASH_AT names says at which point; without the file nothing happens.
"""

from __future__ import annotations

import eventlet

eventlet.monkey_patch()


def _made() -> object:
    from tests.crash.points import watch_answers, watch_moments, watch_statements

    watch_statements()

    import wsgi

    watch_moments(wsgi.runtime)
    watch_answers(wsgi.app)
    return wsgi.app


app = _made()
