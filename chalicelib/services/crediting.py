"""Handing a connection's credential to the accounting platform: the one place where a grant is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib import keys, logs
from chalicelib.errors import NeedsAttention, NotFound
from chalicelib.i18n import N_
from chalicelib.services.ports import Sealer, Vault

MARGIN = timedelta(minutes=1)
"""A token that ends sooner would end on its way to whoever asked for it."""
_NEVER = frozenset({"refresh_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What is needed to call the app, and nothing that would last longer than that."""

    app: str
    account_id: str
    secrets: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None
    extra: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crediting:
    """One read of the vault, one key from KMS."""

    vault: Vault
    sealer: Sealer

    def credential(self, entity_id: str, connection_id: str, caller: str) -> Credential:
        """The credential, valid now. Every reading leaves a line in the log.

        :raises NotFound: if the entity has no such connection.
        :raises NeedsAttention: if what is held has ended.
        :raises Unavailable: if DynamoDB or KMS does not answer.
        """
        found = self.vault.get(entity_id, connection_id)
        if found is None:
            raise NotFound
        connection, sealed = found
        logs.bind(app=connection.app)
        if sealed.expires_at and sealed.expires_at <= keys.now() + MARGIN:
            raise NeedsAttention(N_("The access that was granted has ended. Connect the app again."))
        grant = self.sealer.open(sealed, connection)
        logs.event("credential_read", connection_id=connection.id, caller=caller)
        return Credential(
            app=connection.app,
            account_id=connection.account.id,
            secrets={name: secret for name, secret in grant.secrets.items() if name not in _NEVER},
            expires_at=grant.expires_at,
            extra=grant.extra,
        )
