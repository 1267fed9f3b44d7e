"""What must be right before a seller is asked to consent. Nothing is redirected while anything is wrong."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from werkzeug.datastructures import MultiDict

from .client_auth import same
from .model import Client

_PKCE = ("code_challenge", "code_challenge_method")
# base64url of a SHA-256 digest.
_CHALLENGE_LENGTH = 43
REPEATED = "&"
"""The separator of scopes that come as one parameter each: scope=a&scope=b."""


class Sent(Enum):
    """Whether an app wants a parameter."""

    REQUIRED = auto()
    OPTIONAL = auto()
    NEVER = auto()


@dataclass(frozen=True)
class Rules:
    """How one app wants its authorize requests."""

    # Empty where the scopes are chosen in the app's own settings; then none may be sent.
    scopes: Collection[str] = ()
    separator: str = " "
    scope: Sent = Sent.REQUIRED
    pkce: bool = False
    # Whether PKCE may be used where it need not be.
    pkce_welcome: bool = False
    # Parameters that must have this value, and parameters that may be there.
    required: tuple[tuple[str, str], ...] = ()
    optional: Collection[str] = ()
    # Parameters that must be there, with any value: a nonce, a store's name.
    filled: Collection[str] = ()
    # The standard's names → this app's own.
    names: Mapping[str, str] = field(default_factory=dict)
    # Empty where the app has no such parameter.
    response_type: str = "code"
    redirect_uri: Sent = Sent.REQUIRED
    state: Sent = Sent.REQUIRED
    state_length: int = 1
    # Whether the application's own id stands in for the client id, and whether the address holds it already.
    by_application_id: bool = False
    client_in_path: bool = False

    def called(self, name: str) -> str:
        return self.names.get(name, name)

    def known_as(self, client: Client | None) -> str:
        if client is None:
            return ""
        return client.application_id if self.by_application_id else client.client_id

    def asked(self, query: "Query") -> list[str]:
        """The scopes that a request asks for."""
        if self.separator == REPEATED:
            return query.getlist(self.called("scope"))
        asked = query.get(self.called("scope"), "")
        return asked.split(self.separator) if asked else []


Query = MultiDict[str, str]
Check = Callable[[Query, Rules, Client | None], Iterable[str]]


def problem(query: Query, rules: Rules, client: Client | None) -> str:
    """The first thing that is wrong, in words, or nothing. What the path holds has been put into the query."""
    checks: tuple[Check, ...] = (_client, _redirect_uri, _response_type, _state, _scopes, _pkce, _extras)
    return next((found for check in checks for found in check(query, rules, client)), "")


def standard(query: Query, rules: Rules, client: Client) -> Query:
    """A right request as RFC 6749 has it: with its names, and with what this app knows without being told."""
    given = {name: query[rules.called(name)] for name in ("state", *_PKCE) if rules.called(name) in query}
    return MultiDict(
        given
        | {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": client.alias or client.redirect_uri,
            "scope": " ".join(rules.asked(query)) if rules.separator == REPEATED else query.get("scope", ""),
        }
    )


def _client(query: Query, rules: Rules, client: Client | None) -> Iterable[str]:
    name, wanted = rules.called("client_id"), rules.known_as(client)
    if name not in query:
        yield f"{name} is missing"
    elif not wanted or not same(query[name], wanted):
        yield f"{name} is unknown"


def _redirect_uri(query: Query, rules: Rules, client: Client | None) -> Iterable[str]:
    name, registered = rules.called("redirect_uri"), (client.alias or client.redirect_uri) if client else ""
    yield from _presence(query, name, rules.redirect_uri)
    if name in query and query[name] != registered:
        yield f"{name} is not the registered one, {registered}"


def _response_type(query: Query, rules: Rules, _: Client | None) -> Iterable[str]:
    name = rules.called("response_type")
    if rules.response_type and query.get(name) != rules.response_type:
        yield f"{name} must be {rules.response_type}"


def _state(query: Query, rules: Rules, _: Client | None) -> Iterable[str]:
    name = rules.called("state")
    yield from _presence(query, name, rules.state)
    if name in query and len(query[name]) < rules.state_length:
        yield f"{name} must have {rules.state_length} characters or more"


def _presence(query: Query, name: str, wanted: Sent) -> Iterable[str]:
    if wanted is Sent.REQUIRED and not query.get(name):
        yield f"{name} is missing"
    if wanted is Sent.NEVER and name in query:
        yield f"{name} must not be sent to this app"


def _scopes(query: Query, rules: Rules, _: Client | None) -> Iterable[str]:
    name = rules.called("scope")
    if not rules.scopes:
        yield from _presence(query, name, Sent.NEVER)
        return
    yield from _presence(query, name, rules.scope)
    asked = query.get(name, "")
    if rules.separator == "," and " " in asked:
        yield f"{name} must be separated by commas, without spaces"
    elif rules.separator == " " and "," in asked:
        yield f"{name} must be separated by spaces, not commas"
    yield from (f"{name} {scope!r} is unknown" for scope in rules.asked(query) if scope not in rules.scopes)


def _pkce(query: Query, rules: Rules, _: Client | None) -> Iterable[str]:
    if not rules.pkce and not (rules.pkce_welcome and "code_challenge" in query):
        yield from (f"{name} must not be sent to this app" for name in _PKCE if name in query)
        return
    if "code_challenge" not in query:
        yield "code_challenge is missing: PKCE is required"
    elif query.get("code_challenge_method") != "S256":
        yield "code_challenge_method must be S256"
    elif len(query["code_challenge"]) != _CHALLENGE_LENGTH:
        yield "code_challenge is not the base64url of a SHA-256 digest"


def _extras(query: Query, rules: Rules, _: Client | None) -> Iterable[str]:
    for name, value in rules.required:
        if query.get(name) != value:
            yield f"{name}={value} is required"
    yield from (f"{name} is missing" for name in rules.filled if not query.get(name))
    own = ["client_id", "redirect_uri", "scope", "state"]
    own += ["response_type"] if rules.response_type else []
    known = {rules.called(name) for name in own} | set(_PKCE) | {name for name, _ in rules.required}
    known |= set(rules.optional) | set(rules.filled)
    yield from (f"{name} is not a parameter of this app" for name in query if name.split("[")[0] not in known)
    once = (name for name in query if not (rules.separator == REPEATED and name == rules.called("scope")))
    yield from (f"{name} is there more than once" for name in once if len(query.getlist(name)) > 1)
