"""The stage's secret in Secrets Manager: its members stand over the environment, and are read again as they age.

So a rotation needs no deploy. Nobody waits for it, but for the one request in five minutes that reads.
"""

import json
import logging
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib import keys, logs
from chalicelib.errors import Unavailable
from chalicelib.outbound import aws
from chalicelib.settings import Settings, SettingsRefused, load

FRESH = timedelta(minutes=5)
RETRY = timedelta(minutes=1)
ATTEMPTS = 2
FOR_EVER = datetime.max.replace(tzinfo=UTC)

MEMBERS: Mapping[str, tuple[type, ...]] = {
    "SIGNING_KEYS": (str,),
    "API_SECRET": (str,),
    "WEBHOOK_SECRETS": (str,),
    "APP_CREDENTIALS": (str, dict),
    "APP_ENDPOINTS": (str, dict),
}
"""What the secret may hold, each in the place of the variable of that name. Objects may stand there as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    settings: Settings
    text: str = field(repr=False)
    due: datetime


class CurrentSettings:
    """The settings as environment and secret have them; without ``SECRET_ID``, the environment alone, once and for all."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._secret_id = environ.get("SECRET_ID", "").strip()
        self._held: _Held | None = None
        self._turn = threading.Lock()

    def get(self) -> Settings:
        """The settings that are held; the same object until others take its place.

        :raises SettingsRefused: if they were never good. :raises Unavailable: if the secret could never be read.
        """
        return (self._held or self._first()).settings

    def renew(self) -> None:
        """Read the secret again if it is time to. What cannot be read, or will not do, leaves things as they are.

        Raises what ``get`` raises. Of several threads one reads; the others go on with what there is.
        """
        held = self._held or self._first()
        if keys.now() < held.due or not self._turn.acquire(blocking=False):
            return
        try:
            self._held = self._next(held)
        finally:
            self._turn.release()

    def _first(self) -> _Held:
        with self._turn:
            if self._held is None:
                try:
                    self._held = self._read(None)
                except (Unavailable, SettingsRefused) as error:
                    _say(error, kept=False)
                    raise
            return self._held

    def _next(self, held: _Held) -> _Held:
        try:
            return self._read(held)
        except (Unavailable, SettingsRefused) as error:
            _say(error, kept=True)
            return _Held(settings=held.settings, text=held.text, due=keys.now() + RETRY)

    def _read(self, held: _Held | None) -> _Held:
        if not self._secret_id:
            return _Held(settings=load(self._environ), text="", due=FOR_EVER)
        text = _text(self._secret_id)
        same = held is not None and held.text == text
        settings = held.settings if held and same else load({**self._environ, **_members(text)})
        return _Held(settings=settings, text=text, due=keys.now() + FRESH)


def _text(secret_id: str) -> str:
    """:raises Unavailable: if Secrets Manager does not give the secret."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = aws.client("secretsmanager", attempts=ATTEMPTS).get_secret_value(SecretId=secret_id)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable from error
    return str(answer.get("SecretString", ""))


def _members(text: str) -> dict[str, str]:
    """:raises SettingsRefused: naming what does not belong into the secret."""
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SettingsRefused("SECRET_ID: the secret must be a JSON object")
    if wrong := [line for name, value in found.items() if (line := _misplaced(name, value))]:
        raise SettingsRefused("\n".join(wrong))
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}


def _misplaced(name: str, value: object) -> str:
    """What is wrong with a member. A name that looks like no setting's may be a value that went astray."""
    if name not in MEMBERS:
        shown = name if re.fullmatch(r"[A-Z_]{1,40}", name) else "SECRET_ID"
        return f"{shown}: the secret may hold {', '.join(MEMBERS)}, and nothing else"
    return "" if isinstance(value, MEMBERS[name]) else f"{name}: must be {' or '.join(map(_called, MEMBERS[name]))}"


def _called(kind: type) -> str:
    return "an object" if kind is dict else "text"


def _say(error: Exception, *, kept: bool) -> None:
    """One line: what AWS called its refusal, or which settings were refused. Never a value."""
    cause = error.__cause__ or error
    answered: Mapping[str, Mapping[str, str]] = getattr(cause, "response", None) or {}
    code = answered.get("Error", {}).get("Code", type(cause).__name__)
    lines = str(error).splitlines() if isinstance(error, SettingsRefused) else []
    refused = " ".join(line.partition(":")[0].replace(",", "") for line in lines)
    # Where nothing is kept, the invocation ends as a crash, and is counted there.
    counted = {"crashes": 1} if kept else {}
    logs.event("settings_not_read", level=logging.ERROR, error=code, refused=refused, kept=kept, **counted)
