"""Channels of notices as an API; an address goes in and never comes out."""

from __future__ import annotations

from typing import Annotated

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field, SecretStr

from app.domain.notices import Category, Channel
from app.services.notices import Change, Wish
from app.web import wire
from app.web.api.listing import ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.wire import Json

_Categories = Annotated[list[Category], Field(max_length=len(Category))]
_Name = Annotated[str, Field(max_length=200)]


class ChannelIn(Strict):
    """A new channel: its name, an address as apprise knows them, and what it is told."""

    name: _Name
    address: SecretStr
    categories: _Categories
    enabled: bool = True


class ChannelChange(Strict):
    """What to change of a channel; what is left out stays as it is."""

    name: _Name | None = None
    address: SecretStr | None = None
    categories: _Categories | None = None
    enabled: bool | None = None


@guard(Guard.EITHER)
def channels(query: ListQuery) -> Response:
    """List your channels, oldest first, with what became of the last notice of each."""
    return part([shown(each) for each in deps().notices.all(me().id)], query)


@guard(Guard.EITHER)
def create_channel(body: ChannelIn) -> tuple[Json, int]:
    """Make a channel; its address is checked, kept encrypted and never shown again."""
    wish = Wish(body.name, body.address.get_secret_value(), body.categories, body.enabled)
    return shown(deps().notices.add(me().id, wish)), 201


@guard(Guard.EITHER)
def change_channel(channel_id: str, body: ChannelChange) -> Json:
    """Change a channel's name, address or categories, or switch it on or off."""
    address = None if body.address is None else body.address.get_secret_value()
    change = Change(body.name, address, body.categories, body.enabled)
    return shown(deps().notices.change(me().id, channel_id, change))


@guard(Guard.EITHER)
def remove_channel(channel_id: str) -> tuple[str, int]:
    """Remove a channel and forget its address."""
    deps().notices.remove(me().id, channel_id)
    return "", 204


@guard(Guard.EITHER)
def try_channel(channel_id: str) -> Json:
    """Send a test now; the answer says whether the service took it, and its words if not."""
    user_id = me().id
    tested = deps().notices.test(user_id, channel_id)
    channel = shown(deps().notices.get(user_id, channel_id))
    return {"sent": tested.sent, "message": tested.message, "channel": channel}


def shown(each: Channel) -> Json:
    """Return a channel; of its address only how it begins."""
    return {
        "id": each.id,
        "name": each.name,
        "service": each.service,
        "address": each.shown,
        "categories": [one.value for one in Category if one in each.categories],
        "enabled": each.enabled,
        "created_at": wire.iso(each.created_at),
        "last_sent_at": wire.when(each.last_sent_at),
        "last_error": each.last_error,
        "last_error_at": wire.when(each.last_error_at),
        "lost": each.lost,
    }


def install_notifications(api: APIBlueprint) -> None:
    """Add these routes."""
    path = "/notifications/channels"
    add(api, "GET", path, channels, query=ListQuery)
    add(api, "POST", path, create_channel, body=ChannelIn)
    add(api, "PATCH", f"{path}/<channel_id>", change_channel, body=ChannelChange)
    add(api, "DELETE", f"{path}/<channel_id>", remove_channel)
    add(api, "POST", f"{path}/<channel_id>/test", try_channel)
