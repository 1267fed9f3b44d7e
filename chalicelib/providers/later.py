"""Apps' own ways, loaded when the first of their functions is called: a cold start needs every row, and calls none."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any


class Later:
    """Stands for a module of functions. ``if TYPE_CHECKING`` the module itself is imported, so names are still checked."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, function: str) -> Callable[..., Any]:
        if function.startswith("_"):
            raise AttributeError(function)

        def called(*args: Any) -> Any:
            return getattr(import_module(f"chalicelib.providers.{self._name}"), function)(*args)

        called.__qualname__ = f"{self._name}.{function}"
        return called


def later(*names: str) -> Iterator[Later]:
    """One for each of these modules beside this one."""
    return map(Later, names)
