"""What a row of the catalogue says about an app. An ordinary app needs nothing but a row."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from chalicelib.domain import Account, Grant
from chalicelib.settings import Client

type Json = Mapping[str, object]


class Category(StrEnum):
    """The catalogue's shelves, in the order in which pages show them."""

    ECOMMERCE = "ecommerce"
    POS = "pos"
    PAYMENTS = "payments"
    MARKETPLACE = "marketplace"
    OTHER = "other"


class Mechanism(StrEnum):
    """How a grant is given."""

    OAUTH2 = "oauth2"
    KEY_FORM = "key_form"


class ClientAuth(StrEnum):
    """How we prove who we are at the token endpoint (RFC 6749 §2.3.1, and the apps' own ways)."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    SECRET_AS_BEARER = "secret_as_bearer"  # noqa: S105 - the name of a method, not a secret
    NONE = "none"


class Encoding(StrEnum):
    """How the token request's body is written."""

    FORM = "form"
    JSON = "json"


class Web(Protocol):
    """The one HTTP client, as providers see it. Raises ``AppDown`` and ``AppRefused``."""

    def json(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Json | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Json:
        """Send one request and return the JSON object that was answered."""

    def within(self, seconds: float) -> AbstractContextManager[object]:
        """Bounds all calls made inside the ``with``, together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Addresses; ``{tenant}`` stands for what the person typed, ``{account_id}`` for the account found."""

    authorize_url: str = ""
    token_url: str = ""
    identity_url: str = ""
    details_url: str = ""
    """A second identity call, where the account's name lives elsewhere than its id."""
    revoke_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something a person types before connecting."""

    name: str
    label: str
    help: str
    example: str = ""
    secret: bool = False
    read: Callable[[str], str]
    """Normalises what was typed; raises ``InvalidField``. A stranger types it, and hosts are built from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerText:
    """What an owner must know before they leave for the app, in plain words."""

    role: str
    """Who can approve, as one sentence."""
    reads: tuple[str, ...]
    disconnect: str
    """How to take the access back at the app's own side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a quirk function is handed: the row with its endpoints settled, our client, and the one HTTP client."""

    provider: "Provider"
    client: Client
    web: Web
    tenant: str = ""

    def url(self, name: str, **words: str) -> str:
        """The endpoint ``name`` with its words filled in."""
        template: str = getattr(self.provider.endpoints, name)
        return template.format(tenant=self.tenant, **words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One app. Everything up to *Slots* is data; a slot holds one small function for a true quirk."""

    slug: str
    """Also part of redirect URIs registered with the app: it can never change."""
    name: str
    category: Category
    mechanism: Mechanism = Mechanism.OAUTH2
    ask_owner: bool = True
    """Whether an owner can finish alone from a link."""
    owner: OwnerText
    endpoints: Endpoints
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    client_auth: ClientAuth = ClientAuth.POST
    token_encoding: Encoding = Encoding.FORM
    pkce: bool = False
    issuer: str = ""
    """What ``iss`` in a callback must equal (RFC 9207); empty: the authorize address's origin."""
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    token_params: Mapping[str, str] = field(default_factory=dict)
    default_lifetime: timedelta | None = None
    """How long an access token lives when the answer does not say; ``None``: it does not end."""
    tenant: Field | None = None
    fields: tuple[Field, ...] = ()
    """The form of a ``KEY_FORM`` app."""

    # Slots
    identify: Callable[[Call, Grant, Json], Account]
    """Ask the app whose account the grant opens. Handed the token answer too."""
    revoke: Callable[[Call, Grant, Account | None], None] | None = None
    check_callback: Callable[[Call, Mapping[str, str]], None] | None = None
    """Checks what comes with the code, beyond state; raises ``MixedUp``."""
    grant_extra: Callable[[Call], Mapping[str, str]] | None = None
    """What else is needed to use the grant and is no secret."""

    def pointed_at(self, endpoints: Mapping[str, str]) -> "Provider":
        """The same app with some endpoints replaced by an operator's."""
        return replace(self, endpoints=replace(self.endpoints, **endpoints)) if endpoints else self

    def configured(self, client: Client | None) -> bool:
        """Whether this installation can offer the app."""
        return self.mechanism is Mechanism.KEY_FORM or client is not None
