"""The numbers of the contract's cases, by which documents and people speak of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
NUMBER = re.compile(r"test_(\d\d)_")


def test_each_case_has_a_number_of_its_own_and_none_is_missing() -> None:
    titles = [
        node.name
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    numbers = sorted(int(found[1]) for title in titles if (found := NUMBER.match(title)))
    assert numbers == list(range(1, len(numbers) + 1))
