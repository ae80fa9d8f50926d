"""Rules that no linter knows: who may catch everything, who may know the worker class."""

from __future__ import annotations

import ast
import configparser

from tests.support.tree import ROOT, imports, modules, name, parsed

#: The loop that must outlive a failed step, the bus whose listeners are isolated, the last handler.
CATCH_ALL = {"app/services/bus.py", "app/web/problems.py", "app/workers/supervisor.py"}

#: The patch comes before every other import, and the server names its worker (docs/adr/0001).
KNOW_EVENTLET = {"wsgi.py", "deploy/gunicorn.conf.py"}

#: Packages without a framework, a database or a network; the later ones count once they exist.
PURE = ("domain", "propfirm", "signals", "sim", "services")


def passes_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def catches_everything(node: ast.AST) -> bool:
    """Whether it is a handler of every failure that does not pass the failure on."""
    if not isinstance(node, ast.ExceptHandler) or passes_on(node):
        return False
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    names = {kind.id if isinstance(kind, ast.Name) else None for kind in kinds if kind}
    return not kinds or node.type is None or bool(names & {"Exception", "BaseException"})


def test_only_three_places_catch_every_failure() -> None:
    catching = {
        name(p) for p in modules("app") if any(map(catches_everything, ast.walk(parsed(p))))
    }
    assert catching <= CATCH_ALL


def test_only_the_entry_point_and_the_server_know_the_worker_class() -> None:
    sources = [path for folder in ("app", "bench", "deploy", "scripts") for path in modules(folder)]
    importing = {name(p) for p in [*sources, ROOT / "wsgi.py"] if "eventlet" in set(imports(p))}
    assert importing <= KNOW_EVENTLET


def test_every_pure_package_is_under_the_contract_of_purity() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    held = set(contracts["importlinter:contract:pure"]["source_modules"].split())
    assert {f"app.{package}" for package in PURE if (ROOT / "app" / package).is_dir()} == held
