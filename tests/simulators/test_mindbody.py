import base64
import hashlib
from dataclasses import replace

import jwt
import pytest
import requests

from local.simulators import Client, Simulators
from local.simulators.people import approve, post_back
from tests.simulators.odd import refused
from tests.simulators.visiting import CALLBACK, CLIENTS, MINDBODY, SQUARE, STATE, api, basic, query

KEYS = "https://signin.mindbodyonline.com/.well-known/openid-configuration/jwks"
HEADERS = {"API-Key": "mindbody-id", "SiteId": "5736101"}


def claims(apps: Simulators, id_token: str) -> dict[str, object]:
    """What the token says, once its signature is right."""
    (key,) = requests.get(apps.simulated(KEYS), timeout=10).json()["keys"]
    assert jwt.get_unverified_header(id_token)["kid"] == key["kid"]
    found: dict[str, object] = jwt.decode(id_token, jwt.PyJWK(key), ["RS256"], audience="mindbody-id")
    return found


def test_the_callback_is_a_post(apps: Simulators) -> None:
    posted = post_back(MINDBODY.authorize(apps))
    assert posted.url == CALLBACK
    assert set(posted.fields) == {"code", "state", "id_token", "scope"}
    assert (posted.fields["state"], posted.fields["scope"]) == (STATE, MINDBODY.scope)
    said = claims(apps, posted.fields["id_token"])
    assert (said["iss"], said["nonce"]) == ("https://signin.mindbodyonline.com", "n-0S6_WzA2Mj")
    half = hashlib.sha256(posted.fields["code"].encode()).digest()[:16]
    assert said["c_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")
    tokens = MINDBODY.exchange(apps, posted.fields["code"]).json()
    assert claims(apps, tokens["id_token"])["nonce"] == "n-0S6_WzA2Mj"
    site = MINDBODY.who(apps, tokens["access_token"]).json()["Sites"]
    assert [(one["Id"], one["Name"]) for one in site] == [(5736101, "Riverbend Yoga")]


def test_the_page_that_posts_says_what_it_is(apps: Simulators) -> None:
    form = {"decision": "allow", "account": "5736101"}
    page = requests.post(MINDBODY.authorize(apps), data=form, timeout=10).text
    assert "this is not Mindbody" in page
    assert '<form method="post" action="https://connect.example/callback?from=apps">' in page


def test_a_studio_cancels(apps: Simulators) -> None:
    posted = post_back(MINDBODY.authorize(apps), decision="cancel")
    assert posted == (CALLBACK, {"error": "access_denied", "state": STATE})


def test_the_address_of_a_post_is_its_fields(apps: Simulators) -> None:
    found = query(approve(MINDBODY.authorize(apps)))
    assert set(found) == {"from", "code", "state", "id_token", "scope"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("response_type", "code", "response_type must be code id_token"),
        ("response_mode", None, "response_mode=form_post is required"),
        ("response_mode", "query", "response_mode=form_post is required"),
        ("nonce", None, "nonce is missing"),
        ("subscriberId", None, "subscriberId is missing"),
        ("subscriberId", "1", "subscriberId is no site"),
        ("scope", "offline_access Mindbody.Api.Public.v6", "openid is needed"),
        ("code_challenge", "c" * 43, "must not be sent"),
    ],
)
def test_wrong_requests(apps: Simulators, name: str, value: str | None, said: str) -> None:
    assert refused(MINDBODY.authorize(apps, **{name: value}), said)


def test_the_secret_belongs_in_the_body(apps: Simulators) -> None:
    once = MINDBODY.code(apps)
    headers = {"Authorization": basic("mindbody-id", "mindbody-secret")}
    assert MINDBODY.post(apps, MINDBODY.code_body(once), headers=headers).status_code == 401
    assert MINDBODY.exchange(apps, once, client_secret="wrong").status_code == 401
    assert MINDBODY.exchange(apps, once).status_code == 200


def test_nothing_to_refresh_without_offline_access(apps: Simulators) -> None:
    online = replace(MINDBODY, scope="openid Mindbody.Api.Public.v6")
    assert "refresh_token" not in online.connect(apps)
    assert online.refresh(apps, apps.tokens("mindbody")[0].refresh_token).status_code == 400


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"API-Key": ""}, 401), ({"API-Key": "other"}, 401), ({"SiteId": ""}, 403), ({"SiteId": "5736102"}, 403)],
)
def test_the_api_wants_our_key_and_the_site(apps: Simulators, changes: dict[str, str], status: int) -> None:
    token = MINDBODY.connect(apps)["access_token"]
    url = apps.simulated(MINDBODY.identity_url)
    assert api(url, token, **{**HEADERS, **changes}).status_code == status
    assert api(url, token, **HEADERS).status_code == 200


def test_an_api_key_of_its_own() -> None:
    known = Client("mindbody-id", "mindbody-secret", CALLBACK, api_key="sentinel-api-key")
    with Simulators({**CLIENTS, "mindbody": known}) as apps:
        token, url = MINDBODY.connect(apps)["access_token"], apps.simulated(MINDBODY.identity_url)
        assert api(url, token, **HEADERS).status_code == 401
        assert api(url, token, **{**HEADERS, "API-Key": "sentinel-api-key"}).status_code == 200


def test_an_app_that_redirects_posts_nothing(apps: Simulators) -> None:
    with pytest.raises(ValueError, match="posts nothing"):
        post_back(SQUARE.authorize(apps))
