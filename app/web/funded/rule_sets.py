"""Versions of rule sets and the list of news, as an API."""

from __future__ import annotations

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field

from app.domain.errors import InvalidInput
from app.propfirm import News
from app.web.api.listing import Instant, ListQuery, Strict, add, part
from app.web.auth import Guard, guard, me
from app.web.deps import deps
from app.web.shapes import funded as shapes
from app.web.wire import Json


class NewsIn(Strict):
    """A time during which nothing is opened on your funded accounts; ``end`` is not in it."""

    name: Annotated[str, Field(max_length=200)]
    start: Instant
    end: Instant


@guard(Guard.EITHER)
def rule_sets(query: ListQuery) -> Response:
    """List every version of every rule set that you may choose, oldest first."""
    return part([shapes.rule_set(each) for each in deps().funded.rules.list(me().id)], query)


@guard(Guard.EITHER)
def rule_set(rule_set_id: str, version: str) -> Json:
    """Show one version of a rule set."""
    return shapes.rule_set(deps().funded.rules.get(me().id, rule_set_id, version))


@guard(Guard.EITHER)
def add_rule_set() -> tuple[Json, int]:
    """Keep a new version; it has all the fields of a rule set and is never changed again."""
    record: Any = request.get_json(silent=True)
    if not isinstance(record, dict):
        raise InvalidInput(
            "Send a rule set as a JSON object.", fields={"body": "must be an object"}
        )
    return shapes.rule_set(deps().funded.rules.add(me().id, record)), 201


@guard(Guard.EITHER)
def news(query: ListQuery) -> Response:
    """List your news by their start."""
    return part([shapes.news(each) for each in deps().funded.changes.news(me().id)], query)


@guard(Guard.EITHER)
def add_news(body: NewsIn) -> tuple[Json, int]:
    """Put news on your list."""
    made = deps().funded.changes.add_news(me().id, News(body.name, body.start, body.end))
    return shapes.news(made), 201


@guard(Guard.EITHER)
def delete_news(news_id: str) -> tuple[str, int]:
    """Take news off your list."""
    deps().funded.changes.delete_news(me().id, news_id)
    return "", 204


def install(api: APIBlueprint) -> None:
    """Add these routes."""
    add(api, "GET", "/rule-sets", rule_sets, query=ListQuery)
    add(api, "POST", "/rule-sets", add_rule_set)
    add(api, "GET", "/rule-sets/<rule_set_id>/<version>", rule_set)
    add(api, "GET", "/news", news, query=ListQuery)
    add(api, "POST", "/news", add_news, body=NewsIn)
    add(api, "DELETE", "/news/<news_id>", delete_news)
