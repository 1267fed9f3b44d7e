"""A stage whose secrets are kept in Secrets Manager, and an operator who changes them there."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from chalicelib.outbound.secrets import FRESH, MEMBERS
from tests.support.world import client, forget

NAME = "client-connect-test"
READ = "GetSecretValue"
LATER = FRESH + timedelta(seconds=1)


class Stage:
    """The stage's secret; what the tests' environment says at first, moved there."""

    def __init__(self) -> None:
        self.members: dict[str, object] = {name: os.environ.pop(name, "") for name in MEMBERS}
        client("secretsmanager").create_secret(Name=NAME, SecretString=json.dumps(self.members))
        os.environ["SECRET_ID"] = NAME

    def put(self, **changes: object) -> None:
        """A new version of the secret, as ``aws secretsmanager put-secret-value`` makes it."""
        self.members |= changes
        self.put_text(json.dumps(self.members))

    def put_text(self, text: str) -> None:
        client("secretsmanager").put_secret_value(SecretId=NAME, SecretString=text)


@contextmanager
def stage() -> Iterator[Stage]:
    """A process that has not started yet. The ``world`` fixture, in which this stands, puts the environment back."""
    made = Stage()
    forget()
    yield made
