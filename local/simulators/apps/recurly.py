"""Recurly: an API key as HTTP Basic's username, a region with a host of its own, and a version in the Accept header."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from flask import Response, request

from local.simulators.base import Call, Route, answer, shown_name
from local.simulators.client_auth import basic_pair
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query

_REGIONS = {"us": "v3.recurly.com", "eu": "v3.eu.recurly.com"}
_API = r"(?P<host>v3\.recurly\.com|v3\.eu\.recurly\.com)"
_VERSION = "recurly.v2021-02-25"
_ACCEPTED = (f"application/vnd.{_VERSION}", f"application/vnd.{_VERSION}+json")
_FILTERS = frozenset({"ids", "limit", "order", "sort", "state"})


class Recurly(PastedApp):
    id = "recurly"
    name = "Recurly"
    demo: ClassVar[Mapping[str, str]] = {"api_key": "SimulatedRecurlyKeyOfAmerica", "region": "us"}
    demo_eu: ClassVar[Mapping[str, str]] = {"api_key": "SimulatedRecurlyKeyOfEurope", "region": "eu"}
    # A site has no name but its subdomain.
    accounts = (
        Account("simq8zv4hbk1", "harbour-boxes", demo),
        Account("simq8zv4nrd2", "nordic-teas", demo_eu),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("identity", "GET", _API, "/sites", self.sites, shows_name=True)

    def refusal(self, error: str, description: str, status: int) -> Response:
        return _versioned(answer({"error": {"type": error, "message": description, "params": []}}, status))

    def sites(self, call: Call) -> Response:
        region = next(name for name, host in _REGIONS.items() if host == call.host)
        key, password = basic_pair(request.headers)
        site = None if password else self.opened_by(api_key=key, region=region)
        if request.headers.get("Accept") not in _ACCEPTED:
            return self.refusal("invalid_api_version", f"Accept has to be one of {', '.join(_ACCEPTED)}", 406)
        if site is None:
            return self.refusal("unauthorized", "Invalid API key", 401)
        if unknown_in_query(_FILTERS):
            return self.refusal("bad_request", "Unknown parameter", 400)
        known = {
            "id": site.id,
            "object": "site",
            "subdomain": shown_name(site),
            "public_api_key": "ewr1-SimulatedPublicKey",
            "mode": "production",
            "address": {"country": "US" if region == "us" else "SE"},
            "settings": {"billing_address_requirement": "zip", "default_currency": "USD"},
            "features": ["credit_memos"],
            "created_at": "2024-01-02T03:04:05Z",
            "updated_at": "2024-01-02T03:04:05Z",
            "deleted_at": None,
        }
        return _versioned(answer({"object": "list", "has_more": False, "next": None, "data": [known]}))


def _versioned(response: Response) -> Response:
    response.headers["Recurly-Version"] = _VERSION
    return response
