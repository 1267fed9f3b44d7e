"""Amazon's Selling Partner API: a consent host for each marketplace, a renamed code, a token header, three regions."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from flask import Response, request

from local.simulators import page
from local.simulators.authorize import Rules, Sent
from local.simulators.base import Call, Route, answer, shown_name, with_query
from local.simulators.bearer import header
from local.simulators.client_auth import Query, in_body, same
from local.simulators.issuing import account_of, code_for
from local.simulators.model import Account, IssuedToken
from local.simulators.oauth import OAuthApp

_DOMAINS = {
    "na": "com|com\\.mx|ca|com\\.br",
    "eu": "co\\.uk|de|fr|it|es|nl|se|pl|ie|com\\.be|com\\.tr|ae|sa|eg|in|co\\.za",
    "fe": "co\\.jp|com\\.au|sg",
}
_LONG_NAMES = {"eu": "sellercentral-europe", "fe": "sellercentral-japan"}
_HOSTS = {"na": "sellercentral.amazon.com", "eu": "sellercentral-europe.amazon.com", "fe": "sellercentral.amazon.co.jp"}
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
            path = r"/apps/authorize/confirm/(?P<application>[\w.-]+)"
            yield Route("confirm", "GET", host, path, self.confirm)
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

    def arrival(self, account: str, url: str) -> str:
        """The login URI: our user signs in there, and goes on to Amazon's callback with Amazon's state and ours."""
        found, state = account_of(self, account), secrets.token_urlsafe(24)
        self.state.begun[state] = found
        back = f"https://{_HOSTS[found.extra['region']]}/apps/authorize/confirm/{self.rules.known_as(self.client)}"
        told = [("amazon_callback_uri", back), ("amazon_state", state), ("selling_partner_id", found.id)]
        return with_query(url, told)

    def confirm(self, call: Call) -> Response:
        """Where a seller who began at Amazon comes back to. They have consented there already."""
        query, client = request.args, self.client
        account = self.state.begun.get(query.get("amazon_state", ""))
        if client is None or not same(call.found["application"], client.application_id):
            return page.wrong(self.name, "The application is unknown")
        if account is None or account.extra["region"] not in call.found:
            return page.wrong(self.name, "amazon_state is none that was given out here")
        if query.get("redirect_uri") != client.redirect_uri or not query.get("state"):
            return page.wrong(self.name, "state and the registered redirect_uri are needed")
        if set(query) - {"amazon_state", "redirect_uri", "state", "version"} or self.authorize_problem(query):
            return page.wrong(self.name, "There is a parameter too many, or a wrong version")
        del self.state.begun[query["amazon_state"]]
        told = [("state", query["state"]), ("selling_partner_id", account.id)]
        return self.go_back(with_query(client.redirect_uri, [*told, ("spapi_oauth_code", code_for(self, account, ""))]))

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
