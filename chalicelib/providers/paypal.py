"""PayPal's own ways: the business's own REST app, whose permissions its token lists (Transaction Search API; read 2026-11)."""

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppRefused, NotEnabled
from chalicelib.providers.base import Call, Json
from chalicelib.providers.pasted import pair
from chalicelib.providers.reading import account, at, bearer, get

REPORTING = "https://uri.paypal.com/services/reporting/search/read"


def mint(call: Call, grant: Grant) -> Json:
    """A token from the pasted keys (RFC 6749 §4.4).

    :raises NotEnabled: while the app in PayPal has no Transaction Search. After it is switched on, it takes hours.
    """
    answer = call.web.json(
        "POST",
        call.url("token_url"),
        form={"grant_type": "client_credentials"},
        auth=pair(grant, "client_id", "client_secret"),
    )
    scope = answer.get("scope")
    if isinstance(scope, str) and REPORTING not in scope.split():
        raise NotEnabled("no transaction search")
    return answer


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The merchant, whom the report of balances names by id only.

    :raises NotEnabled: if PayPal made a token of the keys a moment ago, and keeps the reports from it.
    """
    try:
        answer = get(call, "identity_url", bearer(grant.secrets["access_token"]))
    except AppRefused:
        raise NotEnabled("no reports") from None
    merchant = at(answer, "account_id")
    return account(merchant, merchant)
