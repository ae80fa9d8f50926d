"""Rules of taste for templates, styles and scripts, which else only a browser would report."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.tree import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))

#: Ways in which text could become markup or code; Trusted Types refuse them in the browser.
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser"
)
INLINE = re.compile(r"\sstyle=|\son[a-z]+=|javascript:|<style", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)
IMPORT = re.compile(r'from "(\.[^"]+)"|import\("(\.[^"]+)"\)')
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b", re.IGNORECASE)
LONGEST_FILE = 400


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def markup(path: Path) -> str:
    """The template without its comments."""
    return re.sub(r"\{#.*?#\}", "", source(path), flags=re.DOTALL)


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_a_template_has_no_inline_style_or_handler(path: Path) -> None:
    assert INLINE.findall(markup(path)) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_a_script_element_has_a_source_or_is_data(path: Path) -> None:
    inline = [each for each in SCRIPT.findall(markup(path)) if "src=" not in each]
    assert [each for each in inline if "application/json" not in each] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_a_template_begins_with_what_it_is_and_needs(path: Path) -> None:
    assert source(path).startswith("{#")


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_every_form_that_changes_something_carries_the_token(path: Path) -> None:
    forms = re.split(r"(?=<form\b)", markup(path))[1:]
    posting = [form for form in forms if 'method="post"' in form.split(">", 1)[0]]
    assert [form for form in posting if 'name="csrf_token"' not in form] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=short)
def test_no_script_turns_text_into_markup_or_code(path: Path) -> None:
    assert SINKS.findall(source(path)) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=short)
def test_every_module_that_is_imported_exists(path: Path) -> None:
    named = [first or second for first, second in IMPORT.findall(source(path))]
    assert [name for name in named if not (path.parent / name).is_file()] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=short)
def test_every_exported_name_says_in_a_sentence_what_it_is(path: Path) -> None:
    lines = source(path).splitlines()
    exported = [
        line
        for before, line in pairwise(["", *lines])
        if line.startswith("export ") and not before.rstrip().endswith("*/")
    ]
    assert exported == []


@pytest.mark.parametrize("path", sorted((ROOT / "static/js/pages").glob("*.js")), ids=short)
def test_a_page_module_is_mounted_and_named_by_a_template(path: Path) -> None:
    assert re.search(r"^export function mount\(root", source(path), re.MULTILINE)
    assert any(f'set module = "{path.stem}"' in source(template) for template in TEMPLATES)


@pytest.mark.parametrize("path", TEMPLATES, ids=short)
def test_the_module_that_a_template_names_exists(path: Path) -> None:
    for name in re.findall(r'set module = "(\w+)"', source(path)):
        assert (ROOT / "static/js/pages" / f"{name}.js").is_file()


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES, *TEMPLATES], ids=short)
def test_a_file_of_the_pages_is_short(path: Path) -> None:
    assert len(source(path).splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", [path for path in STYLES if path.name != "tokens.css"], ids=short)
def test_colours_are_named_in_the_tokens_only(path: Path) -> None:
    hexes = [hex_ for hex_ in COLOUR.findall(source(path)) if hex_ not in {"#000", "#fff"}]
    assert hexes == []


def test_every_token_that_a_style_uses_is_defined() -> None:
    styles = "\n".join(source(path) for path in STYLES)
    made_by_scripts = {"--cols", "--min-width"}
    used = set(re.findall(r"var\((--[\w-]+)", styles))
    defined = set(re.findall(r"(--[\w-]+):", styles)) | made_by_scripts
    assert used <= defined


def test_every_icon_that_a_page_names_is_drawn() -> None:
    drawn = set(re.findall(r'id="i-([\w-]+)"', source(ROOT / "templates/parts/icons.html")))
    named = {
        name for path in TEMPLATES for name in re.findall(r'ui\.icon\("([\w-]+)"\)', source(path))
    }
    assert named <= drawn
