"""Amazon's Selling Partner API: a consent host for each marketplace, a renamed code, a token header, three regions."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from flask import Response

from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, shown_name
from local.simulators.bearer import header
from local.simulators.client_auth import Query, in_body
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_DOMAINS = {
    "na": "com|com\\.mx|ca|com\\.br",
    "eu": "co\\.uk|de|fr|it|es|nl|se|pl|ie|com\\.be|com\\.tr|ae|sa|eg|in|co\\.za",
    "fe": "co\\.jp|com\\.au|sg",
}
_LONG_NAMES = {"eu": "sellercentral-europe", "fe": "sellercentral-japan"}
_MARKETS = {
    "na": (("ATVPDKIKX0DER", "US", "Amazon.com", "USD"), ("A2EUQ1WTGCTBG2", "CA", "Amazon.ca", "CAD")),
    "eu": (("A1F83G8C2ARO7P", "GB", "Amazon.co.uk", "GBP"), ("A1PA6795UKMFR9", "DE", "Amazon.de", "EUR")),
    "fe": (("A1VC38T7YXB528", "JP", "Amazon.co.jp", "JPY"),),
}


class AmazonSeller(OAuthApp):
    id = "amazon_seller"
    name = "Amazon Seller Central"
    rules = Rules(
        names={"client_id": "application_id"},
        by_application_id=True,
        response_type="",
        redirect_uri=Sent.OPTIONAL,
        optional=frozenset({"version"}),
    )
    callback_names: ClassVar[Mapping[str, str]] = {"code": "spapi_oauth_code"}
    accounts = (
        Account("A2SIMPINEHOME1", "Pine & Home", {"region": "na"}),
        # One that has no store name: its marketplaces are all that an answer names.
        Account("A2SIMNAMELESS2", "", {"region": "na"}),
        Account("A2SIMTEAHOUSE3", "Thames Tea House", {"region": "eu"}),
        Account("A2SIMKYOTOPAP4", "Kyoto Paper", {"region": "fe"}),
    )
    access_life = 3600

    def routes(self) -> Iterable[Route]:
        for region, domains in _DOMAINS.items():
            host = rf"(?P<{region}>(?:sellercentral|vendorcentral)\.amazon\.(?:{domains}))"
            if region in _LONG_NAMES:
                host = (
                    rf"(?P<{region}>{_LONG_NAMES[region]}\.amazon\.com|(?:seller|vendor)central\.amazon\.(?:{domains}))"
                )
            yield Route("authorize", "GET", host, "/apps/authorize/consent", self.consent_page)
            yield Route("consent", "POST", host, "/apps/authorize/consent", self.decide)
        yield Route("token", "POST", r"api\.amazon\.com", "/auth/o2/token", self.token)
        api = r"(?:sandbox\.)?sellingpartnerapi-(?P<region>na|eu|fe)\.amazon\.com"
        path = "/sellers/v1/marketplaceParticipations"
        yield Route("identity", "GET", api, path, self.participations, shows_name=True)

    def accounts_at(self, call: Call) -> Sequence[Account]:
        return [account for account in self.accounts if account.extra["region"] in call.found]

    def authorize_problem(self, query: Any) -> str:
        return "" if query.get("version", "beta") == "beta" else "version must be beta, or not there"

    def client_auth(self, query: Query, seen: Any) -> Any:
        return in_body(query, seen)

    def new_code(self) -> str:
        return f"AN{secrets.token_hex(10)}"

    def new_access_token(self, account: Account) -> str:  # noqa: ARG002 - the shape of the base
        return f"Atza|{secrets.token_urlsafe(60)}"

    def new_refresh_token(self) -> str:
        return f"Atzr|{secrets.token_urlsafe(60)}"

    def callback_extras(self, seen: Any) -> list[tuple[str, str]]:
        return [("selling_partner_id", seen.user.id)]

    def token_answer(self, token: IssuedToken, *, refreshed: bool) -> dict[str, Any]:  # noqa: ARG002 - as above
        return {
            "access_token": token.access_token,
            "token_type": "bearer",
            "expires_in": self.access_life,
            "refresh_token": token.refresh_token,
        }

    def participations(self, call: Call) -> Response:
        token = header(self.state, self.id, "x-amz-access-token")
        account = token.account if token else None
        if account is None or account.extra["region"] != call.found["region"]:
            why = {"code": "Unauthorized", "message": "Access to requested resource is denied.", "details": ""}
            return answer({"errors": [why]}, 403)
        return answer({"payload": [_participation(account, *market) for market in _MARKETS[call.found["region"]]]})


def _participation(account: Account, market: str, country: str, name: str, currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "marketplace": {
            "id": market,
            "countryCode": country,
            "name": name,
            "defaultCurrencyCode": currency,
            "defaultLanguageCode": "en_US",
            "domainName": f"www.{name.lower()}",
        },
        "participation": {"isParticipating": True, "hasSuspendedListings": False},
    }
    return found | ({"storeName": shown_name(account)} if account.name else {})
