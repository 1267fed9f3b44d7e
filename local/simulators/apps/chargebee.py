"""Chargebee: no OAuth. The owner pastes a site's name and an API key, sent as HTTP Basic's username."""

from collections.abc import Iterable

from flask import Response, request

from local.simulators.base import App, Call, Route, answer, shown_name
from local.simulators.client_auth import basic_pair, same
from local.simulators.model import Account

DEMO_KEY = "test_SimulatedChargebeeKey"
SITES = (Account("acme", "Acme Subscriptions"), Account("acme-test", "Acme Subscriptions (test)"))

_SITE = r"(?P<site>[a-z0-9_-]+)\.chargebee\.com"


class Chargebee(App):
    id = "chargebee"
    name = "Chargebee"

    def routes(self) -> Iterable[Route]:
        yield Route("identity", "GET", _SITE, "/api/v2/business_entities", self.business_entities, shows_name=True)

    def business_entities(self, call: Call) -> Response:
        site = next((site for site in SITES if site.id == call.found["site"]), None)
        key, password = basic_pair(request.headers)
        # An unknown site answers as a wrong key does, so nobody learns which sites there are.
        if site is None or not same(key, DEMO_KEY) or password:
            return _unauthorized()
        entity = {
            "id": f"{site.id}-main",
            "name": shown_name(site),
            "status": "active",
            "object": "business_entity",
            "created_at": 1704067200,
        }
        return answer({"list": [{"business_entity": entity}]})


def _unauthorized() -> Response:
    return answer(
        {
            "message": "Sorry, authentication failed. Invalid API Key",
            "type": "operation_failed",
            "api_error_code": "api_authentication_failed",
            "error_code": "api_authentication_failed",
            "error_msg": "Sorry, authentication failed. Invalid API Key",
            "http_status_code": 401,
        },
        401,
    )
