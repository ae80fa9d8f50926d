"""A server of the add-on's protocol in a page of code: numbers, executions, and what to say next.

It keeps what the protocol's table says and nothing of rules, so that the stand-in and the add-on
itself can be held against it in one process or over HTTP.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.addonsim.link import Answer

Json = dict[str, Any]


@dataclass
class Stream:
    """What is known of one account."""

    session_id: str = ""
    last_seq: int = 0
    sessions: list[str] = field(default_factory=list)
    applied: list[Json] = field(default_factory=list)
    executions: dict[str, Json] = field(default_factory=dict)
    snapshots: int = 0


@dataclass
class AddonDesk:
    """Answers messages; ``scripted`` answers go out first, one each, and take nothing."""

    streams: dict[str, Stream] = field(default_factory=dict)
    arrived: list[Json] = field(default_factory=list)
    scripted: list[Answer | None] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    poll_ms: int = 1000
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, body: Json) -> Answer | None:
        """Take one message as the protocol's table says."""
        with self.lock:
            self.arrived.append(body)
            if self.scripted:
                return self.scripted.pop(0)
            return self._take(self.streams.setdefault(body["account"]["name"], Stream()), body)

    def _take(self, stream: Stream, body: Json) -> Answer:
        if body["session_id"] != stream.session_id:
            if body["session_id"] in stream.sessions:
                return Answer(409, {"error_code": "STALE_SESSION", "detail": "stale_session"})
            if body["kind"] != "snapshot":
                return self._said(stream, need="snapshot")
            stream.session_id = body["session_id"]
            stream.sessions.append(body["session_id"])
            stream.last_seq = body["seq"] - 1
        if body["seq"] <= stream.last_seq:
            return self._said(stream, status="duplicate")
        for execution in body["executions"]:
            stream.executions.setdefault(execution["execution_id"], execution)
        if body["seq"] > stream.last_seq + 1 and body["kind"] != "snapshot":
            return self._said(stream, resend_from=stream.last_seq + 1)
        stream.last_seq = body["seq"]
        stream.snapshots += body["kind"] == "snapshot"
        stream.applied.append(body)
        return self._said(stream)

    def _said(
        self,
        stream: Stream,
        status: str = "ok",
        resend_from: int | None = None,
        need: str | None = None,
    ) -> Answer:
        content = {
            "status": status,
            "ack_seq": stream.last_seq,
            "resend_from": resend_from,
            "need": need,
            "poll_ms": self.poll_ms,
            "commands": [],
        }
        return Answer(200, content)


@contextmanager
def listening(desk: AddonDesk) -> Iterator[str]:
    """Serve the desk over HTTP; yields its address.  A scripted None hangs up without an answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            desk.headers.append({**dict(self.headers), "path": self.path, "body": raw.decode()})
            answer = desk.post(json.loads(raw))
            if answer is None:
                self.close_connection = True
                return
            content = json.dumps(answer.content).encode()
            self.send_response(answer.status)
            if answer.retry_after is not None:
                self.send_header("Retry-After", f"{answer.retry_after:.0f}")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
