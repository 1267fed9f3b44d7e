"""What a row's functions ask of an app, whatever is answered: requests, seen from outside."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import jwt

from chalicelib import keys
from chalicelib.domain import Account, Grant
from chalicelib.errors import AppProblem, InvalidField, MixedUp
from chalicelib.providers import oauth2
from chalicelib.providers.base import Call, Provider
from chalicelib.settings import Client
from local.catalogue.addresses import words
from tests.providers.recorded import Recorded

type Request = Mapping[str, object]

_GIVEN = Account(id="1", name="Acme")
_CLIENT = Client(client_id="our-id", client_secret="our-secret", api_key="our-key", application_id="our-app")


class _Agreeable(Recorded):
    """Answers an empty list to who wants a list, and an empty object to all others."""

    def rows(self, method: str, url: str, **request: object) -> list[object]:
        self.json(method, url, **request)
        return []


def granted(call: Call) -> Grant:
    """A grant in which whatever the row looks for is there."""
    row = call.provider
    own = row.grant_extra(call, _token(call)) if row.grant_extra else {}
    plain = dict.fromkeys(("instance_id", *(field.name for field in row.fields if not field.secret)), "plain")
    secrets = ("access_token", "refresh_token", "consumer_key", "consumer_secret")
    typed = (field.name for field in row.fields if field.secret)
    return Grant(secrets=dict.fromkeys((*secrets, *typed), "kept"), extra={**plain, **own})


def called(row: Provider, web: Recorded) -> Call:
    """A call whose callback brought what apps bring."""
    plain = {field.name: "plain" for field in row.fields if not field.secret}
    back = {
        "selling_partner_id": "S1",
        "merchant_id": "M1",
        "sellerId": "1",
        "realmId": "1",
        "context": "stores/x",
        "state": "s",
    }
    return Call(provider=row, client=_CLIENT, web=web, words={"product": "Us", **plain, **words(row)}, params=back)


def _token(call: Call) -> Mapping[str, object]:
    """An answer in which an account is named wherever apps name one."""
    row = call.provider
    said = {
        "iss": min(oauth2.issuers(call)) if row.nonce else "",
        "aud": "our-id",
        "exp": 2**40,
        "nonce": keys.nonce("s"),
    }
    signed = jwt.encode(said, "no-key-that-anybody-looks-at-here", "HS256")
    return {"access_token": "kept", "organisation_id": "OR1", "store_id": 1, "context": "stores/x", "id_token": signed}


def _asked(row: Provider, ask: Callable[[Call, Grant], object]) -> list[Request]:
    web = _Agreeable({})
    with suppress(AppProblem, InvalidField, MixedUp):
        call = called(row, web)
        ask(call, granted(call))
    return list(web.asked)


def identifying(row: Provider) -> list[Request]:
    """The requests of ``identify``, up to the first answer that is of no use."""
    identify = row.identify
    return _asked(row, lambda call, grant: identify(call, grant, _token(call))) if identify else []


def minting(row: Provider) -> list[Request]:
    return _asked(row, row.mint) if row.mint else []


def revoking(row: Provider) -> list[Request]:
    revoke = row.revoke
    return _asked(row, lambda call, grant: revoke(call, grant, _GIVEN)) if revoke else []


def headers(requests: list[Request]) -> dict[str, str]:
    """All of them, the last of a name standing for all."""
    found: dict[str, str] = {}
    for request in requests:
        sent = request.get("headers")
        if isinstance(sent, dict):
            found |= sent
    return found
