"""An entity's webhook, as the platform sets it; nobody else does. A secret is told once, when it is made."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from chalicelib import keys
from chalicelib.domain import EventKind, Webhook
from chalicelib.errors import Conflict, InvalidField, NotFound
from chalicelib.services.events import event
from chalicelib.services.webhook_ports import Sealer, Webhooks
from chalicelib.services.webhook_signatures import new_secret

OVERLAP = timedelta(hours=24)
"""How long a secret that was replaced signs along."""
LONGEST = 1000
PORT = 443
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# The last label begins with a letter: 127.1, 0x7f.1 and 2130706433 are addresses to a resolver. Of the rest, what
# RFC 3986 lets stand in path and query.
_URL = re.compile(
    rf"https://(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?(?::443)?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribing:
    """``check`` raises ``OSError`` for a host without public addresses (``outbound.addresses.public``)."""

    webhooks: Webhooks
    sealer: Sealer
    check: Callable[[str, int], object]

    def put(self, entity_id: str, url: str, by: str) -> tuple[Webhook, str]:
        """Set it. Returns it with the secret if one was made, which is if there was none before.

        :raises InvalidField: if nothing may be posted there.
        :raises Conflict: if somebody else is changing it.
        """
        host = self._host(url)
        found = self.webhooks.get(entity_id)
        noted = event(entity_id, EventKind.WEBHOOK_SET, by, detail=host)
        if found is not None:
            self.webhooks.point(found, url, noted)
            return self.get(entity_id), ""
        secret = new_secret()
        sealed = self.sealer.seal(secret, entity_id)
        made = Webhook(entity_id=entity_id, url=url, created_at=noted.at, sealed=sealed)
        self.webhooks.create(made, noted)
        return made, secret

    def get(self, entity_id: str) -> Webhook:
        """:raises NotFound: if there is none."""
        found = self.webhooks.get(entity_id)
        if found is None:
            raise NotFound
        return found

    def rotate(self, entity_id: str, by: str) -> tuple[Webhook, str]:
        """A new secret; the one so far signs too for a day, and any older one no more.

        :raises NotFound: if there is no webhook. :raises Conflict: if somebody else is changing it.
        """
        found, secret = self.get(entity_id), new_secret()
        sealed, until = self.sealer.seal(secret, entity_id), keys.now() + OVERLAP
        self.webhooks.rotate(found, sealed, until, event(entity_id, EventKind.WEBHOOK_ROTATED, by))
        return self.get(entity_id), secret

    def remove(self, entity_id: str, by: str) -> None:
        """:raises NotFound: if there is none."""
        try:
            self.webhooks.remove(entity_id, event(entity_id, EventKind.WEBHOOK_REMOVED, by))
        except Conflict:
            raise NotFound from None

    def _host(self, url: str) -> str:
        if len(url) > LONGEST or not _URL.fullmatch(url):
            raise InvalidField("url", "An https address with a host's name, without port, user or fragment.")
        host = urlsplit(url).hostname or ""
        try:
            self.check(host, PORT)
        except OSError:
            raise InvalidField("url", "The host must have public addresses, and no others.") from None
        return host
