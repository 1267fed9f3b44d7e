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

    def matching_if_set(self, name: str, pattern: str, what: str) -> str:
        """The same for what may be left out."""
        return self.matching(name, pattern, what) if self.optional(name) else ""

    def web_address(self, name: str, default: str = "") -> str:
        return self.matching(name, r"https?://[^\s<>\"']+", "an http(s) address", default)

    def address(self, name: str, default: str = "") -> str:
        value = self.required(name, default)
        if value and not re.fullmatch(r"[^\s@]+@[^\s@]+", parseaddr(value)[1]):
            self.wrong.append(f"{name}: must be an email address")
        return value

    def listed(self, name: str, pattern: str = ".*", what: str = "") -> tuple[str, ...]:
        """Values with commas between them; none at all if the variable is empty."""
        value = self.optional(name)
        entries = tuple(entry.strip() for entry in value.split(",")) if value else ()
        if not all(re.fullmatch(pattern, entry, re.DOTALL) for entry in entries):
            self.wrong.append(f"{name}: must be {what}")
        return entries

    def numbered_keys(self, name: str) -> dict[int, bytes]:
        """Keys by their ids, in the order in which they stand."""
        keys: dict[int, bytes] = {}
        self.required(name)
        for entry in self.listed(name):
            match = re.fullmatch(r"(\d{1,3}):([0-9a-f]{64})", entry)
            if not match or int(match[1]) > 255 or int(match[1]) in keys:
                self.wrong.append(f"{name}: must be a list of id:hex, ids from 0 to 255, each 64 hex digits")
                return {}
            keys[int(match[1])] = bytes.fromhex(match[2])
        return keys

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
