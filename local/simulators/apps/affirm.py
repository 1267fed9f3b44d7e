"""Affirm: a public and a private key by HTTP Basic, and no address that says whose they are."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from flask import Response

from local.simulators.base import Call, Route, answer, literal
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query

_PAGING = frozenset({"limit", "cursor"})


class Affirm(PastedApp):
    id = "affirm"
    name = "Affirm"
    demo: ClassVar[Mapping[str, str]] = {
        "public_key": "SIMULATEDPUBLIC1",
        "private_key": "SimulatedAffirmPrivateKeyOfHarbour",
    }
    _grocer: ClassVar[Mapping[str, str]] = {
        "public_key": "SIMULATEDPUBLIC2",
        "private_key": "SimulatedAffirmPrivateKeyOfTheGrocer",
    }
    accounts = (Account("harbour", "Harbour Books", demo), Account("grocer", "The Green Grocer", _grocer))

    def routes(self) -> Iterable[Route]:
        yield Route("identity", "GET", literal("api.affirm.com"), "/api/v1/transactions", self.transactions)

    def refusal(self, error: str, description: str, status: int) -> Response:
        return answer({"status_code": status, "type": error, "code": error, "message": description}, status)

    def transactions(self, _: Call) -> Response:
        account = self.opened_by_basic("public_key", "private_key")
        if account is None:
            return self.refusal("unauthorized", "The API key pair is not valid", 401)
        if unknown_in_query(_PAGING):
            return self.refusal("invalid-field", "Unknown parameter", 400)
        # A merchant who has sold nothing yet has keys that work, too.
        sold = [_transaction()] if account.id == "harbour" else []
        return answer({"data": sold, "total": len(sold), "next_cursor": None})


def _transaction() -> dict[str, object]:
    return {
        "id": "SIMU-LATE",
        "checkout_id": "SIMULATEDCHECKOUT",
        "order_id": "1001",
        "status": "captured",
        "amount": 12800,
        "amount_refunded": 0,
        "currency": "USD",
        "created": "2026-01-02T03:04:05Z",
        "authorization_expiration": "2026-02-01T03:04:05Z",
        "provider_id": 1,
        "events": [],
    }
