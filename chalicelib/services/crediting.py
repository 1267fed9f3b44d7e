"""Handing a connection's credential to the accounting platform."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib import keys, logs
from chalicelib.domain import EventKind, Grant, GrantStatus, Held
from chalicelib.errors import NotFound
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Mechanism
from chalicelib.services.apps import Apps
from chalicelib.services.events import event
from chalicelib.services.ports import Attention, Vault
from chalicelib.services.refreshing import Refreshing

_MOST_NOTED = 2_000
_TOKENS = frozenset({Mechanism.OAUTH2, Mechanism.INSTALL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What is needed to call the app, and nothing that would make more of it."""

    app: str
    account_id: str
    access_token: str = field(default="", repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The keys themselves, where that is all there is."""
    expires_at: datetime | None
    extra: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crediting:
    """One read of the vault, and one key from KMS if it is not at hand; a renewal where it is needed."""

    vault: Vault
    refreshing: Refreshing
    attention: Attention
    apps: Apps
    noted: "OrderedDict[str, None]" = field(default_factory=OrderedDict)
    """Readings of which this process knows that the history has them."""

    def credential(self, entity_id: str, connection_id: str, caller: str) -> Credential:
        """The credential, valid now. Every reading leaves a line in the log, and one a day an event in the history.

        :raises NotFound: if the entity has no such connection.
        :raises NeedsAttention: if there is none to be had any more.
        :raises AppWaits: if there is none just now, because of the app.
        :raises Unavailable: if DynamoDB or KMS does not answer.
        """
        held = self.vault.get(entity_id, connection_id)
        if held is None or held.status is GrantStatus.REVOKING:
            raise NotFound
        logs.bind(app=held.app)
        held, grant = self.refreshing.valid(held)
        self._note(held, caller)
        return _credential(self.apps.providers[held.app], held, grant)

    def _note(self, held: Held, caller: str) -> None:
        """The history is told before the credential is handed out."""
        logs.event("credential_read", connection_id=held.id, caller=caller)
        day = f"{keys.now():%Y-%m-%d}"
        name = keys.name_of(held.entity_id, held.id, held.granted_at.isoformat(), caller, day)
        if name in self.noted:
            return
        read = event(held.entity_id, EventKind.CREDENTIALS_READ, f"platform {caller}", app=held.app)
        read = replace(read, connection_id=held.id, account_id=held.account_id)
        self.attention.reading(name, read, keys.now() + timedelta(days=2))
        self.noted[name] = None
        if len(self.noted) > _MOST_NOTED:
            self.noted.popitem(last=False)


def _credential(row: Provider, held: Held, grant: Grant) -> Credential:
    """Of a grant that makes tokens, the token and no more: a key that makes the next would outlive every margin."""
    tokens = row.mechanism in _TOKENS or row.mint is not None
    plain = {} if tokens else {one.name: grant.extra.get(one.name, "") for one in row.fields if not one.secret}
    return Credential(
        app=held.app,
        account_id=held.account_id,
        access_token=grant.secrets["access_token"] if tokens else "",
        fields={} if tokens else {**{name: value for name, value in plain.items() if value}, **grant.secrets},
        expires_at=grant.expires_at,
        extra={name: value for name, value in grant.extra.items() if name not in plain},
    )
