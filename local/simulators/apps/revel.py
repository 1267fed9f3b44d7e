"""Revel: a subdomain for each business, and key and secret together in a header of their own."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from flask import Response, request

from local.simulators.base import Call, Route, answer, shown_name
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query

_API = r"(?P<subdomain>[a-z0-9][a-z0-9-]*)\.revelup\.com"
_FILTERS = frozenset({"format", "fields", "limit", "offset"})


class Revel(PastedApp):
    id = "revel"
    name = "Revel Systems"
    demo: ClassVar[Mapping[str, str]] = {
        "subdomain": "acme",
        "api_key": "SimulatedRevelKeyOfAcme",
        "api_secret": "SimulatedRevelSecretOfAcme",
    }
    _noodles: ClassVar[Mapping[str, str]] = {
        "subdomain": "golden-noodles",
        "api_key": "SimulatedRevelKeyOfNoodles",
        "api_secret": "SimulatedRevelSecretOfNoodles",
    }
    # The first two establishments are one business's.
    accounts = (
        Account("1", "Acme Diner Downtown", demo),
        Account("2", "Acme Diner Airport", demo),
        Account("3", "Golden Noodles", _noodles),
    )

    def routes(self) -> Iterable[Route]:
        path = "/enterprise/Establishment/"
        yield Route("identity", "GET", _API, path, self.establishments, shows_name=True)

    def refusal(self, error: str, description: str, status: int) -> Response:  # noqa: ARG002 - wordless at 401
        return answer({"error": description}, status) if description else Response(status=status)

    def establishments(self, call: Call) -> Response:
        key, _, secret = request.headers.get("API-AUTHENTICATION", "").partition(":")
        keys = {"subdomain": call.found["subdomain"], "api_key": key, "api_secret": secret}
        if self.opened_by(**keys) is None:
            # A subdomain that is none answers alike, and nobody learns which businesses there are.
            return self.refusal("unauthorized", "", 401)
        if unknown_in_query(_FILTERS) or request.args.get("format", "json") != "json":
            return self.refusal("bad_request", "Unknown parameter", 400)
        theirs = [one for one in self.accounts if one.extra["subdomain"] == keys["subdomain"]]
        objects = [_establishment(one) for one in theirs]
        page = {"limit": 200, "offset": 0, "total_count": len(objects)}
        meta = {**page, "next": None, "previous": None, "time_zone": "US/Pacific"}
        return answer({"meta": meta, "objects": objects})


def _establishment(account: Account) -> dict[str, object]:
    return {
        "id": int(account.id),
        "name": shown_name(account),
        "active": True,
        "address": f"/resources/Address/{account.id}/",
        "brand": "/enterprise/Brand/1/",
        "currency": None,
        "resource_uri": f"/enterprise/Establishment/{account.id}/",
        "time_zone": "US/Pacific",
    }
