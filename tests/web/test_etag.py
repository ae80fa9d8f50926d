"""An answer is sent once: who has it already is told that nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import pytest
from flask import Response, g, jsonify
from flask.typing import ResponseReturnValue

from app.domain.errors import NotFound
from app.web.etag import tagged, unless_known
from tests.support.world import World

View = Callable[[], Response]


@dataclass
class Desk:
    """A view of a server, with what its answer depends on and how often it worked."""

    world: World
    state: object = (1, None)
    told: object = "one"
    status: int = 200
    worked: int = 0

    def ahead(self) -> Response:
        return unless_known(self.state, self.answer)

    def after(self) -> Response:
        return cast("Response", tagged(self.answer)())

    def answer(self) -> ResponseReturnValue:
        self.worked += 1
        return jsonify(told=self.told), self.status

    def ask(
        self, view: View, tag: str | None = None, *, path: str = "/x", accept: str = "*/*"
    ) -> Response:
        headers = {"Accept": accept, **({"If-None-Match": tag} if tag else {})}
        with self.world.app.test_request_context(path, headers=headers):
            g.user = self.world.user("ann")
            return view()


@pytest.fixture(scope="module")
def desk_of(still_world: World) -> Callable[[], Desk]:
    return lambda: Desk(still_world)


@pytest.fixture
def desk(desk_of: Callable[[], Desk]) -> Desk:
    return desk_of()


@pytest.mark.parametrize("way", ["ahead", "after"])
def test_the_same_answer_is_not_sent_again(desk: Desk, way: str) -> None:
    view: View = getattr(desk, way)
    first = desk.ask(view)
    assert (first.status_code, first.get_json()) == (200, {"told": "one"})
    assert first.headers["ETag"].startswith('W/"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Vary"] == "Accept, Authorization, Cookie"
    again = desk.ask(view, first.headers["ETag"])
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("way", ["ahead", "after"])
def test_another_answer_is_sent(desk: Desk, way: str) -> None:
    view: View = getattr(desk, way)
    tag = desk.ask(view).headers["ETag"]
    desk.state, desk.told = (2, None), "two"
    changed = desk.ask(view, tag)
    assert (changed.status_code, changed.get_json()) == (200, {"told": "two"})
    assert changed.headers["ETag"] != tag


def test_a_state_that_is_known_ahead_saves_the_work(desk: Desk) -> None:
    desk.ask(desk.ahead, desk.ask(desk.ahead).headers["ETag"])
    assert desk.worked == 1


@pytest.mark.parametrize("other", [{"path": "/x?days=7"}, {"path": "/y"}, {"accept": "text/csv"}])
def test_what_is_asked_for_is_part_of_the_tag(desk: Desk, other: dict[str, str]) -> None:
    tag = desk.ask(desk.ahead).headers["ETag"]
    assert desk.ask(desk.ahead, tag, **other).status_code == 200


def test_a_tag_among_several_and_a_strong_one_are_known(desk: Desk) -> None:
    tag = desk.ask(desk.ahead).headers["ETag"]
    for sent in (f'"other", {tag}', tag.removeprefix("W/")):
        assert desk.ask(desk.ahead, sent).status_code == 304


def test_an_answer_that_is_no_success_has_no_tag(desk: Desk) -> None:
    desk.status = 202
    assert "ETag" not in desk.ask(desk.after).headers


def test_what_is_not_there_is_not_unchanged(desk: Desk) -> None:
    def missing() -> Response:
        raise NotFound("There is no such strategy.")

    with pytest.raises(NotFound):
        desk.ask(tagged(missing), "*")
