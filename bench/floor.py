"""The floor: the least that a webhook on Flask can do, to stand beside ours on the same worker."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/webhook/<key>")
def webhook(key: str) -> tuple[Response, int]:  # noqa: ARG001  part of the address, as in ours
    """Parse the JSON and look for two fields; nothing is kept."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or "symbol" not in body or "action" not in body:
        return jsonify(error="bad"), 400
    return jsonify(message="ok"), 202
