"""Adobe Commerce (Magento): an integration's four secrets, with which every request is signed by OAuth 1.0a.

The signatures are checked by oauthlib, over the address that was asked or the real one behind it (RFC 5849, 3.4).
"""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import ClassVar

from flask import Response, request
from oauthlib.oauth1.rfc5849 import signature  # type: ignore[import-untyped]

from local.simulators.base import Call, Route, answer, literal, shown_name
from local.simulators.client_auth import same
from local.simulators.model import Account, Client
from local.simulators.pasted import PastedApp, unknown_in_query
from local.simulators.state import State

_CLOCK_S = 600
_STORE = r"(?P<folder>(?:/outdoor)?)/rest(?:/(?:default|all))?/V1/store"
_HOST = literal("store.example.com")
_NEEDED = ("consumer_key", "nonce", "signature", "signature_method", "timestamp", "token")
_MAY_READ = "Magento_Backend::store"


def _secrets(owner: str) -> dict[str, str]:
    """Four made-up secrets of the right length."""
    kinds = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    return {kind: f"sim{kind.replace('_', '')}{owner}".ljust(32, "0") for kind in kinds}


class AdobeCommerce(PastedApp):
    id = "adobe_commerce"
    name = "Adobe Commerce"
    demo: ClassVar[Mapping[str, str]] = {"store_base_url": "https://store.example.com", **_secrets("harbour")}
    # Another store, in a folder of the same host.
    demo_in_folder: ClassVar[Mapping[str, str]] = {
        "store_base_url": "https://store.example.com/outdoor",
        **_secrets("outdoor"),
    }
    # An integration for which the merchant ticked too little.
    demo_unticked: ClassVar[Mapping[str, str]] = {
        "store_base_url": "https://store.example.com",
        **_secrets("bare"),
    }
    accounts = (
        Account("https://store.example.com", "Harbour Books", {**demo, "resources": _MAY_READ}),
        Account("https://store.example.com/outdoor", "Outdoor Supply", {**demo_in_folder, "resources": _MAY_READ}),
        Account("https://store.example.com", "Harbour Books", {**demo_unticked, "resources": "Magento_Sales::sales"}),
    )

    def __init__(self, state: State, client: Client | None) -> None:
        super().__init__(state, client)
        self._seen: set[tuple[str, str, str]] = set()

    def routes(self) -> Iterable[Route]:
        yield Route("identity", "GET", _HOST, f"{_STORE}/storeConfigs", self.configs)
        yield Route("details", "GET", _HOST, f"{_STORE}/websites", self.websites, shows_name=True)
        yield Route("details", "GET", _HOST, f"{_STORE}/storeGroups", self.websites, shows_name=True)

    def refusal(self, error: str, description: str, status: int) -> Response:
        return answer({"message": f"{error}: {description}"}, status)

    def configs(self, call: Call) -> Response:
        store = self._signed_by(call)
        if isinstance(store, Response):
            return store
        # Two views of one store, as where it is sold in two languages.
        return answer([_config(store, 1, "default", "en_US"), _config(store, 2, "spanish", "es_US")])

    def websites(self, call: Call) -> Response:
        store = self._signed_by(call)
        if isinstance(store, Response):
            return store
        admin = {"id": 0, "code": "admin", "name": "Admin"}
        return answer([admin, {"id": 1, "code": "base", "name": shown_name(store)}])

    def _signed_by(self, call: Call) -> Account | Response:
        """The store whose integration signed the request, or the refusal, with the codes that Magento documents."""
        try:
            found = signature.collect_parameters(headers=dict(request.headers), exclude_oauth_signature=False)
        except ValueError:
            found = []
        given = {name.removeprefix("oauth_"): value for name, value in found}
        wrong = self._wrong_parameter(given)
        if wrong is not None:
            return wrong
        url = f"https://{call.host}{call.found['folder']}"
        store = self.opened_by(store_base_url=url, consumer_key=given["consumer_key"])
        if store is None:
            return self.refusal("consumer_key_rejected", "No integration has this consumer key", 401)
        wrong = self._wrong_signature(given, store, call)
        if wrong is not None:
            return wrong
        if store.extra["resources"] != _MAY_READ:
            known = {"message": "The consumer isn't authorized to access %resources."}
            return answer({**known, "parameters": {"resources": _MAY_READ}}, 401)
        return self.refusal("bad_request", "Unknown parameter", 400) if unknown_in_query() else store

    def _wrong_parameter(self, given: Mapping[str, str]) -> Response | None:
        missing = [name for name in _NEEDED if not given.get(name)]
        if missing:
            return self.refusal("parameter_absent", f"oauth_{missing[0]}", 400 if given else 401)
        if given.get("version", "1.0") != "1.0":
            return self.refusal("version_rejected", "oauth_version must be 1.0", 400)
        if given["signature_method"] != "HMAC-SHA256":
            return self.refusal("signature_method_rejected", "The only method is HMAC-SHA256", 400)
        time = given["timestamp"]
        if not (time.isascii() and time.isdigit()) or abs(int(time) - self.state.now()) > _CLOCK_S:
            return self.refusal("timestamp_refused", "The oauth_timestamp value is not valid", 400)
        return None

    def _wrong_signature(self, given: Mapping[str, str], store: Account, call: Call) -> Response | None:
        if not same(given["token"], store.extra["access_token"]):
            return self.refusal("token_rejected", "The token is not this integration's", 401)
        urls = (request.base_url, f"https://{call.host}{call.path}")
        if not any(_fits(given["signature"], store, url) for url in urls):
            return self.refusal("signature_invalid", "The signature is invalid. Verify and try again.", 401)
        once = (given["consumer_key"], given["nonce"], given["timestamp"])
        with self.state.lock:
            # Looked at once the signature is right, so that nobody can spend other people's nonces.
            if once in self._seen:
                return self.refusal("nonce_used", "The nonce is already being used by the consumer", 401)
            self._seen.add(once)
        return None


def _fits(given: str, store: Account, url: str) -> bool:
    asked = SimpleNamespace(http_method=request.method, uri=url, signature=given)
    query = request.query_string.decode(errors="replace")
    try:
        asked.params = signature.collect_parameters(uri_query=query, headers=dict(request.headers))
    except ValueError:
        return False
    keys = (store.extra["consumer_secret"], store.extra["access_token_secret"])
    return bool(signature.verify_hmac_sha256(asked, *keys))


def _config(store: Account, number: int, code: str, locale: str) -> dict[str, object]:
    url = f"{store.id}/"
    money = {"base_currency_code": "USD", "default_display_currency_code": "USD"}
    urls = {"base_url": url, "base_link_url": url, "secure_base_url": url, "secure_base_link_url": url}
    place = {"locale": locale, "timezone": "America/New_York", "weight_unit": "lbs"}
    return {"id": number, "code": code, "website_id": 1, **place, **money, **urls}
