"""Apps' own ways load when they are called: none with the rows, and each under the name by which its row knows it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from chalicelib.providers.base import Provider
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.later import Later

PACKAGE = Path(__file__).parent.parent.parent / "chalicelib" / "providers"


def deferred() -> Iterator[tuple[str, str]]:
    """Module and function of every slot and field that is loaded later."""
    for row in PROVIDERS.values():
        typed = [field.read for field in (*row.fields, *([row.tenant] if row.tenant else []))]
        slots: list[Callable[..., object] | None] = [*typed, *(getattr(row, field.name) for field in fields(Provider))]
        for slot in slots:
            if getattr(slot, "__module__", "") == "chalicelib.providers.later":
                module, _, function = slot.__qualname__.partition(".")  # type: ignore[union-attr]
                yield module, function


DEFERRED = sorted(set(deferred()))


def test_every_function_is_where_its_row_looks_for_it() -> None:
    assert len(DEFERRED) > 20
    assert [
        name for name in DEFERRED if not callable(getattr(import_module(f"chalicelib.providers.{name[0]}"), name[1]))
    ] == []


def test_rows_are_read_without_any_of_them() -> None:
    """Nor is a pattern compiled: what all rows need at a cold start is counted in milliseconds (``make bench``)."""
    program = (
        "import sys, chalicelib.providers.catalogue; print(*(name for name in sys.modules if 'providers.' in name))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE.parent.parent, capture_output=True, text=True, check=True
    )
    assert {f"chalicelib.providers.{module}" for module, _ in DEFERRED} & set(done.stdout.split()) == set()
    assert [file.name for file in PACKAGE.rglob("*.py") if "re.compile(" in file.read_text("utf-8")] == []


def test_what_is_private_is_not_deferred() -> None:
    """Python itself asks objects for names of its own, for example to copy them."""
    with pytest.raises(AttributeError):
        _ = Later("wix").__deepcopy__
