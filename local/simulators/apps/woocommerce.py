"""WooCommerce: each store is a server of its own, which makes keys and posts them to us behind the browser's back."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import ClassVar
from urllib.parse import unquote_plus, urlencode, urlsplit

import requests
from flask import Response, g, request

from local.simulators import page
from local.simulators.base import App, Call, Route, answer, literal, shown_name
from local.simulators.client_auth import basic_pair, same
from local.simulators.model import Account, IssuedToken, Misbehaviour

_WANTED = ("app_name", "user_id", "return_url", "callback_url", "scope")
_SCOPES = frozenset({"read", "write", "read_write"})
_READS = "/wp-json/wc/v3/(?:settings/general|orders|customers|products)"
_PAGING = frozenset({"page", "per_page"})
_TIMEOUT_S = 10
_AS_WORDPRESS = {"Content-Type": "application/json;charset=UTF-8", "User-Agent": "WordPress/6.9"}


class Woocommerce(App):
    id = "woocommerce"
    name = "WooCommerce"
    demo: ClassVar[Mapping[str, str]] = {"store_url": "https://shop.example.com"}
    # An account is a store; the second lives in a folder of its host.
    accounts = (
        Account("https://shop.example.com", "Harbour Books"),
        Account("https://grocer.example.com/store", "The Green Grocer"),
    )

    def routes(self) -> Iterable[Route]:
        for host, folder in ((literal(str(urlsplit(s.id).hostname)), urlsplit(s.id).path) for s in self.accounts):
            yield Route("authorize", "GET", host, f"{folder}/wc-auth/v1/authorize", self.approval_page)
            yield Route("consent", "POST", host, f"{folder}/wc-auth/v1/authorize", self.decide)
            yield Route("details", "GET", host, f"{folder}/wp-json/", self.index, shows_name=True)
            yield Route("identity", "GET", host, f"{folder}{_READS}", self.read)

    def refusal(self, error: str, description: str, status: int) -> Response:
        return answer({"code": error, "message": description, "data": {"status": status}}, status)

    def approval_page(self, call: Call) -> Response:
        problem = _problem()
        if problem:
            return _denied(problem)
        action = f"{request.path}?{request.query_string.decode()}"
        return page.consent(self.name, request.args["app_name"], [request.args["scope"]], [self._store(call)], action)

    def decide(self, call: Call) -> Response:
        problem, decision = _problem(), request.form.get("decision")
        if not problem and decision not in {"allow", "cancel"}:
            problem = "The form was sent without Allow or Cancel"
        if not problem and decision == "allow" and request.form.get("account") != self._store(call).id:
            problem = "The form was sent without an account"
        if problem:
            return _denied(problem)
        if decision == "allow" and not self._hand_over(self._store(call)):
            return _denied("An error occurred in the request and the consumer data could not be sent")
        return _back("1" if decision == "allow" else "0")

    def index(self, call: Call) -> Response:
        """Anybody may read this: it proves no key."""
        store = self._store(call)
        named = {"name": shown_name(store), "description": "", "url": store.id, "home": store.id}
        return answer({**named, "namespaces": ["wp/v2", "wc/v3"], "authentication": [], "routes": {}})

    def read(self, call: Call) -> Response:
        name, secret = basic_pair(request.headers)
        if name is None:
            return self.refusal("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 401)
        key = self.state.by_access(self.id, name)
        if key is None or key.account_id != self._store(call).id:
            return self.refusal("woocommerce_rest_authentication_error", "Consumer key is invalid.", 401)
        if not same(secret, key.refresh_token):
            return self.refusal("woocommerce_rest_authentication_error", "Consumer secret is invalid.", 401)
        if key.scope == "write":
            wrong = "The API key provided does not have read permissions."
            return self.refusal("woocommerce_rest_authentication_error", wrong, 401)
        if set(request.args) - _PAGING - {"_fields"}:
            return self.refusal("rest_invalid_param", "Unknown parameter", 400)
        setting = {"id": "woocommerce_currency", "label": "Currency", "type": "select", "value": "USD"}
        return answer([setting] if call.path.endswith("/settings/general") else [])

    def _store(self, call: Call) -> Account:
        return next(store for store in self.accounts if f"https://{call.host}{call.path}".startswith(f"{store.id}/"))

    def _hand_over(self, store: Account) -> bool:
        """Make keys and post them. They live only where the answer is 200, and nothing but 200."""
        with self.state.lock:
            key = IssuedToken(f"ck_{secrets.token_hex(20)}", f"cs_{secrets.token_hex(20)}", store.id, "", app=self.id)
            key.scope, key.grant, key.account = request.args["scope"], self.state.new_grant(), store
            self.state.tokens.append(key)
        payload: dict[str, object] = {
            "key_id": key.grant,
            "user_id": request.args["user_id"],
            "consumer_key": key.access_token,
            "consumer_secret": key.refresh_token,
            "key_permissions": key.scope,
        }
        if g.get("how") is Misbehaviour.NO_ACCESS_TOKEN:
            del payload["consumer_key"]
        # The lock is not held: whoever gets the keys may try them before answering.
        if deliver(_twice_decoded(request.args["callback_url"]), payload) == requests.codes.ok:
            return True
        self.state.end_grant(key.grant)
        return False


def deliver(url: str, payload: Mapping[str, object]) -> int:
    """The store's server posts the keys to our callback: the status that it got, or 0 where there was no answer."""
    try:
        posted = requests.post(
            url, json.dumps(payload), headers=_AS_WORDPRESS, timeout=_TIMEOUT_S, allow_redirects=False
        )
    except requests.RequestException:
        return 0
    return posted.status_code


def _problem() -> str:
    """What the store finds wrong with the request, in the order in which it looks."""
    given = request.args
    missing = [name for name in _WANTED if not given.get(name)]
    if missing:
        return f"Missing parameter {missing[0]}"
    if given["scope"] not in _SCOPES:
        return f"Invalid scope {given['scope']}"
    for name in ("return_url", "callback_url"):
        if not urlsplit(_twice_decoded(given[name])).hostname:
            return f"The {name} is not a valid URL"
    callback = urlsplit(_twice_decoded(given["callback_url"]))
    # The one leniency: a machine's own address, which no store could reach, has no certificate.
    if callback.scheme != "https" and callback.hostname != "127.0.0.1":
        return "The callback_url needs to be over SSL"
    return next((f"{name} is not a parameter of this app" for name in given if name not in _WANTED), "")


def _twice_decoded(url: str) -> str:
    """The store decodes addresses once more than is right (class-wc-auth.php), which breaks those that hold a %."""
    url = unquote_plus(url)
    return url if "://" in url else f"https://{url}"


def _back(success: str) -> Response:
    url = _twice_decoded(request.args["return_url"])
    # What looks like markup or like an encoded byte is cleaned away, and with it what it stood for.
    user = re.sub(r"%[0-9a-f]{2}|<[^>]*>", "", request.args["user_id"], flags=re.IGNORECASE).strip()
    added = urlencode({"success": success, "user_id": user})
    return Response(status=302, headers={"Location": f"{url}{'&' if '?' in url else '?'}{added}"})


def _denied(problem: str) -> Response:
    response = page.wrong(Woocommerce.name, f"Error: {problem}.")
    response.status_code = 401
    return response
