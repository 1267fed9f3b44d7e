"""Grants that wait for a person: to say which of several accounts it is to be, or that it is theirs at all.

Sealed for whoever holds the attempt's own secret (the browser's cookie, or the state that an app was given), because
the functions that serve pages may not use KMS to decrypt. What nobody claims passes with its attempt.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

from chalicelib.domain import Account, Attempt, Grant
from chalicelib.domain.grants import dumped, loaded
from chalicelib.errors import Unavailable
from chalicelib.services.boxes import Boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """What waits, and the accounts to choose from; none when they are not known yet."""

    grant: Grant
    accounts: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parking:
    """Parks and fetches."""

    boxes: Boxes

    def sealed(self, secret: str, attempt_id: str, parked: Parked) -> bytes:
        """What an attempt's row keeps."""
        accounts = [[account.id, account.name, dict(account.extra)] for account in parked.accounts]
        content = {"grant": b64encode(dumped(parked.grant)).decode(), "accounts": accounts}
        return self.boxes.seal(secret, attempt_id, json.dumps(content).encode())

    def opened(self, secret: str, attempt: Attempt) -> Parked:
        """:raises Unavailable: if the key that sealed it was retired meanwhile, or the secret is another's."""
        raw = self.boxes.open(secret, attempt.id, attempt.parked)
        if raw is None:
            raise Unavailable
        content = json.loads(raw)
        return Parked(
            grant=loaded(b64decode(content["grant"])),
            accounts=tuple(Account(id=one, name=name, extra=extra) for one, name, extra in content["accounts"]),
        )
