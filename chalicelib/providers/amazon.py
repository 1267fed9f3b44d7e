"""Amazon's own ways: a Seller Central for each marketplace, an API for each region (SP-API documentation, 2026-11)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from chalicelib.domain import Account, Grant
from chalicelib.errors import MixedUp
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json
from chalicelib.providers.reading import account, at_or, get, listed, token_in
from chalicelib.providers.ready import expecting

_MARKETS = {
    "us": (N_("United States"), "sellercentral.amazon.com", "na"),
    "ca": (N_("Canada"), "sellercentral.amazon.ca", "na"),
    "mx": (N_("Mexico"), "sellercentral.amazon.com.mx", "na"),
    "br": (N_("Brazil"), "sellercentral.amazon.com.br", "na"),
    "uk": (N_("United Kingdom"), "sellercentral-europe.amazon.com", "eu"),
    "de": (N_("Germany"), "sellercentral-europe.amazon.com", "eu"),
    "fr": (N_("France"), "sellercentral-europe.amazon.com", "eu"),
    "it": (N_("Italy"), "sellercentral-europe.amazon.com", "eu"),
    "es": (N_("Spain"), "sellercentral-europe.amazon.com", "eu"),
    "nl": (N_("Netherlands"), "sellercentral.amazon.nl", "eu"),
    "be": (N_("Belgium"), "sellercentral.amazon.com.be", "eu"),
    "ie": (N_("Ireland"), "sellercentral.amazon.ie", "eu"),
    "se": (N_("Sweden"), "sellercentral.amazon.se", "eu"),
    "pl": (N_("Poland"), "sellercentral.amazon.pl", "eu"),
    "tr": (N_("Turkey"), "sellercentral.amazon.com.tr", "eu"),
    "ae": (N_("United Arab Emirates"), "sellercentral.amazon.ae", "eu"),
    "sa": (N_("Saudi Arabia"), "sellercentral.amazon.sa", "eu"),
    "eg": (N_("Egypt"), "sellercentral.amazon.eg", "eu"),
    "za": (N_("South Africa"), "sellercentral.amazon.co.za", "eu"),
    "in": (N_("India"), "sellercentral.amazon.in", "eu"),
    "jp": (N_("Japan"), "sellercentral.amazon.co.jp", "fe"),
    "au": (N_("Australia"), "sellercentral.amazon.com.au", "fe"),
    "sg": (N_("Singapore"), "sellercentral.amazon.sg", "fe"),
}

OPTIONS = {market: country for market, (country, _, _) in _MARKETS.items()}
HOSTS = {market: {"seller_central": host, "region": region} for market, (_, host, region) in _MARKETS.items()}

_ALSO = ("amazon.co.uk", "amazon.de", "amazon.fr", "amazon.it", "amazon.es")
_SELLER_CENTRALS = frozenset(
    [host for _, host, _ in _MARKETS.values()]
    + [f"sellercentral.{host}" for host in _ALSO]
    + ["sellercentral-japan.amazon.com"]
)
"""Amazon sends sellers from these too; we send them to the one that its documentation names for the country."""

HEADERS = token_in("x-amz-access-token")

check_callback = expecting({"selling_partner_id": r"[A-Z0-9]{6,32}"})


def identify(call: Call, grant: Grant, _token: Json) -> Account:
    """The seller, in one region: a grant opens all marketplaces there, and none elsewhere.

    No call answers with the seller's id, so what is proven is that the token opens a seller's account in the region.
    """
    seller, region = call.params.get("selling_partner_id", ""), call.words["region"]
    answer = get(call, "identity_url", HEADERS(call, grant))
    stores = listed(answer, "payload")
    names = (at_or(store, "storeName", "") for store in stores)
    name = next((name for name in names if name), at_or(stores[0], "marketplace.name", seller))
    return account(f"{seller}:{region}", name, selling_partner_id=seller, region=region)


def arrive(call: Call, params: Mapping[str, str]) -> Mapping[str, str]:
    """A visit from the Appstore. It says where to go on to, so that must be a Seller Central."""
    try:
        there = urlsplit(params.get("amazon_callback_uri", ""))
    except ValueError:
        raise MixedUp(call.provider.slug) from None
    if there.scheme != "https" or there.netloc not in _SELLER_CENTRALS:
        raise MixedUp(call.provider.slug)
    return {}
