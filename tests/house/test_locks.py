"""An install is the same everywhere: every package pinned, with its sums, from nowhere special."""

from __future__ import annotations

import json
import re

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support.tree import ROOT, committed

LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-node.txt"]
BROWSER_REGISTRY = "https://registry.npmjs.org/"


def entries(lock: str) -> list[str]:
    """Return each package of a lock with its sums, comments left out."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    kept = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return kept.replace("\\\n", " ").split("\n")


def pins(lock: str) -> list[Requirement]:
    return [Requirement(entry.split(" --hash")[0].strip()) for entry in entries(lock) if entry]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_to_one_version(lock: str) -> None:
    loose = [str(pin) for pin in pins(lock) if not re.fullmatch(r"==[^,*]+", str(pin.specifier))]
    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_its_sums(lock: str) -> None:
    without = [entry for entry in entries(lock) if entry and "--hash=sha256:" not in entry]
    assert without == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_a_host(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize("source", ["requirements.in", "requirements-dev.in"])
def test_the_lock_holds_every_package_that_is_asked_for(source: str) -> None:
    lines = (ROOT / source).read_text(encoding="utf-8").splitlines()
    wanted = [line.split("#")[0].strip() for line in lines]
    asked = [Requirement(line) for line in wanted if line and not line.startswith("-r")]
    locked = {pin.name: pin.specifier for pin in pins(source.replace(".in", ".txt"))}
    missing = [str(one) for one in asked if one.name not in locked]
    assert missing == []


def test_the_two_locks_agree() -> None:
    development = {str(pin) for pin in pins("requirements-dev.txt")}
    assert {str(pin) for pin in pins("requirements.txt")} <= development


def test_gunicorn_still_has_the_eventlet_worker() -> None:
    versions = [
        Version(str(pin.specifier)[2:])
        for pin in pins("requirements.txt")
        if pin.name == "gunicorn"
    ]
    assert [version.major for version in versions] == [25]


def test_every_browser_library_has_its_sum_and_comes_from_the_public_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    libraries = {path: entry for path, entry in lock["packages"].items() if path}
    assert libraries
    assert [path for path, entry in libraries.items() if "integrity" not in entry] == []
    addresses = [entry.get("resolved", BROWSER_REGISTRY) for entry in libraries.values()]
    assert [one for one in addresses if not one.startswith(BROWSER_REGISTRY)] == []


def test_no_third_party_file_is_committed() -> None:
    kept = [path.relative_to(ROOT).as_posix() for path in committed()]
    foreign = r"(^|/)(vendor|node_modules)/|\.min\.(js|css)$|\.(woff2?|ttf|whl|jar)$"
    assert [path for path in kept if re.search(foreign, path)] == []
