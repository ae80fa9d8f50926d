"""The browser libraries: recorded when fetched, and a changed file is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import vendor
from tests.support.tree import ROOT


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """A folder as the set-up leaves it, made from packages of a few bytes."""
    modules = tmp_path / "node_modules"
    for library in vendor.LIBRARIES:
        for package in (library.package, *library.bundles):
            folder = modules / package
            folder.mkdir(parents=True)
            about = {"version": "1.2.3", "license": "MIT"}
            (folder / "package.json").write_text(json.dumps(about))
            (folder / "LICENSE").write_text(f"The licence of {package}")
        path = modules / library.package / library.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(library.name)
    target = tmp_path / "vendor"
    vendor.vendor(modules, target)
    return target


def test_what_was_fetched_passes_its_check(fetched: Path) -> None:
    assert vendor.check(fetched) == 0


def test_a_changed_library_is_named(fetched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fetched / "socket.io.js").write_text("something else")
    assert vendor.check(fetched) == 1
    assert "socket.io.js is not what was fetched" in capsys.readouterr().err


def test_a_missing_library_is_named(fetched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fetched / "inter.woff2").unlink()
    assert vendor.check(fetched) == 1
    assert "inter.woff2" in capsys.readouterr().err


def test_nothing_fetched_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor.check(tmp_path) == 1
    assert "make setup" in capsys.readouterr().err


def test_the_record_says_where_each_file_comes_from(fetched: Path) -> None:
    record = json.loads((fetched / "VENDOR.json").read_text())
    entry = record["socket.io.js"]
    assert (entry["package"], entry["version"], entry["licence"]) == (
        "socket.io-client",
        "1.2.3",
        "MIT",
    )


def test_the_licence_of_a_bundled_package_comes_along(fetched: Path) -> None:
    text = (fetched / "socket.io.js.LICENSE").read_text()
    assert "The licence of engine.io-client" in text


def test_the_libraries_of_this_checkout_are_what_was_fetched() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "vendor.py"), "--check"], check=False
    )
    assert done.returncode == 0
