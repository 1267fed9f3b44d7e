"""Braintree: a public and a private key by HTTP Basic, at two doors.

The gateway of its libraries has the merchant's id in the path and speaks XML. The GraphQL API speaks JSON, wants a
version, and answers everything, wrong keys too, with status 200 (Braintree's guide to GraphQL error handling).
"""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import ClassVar
from uuid import uuid4
from xml.sax.saxutils import escape

from flask import Response, request

from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query

_GATEWAY = literal("api.braintreegateway.com")
_GRAPHQL = literal("payments.braintree-api.com")
_CLASSES = {"invalid_token": "AUTHENTICATION", "invalid_grant": "AUTHORIZATION", "access_denied": "AUTHORIZATION"}
_FIELDS = ("id", "companyName", "status", "website", "timezone", "countryName")
_QUERY = r"(?:query\s*\w*\s*)?\{\s*(?:(?P<ping>ping)|viewer\s*\{\s*merchant\s*\{(?P<fields>[\w\s,]+)\}\s*\})\s*\}"


class Braintree(PastedApp):
    id = "braintree"
    name = "Braintree"
    demo: ClassVar[Mapping[str, str]] = {
        "merchant_id": "simharbourbooks1",
        "public_key": "simulatedpublic1",
        "private_key": "SimulatedBraintreePrivateKeyOfHarbour",
    }
    _grocer: ClassVar[Mapping[str, str]] = {
        "merchant_id": "simgreengrocer02",
        "public_key": "simulatedpublic2",
        "private_key": "SimulatedBraintreePrivateKeyOfTheGrocer",
    }
    # The first has two merchant accounts behind its keys, one for each currency.
    accounts = (
        Account("simharbourbooks1", "Harbour Books", {**demo, "currencies": "USD EUR"}),
        Account("simgreengrocer02", "The Green Grocer", {**_grocer, "currencies": "USD"}),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("identity", "POST", _GRAPHQL, "/graphql", self.graphql, shows_name=True)
        merchant = r"/merchants/(?P<merchant>\w+)"
        yield Route("details", "GET", _GATEWAY, f"{merchant}/merchant_accounts/?", self.merchant_accounts)

    def refusal(self, error: str, description: str, status: int) -> Response:  # noqa: ARG002 - always 200
        return _graphql(errors=[(description, _CLASSES.get(error, error.upper()))])

    # The gateway

    def merchant_accounts(self, call: Call) -> Response:
        account = self.opened_by_basic("public_key", "private_key")
        if account is None or account.id != call.found["merchant"]:
            return _xml("<api-error-response><message>Authentication failed</message></api-error-response>", 401)
        if not re.fullmatch(r"\d", request.headers.get("X-ApiVersion", "")):
            return _xml("<api-error-response><message>Upgrade required</message></api-error-response>", 426)
        if request.headers.get("Accept") != "application/xml" or unknown_in_query({"page"}):
            return _xml("<api-error-response><message>Not acceptable</message></api-error-response>", 406)
        currencies = account.extra["currencies"].split()
        items = "".join(_merchant_account(account, currency) for currency in currencies)
        pages = ("current-page-number", 1), ("page-size", 50), ("total-items", len(currencies))
        counts = "".join(f'<{name} type="integer">{number}</{name}>' for name, number in pages)
        return _xml(f'<merchant-accounts type="collection">{counts}{items}</merchant-accounts>')

    # GraphQL

    def graphql(self, _: Call) -> Response:
        account = self.opened_by_basic("public_key", "private_key")
        if account is None:
            return self.refusal("authentication", "Authentication credentials are invalid.", 200)
        if not re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", request.headers.get("Braintree-Version", "")):
            return self.refusal("validation", "A Braintree-Version header of the form YYYY-MM-DD is required.", 200)
        body = request.get_json(silent=True) if request.mimetype == "application/json" else None
        query = body.get("query") if isinstance(body, dict) and set(body) <= {"query", "variables"} else None
        found = re.fullmatch(_QUERY, query.strip()) if isinstance(query, str) else None
        if found is None:
            wrong = "This simulation answers { ping } and { viewer { merchant { ... } } } only."
            return self.refusal("validation", wrong, 200)
        if found["ping"]:
            return _graphql({"ping": "pong"})
        return self._merchant(account, found["fields"].replace(",", " ").split())

    def _merchant(self, account: Account, fields: list[str]) -> Response:
        unknown = [name for name in fields if name not in _FIELDS]
        if unknown:
            wrong = [(f"Cannot query field '{name}' on type 'Merchant'.", "VALIDATION") for name in unknown]
            return _graphql(errors=wrong)
        # GraphQL's ids are of its own making: they are not the merchant ids that people know.
        identity = base64.b64encode(f"merchant_{account.id}".encode()).decode()
        values = (identity, shown_name(account), "ACTIVE", None, "America/New_York", "United States of America")
        known = dict(zip(_FIELDS, values, strict=True))
        return _graphql({"viewer": {"merchant": {name: known[name] for name in fields}}})


def _merchant_account(account: Account, currency: str) -> str:
    first = "true" if currency == "USD" else "false"
    return (
        f"<merchant-account><id>{escape(account.id)}_{currency}</id><status>active</status>"
        f'<currency-iso-code>{currency}</currency-iso-code><default type="boolean">{first}</default></merchant-account>'
    )


def _graphql(data: object = None, errors: Iterable[tuple[str, str]] = ()) -> Response:
    payload: dict[str, object] = {"data": data, "extensions": {"requestId": str(uuid4())}}
    found = [{"message": text, "extensions": {"errorClass": kind}} for text, kind in errors]
    return answer({**payload, "errors": found} if found else payload)


def _xml(body: str, status: int = 200) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', status, mimetype="application/xml")
