"""Helcim: a token in a header of its own, and an address that says no more than whether it works."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from flask import Response, request

from local.simulators.base import Call, Route, answer, literal
from local.simulators.model import Account
from local.simulators.pasted import PastedApp, unknown_in_query


class Helcim(PastedApp):
    id = "helcim"
    name = "Helcim"
    demo: ClassVar[Mapping[str, str]] = {"api_token": "aSimulatedHelcimTokenOfHarbourBooks"}
    # Never shown: no address of Helcim's says whose token it is.
    accounts = (
        Account("harbour", "Harbour Books", demo),
        Account("grocer", "The Green Grocer", {"api_token": "aSimulatedHelcimTokenOfTheGrocer"}),
    )

    def routes(self) -> Iterable[Route]:
        yield Route("identity", "GET", literal("api.helcim.com"), "/v2/connection-test", self.connection_test)

    def refusal(self, error: str, description: str, status: int) -> Response:  # noqa: ARG002 - words are all it has
        """As the app has it: one text under a name that promises several."""
        return answer({"errors": description}, status)

    def connection_test(self, _: Call) -> Response:
        if self.opened_by(api_token=request.headers.get("api-token")) is None:
            return self.refusal("unauthorized", "Unauthorized", 401)
        if unknown_in_query():
            return self.refusal("invalid_request", "This address takes no parameters", 400)
        return answer({"message": "Connected Successfully"})
