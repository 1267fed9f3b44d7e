"""What must be right about a token request before its grant is looked at, and the request as RFC 6749 has it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from flask import Request
from werkzeug.datastructures import Headers, MultiDict

Values = MultiDict[str, str]

CODE, REFRESH = "authorization_code", "refresh_token"
_STANDARD = frozenset(
    {"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token"}
)


@dataclass(frozen=True)
class TokenRules:
    """How one app wants its token requests."""

    # The standard's names → this app's own, of parameters and of grants.
    names: Mapping[str, str] = field(default_factory=dict)
    grants: Mapping[str, str] = field(default_factory=dict)
    # The grant of a request that names none: code at the token address, refresh token at the refresh address.
    grant_implied: bool = False
    # Parameters besides the standard's that may be there, that must be there with a code, and that may not be.
    optional: Collection[str] = ()
    with_code: Collection[str] = ()
    never: Collection[str] = ()
    # Headers that must be there → what their value must look like.
    headers: Mapping[str, str] = field(default_factory=dict)
    # A GET with everything in the address.
    in_query: bool = False
    # Refresh tokens have an address of their own, and are refused at the codes'.
    separate_refresh: bool = False

    def called(self, name: str) -> str:
        return self.names.get(name, name)


def in_place(request: Request, rules: TokenRules, body: Values | None) -> tuple[Values | None, str]:
    """The values from where they belong, or what is wrong about where they are."""
    if rules.in_query:
        return (None, "The parameters belong in the address") if request.get_data() else (request.args, "")
    if request.args:
        return None, "Parameters belong in the body, not in the address"
    return body, ""


def problem(values: Values, headers: Headers, rules: TokenRules, *, refreshing: bool) -> str:
    """The first thing that is wrong, in words, or nothing."""
    for name, pattern in rules.headers.items():
        if not re.fullmatch(pattern, headers.get(name, "")):
            return f"The header {name} is missing or wrong"
    known = {rules.called(name) for name in _STANDARD} | {*rules.optional, *rules.with_code}
    # RFC 6749 §6: a refresh may ask for less.
    known |= {"scope"} if refreshing else set()
    for name in values:
        if name in rules.never or name not in known:
            return f"{name} is not a parameter of this app's token requests"
        if len(values.getlist(name)) > 1:
            return f"{name} is there more than once"
    if not refreshing:
        missing = [name for name in rules.with_code if not values.get(name)]
        return f"{missing[0]} is missing" if missing else ""
    return ""


def standard(values: Values, rules: TokenRules, *, at_refresh: bool) -> Values:
    """The request with the standard's names, and with a grant_type."""
    found = {name: values[rules.called(name)] for name in _STANDARD if rules.called(name) in values}
    found |= {name: values[name] for name in ("scope", *rules.optional, *rules.with_code) if name in values}
    if rules.grant_implied and "grant_type" not in found:
        found["grant_type"] = REFRESH if at_refresh else CODE
    elif "grant_type" in found:
        found["grant_type"] = _grant(found["grant_type"], rules)
    return MultiDict(found)


def _grant(given: str, rules: TokenRules) -> str:
    """The standard's name of a grant; one that this app calls otherwise has no name here."""
    own = {rules.grants.get(name, name): name for name in (CODE, REFRESH)}
    return own.get(given, given if given not in {CODE, REFRESH} else f"not {given}")


def wrong_place(grant: str | None, rules: TokenRules, *, at_refresh: bool) -> bool:
    """Whether a grant came to the other grant's address."""
    return rules.separate_refresh and grant in {CODE, REFRESH} and (grant == REFRESH) is not at_refresh
