"""Write .env.example from the settings themselves, so that it names each one with its default."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.config import Settings  # noqa: E402  # the path is the line above

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

HEAD: Final = """\
# Every setting, with its default. Copy this file to .env and change what should differ; a variable
# of the environment wins over the file. Written from app/config.py by `make format`.
"""


def text() -> str:
    """Return the whole file."""
    entries = [entry(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join([HEAD, *entries])


def entry(name: str, field: FieldInfo) -> str:
    """Return one setting: what it is, then its default, commented out."""
    default = "" if field.default is None else field.default
    return f"# {field.description}\n#{name.upper()}={default}\n"


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(text(), encoding="utf-8")
