"""What the documents promise is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from app.config import Settings
from scripts import env_example
from tests.support.tree import ROOT, committed

PAGES = [path for path in committed() if path.suffix == ".md"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_setting_is_in_the_example_file_with_its_default() -> None:
    written = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert written == env_example.text(), "run `make format`"


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_target_has_a_sentence() -> None:
    described = set(re.findall(r"^([a-z-]+):.*## [A-Z].*\.$", MAKEFILE, re.MULTILINE))
    assert described == TARGETS


@pytest.mark.parametrize(
    "target", ["help", "setup", "run", "demo", "setup-test", "test", "check", "bench"]
)
def test_the_makefile_has_the_target(target: str) -> None:
    assert target in TARGETS


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_every_make_command_in_a_page_is_a_target(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
    said = re.findall(r"(?:`|^)make ([a-z-]+)", code, re.MULTILINE)
    assert set(said) <= TARGETS


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_readme_gives_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make run" in readme
    assert "make test" in readme


@pytest.mark.parametrize(
    "document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
)
def test_the_document_exists(document: str) -> None:
    assert (ROOT / document).is_file()


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_there_is_one_newest_migration() -> None:
    assert len(ScriptDirectory(str(ROOT / "migrations")).get_heads()) == 1
