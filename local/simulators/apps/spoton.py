"""SpotOn Restaurant: a key in x-api-key, which opens some locations and not others."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from flask import Response, request

from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.client_auth import same
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query

_API = literal("restaurantapi.spoton.com")
_HARBOUR = "SimulatedSpotOnKeyOfHarbourGrill"
_NOODLES = "SimulatedSpotOnKeyOfGoldenNoodles"


class Spoton(PastedApp):
    id = "spoton"
    name = "SpotOn Restaurant"
    demo: ClassVar[Mapping[str, str]] = {"api_key": _HARBOUR, "location_id": "BL-SIM0-4101"}
    # The first two locations are one organization's.
    accounts = (
        Account("BL-SIM0-4101", "Harbour Grill Pier 4", {"api_key": _HARBOUR, "organization": "ORG-SIM0-41"}),
        Account("BL-SIM0-4102", "Harbour Grill Old Town", {"api_key": _HARBOUR, "organization": "ORG-SIM0-41"}),
        Account("BL-SIM0-9301", "Golden Noodles", {"api_key": _NOODLES, "organization": "ORG-SIM0-93"}),
    )

    def routes(self) -> Iterable[Route]:
        path = r"/posexport/v1/locations/(?P<location>[\w-]+)"
        yield Route("identity", "GET", _API, path, self.location, shows_name=True)

    def refusal(self, error: str, description: str, status: int) -> Response:
        return answer({"message": description, "code": error}, status)

    def location(self, call: Call) -> Response:
        key = request.headers.get("x-api-key", "")
        if self.opened_by(api_key=key) is None:
            return self.refusal("UNAUTHORIZED", "The API key is missing or invalid.", 401)
        if unknown_in_query():
            return self.refusal("BAD_REQUEST", "This address takes no parameters.", 400)
        found = next((one for one in self.accounts if one.id == call.found["location"]), None)
        if found is None:
            return self.refusal("NOT_FOUND", "The requested resource does not exist.", 404)
        if not same(key, found.extra["api_key"]):
            return self.refusal("FORBIDDEN", "The API key does not have access to the requested location.", 403)
        return answer(
            {
                "id": found.id,
                "organizationId": found.extra["organization"],
                "name": shown_name(found),
                "deleted": False,
                "fiscalendofdaytime": 10800000,
                "spotonmerchantid": "M-" + found.id[-4:],
            }
        )
