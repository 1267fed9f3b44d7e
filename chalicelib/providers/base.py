"""What a row of the catalogue says about an app. An ordinary app needs nothing but a row."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from chalicelib.domain import Account, Grant, Notice
from chalicelib.providers.parts import (
    Category,
    ClientAuth,
    Encoding,
    Endpoints,
    Field,
    Mechanism,
    OwnerText,
    Renewal,
)
from chalicelib.settings import Client

type Json = Mapping[str, object]

_NEEDS_CLIENT = frozenset({Mechanism.OAUTH2, Mechanism.INSTALL})


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

    def rows(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> list[object]:
        """The same for a JSON list of objects."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Json | None = None,
        auth: tuple[str, str] | None = None,
    ) -> None:
        """The same where only the status counts."""

    def within(self, seconds: float) -> AbstractContextManager[object]:
        """Bounds all calls made inside the ``with``, together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a quirk function is handed: the row with its endpoints settled, our client, and the one HTTP client."""

    provider: "Provider"
    client: Client
    web: Web
    words: Mapping[str, str] = field(default_factory=dict)
    """What the person chose or typed and no secret: the tenant, a region's hosts, a form's plain fields."""
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The callback's, while one is being served. A browser brings them: to be proven by a call."""

    @property
    def tenant(self) -> str:
        """The host, site or region that was typed or chosen; empty for most apps."""
        return self.words.get("tenant", "")

    def url(self, name: str, **words: str) -> str:
        """The endpoint ``name`` with its words filled in."""
        template: str = getattr(self.provider.endpoints, name)
        return template.format(**{"client_id": self.client.client_id, **self.words, **words})


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One app. Everything up to *Slots* is data; a slot holds one small function for a true quirk."""

    slug: str
    """Also part of redirect URIs registered with the app: it can never change."""
    name: str
    category: Category
    mechanism: Mechanism = Mechanism.OAUTH2
    part_of: str = ""
    """The slug of the app whose connection serves this one too (Shopify POS is Shopify)."""
    ask_owner: bool = True
    """Whether an owner can finish alone from a link."""
    steps: tuple[str, ...] = ()
    """What somebody must do elsewhere first, before the app lets us in: then it is *pending*."""
    owner: OwnerText
    endpoints: Endpoints = field(default_factory=Endpoints)
    scopes: tuple[str, ...] = ()
    """Those that are sent; an app whose scopes live in its own settings has none here."""
    scope_separator: str = " "
    """``&`` stands for a parameter for each."""
    client_auth: ClientAuth = ClientAuth.POST
    token_encoding: Encoding = Encoding.FORM
    pkce: bool = False
    nonce: bool = False
    """Whether the authorize request carries one (OpenID Connect Core §3.1.2.1); see ``keys.nonce``."""
    issuer: str = ""
    """What ``iss`` in a callback must equal (RFC 9207); empty: the authorize address's origin."""
    authorize_names: Mapping[str, str] = field(default_factory=dict)
    """What the app calls a standard parameter; an empty name: it is not sent."""
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    """Sent besides; ``{tenant}`` and the like are filled in."""
    code_param: str = "code"
    state_param: str = "state"
    echoes_state: bool = True
    """Where not, the browser's cookie finds the attempt, and the person is asked before anything is kept."""
    token_names: Mapping[str, str] = field(default_factory=dict)
    token_params: Mapping[str, str] = field(default_factory=dict)
    default_lifetime: timedelta | None = None
    """How long an access token lives when the answer does not say; ``None``: it does not end."""
    renewal: Renewal | None = None
    """``None``: there is no refresh token; the token lasts, or ``mint`` makes the next."""
    margin: timedelta = timedelta(minutes=5)
    """An access token is renewed when it has less than this left to live, or than half its life."""
    consent_lasts: timedelta | None = None
    """After that the owner must approve anew, however often we refresh."""
    tenant: Field | None = None
    hosts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """A closed list: what was chosen as tenant → words in the endpoints."""
    fields: tuple[Field, ...] = ()
    """The form of a ``KEY_FORM`` app."""
    frames: tuple[str, ...] = ()
    """The app's own pages, in whose frame a visit may begin; as sources of a content security policy."""

    # Slots
    identify: Callable[[Call, Grant, Json], Account | tuple[Account, ...]] | None = None
    """Ask the app whose account the grant opens; of several the owner chooses. Handed the token answer too."""
    check: Callable[[Call, Grant], None] | None = None
    """Ask anything that only a good grant is answered, where ``identify`` needs what came with the callback.

    ``{account_id}`` is filled in.
    """
    revoke: Callable[[Call, Grant, Account | None], None] | None = None
    check_callback: Callable[[Call, Mapping[str, str]], None] | None = None
    """Checks what comes with the code, beyond state; raises ``MixedUp``."""
    tenant_of: Callable[[Mapping[str, str]], str] | None = None
    """The tenant, where only the callback names it; our secret is sent there, so it must ``fullmatch``."""
    token_fields: Callable[[Call], Json] | None = None
    """What else the token request's body holds."""
    token_headers: Callable[[Call], Mapping[str, str]] | None = None
    standard: Callable[[Call, Json], Json] | None = None
    """The token answer as RFC 6749 §5.1 has it; ``expires_at`` and ``refresh_expires_at`` may be a date-time or epoch."""
    grant_extra: Callable[[Call, Json], Mapping[str, str]] | None = None
    """What else is needed to use the grant and is no secret; before ``identify``, which may use it."""
    handed_over: Callable[[Call, Json], Grant] | None = None
    """The keys that the app's server posted to us; raises ``BadRequest``. The store they open is the attempt's own."""
    mint: Callable[[Call, Grant], Json] | None = None
    """A token answer made from keys that the grant keeps (RFC 6749 §4.4 and the like)."""
    settle: Callable[[Call, Grant, Account], Grant] | None = None
    """The grant as it is kept, once the account is chosen; raises ``NotEnabled`` while the app keeps us out there."""
    arrive: Callable[[Call, Mapping[str, str]], Mapping[str, str]] | None = None
    """Verifies a visit that began at the app; what it tells: ``tenant``, ``code`` …; raises ``MixedUp``."""

    notice: Callable[[Call, Mapping[str, str], bytes], Notice | None] | None = None
    """Verifies what the app's server told us (headers in small letters, raw body); ``None``: nothing that we heed.

    :raises Forged: if it is not the app's own.
    """

    @property
    def waits(self) -> bool:
        """Whether somebody else must let us in first."""
        return self.mechanism is Mechanism.REQUEST or bool(self.steps)

    def pointed_at(self, endpoints: Mapping[str, str]) -> "Provider":
        """The same app with some endpoints replaced by an operator's."""
        return replace(self, endpoints=replace(self.endpoints, **endpoints)) if endpoints else self

    def configured(self, client: Client | None) -> bool:
        """Whether this installation can offer the app."""
        return self.mechanism not in _NEEDS_CLIENT or client is not None

    def words(self, tenant: str) -> Mapping[str, str]:
        """What a tenant means in the endpoints."""
        return {"tenant": tenant, **self.hosts.get(tenant, {})}
