"""What each server of a test process would compile anew, compiled once: templates and routes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apiflask import APIFlask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from app.web import WebDeps, create_app


class KeptTemplates(BytecodeCache):
    """The bytecode of templates, kept as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if kept := self._kept.get(bucket.key):
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


class KeptRule(Rule):
    """A route that is compiled once for all that are alike."""

    kept: dict[object, Rule] = {}  # noqa: RUF012  shared on purpose

    def compile(self) -> None:
        defaults = tuple((self.defaults or {}).items())
        alike = (self.rule, defaults, self.host, self.subdomain, self.merge_slashes)
        kept = self.kept.get(alike)
        if kept is None:
            super().compile()
            self.kept[alike] = self
            return
        self._parts, self._trace, self._converters = kept._parts, kept._trace, kept._converters
        self.arguments = kept.arguments
        # Bound to the other route, of which they use nothing but its converters.
        self._build, self._build_unknown = kept._build, kept._build_unknown


TEMPLATES = KeptTemplates()


def compiled_app(web: WebDeps) -> APIFlask:
    """The application, without compiling again what an earlier one of this process did."""
    with _kept_rules():
        app = create_app(web)
    app.jinja_env.bytecode_cache = TEMPLATES
    return app


@contextmanager
def _kept_rules() -> Iterator[None]:
    APIFlask.url_rule_class = KeptRule
    try:
        yield
    finally:
        APIFlask.url_rule_class = Rule
