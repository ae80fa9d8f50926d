"""Nothing grows beyond what can be read at once."""

from __future__ import annotations

from collections import Counter

from tests.support.tree import functions, modules, name

FILE_LINES = 400
FUNCTION_LINES = 50
PACKAGE_MODULES = 20


def test_no_file_of_the_app_is_longer_than_400_lines() -> None:
    lengths = {name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in modules("app")}
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_of_the_app_is_longer_than_50_lines() -> None:
    lengths = {
        f"{name(path)}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in modules("app")
        for function in functions(path)
    }
    assert {where: lines for where, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def test_no_package_of_the_app_has_more_than_20_modules() -> None:
    counts = Counter(name(p.parent) for p in modules("app") if p.name != "__init__.py")
    assert {package: count for package, count in counts.items() if count > PACKAGE_MODULES} == {}
