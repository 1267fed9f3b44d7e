"""A stage's file, `deploy/stages/{stage}.toml`: where it is deployed and what differs from other stages."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STAGES = Path(__file__).parent / "stages"


class Refused(Exception):
    """It cannot go on. The message is one line that says what is missing and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What `make deploy STAGE=…` needs to know."""

    name: str
    region: str
    bucket: str
    secret: str
    parameters: Mapping[str, str]

    @property
    def stack(self) -> str:
        """The name of its CloudFormation stack."""
        return f"client-connect-{self.name}"


def read(name: str, folder: Path = STAGES) -> Stage:
    """Read a stage's file.

    :raises Refused: if there is none, or it lacks something.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", name):
        raise Refused("Which stage? For example: make deploy STAGE=production (small letters, digits and hyphens)")
    file = folder / f"{name}.toml"
    if not file.is_file():
        raise Refused(f"There is no deploy/stages/{name}.toml: copy example.toml beside it and fill it in")
    try:
        found: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"deploy/stages/{name}.toml cannot be read: {error}") from None
    missing = [key for key in ("region", "bucket", "secret", "parameters") if not found.get(key)]
    if missing:
        raise Refused(f"deploy/stages/{name}.toml lacks {', '.join(missing)}")
    parameters = {key: str(value) for key, value in found["parameters"].items()}
    return Stage(
        name=name, region=found["region"], bucket=found["bucket"], secret=found["secret"], parameters=parameters
    )
