"""What must be right before a seller is asked to consent. Nothing is redirected while anything is wrong."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from .client_auth import same
from .model import Client

_STANDARD = frozenset({"response_type", "client_id", "redirect_uri", "scope", "state"})
_PKCE = frozenset({"code_challenge", "code_challenge_method"})
# base64url of a SHA-256 digest.
_CHALLENGE_LENGTH = 43


@dataclass(frozen=True)
class Rules:
    """How one app wants its authorize requests."""

    scopes: Collection[str]
    separator: str = " "
    pkce: bool = False
    # Parameters that must have this value, and parameters that may be there.
    required: tuple[tuple[str, str], ...] = ()
    optional: Collection[str] = ()


Query = MultiDict[str, str]
Check = Callable[[Query, Rules, Client | None], Iterable[str]]


def problem(query: Query, rules: Rules, client: Client | None) -> str:
    """The first thing that is wrong, in words, or nothing."""
    checks: tuple[Check, ...] = (_client, _redirect_uri, _response_type, _state, _scopes, _pkce, _extras)
    return next((found for check in checks for found in check(query, rules, client)), "")


def _client(query: Query, _: Rules, client: Client | None) -> Iterable[str]:
    if "client_id" not in query:
        yield "client_id is missing"
    elif client is None or not same(query["client_id"], client.client_id):
        yield "client_id is unknown"


def _redirect_uri(query: Query, _: Rules, client: Client | None) -> Iterable[str]:
    registered = (client.alias or client.redirect_uri) if client else ""
    if "redirect_uri" not in query:
        yield "redirect_uri is missing"
    elif query["redirect_uri"] != registered:
        yield f"redirect_uri is not the registered one, {registered}"


def _response_type(query: Query, _: Rules, __: Client | None) -> Iterable[str]:
    if query.get("response_type") != "code":
        yield "response_type must be code"


def _state(query: Query, _: Rules, __: Client | None) -> Iterable[str]:
    if not query.get("state"):
        yield "state is missing"


def _scopes(query: Query, rules: Rules, _: Client | None) -> Iterable[str]:
    asked = query.get("scope", "")
    if not asked:
        yield "scope is missing"
    elif rules.separator == "," and " " in asked:
        yield "scope must be separated by commas, without spaces"
    elif rules.separator == " " and "," in asked:
        yield "scope must be separated by spaces, not commas"
    unknown = [scope for scope in asked.split(rules.separator) if scope not in rules.scopes]
    yield from (f"scope {scope!r} is unknown" for scope in unknown)


def _pkce(query: Query, rules: Rules, _: Client | None) -> Iterable[str]:
    if not rules.pkce:
        yield from (f"{name} must not be sent to this app" for name in sorted(_PKCE) if name in query)
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
    known = _STANDARD | _PKCE | {name for name, _ in rules.required} | set(rules.optional)
    yield from (f"{name} is not a parameter of this app" for name in query if name.split("[")[0] not in known)
    yield from (f"{name} is there more than once" for name, values in query.lists() if len(values) > 1)
