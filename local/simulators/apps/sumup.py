"""SumUp: OAuth by the book; a merchant's trading name may be missing."""

from collections.abc import Iterable
from typing import Any

from flask import Response

from local.simulators import usual
from local.simulators.authorize import Rules
from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.bearer import bearer
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_API = literal("api.sumup.com")


class Sumup(OAuthApp):
    id = "sumup"
    name = "SumUp"
    rules = Rules(scopes=frozenset({"transactions.history", "user.profile_readonly", "user.payout-settings"}))
    accounts = (
        Account("MSIM7K2Q", "Lighthouse Kiosk", {"company": "Lighthouse Trading Ltd"}),
        Account("MSIM9P4T", "Meadow Flowers", {"company": "Meadow Flowers GmbH"}),
        # Trades under the company's own name.
        Account("MSIM3X8V", "Brick Lane Bagels Ltd"),
    )
    access_life = 3599

    def routes(self) -> Iterable[Route]:
        yield Route("authorize", "GET", _API, "/authorize", self.consent_page)
        yield Route("consent", "POST", _API, "/authorize", self.decide)
        yield Route("token", "POST", _API, "/token", self.token)
        yield Route("identity", "GET", _API, r"/v0\.1/me", self.me, shows_name=True)

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        return usual.tokens(token, 3599)

    def me(self, _: Call) -> Response:
        token = bearer(self.state, self.id)
        if token is None or token.account is None:
            return answer({"message": "access token required", "error_code": "NOT_AUTHORIZED"}, 401)
        if not usual.allows(token, "user.profile_readonly"):
            return answer({"message": "user.profile_readonly is needed", "error_code": "FORBIDDEN"}, 403)
        name, company = shown_name(token.account), token.account.extra.get("company")
        profile = {
            "merchant_code": token.account_id,
            "company_name": company or name,
            "doing_business_as": {"business_name": name if company else None, "email": "owner@sumup-seller.example"},
            "country": "GB",
            "default_currency": "GBP",
        }
        return answer(
            {
                "account": {"username": "owner@sumup-seller.example", "type": "normal"},
                "personal_profile": {"first_name": "Olive", "last_name": "Owner"},
                "merchant_profile": profile,
            }
        )
