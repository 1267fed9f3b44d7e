from typing import Any

import jwt
import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from local.simulators.people import approve
from tests.simulators.visiting import api, query
from tests.simulators.visits_of_books import XERO

BOOKS, CATERING, PRESS = (f"51b1e000-0000-4000-8000-00000000000{number}" for number in (1, 2, 4))
CAFE, EVENTS = "51b1e000-0000-4000-8000-0000000000e1", "51b1e000-0000-4000-8000-000000000003"
REVOKE = "https://identity.xero.com/connect/revocation"


def event(token: str) -> str:
    claims: dict[str, str] = jwt.decode(token, options={"verify_signature": False})
    return claims["authentication_event_id"]


def connections(apps: Simulators, token: str) -> list[dict[str, str]]:
    answer = XERO.who(apps, token)
    assert answer.status_code == 200
    found: list[dict[str, str]] = answer.json()
    return found


def tenants(apps: Simulators, token: str, of: str = "") -> list[str]:
    return [one["tenantId"] for one in connections(apps, token) if of in {"", one["authEventId"]}]


def test_an_old_organisation_comes_first(apps: Simulators) -> None:
    token = XERO.connect(apps)["access_token"]
    assert tenants(apps, token) == [CAFE, BOOKS]
    assert tenants(apps, token, event(token)) == [BOOKS]
    assert [one["tenantName"] for one in connections(apps, token)] == ["Harbour Café Ltd", "Harbour Books Ltd"]


def test_one_consent_may_add_two(apps: Simulators) -> None:
    token = XERO.connect(apps, CATERING)["access_token"]
    assert tenants(apps, token, event(token)) == tenants(apps, token) == [CATERING, EVENTS]


def test_a_token_spans_what_the_person_connected_before_and_since(apps: Simulators) -> None:
    first, second = XERO.connect(apps)["access_token"], XERO.connect(apps, PRESS)["access_token"]
    stranger = XERO.connect(apps, CATERING)["access_token"]
    assert tenants(apps, first) == tenants(apps, second) == [CAFE, BOOKS, PRESS]
    assert (tenants(apps, first, event(first)), tenants(apps, second, event(second))) == ([BOOKS], [PRESS])
    assert tenants(apps, stranger) == [CATERING, EVENTS]


def test_the_event_stays_when_tokens_are_refreshed(apps: Simulators) -> None:
    tokens = XERO.connect(apps)
    renewed = XERO.refresh(apps, tokens["refresh_token"]).json()
    assert event(renewed["access_token"]) == event(tokens["access_token"])
    again = XERO.connect(apps)["access_token"]
    assert event(again) != event(tokens["access_token"])
    assert tenants(apps, renewed["access_token"], event(again)) == [BOOKS]


def test_connections_of_one_event(apps: Simulators) -> None:
    token = XERO.connect(apps)["access_token"]
    url = apps.simulated(XERO.identity_url)
    assert [one["tenantId"] for one in api(f"{url}?authEventId={event(token)}", token).json()] == [BOOKS]
    assert api(f"{url}?surprise=1", token).status_code == 400


def test_a_big_token_is_still_one_to_read(apps: Simulators) -> None:
    apps.misbehave("xero", "token", Misbehaviour.BIG_TOKEN)
    token = XERO.connect(apps)["access_token"]
    assert tenants(apps, token, event(token)) == [BOOKS]


def test_the_answer(apps: Simulators) -> None:
    tokens = XERO.connect(apps)
    assert (tokens["expires_in"], tokens["token_type"]) == (1800, "Bearer")
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["aud"] == "xero-id"
    code = query(approve(XERO.authorize(apps, scope="accounting.settings.read")))["code"]
    assert {"refresh_token", "id_token"}.isdisjoint(XERO.exchange(apps, code).json())


def test_the_callback(apps: Simulators) -> None:
    found = query(approve(XERO.authorize(apps)))
    assert found["scope"] == XERO.scope
    assert found["session_state"]


def test_broad_scopes_are_gone(apps: Simulators) -> None:
    answer = requests.get(XERO.authorize(apps, scope="offline_access accounting.transactions.read"), timeout=10)
    assert (answer.status_code, "is unknown" in answer.text) == (400, True)


def test_the_organisation(apps: Simulators) -> None:
    token = XERO.connect(apps)["access_token"]
    url, headers = apps.simulated("https://api.xero.com/api.xro/2.0/Organisation"), {"Accept": "application/json"}
    (found,) = api(url, token, **headers, **{"xero-tenant-id": BOOKS}).json()["Organisations"]
    assert found == {"OrganisationID": BOOKS, "Name": "Harbour Books Ltd"}
    assert api(url, token, **{"xero-tenant-id": BOOKS}).headers["Content-Type"].startswith("text/xml")
    assert api(url, token, **headers).status_code == 403
    assert api(url, token, **headers, **{"xero-tenant-id": CATERING}).status_code == 403
    assert api(url, "other", **headers, **{"xero-tenant-id": BOOKS}).status_code == 401


def test_disconnecting_one(apps: Simulators) -> None:
    token, stranger = XERO.connect(apps)["access_token"], XERO.connect(apps, CATERING)["access_token"]
    wanted = connections(apps, token)[1]["id"]

    def delete(who: str) -> int:
        url = apps.simulated(f"https://api.xero.com/connections/{wanted}")
        return requests.delete(url, headers={"Authorization": f"Bearer {who}"}, timeout=10).status_code

    assert (delete("other"), delete(stranger), delete(token), delete(token)) == (401, 404, 204, 404)
    assert tenants(apps, token) == [CAFE]
    assert tenants(apps, XERO.connect(apps)["access_token"]) == [CAFE, BOOKS]


def revoke(apps: Simulators, token: str, **options: Any) -> requests.Response:
    return XERO.post(apps, {"token": token}, url=REVOKE, **options)


def test_revoking_ends_all_of_one_person(apps: Simulators) -> None:
    first, second = XERO.connect(apps), XERO.connect(apps, PRESS)
    stranger = XERO.connect(apps, CATERING)["access_token"]
    assert revoke(apps, first["refresh_token"]).status_code == 200
    assert [XERO.who(apps, one["access_token"]).status_code for one in (first, second)] == [401, 401]
    assert XERO.refresh(apps, second["refresh_token"]).status_code == 400
    assert XERO.who(apps, stranger).status_code == 200
    assert tenants(apps, XERO.connect(apps)["access_token"]) == [BOOKS]


@pytest.mark.parametrize("by", ["client", "body", "token", "unknown"])
def test_revoking_wrongly(apps: Simulators, by: str) -> None:
    tokens = XERO.connect(apps)
    answers = {
        "client": lambda: revoke(apps, tokens["refresh_token"], headers={"Authorization": None}),
        "body": lambda: revoke(apps, tokens["refresh_token"], json=True),
        "token": lambda: revoke(apps, tokens["access_token"]),
        "unknown": lambda: revoke(apps, "nonsense"),
    }
    assert answers[by]().status_code == {"client": 401, "body": 400, "token": 200, "unknown": 200}[by]
    assert tenants(apps, tokens["access_token"]) == [CAFE, BOOKS]
