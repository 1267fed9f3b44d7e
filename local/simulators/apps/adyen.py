"""Adyen: two environments that know nothing of each other, PKCE and Basic both, or a key that a merchant pastes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from flask import Response, g, request

from local.simulators import usual
from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, shown_name
from local.simulators.bearer import bearer
from local.simulators.client_auth import same
from local.simulators.model import Account, Code, IssuedToken
from local.simulators.oauth import OAuthApp

_ENVIRONMENT = "(?P<environment>live|test)"
_SCOPES = (
    "psp.onlinepayment:write psp.onlinepayment.tokenization:write psp.paybylink:write psp.accountsettings:write "
    "psp.webhook:write psp.webhook:read"
)


class Adyen(OAuthApp):
    id = "adyen"
    name = "Adyen"
    # The scopes belong to the client, who may say them once more.
    rules = Rules(scopes=frozenset(_SCOPES.split()), scope=Sent.OPTIONAL, pkce=True)
    demo: ClassVar[Mapping[str, str]] = {
        "api_key": "AQESimulatedHarbourKey",
        "merchant_account_code": "HarbourBooksECOM",
        "environment": "live",
    }
    # An account is a company's; its merchant accounts are in it.
    accounts = (
        Account(
            "S2-51B100000001",
            "HarbourBooks",
            {"environment": "live", "merchants": "HarbourBooksECOM HarbourBooksPOS", "key": demo["api_key"]},
        ),
        Account("S2-51B100000002", "GreenGrocer", {"environment": "live", "merchants": "GreenGrocerNL"}),
        Account("S2-51B1T0000001", "HarbourBooksTest", {"environment": "test", "merchants": "HarbourBooksTestECOM"}),
    )
    rotates = True

    def routes(self) -> Iterable[Route]:
        site, api = rf"ca-{_ENVIRONMENT}\.adyen\.com", rf"management-{_ENVIRONMENT}\.adyen\.com"
        yield Route("authorize", "GET", site, r"/ca/ca/oauth/connect\.shtml", self.consent_page)
        yield Route("consent", "POST", site, r"/ca/ca/oauth/connect\.shtml", self.decide)
        yield Route("token", "POST", rf"oauth-{_ENVIRONMENT}\.adyen\.com", "/v1/token", self.token)
        yield Route("identity", "GET", api, "/v3/me", self.me, shows_name=True)
        yield Route("details", "GET", api, r"/v3/merchants/(?P<merchant>\w+)", self.merchant)

    def accounts_at(self, call: Call) -> Sequence[Account]:
        return [account for account in self.accounts if _belongs(account, call)]

    def accepts_code(self, code: Code) -> bool:
        return _belongs(code.account, g.call)

    def accepts_refresh(self, token: IssuedToken) -> bool:
        return token.account is not None and _belongs(token.account, g.call)

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - the base's shape
        return usual.tokens(token, 3600) | {"token_type": "bearer"}

    def me(self, call: Call) -> Response:
        account = self._asking(call)
        if account is None:
            return _unauthorized()
        return answer(
            {
                "id": account.id,
                "username": f"ws_51b1@Company.{account.name}",
                "companyName": shown_name(account),
                "associatedMerchantAccounts": account.extra["merchants"].split(),
                "active": True,
                "roles": ["Management API - Account read"],
            }
        )

    def merchant(self, call: Call) -> Response:
        account, wanted = self._asking(call), call.found["merchant"]
        if account is None:
            return _unauthorized()
        if wanted not in account.extra["merchants"].split():
            return _problem(403, "Forbidden", "Not authorised to access this merchant account", "00_403")
        return answer({"id": wanted, "name": wanted, "companyId": account.name, "status": "Active"})

    def _asking(self, call: Call) -> Account | None:
        """Whose token or key the request carries, in one place, in this environment."""
        key, token = request.headers.get("X-API-Key"), bearer(self.state, self.id)
        if key is not None:
            fits = (account for account in self.accounts if same(key, account.extra.get("key", "")) and key)
            found = None if "Authorization" in request.headers else next(fits, None)
        else:
            found = token.account if token else None
        return found if found is not None and _belongs(found, call) else None


def _belongs(account: Account, call: Call) -> bool:
    return account.extra["environment"] == call.found["environment"]


def _unauthorized() -> Response:
    return _problem(401, "Unauthorized", "Invalid credentials", "00_401")


def _problem(status: int, title: str, detail: str, code: str) -> Response:
    return answer(
        {
            "type": "https://docs.adyen.com/errors",
            "title": title,
            "status": status,
            "detail": detail,
            "errorCode": code,
        },
        status,
    )
