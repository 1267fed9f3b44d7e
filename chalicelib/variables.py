"""Named text values, as an environment holds them, read strictly. What is wrong is named, never quoted."""

import json
import re
from collections.abc import Mapping
from email.utils import parseaddr


class Variables:
    """Reads variables, and remembers in ``wrong`` what would not do instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.wrong: list[str] = []

    def optional(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip() or default

    def required(self, name: str, default: str = "") -> str:
        value = self.optional(name, default)
        if not value:
            self.wrong.append(f"{name}: missing")
        return value

    def matching(self, name: str, pattern: str, what: str, default: str = "") -> str:
        value = self.required(name, default)
        if value and not re.fullmatch(pattern, value):
            self.wrong.append(f"{name}: must be {what}")
        return value

    def web_address(self, name: str, default: str = "") -> str:
        return self.matching(name, r"https?://[^\s<>\"']+", "an http(s) address", default)

    def address(self, name: str, default: str = "") -> str:
        value = self.required(name, default)
        if value and not re.fullmatch(r"[^\s@]+@[^\s@]+", parseaddr(value)[1]):
            self.wrong.append(f"{name}: must be an email address")
        return value

    def listed(self, name: str) -> tuple[str, ...]:
        """Values with commas between them; none at all if the variable is empty."""
        value = self.optional(name)
        return tuple(entry.strip() for entry in value.split(",")) if value else ()

    def objects(self, name: str, fields: tuple[str, ...]) -> dict[str, dict[str, str]]:
        """A JSON object of objects, which have text in some of these fields and no others."""
        try:
            found = json.loads(self.optional(name, "{}"))
            if all(_strings(entry, fields) for entry in found.values()):
                return dict(found)
        except (ValueError, AttributeError, RecursionError):
            pass
        self.wrong.append(f"{name}: must be a JSON object, app → {', '.join(fields)}")
        return {}


def _strings(entry: object, fields: tuple[str, ...]) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) <= set(fields)
        and all(isinstance(value, str) for value in entry.values())
    )
