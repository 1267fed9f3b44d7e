"""Afterpay: a merchant's id and secret key by HTTP Basic, from somebody who says who they are."""

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar
from uuid import uuid4

from flask import Response, request

from local.simulators.base import Call, Route, answer, literal
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query

# A product's name and version. What a library says when it is told nothing identifies nobody.
_AGENT = re.compile(r"(?!(?:python|curl|go-http|java|okhttp|node|axios|urllib)\b)[\w.+ -]+/[\w.+-]+.*", re.IGNORECASE)


class Afterpay(PastedApp):
    id = "afterpay"
    name = "Afterpay"
    demo: ClassVar[Mapping[str, str]] = {
        "merchant_id": "345001",
        "secret_key": "SimulatedAfterpaySecretOfHarbourBooks",
        "region": "US",
    }
    _grocer: ClassVar[Mapping[str, str]] = {
        "merchant_id": "345002",
        "secret_key": "SimulatedAfterpaySecretOfTheGrocer",
        "region": "AU",
    }
    accounts = (Account("345001", "Harbour Books", demo), Account("345002", "The Green Grocer", _grocer))

    def routes(self) -> Iterable[Route]:
        # One host for all regions; the older hosts of single regions are not simulated.
        yield Route("identity", "GET", literal("global-api.afterpay.com"), "/v2/configuration", self.configuration)

    def refusal(self, error: str, description: str, status: int) -> Response:
        known = {"errorCode": error, "errorId": uuid4().hex, "message": description, "httpStatusCode": status}
        return answer(known, status)

    def configuration(self, _: Call) -> Response:
        if not _AGENT.fullmatch(request.headers.get("User-Agent", "")):
            return self.refusal("forbidden", "A User-Agent that names the product and its version is required", 403)
        account = self.opened_by_basic("merchant_id", "secret_key")
        if account is None:
            return self.refusal("unauthorized", "Credentials are required to access this resource.", 401)
        if unknown_in_query({"include"}):
            return self.refusal("invalid_object", "Unknown parameter", 400)
        currency = "USD" if account.extra["region"] == "US" else "AUD"
        return answer(
            {
                "minimumAmount": {"amount": "1.00", "currency": currency},
                "maximumAmount": {"amount": "2000.00", "currency": currency},
            }
        )
