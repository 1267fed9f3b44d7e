"""Toast: Standard API credentials that a restaurant makes itself, exchanged in JSON for a token inside an envelope."""

from collections.abc import Iterable, Mapping
from typing import ClassVar
from uuid import uuid4

from flask import Response, g, request

from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.model import Account, Misbehaviour
from local.simulators.pasted import PastedApp, unknown_in_query
from local.simulators.requests_seen import json_body

_API = literal("ws-api.toasttab.com")
_GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_HEADER = "Toast-Restaurant-External-ID"
_LIFE = 86400

_HARBOUR = {"client_id": "SimulatedToastHarbourId", "client_secret": "SimulatedToastHarbourSecret"}
_NOODLES = {"client_id": "SimulatedToastNoodlesId", "client_secret": "SimulatedToastNoodlesSecret"}
_GROUP = "5b1c7e02-8f4a-4c66-9b0e-51a1b2c3d4e5"


class Toast(PastedApp):
    id = "toast"
    name = "Toast"
    token_path = ("token", "accessToken")
    demo: ClassVar[Mapping[str, str]] = {
        **_HARBOUR,
        "api_host": "ws-api.toasttab.com",
        "restaurant_guid": "4721e7a9-b4ae-4fef-9230-b3dae186e0a4",
    }
    # The first two are one owner's, behind the same credentials.
    accounts = (
        Account(demo["restaurant_guid"], "Harbour Grill", {**_HARBOUR, "location": "Pier 4"}),
        Account("0c9f3a51-7d2e-4b8c-a6f4-2d1e0b9c8a77", "Harbour Grill", {**_HARBOUR, "location": "Old Town"}),
        Account("e3d9b2c4-1a5f-4e7d-8c6b-90f1a2b3c4d5", "Golden Noodles", {**_NOODLES, "location": "Main Street"}),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("token", "POST", _API, "/authentication/v1/authentication/login", self.login)
        restaurant = f"/restaurants/v1/restaurants/(?P<guid>{_GUID})"
        yield Route("identity", "GET", _API, restaurant, self.restaurant, shows_name=True)

    def refusal(self, error: str, description: str, status: int) -> Response:
        nothing = ("messageKey", "fieldName", "link", "developerMessage", "canRetry")
        code = int(error) if error.isdigit() else 10010
        known = {"status": status, "code": code, "message": description, "requestId": str(uuid4()), "errors": []}
        return answer({**dict.fromkeys(nothing), **known}, status)

    def login(self, _: Call) -> Response:
        body = json_body(request)
        if body is None or set(body) != {"clientId", "clientSecret", "userAccessType"} or request.args:
            return self.refusal("10018", "A JSON object of clientId, clientSecret and userAccessType is required", 400)
        if body["userAccessType"] != "TOAST_MACHINE_CLIENT":
            return self.refusal("10018", "userAccessType must be TOAST_MACHINE_CLIENT", 400)
        account = self.opened_by(client_id=body["clientId"], client_secret=body["clientSecret"])
        if account is None:
            return self.refusal("10010", "Unauthorized: the client credentials are not valid", 401)
        minted = self.mint(account, _LIFE)
        token = {
            "tokenType": "mac" if g.get("how") is Misbehaviour.TOKEN_TYPE_MAC else "Bearer",
            "scope": None,
            "expiresIn": _LIFE,
            "accessToken": minted.access_token,
            "idToken": None,
            "refreshToken": None,
        }
        return answer({"@class": ".SuccessfulResponse", "token": token, "status": "SUCCESS"})

    def restaurant(self, call: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return self.refusal("10010", "Full authentication is required to access this resource", 401)
        named = request.headers.get(_HEADER, "")
        if not named or unknown_in_query({"includeArchived"}):
            return self.refusal("10022", f"The header {_HEADER} is required", 400)
        wanted = next((one for one in self.accounts if one.id == call.found["guid"] == named), None)
        if wanted is None or wanted.extra["client_id"] != token.account.extra["client_id"]:
            return self.refusal("10011", "The credentials do not have access to this restaurant", 403)
        general = {
            "name": shown_name(wanted),
            "locationName": wanted.extra["location"],
            "locationCode": None,
            "description": None,
            "timeZone": "America/New_York",
            "closeoutHour": 4,
            "managementGroupGuid": _GROUP,
            "currencyCode": "USD",
            "firstBusinessDate": 20240102,
            "archived": False,
        }
        return answer({"guid": wanted.id, "general": general, "location": {"city": "Boston", "country": "US"}})
