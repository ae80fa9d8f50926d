"""Fetch the browser libraries pinned in package-lock.json into static/vendor.

The set-up runs this once; the pages then load only local files, with the integrity recorded in
static/vendor/VENDOR.json: a map from file name to package, version, licence and integrity.
``--check`` exits 1 when a file no longer has its recorded sum.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MODULES: Final = ROOT / "node_modules"
VENDOR: Final = ROOT / "static" / "vendor"
OLDEST_NPM: Final = 7  # the first that reads this form of lock


@dataclass(frozen=True)
class Library:
    """One file to copy: its name in static/vendor, its package and its path in the package."""

    name: str
    package: str
    path: str
    bundles: tuple[str, ...] = ()


LIBRARIES: Final = (
    Library(
        "lightweight-charts.js",
        "lightweight-charts",
        "dist/lightweight-charts.standalone.production.js",
    ),
    Library(
        "socket.io.js",
        "socket.io-client",
        "dist/socket.io.min.js",
        ("engine.io-client", "engine.io-parser", "socket.io-parser"),
    ),
    Library("inter.woff2", "@fontsource-variable/inter", "files/inter-latin-wght-normal.woff2"),
    Library(
        "jetbrains-mono.woff2",
        "@fontsource-variable/jetbrains-mono",
        "files/jetbrains-mono-latin-wght-normal.woff2",
    ),
)


def main() -> int:
    """Fetch and record, or with ``--check`` compare; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    if parser.parse_args().check:
        return check(VENDOR)
    install(npm())
    vendor(MODULES, VENDOR)
    print(f"Browser libraries are in {VENDOR.relative_to(ROOT)}.")
    return 0


def npm() -> str:
    """Return the path of an npm that reads the lock: from PATH, else from the environment."""
    beside = Path(sys.executable).parent / "npm"
    for candidate in (shutil.which("npm"), str(beside)):
        if candidate and reads_the_lock(candidate):
            return candidate
    print("No npm 7 or later on PATH: installing Node.js into the environment.", flush=True)
    pins = ROOT / "requirements-node.txt"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(pins)]
    subprocess.run(pip, check=True)
    return str(beside)


def reads_the_lock(candidate: str) -> bool:
    """Whether ``candidate`` runs and is new enough."""
    try:
        told = subprocess.run(
            [candidate, "--version"], capture_output=True, text=True, check=True, env=with_node()
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return int(told.stdout.split(".")[0]) >= OLDEST_NPM


def with_node() -> dict[str, str]:
    """Return our environment, with the folder of a Node.js from PyPI at the end of PATH."""
    beside = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([os.environ.get("PATH", ""), beside])}


def install(program: str) -> None:
    """Install exactly what the lock says; no package runs a script of its own."""
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--silent"]
    # A Node.js from PyPI stands beside its npm, and must come before an old one on PATH.
    path = os.pathsep.join([str(Path(program).parent), with_node()["PATH"]])
    subprocess.run([program, "ci", *quiet], cwd=ROOT, env={**os.environ, "PATH": path}, check=True)


def vendor(modules: Path, target: Path) -> None:
    """Copy the libraries and their licences from ``modules``, then write VENDOR.json."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    record = {library.name: copy(library, modules, target) for library in LIBRARIES}
    text = json.dumps(record, indent=2, sort_keys=True)
    (target / "VENDOR.json").write_text(text + "\n", encoding="utf-8")


def copy(library: Library, modules: Path, target: Path) -> dict[str, str]:
    """Copy one library with its licences; return its entry of VENDOR.json."""
    about = json.loads((modules / library.package / "package.json").read_text(encoding="utf-8"))
    shutil.copyfile(modules / library.package / library.path, target / library.name)
    texts = [licence_text(modules, package) for package in (library.package, *library.bundles)]
    licence_file = f"{library.name}.LICENSE"
    (target / licence_file).write_text("\n".join(texts), encoding="utf-8")
    return {
        "package": library.package,
        "version": about["version"],
        "licence": about["license"],
        "licence_file": licence_file,
        "integrity": integrity(target / library.name),
    }


def licence_text(modules: Path, package: str) -> str:
    """Return the licence of ``package``, under its name."""
    return f"{package}\n\n{(modules / package / 'LICENSE').read_text(encoding='utf-8')}"


def integrity(path: Path) -> str:
    """Return the sum of a file in the form of a page's ``integrity`` attribute."""
    digest = hashlib.sha384(path.read_bytes()).digest()
    return f"sha384-{base64.b64encode(digest).decode('ascii')}"


def check(target: Path) -> int:
    """Return 0 when every recorded file is there with its sum, else say which is not and 1."""
    record = target / "VENDOR.json"
    if not record.is_file():
        print("The browser libraries are missing: run `make setup`.", file=sys.stderr)
        return 1
    wrong = [
        name
        for name, entry in json.loads(record.read_text(encoding="utf-8")).items()
        if not (target / name).is_file() or integrity(target / name) != entry["integrity"]
    ]
    for name in wrong:
        print(f"{name} is not what was fetched: run `make setup`.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
