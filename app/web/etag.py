"""Answers that are not sent twice: a weak ETag on each, and 304 for who has that answer already.

Two ways, both for views that only read:

    return unless_known((newest, start, end), lambda: jsonify(...))    the tag before the work
    @guard(Guard.EITHER) above @tagged above the view                  the tag from the body

The first saves the work too, so it is for answers whose ``state`` is cheap to read and moves with
*everything* that they say.  Who asks, for what (path, query, CSV or JSON) and the version of the
server are in the tag anyway.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from app.web.auth import me
from app.web.deps import deps

View = TypeVar("View", bound=Callable[..., Any])

#: Kept by the one browser that asked, and never used without asking again.
CACHE_CONTROL: Final = "private, no-cache"
#: What picks the answer besides its address.
VARY: Final = ("Accept", "Authorization", "Cookie")


def unless_known(state: object, answer: Callable[[], ResponseReturnValue]) -> Response:
    """Return 304 when the client has the answer of this ``state`` already, else ``answer()``.

    ``state`` is what the answer depends on besides the request, and its ``repr`` tells it apart;
    read it first: when it raises (NotFound, InvalidInput), that is the answer.
    """
    tag = _tag(repr(state).encode())
    return _unchanged(tag) if _has(tag) else _marked(current_app.make_response(answer()), tag)


def tagged(view: View) -> View:
    """Give what the view answers a tag of its body, so that the same body is not sent again."""

    @functools.wraps(view)
    def answer(*args: object, **kwargs: object) -> Response:
        response = current_app.make_response(view(*args, **kwargs))
        if response.status_code != 200:
            return response
        tag = _tag(response.get_data())
        return _unchanged(tag) if _has(tag) else _marked(response, tag)

    return cast("View", answer)


def _tag(state: bytes) -> str:
    asked = (
        deps().settings.version,
        me().id,
        request.full_path,
        request.accept_mimetypes.best == "text/csv",
    )
    return hashlib.sha256(repr(asked).encode() + state).hexdigest()[:32]


def _has(tag: str) -> bool:
    return request.if_none_match.contains_weak(tag)


def _unchanged(tag: str) -> Response:
    return _marked(Response(status=304), tag)


def _marked(response: Response, tag: str) -> Response:
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.vary.update(VARY)
    return response
