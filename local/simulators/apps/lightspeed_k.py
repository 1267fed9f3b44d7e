"""Lightspeed Restaurant (K-Series): a Keycloak realm, and one login that sees several businesses and locations."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask import Response, request

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, oauth_error, shown_name
from local.simulators.bearer import bearer
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp
from local.simulators.pasted import unknown_in_query

_AUTH = literal("auth.lsk-prod.app")
_API = literal("api.lsk.lightspeed.app")
_REALM = "/realms/k-series/protocol/openid-connect"
_LIFE = 1200
_SESSION = 1800
_PAGE = 20

Locations = tuple[tuple[int, str], ...]


class LightspeedK(OAuthApp):
    id = "lightspeed_k"
    name = "Lightspeed Restaurant (K-Series)"
    rules = Rules(scopes=frozenset({"financial-api", "orders-api", "items", "offline_access"}))
    # An account is a login, and is called after its first business.
    accounts = (
        Account("511000000101", "Brasserie du Port"),
        Account("511000000201", "Nonna's Kitchen"),
    )
    businesses: ClassVar[Mapping[str, tuple[tuple[Account, Locations], ...]]] = {
        "511000000101": (
            (
                Account("511000000101", "Brasserie du Port"),
                ((511000001101, "Brasserie du Port – Gent"), (511000001102, "Brasserie du Port – Antwerpen")),
            ),
            (Account("511000000102", "Bar de la Gare"), ((511000001103, "Bar de la Gare"),)),
        ),
        "511000000201": ((Account("511000000201", "Nonna's Kitchen"), ((511000001201, "Nonna's Kitchen"),)),),
    }
    access_life = _LIFE
    refresh_life = 14 * 24 * 3600
    rotates = True

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _AUTH, f"{_REALM}/auth", self.consent_page)
        yield Route("consent", "POST", _AUTH, f"{_REALM}/auth", self.decide)
        yield Route("token", "POST", _AUTH, f"{_REALM}/token", self.token)
        yield Route("identity", "GET", _API, "/f/data/businesses", self.list_businesses, shows_name=True)

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - the shape of the base
        return [("session_state", secrets.token_hex(16)), ("iss", "https://auth.lsk-prod.app/realms/k-series")]

    def denial(self, call: Call) -> list[tuple[str, str]]:
        return [*super().denial(call), ("iss", "https://auth.lsk-prod.app/realms/k-series")]

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        life = self.refresh_life if usual.allows(token, "offline_access") else _SESSION
        token.refresh_expires_at = self.state.now() + life
        keycloak = {"refresh_expires_in": life, "not-before-policy": 0, "session_state": secrets.token_hex(16)}
        return usual.tokens(token, _LIFE) | keycloak

    def list_businesses(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None:
            return oauth_error("invalid_token", "The access token is missing, expired or revoked", 401)
        if not usual.allows(token, "financial-api"):
            return oauth_error("insufficient_scope", "financial-api is needed", 403)
        number, size = request.args.get("page", "0"), request.args.get("size", str(_PAGE))
        if unknown_in_query({"page", "size"}) or not (number.isdecimal() and size.isdecimal() and int(size)):
            return oauth_error("bad_request", "page and size are numbers, and all there is to ask")
        return answer(_page(self.businesses[token.account_id], int(number), int(size)))


def _page(businesses: tuple[tuple[Account, Locations], ...], number: int, size: int) -> dict[str, Any]:
    """One page of HAL: ``_embedded`` is missing where there is nothing."""
    shown = [_business(*one) for one in businesses[number * size : (number + 1) * size]]
    pages = -(-len(businesses) // size)
    links = {"self": {"href": _address(number, size)}}
    if number + 1 < pages:
        links["next"] = {"href": _address(number + 1, size)}
    counted = {"size": size, "totalElements": len(businesses), "totalPages": pages, "number": number}
    return ({"_embedded": {"businessList": shown}} if shown else {}) | {"_links": links, "page": counted}


def _business(business: Account, locations: Locations) -> dict[str, Any]:
    found = [
        {"blID": number, "blName": name, "country": "BE", "timezone": "Europe/Brussels"} for number, name in locations
    ]
    return {
        "businessId": int(business.id),
        "businessName": shown_name(business),
        "currencyCode": "EUR",
        "businessLocations": found,
    }


def _address(number: int, size: int) -> str:
    return f"https://api.lsk.lightspeed.app/f/data/businesses?page={number}&size={size}"
