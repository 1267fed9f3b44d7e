"""An app that gives the answers it was told to, and remembers what it was asked; and calls to ask it with."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from chalicelib.domain import Account, Grant
from chalicelib.providers.base import Call, Json, Provider
from chalicelib.settings import Client

CLIENT = Client(client_id="our-id", client_secret="our-secret", redirect_alias="", api_key="our-api-key")

TENANTS = {
    "shopify": "acme-store.myshopify.com",
    "recharge": "acme-store",
    "adyen": "live",
    "clover": "eu",
    "amazon_seller": "de",
    "tiktok_shop": "us",
    "mindbody": "123456",
    "lightspeed_x": "acme",
    "woocommerce": "shop.example.com",
    "adobe_commerce": "shop.example.com",
}
"""What the person chose or typed, or the callback named."""

type Answered = Mapping[str, object] | list[object] | Exception


class Recorded:
    """Each answer once, the last for ever. An exception is raised."""

    def __init__(self, *answers: Answered) -> None:
        self.answers: list[Answered] = list(answers) or [{"access_token": "token"}]
        self.asked: list[dict[str, object]] = []

    def json(self, method: str, url: str, **request: object) -> Mapping[str, object]:
        answer = self._answer(method, url, request)
        assert not isinstance(answer, list)
        return answer

    def rows(self, method: str, url: str, **request: object) -> list[object]:
        answer = self._answer(method, url, request)
        assert isinstance(answer, list)
        return answer

    def send(self, method: str, url: str, **request: object) -> None:
        self._answer(method, url, request)

    def within(self, seconds: float) -> AbstractContextManager[object]:
        return nullcontext()

    def _answer(self, method: str, url: str, request: Mapping[str, object]) -> Mapping[str, object] | list[object]:
        self.asked.append({"method": method, "url": url, **request})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def call(row: Provider, web: Recorded | None = None, client: Client = CLIENT) -> Call:
    """A call of this row, with what a person would have chosen or typed."""
    typed = {field.name: next(iter(field.options), field.example or "acme") for field in row.fields if not field.secret}
    tenant = TENANTS.get(row.slug) or typed.get("tenant", "")
    words = {"product": "Client Connect", **typed, **(row.words(tenant) if tenant else {})}
    return Call(provider=row, client=client, web=web or Recorded(), words=words)


def back(row: Provider, web: Recorded | None = None, /, **params: str) -> Call:
    """The same with a callback's parameters."""
    return replace(call(row, web), params=params)


def granted(**extra: str) -> Grant:
    return Grant(secrets={"access_token": "token", "refresh_token": "again"}, extra=extra)


def accounts(asked: Call, grant: Grant | None = None, token: Json | None = None) -> tuple[Account, ...]:
    """Whose the grant is."""
    assert asked.provider.identify
    found = asked.provider.identify(asked, grant or granted(), token or {})
    return found if isinstance(found, tuple) else (found,)
