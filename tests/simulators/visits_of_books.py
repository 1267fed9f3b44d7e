"""How the apps of payments, tills and books are connected, as their facts have it."""

from dataclasses import dataclass

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from local.simulators import Simulators
from tests.simulators.visiting import VERIFIER, Visit, api, in_body, in_header

CHALLENGE = {"code_challenge": create_s256_code_challenge(VERIFIER), "code_challenge_method": "S256"}
VERIFIED = {"code_verifier": VERIFIER}


@dataclass(frozen=True)
class Bare(Visit):
    """An app whose authorize request lacks what others want."""

    left_out: tuple[str, ...] = ()

    def authorize(self, simulators: Simulators, **changes: str | None) -> str:
        return super().authorize(simulators, **{**dict.fromkeys(self.left_out), **changes})


SUMUP = Visit(
    "sumup",
    "https://api.sumup.com/authorize",
    "https://api.sumup.com/token",
    "https://api.sumup.com/v0.1/me",
    "transactions.history user.profile_readonly",
    token_headers=in_header("sumup"),
)
ZETTLE = Visit(
    "zettle",
    "https://oauth.zettle.com/authorize",
    "https://oauth.zettle.com/token",
    "https://oauth.zettle.com/users/self",
    "READ:FINANCE READ:USERINFO",
    token_extra=in_body("zettle"),
    rotates=True,
    name_at=("details", "https://secure.izettle.com/api/resources/organizations/self"),
)
LOYVERSE = Visit(
    "loyverse",
    "https://api.loyverse.com/oauth/authorize",
    "https://api.loyverse.com/oauth/token",
    "https://api.loyverse.com/v1.0/merchant",
    "RECEIPTS_READ MERCHANT_READ",
    token_extra=in_body("loyverse"),
    rotates=True,
)
MOLLIE = Visit(
    "mollie",
    "https://my.mollie.com/oauth2/authorize",
    "https://api.mollie.com/oauth2/tokens",
    "https://api.mollie.com/v2/organizations/me",
    "organizations.read payments.read settlements.read",
    authorize_extra={"approval_prompt": "auto"},
    token_headers=in_header("mollie"),
)
KLAVIYO = Visit(
    "klaviyo",
    "https://www.klaviyo.com/oauth/authorize",
    "https://a.klaviyo.com/oauth/token",
    "https://a.klaviyo.com/api/accounts",
    "accounts:read metrics:read",
    authorize_extra=CHALLENGE,
    code_extra=VERIFIED,
    token_headers=in_header("klaviyo"),
    identity=lambda url, token: api(url, token, revision="2026-01-15"),
)
QUICKBOOKS = Visit(
    "quickbooks_online",
    "https://appcenter.intuit.com/connect/oauth2",
    "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
    "https://quickbooks.api.intuit.com/v3/company/9130350000000101/companyinfo/9130350000000101",
    "com.intuit.quickbooks.accounting openid",
    token_headers=in_header("quickbooks_online"),
    identity=lambda url, token: api(url, token, Accept="application/json"),
    account="9130350000000101",
)
XERO = Visit(
    "xero",
    "https://login.xero.com/identity/connect/authorize",
    "https://identity.xero.com/connect/token",
    "https://api.xero.com/connections",
    "offline_access openid accounting.settings.read",
    token_headers=in_header("xero"),
    rotates=True,
)
LIGHTSPEED_K = Visit(
    "lightspeed_k",
    "https://auth.lsk-prod.app/realms/k-series/protocol/openid-connect/auth",
    "https://auth.lsk-prod.app/realms/k-series/protocol/openid-connect/token",
    "https://api.lsk.lightspeed.app/f/data/businesses",
    "financial-api offline_access",
    token_headers=in_header("lightspeed_k"),
    rotates=True,
)
UBER_EATS = Visit(
    "uber_eats",
    "https://login.uber.com/oauth/v2/authorize",
    "https://login.uber.com/oauth/v2/token",
    "https://api.uber.com/v1/eats/stores",
    "eats.pos_provisioning offline_access",
    token_extra=in_body("uber_eats"),
)

# These lack something that the tests of every app ask for.
ACUITY = Visit(
    "acuity",
    "https://acuityscheduling.com/oauth2/authorize",
    "https://acuityscheduling.com/oauth2/token",
    "https://acuityscheduling.com/api/v1/me",
    "api-v1",
    token_extra=in_body("acuity"),
)
GOCARDLESS = Visit(
    "gocardless",
    "https://connect.gocardless.com/oauth/authorize",
    "https://connect.gocardless.com/oauth/access_token",
    "https://api.gocardless.com/creditors",
    "read_only",
    authorize_extra={"initial_view": "login", "prefill[email]": "olive@example.com"},
    token_extra=in_body("gocardless"),
    identity=lambda url, token: api(url, token, **{"GoCardless-Version": "2015-07-06"}),
)
GUSTO = Bare(
    "gusto",
    "https://api.gusto.com/oauth/authorize",
    "https://api.gusto.com/oauth/token",
    "https://api.gusto.com/v1/token_info",
    "",
    token_extra=in_body("gusto"),
    rotates=True,
    identity=lambda url, token: api(url, token, **{"X-Gusto-API-Version": "2025-06-15"}),
    name_at=("details", "https://api.gusto.com/v1/companies/51b1c0de-0a1b-4c2d-8e3f-000000000001"),
    left_out=("scope",),
)
ADYEN = Bare(
    "adyen",
    "https://ca-live.adyen.com/ca/ca/oauth/connect.shtml",
    "https://oauth-live.adyen.com/v1/token",
    "https://management-live.adyen.com/v3/me",
    "",
    authorize_extra=CHALLENGE,
    code_extra=VERIFIED,
    token_headers=in_header("adyen"),
    rotates=True,
    left_out=("scope",),
)
LIGHTSPEED_R = Bare(
    "lightspeed_r",
    "https://cloud.lightspeedapp.com/auth/oauth/authorize",
    "https://cloud.lightspeedapp.com/auth/oauth/token",
    "https://api.lightspeedapp.com/API/V3/Account.json",
    "employee:reports employee:inventory_read",
    token_extra=in_body("lightspeed_r"),
    rotates=True,
    left_out=("redirect_uri",),
)

ORDINARY = (SUMUP, ZETTLE, LOYVERSE, MOLLIE, KLAVIYO, QUICKBOOKS, XERO, LIGHTSPEED_K, UBER_EATS)
ODD = (ACUITY, GOCARDLESS, GUSTO, ADYEN, LIGHTSPEED_R)
