"""Put pip into the environment that runs this, where Python came without ensurepip.

Debian keeps ensurepip in a package of its own, which only root may install.  The wheel is pinned
by its sum, like every other package.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

WHEEL: Final = "pip-26.3-py3-none-any.whl"
URL: Final = (
    "https://files.pythonhosted.org/packages/07/25/"
    f"ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/{WHEEL}"
)
SHA256: Final = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main() -> int:
    """Fetch, compare, install; 1 with a sentence when the wheel is not to be had."""
    try:
        with urllib.request.urlopen(URL, timeout=60) as answer:
            wheel = answer.read()
    except urllib.error.URLError as error:
        print(f"pip could not be fetched ({error.reason}).", file=sys.stderr)
        return 1
    if hashlib.sha256(wheel).hexdigest() != SHA256:
        print("The pip that was fetched is not the one that was meant.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / WHEEL
        path.write_bytes(wheel)
        # A wheel is a zip file, and Python runs a package inside one.
        install = ["install", "--quiet", "--no-index", str(path)]
        subprocess.run([sys.executable, str(path / "pip"), *install], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
