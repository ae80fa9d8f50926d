"""Pictures of round trips: what is taken, what is refused, and who sees them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.domain.attachments import MOST_A_TRIP, MOST_BYTES
from tests.support.world import PICTURE_BYTES, World

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(100)


def trip_of(world: World, name: str = "ann") -> str:
    """A round trip of the user; its address."""
    _, key = world.strategy(name)
    world.fill(key, "buy", "1", "5000")
    world.fill(key, "exit", "1", "5001")
    (row,) = world.program(name).get("/api/trades").get_json()["items"]
    return f"/api/trades/{row['id']}/attachments"


def sent(
    world: World, path: str, content: bytes = PNG, name: str = "a.png", user: str = "ann"
) -> TestResponse:
    """Send a file as a program does."""
    program = world.program(user)
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return program.client.post(
        path, data=head.encode() + content + b"\r\n--x--\r\n", headers={**program.headers, **FORM}
    )


@pytest.mark.parametrize(
    ("content", "kind", "ending"),
    [(PNG, "image/png", ".png"), (JPEG, "image/jpeg", ".jpg"), (WEBP, "image/webp", ".webp")],
)
def test_a_picture_is_what_it_begins_with_whatever_it_is_called(
    world: World, content: bytes, kind: str, ending: str
) -> None:
    path = trip_of(world)
    answer = sent(world, path, content, "../../etc/<b>chart</b>.html")
    assert answer.status_code == 201, answer.text
    made = answer.get_json()
    assert (made["type"], made["bytes"]) == (kind, len(content))
    assert made["name"].endswith(ending)
    assert not set("<>/\\") & set(made["name"])
    shown = world.program().get(made["href"])
    assert (shown.data, shown.mimetype) == (content, kind)
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''")
    assert shown.headers.getlist("Content-Security-Policy") == [
        "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
    ]
    assert world.program().get(path).get_json()["items"] == [made]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "ATTACHMENT_NOT_A_PICTURE"),
        (b"GIF89a" + bytes(20), 415, "ATTACHMENT_NOT_A_PICTURE"),
        (b"", 415, "ATTACHMENT_NOT_A_PICTURE"),
        (b"RIFF\x00\x00\x00\x00WAVE", 415, "ATTACHMENT_NOT_A_PICTURE"),
        (PNG + bytes(MOST_BYTES), 413, "ATTACHMENT_TOO_LARGE"),
    ],
    ids=["svg", "gif", "empty", "wav", "too large"],
)
def test_what_is_no_picture_or_too_large_is_refused_and_leaves_no_file(
    world: World, content: bytes, status: int, code: str
) -> None:
    path = trip_of(world)
    answer = sent(world, path, content)
    assert (answer.status_code, answer.get_json()["error_code"]) == (status, code), answer.text
    assert world.program().get(path).get_json()["items"] == []
    assert not list(world.core.settings.pictures_dir.glob("*"))


def test_a_body_that_no_picture_can_fill_is_not_read(world: World) -> None:
    path, program = trip_of(world), world.program()
    answer = program.client.post(
        path, data=bytes(2 * MOST_BYTES), headers={**program.headers, **FORM}
    )
    assert (answer.status_code, answer.get_json()["error_code"]) == (413, "BODY_TOO_LARGE")


def test_a_request_without_a_file_says_so(world: World) -> None:
    path = trip_of(world)
    answer = world.program().send("POST", path, {"file": "a.png"})
    assert answer.status_code == 422
    assert answer.get_json()["fields"] == [{"field": "file", "problem": "must be given"}]


def test_a_round_trip_and_a_user_have_room_for_so_many(world: World) -> None:
    path = trip_of(world)
    for _ in range(MOST_A_TRIP):
        assert sent(world, path).status_code == 201
    answer = sent(world, path)
    assert (answer.status_code, answer.get_json()["error_code"]) == (422, "ATTACHMENTS_FULL")
    first = world.program().get(path).get_json()["items"][0]
    assert world.program().send("DELETE", first["href"]).status_code == 204
    assert sent(world, path).status_code == 201


def test_all_pictures_of_a_user_are_bounded(world: World) -> None:
    path, large = trip_of(world), PNG + bytes(MOST_BYTES - len(PNG))
    for _ in range(PICTURE_BYTES // MOST_BYTES):
        assert sent(world, path, large).status_code == 201
    answer = sent(world, path)
    assert (answer.status_code, answer.get_json()["error_code"]) == (422, "ATTACHMENTS_FULL")
    assert len(list(world.core.settings.pictures_dir.glob("*"))) == 4
    assert sent(world, trip_of(world, "bob"), user="bob").status_code == 201


def test_nobody_else_sees_adds_or_deletes(world: World) -> None:
    path = trip_of(world)
    href = sent(world, path).get_json()["href"]
    bob = world.program("bob")
    assert bob.get(path).status_code == 404
    assert bob.get(href).status_code == 404
    assert bob.send("DELETE", href).status_code == 404
    assert sent(world, path, user="bob").status_code == 404
    assert world.app.test_client().get(href).status_code == 401
    other = href.rsplit("/", 1)[0] + "/../../../secret"
    assert world.program().get(other).status_code == 404
    assert world.program().get(href).status_code == 200


def test_a_file_that_is_gone_is_said_to_be_gone(world: World) -> None:
    href = sent(world, trip_of(world)).get_json()["href"]
    for each in world.core.settings.pictures_dir.glob("*"):
        each.unlink()
    assert world.program().get(href).status_code == 404
    assert world.program().send("DELETE", href).status_code == 204


def test_the_page_takes_pictures_and_says_what_is_wrong_beside_the_field(world: World) -> None:
    page = trip_of(world).replace("/api/trades/", "/journal/")
    trade, browser = page.removesuffix("/attachments"), world.client()
    files: Any = [(io.BytesIO(PNG), "one.png"), (io.BytesIO(JPEG), "two.jpg")]
    assert browser.post_form(page, {"file": files}).status_code == 302
    shown = browser.get(trade).text
    assert "2 pictures are kept." in shown
    assert 'alt="one.png"' in shown
    assert "2 of 10" in shown
    wrong = browser.post_form(page, {"file": (io.BytesIO(b"no"), "x.png")})
    assert wrong.status_code == 415
    assert "This is no picture that can be kept" in wrong.text
    assert browser.post_form(page, {}).status_code == 422
    (first, _) = world.program().get(f"/api{page.replace('journal', 'trades')}").get_json()["items"]
    assert browser.post_form(f"{page}/{first['id']}/delete", {}).status_code == 302
    assert "1 of 10" in browser.get(trade).text
