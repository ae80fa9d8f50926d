"""The WSGI entry: greenlets first, then the application; gunicorn starts and stops its workers."""

import os

if os.environ.get("ASYNC_MODE", "eventlet") == "eventlet":
    import eventlet

    eventlet.monkey_patch()

from app.bootstrap import build
from app.config import load

runtime = build(load())
app = runtime.app
