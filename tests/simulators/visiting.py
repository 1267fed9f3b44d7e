"""A connecting product in miniature, as each app's facts have it: what the right requests are."""

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.simulators.visit import (
    AGENT,
    CALLBACK,
    CLIENTS,
    EBAY_SCOPE,
    STATE,
    VERIFIER,
    Params,
    Visit,
    api,
    ask_shop,
    basic,
    client,
    in_body,
    in_header,
    query,
)

__all__ = [
    "AGENT",
    "CALLBACK",
    "CLIENTS",
    "EBAY",
    "EBAY_SCOPE",
    "ETSY",
    "LIGHTSPEED",
    "MINDBODY",
    "SHOPIFY",
    "SQUARE",
    "SQUARESPACE",
    "STATE",
    "STRIPE",
    "VERIFIER",
    "VISITS",
    "Params",
    "Visit",
    "api",
    "ask_shop",
    "basic",
    "client",
    "in_body",
    "in_header",
    "query",
]

SQUARE = Visit(
    "square",
    "https://connect.squareup.com/oauth2/authorize",
    "https://connect.squareup.com/oauth2/token",
    "https://connect.squareup.com/v2/merchants/me",
    "MERCHANT_PROFILE_READ PAYMENTS_READ",
    authorize_extra={"session": "false"},
    token_extra=in_body("square"),
    json=True,
)
SHOPIFY = Visit(
    "shopify",
    "https://acme-store.myshopify.com/admin/oauth/authorize",
    "https://acme-store.myshopify.com/admin/oauth/access_token",
    "https://acme-store.myshopify.com/admin/api/2026-10/graphql.json",
    "read_orders,read_products",
    token_extra=in_body("shopify"),
    code_extra={"expiring": "1"},
    rotates=True,
    identity=ask_shop,
)
STRIPE = Visit(
    "stripe",
    "https://connect.stripe.com/oauth/authorize",
    "https://connect.stripe.com/oauth/token",
    "https://api.stripe.com/v1/account",
    "read_only",
    token_headers={"Authorization": "Bearer stripe-secret"},
)
SQUARESPACE = Visit(
    "squarespace_commerce",
    "https://login.squarespace.com/api/1/login/oauth/provider/authorize",
    "https://login.squarespace.com/api/1/login/oauth/provider/tokens",
    "https://api.squarespace.com/1.0/authorization/website",
    "website.orders.read,website.products.read",
    authorize_extra={"access_type": "offline"},
    token_headers=in_header("squarespace_commerce"),
    rotates=True,
)
EBAY = Visit(
    "ebay",
    "https://auth.ebay.com/oauth2/authorize",
    "https://api.ebay.com/identity/v1/oauth2/token",
    "https://apiz.ebay.com/commerce/identity/v1/user/",
    f"{EBAY_SCOPE}/sell.finances {EBAY_SCOPE}/commerce.identity.readonly",
    token_headers=in_header("ebay"),
)
ETSY = Visit(
    "etsy",
    "https://www.etsy.com/oauth/connect",
    "https://api.etsy.com/v3/public/oauth/token",
    "https://openapi.etsy.com/v3/application/users/me",
    "transactions_r shops_r",
    authorize_extra={"code_challenge": create_s256_code_challenge(VERIFIER), "code_challenge_method": "S256"},
    token_extra={"client_id": "etsy-id"},
    code_extra={"code_verifier": VERIFIER},
    rotates=True,
    identity=lambda url, token: api(url, token, **{"x-api-key": "etsy-id:etsy-secret"}),
)

LIGHTSPEED = Visit(
    "lightspeed_x",
    "https://secure.retail.lightspeed.app/connect",
    "https://harbour-books.retail.lightspeed.app/api/1.0/token",
    "https://harbour-books.retail.lightspeed.app/api/2.0/retailer",
    "retailer:read sales:read",
    token_extra=in_body("lightspeed_x"),
    rotates=True,
    account="harbour-books",
    code_ends=601,
)
MINDBODY = Visit(
    "mindbody",
    "https://signin.mindbodyonline.com/connect/authorize",
    "https://signin.mindbodyonline.com/connect/token",
    "https://api.mindbodyonline.com/public/v6/site/sites",
    "openid offline_access Mindbody.Api.Public.v6",
    authorize_extra={
        "response_type": "code id_token",
        "response_mode": "form_post",
        "nonce": "n-0S6_WzA2Mj",
        "subscriberId": "5736101",
    },
    token_extra=in_body("mindbody"),
    identity=lambda url, token: api(url, token, **{"API-Key": "mindbody-id", "SiteId": "5736101"}),
)

VISITS = (SQUARE, SHOPIFY, STRIPE, SQUARESPACE, EBAY, ETSY, LIGHTSPEED, MINDBODY)
