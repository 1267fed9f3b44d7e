"""docs/security.md and the tests name the same threats."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
REQUIRED = set(range(1, 46))


def _documented() -> set[int]:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    return {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}


def _docstrings() -> Iterator[str]:
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield ast.get_docstring(node) or ""


def _tested() -> set[int]:
    named = (re.match(r"Threats? ((?:\d+(?:, | and )?)+)", docstring) for docstring in _docstrings())
    return {int(number) for match in named if match for number in re.findall(r"\d+", match[1])}


def test_every_threat_in_scope_is_documented() -> None:
    assert _documented() == REQUIRED


def test_every_threat_in_scope_has_a_test_that_carries_its_number() -> None:
    assert not REQUIRED - _tested()


def test_every_file_that_the_page_names_is_there() -> None:
    rows = re.findall(r"^\| \d+ \|.*$", (ROOT / "docs" / "security.md").read_text("utf-8"), re.MULTILINE)
    for row in rows:
        for name in re.findall(r"`([a-z_/]+(?:\.py|/))`", row.rpartition("| `")[2].join(("`", ""))):
            assert (ROOT / "chalicelib" / name).exists(), name
