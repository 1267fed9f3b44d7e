"""What the simulated apps speak of: clients, accounts, codes, tokens, and what they were asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from werkzeug.datastructures import Headers

BIG = 5 * 1024
"""How long a big token is, at least: more than one KMS call takes."""


@dataclass(frozen=True)
class Client:
    """Our product as registered with one app.

    The alias is eBay's RuName, which stands for the redirect URI. The application id is what Amazon's and TikTok Shop's
    authorize requests want, where it differs from the client id of the token requests.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    alias: str = ""
    application_id: str = ""
    api_key: str = field(default="", repr=False)


class Misbehaviour(Enum):
    """What an app can be told to do wrong."""

    UNAVAILABLE = auto()
    CRASHED = auto()
    RATE_LIMITED = auto()
    TOO_BIG = auto()
    HTML = auto()
    JSON_LIST = auto()
    JSON_NUMBER = auto()
    EMPTY = auto()
    ERROR_WITH_200 = auto()
    NO_ACCESS_TOKEN = auto()
    TOKEN_TYPE_MAC = auto()
    DRIP = auto()
    HANG = auto()
    REDIRECT_307 = auto()
    REDIRECT_302 = auto()
    INVALID_CLIENT = auto()
    INVALID_GRANT = auto()
    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    BIG_TOKEN = auto()
    HOSTILE_NAME = auto()


@dataclass(frozen=True)
class Account:
    """A seller's account at an app."""

    id: str
    name: str
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Code:
    """An authorization code. Methods and some names are what Authlib's grants ask for."""

    value: str = field(repr=False)
    app: str
    client_id: str
    redirect_uri: str
    scope: str
    account: Account
    expires_at: float
    grant: int
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    used: bool = False
    redirect_uri_wanted: bool = True
    # Whether the authorize request named it.
    redirect_uri_sent: bool = True

    def get_redirect_uri(self) -> str:
        return self.redirect_uri if self.redirect_uri_wanted else ""

    def get_scope(self) -> str:
        return self.scope


@dataclass
class IssuedToken:
    """An access token with the refresh token it was issued with; neither works once it is not active."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    account_id: str
    scope: str
    active: bool = True
    app: str = ""
    client_id: str = ""
    grant: int = 0
    account: Account | None = None
    expires_at: float | None = None
    refresh_expires_at: float | None = None

    def get_scope(self) -> str:
        return self.scope

    def check_client(self, client: object) -> bool:
        return getattr(client, "client_id", None) == self.client_id


@dataclass(frozen=True)
class Hit:
    """One request a simulated app was asked. Secrets are inside, so they stay out of its repr."""

    app: str
    endpoint: str
    method: str
    path: str
    headers: Headers = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
