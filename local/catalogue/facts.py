"""What is known of each app, and how well: ``facts.json``, gathered from public documentation and code.

``confidence`` is high, medium or low; ``unverified`` says what no second source confirmed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "facts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One app. Texts are for people; what is not known is ``None``."""

    id: str
    name: str
    category: str
    confidence: str
    unverified: tuple[str, ...]
    auth_kind: str
    access_token_lifetime: str | None
    refresh_token_lifetime: str | None
    refresh_rotation: str | None
    reauthorization_required_every: str | None
    quirks: tuple[str, ...]
    sandbox: str | None
    access_gating: str | None


@cache
def facts() -> Mapping[str, Facts]:
    """All of them by id, in the file's order."""
    found = (
        Facts(**{**entry, "unverified": tuple(entry["unverified"]), "quirks": tuple(entry["quirks"])})
        for entry in json.loads(FILE.read_text("utf-8"))
    )
    return {one.id: one for one in found}
