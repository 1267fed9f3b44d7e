"""What a row of the catalogue is made of: words for the ways in which apps differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum


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
    HANDOVER = "handover"
    """The app posts keys to us, from server to server; the browser comes back by itself (WooCommerce)."""
    INSTALL = "install"
    """Begins at the app: our app is installed there, and the app tells us where (Wix)."""
    REQUEST = "request"
    """There is no way in yet: by file, or by asking for it."""


class ClientAuth(StrEnum):
    """How we prove who we are at the token endpoint (RFC 6749 §2.3.1, and the apps' own ways)."""

    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    SECRET_AS_BEARER = "secret_as_bearer"  # noqa: S105 - the name of a method, not a secret
    NONE = "none"


class Encoding(StrEnum):
    """How a token request is written. ``QUERY`` is a GET with all of it in the address (TikTok Shop)."""

    FORM = "form"
    JSON = "json"
    QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Addresses. ``{tenant}`` and the like stand for what the person chose or typed, ``{account_id}`` for the account."""

    authorize_url: str = ""
    token_url: str = ""
    refresh_url: str = ""
    """Where it is not the token endpoint."""
    identity_url: str = ""
    details_url: str = ""
    """A second identity call, where the account's name lives elsewhere than its id."""
    revoke_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something a person types or chooses before connecting."""

    name: str
    label: str
    help: str
    example: str = ""
    secret: bool = False
    required: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    """A closed list: value → what people read. Then ``read`` is ``reading.chosen(…)``."""
    read: Callable[[str], str]
    """Normalises what was typed; raises ``InvalidField``. A stranger types it, and hosts are built from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerText:
    """What an owner must know before they leave for the app, in plain words."""

    role: str
    """Who can approve, as one sentence."""
    reads: tuple[str, ...]
    warning: str = ""
    """What is out of the ordinary: keys that can do more than read, a wait, a plan that is needed."""
    lasts: str
    """How long the consent lasts."""
    disconnect: str
    """How to take the access back at the app's own side."""
    help_url: str
    """The app's own page about this, or its help centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How access goes on when an access token ends (RFC 6749 §6, and the apps' own ways)."""

    rotates: bool = False
    """Each refresh token works once."""
    lifetime: timedelta | None = None
    """How long a refresh token lives unused, where the answer does not say; ``None``: it does not end."""
    every: timedelta | None = None
    """Refreshed at least this often, asked for or not: a short idle limit, or the app's own wish."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Besides ``grant_type`` and ``refresh_token``."""
    without_secret: bool = False
    ended: frozenset[str] = frozenset()
    """What else than ``invalid_grant`` says that the grant is over: the app's own codes, or a status."""
