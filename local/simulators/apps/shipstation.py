"""ShipStation, version 1 of its API: a key and a secret of 32 hexadecimal digits by HTTP Basic, and lists for answers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

from flask import Response

from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query

_API = literal("ssapi.shipstation.com")


class Shipstation(PastedApp):
    id = "shipstation"
    name = "ShipStation"
    # Hexadecimal as the app's own are, and so even that nobody takes them for real ones.
    demo: ClassVar[Mapping[str, str]] = {"api_key": "51ab" * 8, "api_secret": "51ac" * 8}
    _grocer: ClassVar[Mapping[str, str]] = {"api_key": "52ab" * 8, "api_secret": "52ac" * 8}
    # The API names people and stores; of the account itself it says nothing.
    accounts = (
        Account("100101", "Olive Marsh", {**demo, "store": "Harbour Books"}),
        Account("100102", "Gus Greene", {**_grocer, "store": "The Green Grocer"}),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("identity", "GET", _API, "/users", self.users, shows_name=True)
        yield Route("details", "GET", _API, "/stores", self.stores, shows_name=True)

    def refusal(self, error: str, description: str, status: int) -> Response:  # noqa: ARG002 - words are all it has
        return answer({"message": description}, status)

    def users(self, _: Call) -> Response:
        account = self.opened_by_basic("api_key", "api_secret")
        if account is None:
            return self.refusal("unauthorized", "Invalid API credentials", 401)
        if unknown_in_query({"showInactive"}):
            return self.refusal("bad_request", "The request is invalid.", 400)
        number = account.id
        people = (("0a", "owner", shown_name(account)), ("0b", "sam", "Sam Packer"))
        return answer([_user(f"{number}{suffix}", user, name) for suffix, user, name in people])

    def stores(self, _: Call) -> Response:
        account = self.opened_by_basic("api_key", "api_secret")
        if account is None:
            return self.refusal("unauthorized", "Invalid API credentials", 401)
        if unknown_in_query({"showInactive", "marketplaceId"}):
            return self.refusal("bad_request", "The request is invalid.", 400)
        store = {
            "storeId": int(account.id),
            "storeName": shown_name(replace(account, name=account.extra["store"])),
            "marketplaceId": 0,
            "marketplaceName": "ShipStation",
            "accountName": None,
            "companyName": account.extra["store"],
            "active": True,
        }
        return answer([store])


def _user(number: str, user: str, name: str) -> dict[str, str]:
    user_id = f"51a1b2c3-0000-4000-8000-{number.zfill(12)}"
    return {"userId": user_id, "userName": user, "name": name, "email": f"{user}@shipper.example"}
