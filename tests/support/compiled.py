"""What each server of a test process would compile anew, compiled once: templates and routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apiflask import APIFlask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from app.web import WebDeps, create_app

Builder = Callable[..., tuple[str, str]]


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
    """A route whose function that builds its address is compiled once for all that are alike."""

    kept: dict[object, Builder] = {}  # noqa: RUF012  shared on purpose

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        defaults = tuple((self.defaults or {}).items())
        alike = (self.rule, tuple(self._trace), defaults, append_unknown)
        if alike not in self.kept:
            self.kept[alike] = super()._compile_builder(append_unknown)
        return self.kept[alike]


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
