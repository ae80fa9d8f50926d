"""Pictures of round trips: sent by forms and programs, shown to their owner and nobody else."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Blueprint, Flask, Response, flash, redirect, request
from flask.typing import ResponseReturnValue

from app.domain.attachments import MOST_A_TRIP, MOST_BYTES, Attachment
from app.domain.errors import InvalidInput
from app.web import wire
from app.web.api.journal_pages import trade_page
from app.web.api.listing import add
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.problems import CODE_STATUSES
from app.web.wire import Json

#: A picture opened by itself may do nothing at all.
POLICY: Final = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
#: What a form adds to its pictures.
_FRAME: Final = 64 * 1024
_BODIES: Final = {
    "api.attachments_attach": MOST_BYTES + _FRAME,
    "attachments.upload": MOST_A_TRIP * MOST_BYTES + _FRAME,
}


@guard(Guard.EITHER)
def attachments(trade_id: str) -> Json:
    """List the pictures of a round trip, oldest first."""
    found = deps().pictures.of(me().id, trade_id)
    return {"items": [picture(trade_id, each) for each in found]}


@guard(Guard.EITHER)
def attach(trade_id: str) -> tuple[Json, int]:
    """Keep a PNG, JPEG or WebP of at most 5 MiB, sent as the file ``file`` of a form."""
    deps().pictures.of(me().id, trade_id)
    sent = request.files.get("file")
    if sent is None:
        raise InvalidInput(
            "Send the picture as the file of a form, multipart/form-data.",
            fields={"file": "must be given"},
        )
    content = sent.stream.read(MOST_BYTES + 1)
    made = deps().pictures.add(me().id, trade_id, sent.filename or "", content)
    return picture(trade_id, made), 201


@guard(Guard.EITHER)
def shown(trade_id: str, attachment_id: str) -> Response:
    """Return the picture itself."""
    found, content = deps().pictures.content(me().id, trade_id, attachment_id)
    response = Response(content, content_type=found.kind.value)
    response.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(found.name)}"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return response


@guard(Guard.EITHER)
def detach(trade_id: str, attachment_id: str) -> tuple[str, int]:
    """Drop a picture for good."""
    deps().pictures.remove(me().id, trade_id, attachment_id)
    return "", 204


@guard(Guard.SESSION)
def upload(trade_id: str) -> ResponseReturnValue:
    """Keep the chosen pictures, or show the round trip again with what is wrong."""
    sent = [each for each in request.files.getlist("file") if each.filename]
    if not sent:
        return trade_page(trade_id, {"file": "Choose a picture first."}), 422
    try:
        for each in sent:
            content = each.stream.read(MOST_BYTES + 1)
            deps().pictures.add(me().id, trade_id, each.filename or "", content)
    except InvalidInput as error:
        return trade_page(trade_id, {"file": error.detail}), CODE_STATUSES.get(error.code, 422)
    flash("The picture is kept." if len(sent) == 1 else f"{len(sent)} pictures are kept.")
    return redirect(f"/journal/{trade_id}#pictures-title")


@guard(Guard.SESSION)
def remove(trade_id: str, attachment_id: str) -> ResponseReturnValue:
    """Drop a picture and show the round trip without it."""
    deps().pictures.remove(me().id, trade_id, attachment_id)
    flash("The picture is deleted.")
    return redirect(f"/journal/{trade_id}#pictures-title")


def picture(trade_id: str, each: Attachment) -> Json:
    """Return what a picture is and where to see it."""
    return {
        "id": each.id,
        "name": each.name,
        "type": each.kind.value,
        "bytes": each.size,
        "at": wire.iso(each.at),
        "href": f"/api/trades/{trade_id}/attachments/{each.id}",
    }


def install_pages(app: Flask) -> None:
    """Add what forms post to, and bound what is read; before the guards, which read forms."""
    routes = Blueprint("attachments", __name__)
    path = "/journal/<trade_id>/attachments"
    routes.add_url_rule(path, view_func=upload, methods=["POST"])
    routes.add_url_rule(f"{path}/<attachment_id>/delete", view_func=remove, methods=["POST"])
    app.register_blueprint(routes)

    @app.before_request
    def bound() -> None:
        if request.endpoint in _BODIES:
            request.max_content_length = _BODIES[request.endpoint]


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    path = "/trades/<trade_id>/attachments"
    add(api, "GET", path, attachments)
    add(api, "POST", path, attach)
    add(api, "GET", f"{path}/<attachment_id>", shown)
    add(api, "DELETE", f"{path}/<attachment_id>", detach)
