"""Walmart's own ways: headers that say whose request it is, and a seller whom only the callback names."""

from collections.abc import Mapping

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppRefused
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, get
from chalicelib.providers.ready import expecting

check_callback = expecting({"type": "auth", "sellerId": r"[A-Za-z0-9-]{1,64}"}, ours="clientId")


def _common() -> dict[str, str]:
    import uuid

    return {"WM_QOS.CORRELATION_ID": str(uuid.uuid4()), "WM_SVC.NAME": "Walmart Marketplace"}


def token_headers(call: Call) -> Mapping[str, str]:
    """The seller, from the callback at first, from the grant when it is renewed."""
    return {**_common(), "WM_PARTNER.ID": call.params.get("sellerId") or call.words.get("seller_id", "")}


def grant_extra(call: Call, _answer: Json) -> Mapping[str, str]:
    """Renewing asks for the seller again."""
    seller = call.params.get("sellerId") or call.words.get("seller_id", "")
    return {"seller_id": seller}


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The seller. The token endpoint gave a token for this seller and no other; the call proves that it is good.

    Walmart has no call that answers with the seller's name.
    """
    headers = {**_common(), "WM_SEC.ACCESS_TOKEN": grant.secrets["access_token"]}
    if get(call, "identity_url", headers).get("is_valid") is False:
        raise AppRefused("token")
    seller = grant.extra["seller_id"]
    return account(seller, seller)
