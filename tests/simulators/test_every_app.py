"""What all OAuth apps do alike when sellers connect."""

import pytest
import requests

from local.simulators import Simulators
from local.simulators.people import approve, deny
from tests.simulators.visiting import CALLBACK, STATE, Visit, query


def test_a_seller_connects(apps: Simulators, visit: Visit) -> None:
    callback = approve(visit.authorize(apps), account=visit.account)
    assert callback.startswith(f"{CALLBACK}&")
    found = query(callback)
    assert found["state"] == STATE
    tokens = visit.exchange(apps, found["code"])
    assert tokens.status_code == 200
    assert tokens.headers["Cache-Control"] == "no-store"
    who = visit.who(apps, tokens.json()["access_token"])
    assert who.status_code == 200
    (issued,) = apps.tokens(visit.app)
    assert issued.active
    # QuickBooks says it in the callback only, and wants it in the address.
    assert issued.account_id in (who.url if visit.app == "quickbooks_online" else who.text)
    assert (issued.access_token, issued.refresh_token) == tuple(
        tokens.json()[n] for n in ("access_token", "refresh_token")
    )
    assert issued.scope == visit.scope
    endpoints = ["authorize", "consent", "token", "identity"]
    assert [hit.endpoint for hit in apps.hits] == endpoints
    assert [apps.count(visit.app, endpoint) for endpoint in endpoints] == [1, 1, 1, 1]


def test_a_seller_cancels(apps: Simulators, visit: Visit) -> None:
    found = query(deny(visit.authorize(apps)))
    assert found["error"] == "access_denied"
    assert found["state"] == STATE
    assert "code" not in found


def test_a_seller_chooses_an_account(apps: Simulators, visit: Visit) -> None:
    page = requests.get(visit.authorize(apps), timeout=10).text
    last = page.split('name="account" value="')[-1].split('"')[0]
    visit.connect(apps, last)
    assert apps.tokens(visit.app)[0].account_id == last


def test_an_account_that_is_not_offered_is_refused(apps: Simulators, visit: Visit) -> None:
    form = {"decision": "allow", "account": "somebody-else"}
    answer = requests.post(visit.authorize(apps), data=form, timeout=10, allow_redirects=False)
    assert answer.status_code == 400
    assert "without an account" in answer.text


def test_the_page_says_what_it_is(apps: Simulators, visit: Visit) -> None:
    page = requests.get(visit.authorize(apps), timeout=10)
    assert '<html lang="en">' in page.text
    assert "Simulated" in page.text
    assert "this is not" in page.text
    assert f"{visit.app}-id" in page.text
    assert f"{visit.app}-secret" not in page.text
    assert "width=device-width" in page.text
    for scope in visit.scope.replace(",", " ").split():
        assert f"<code>{scope}</code>" in page.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": None}, "client_id is missing"),
        ({"client_id": "other"}, "client_id is unknown"),
        ({"redirect_uri": None}, "redirect_uri is missing"),
        ({"redirect_uri": CALLBACK + "/"}, "redirect_uri is not the registered one"),
        ({"response_type": None}, "response_type must be code"),
        ({"response_type": "token"}, "response_type must be code"),
        ({"state": None}, "state is missing"),
        ({"state": ""}, "state is missing"),
        ({"scope": None}, "scope is missing"),
        ({"scope": "everything"}, "is unknown"),
        ({"surprise": "1"}, "surprise is not a parameter of this app"),
    ],
)
def test_wrong_requests_are_explained_and_go_nowhere(
    apps: Simulators, visit: Visit, changes: dict[str, str | None], said: str
) -> None:
    for method in ("GET", "POST"):
        form = {"decision": "allow", "account": "x"}
        answer = requests.request(
            method, visit.authorize(apps, **changes), data=form, timeout=10, allow_redirects=False
        )
        assert answer.status_code == 400
        assert said in answer.text


def test_a_parameter_twice_is_refused(apps: Simulators, visit: Visit) -> None:
    answer = requests.get(f"{visit.authorize(apps)}&state=two", timeout=10, allow_redirects=False)
    assert (answer.status_code, "state is there more than once" in answer.text) == (400, True)


def test_the_other_separator_is_refused(apps: Simulators, visit: Visit) -> None:
    commas = "," in visit.scope
    other = visit.scope.replace(",", " ") if commas else visit.scope.replace(" ", ",") + ",more"
    answer = requests.get(visit.authorize(apps, scope=other), timeout=10)
    assert answer.status_code == 400
    assert ("separated by commas" if commas else "separated by spaces") in answer.text
