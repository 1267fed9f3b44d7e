"""What all OAuth apps do alike with codes and tokens."""

import threading

import requests

from local.simulators import Simulators
from tests.simulators.visiting import CALLBACK, SHOPIFY, SQUARE, Visit


def error(answer: requests.Response, status: int, code: str) -> bool:
    return (answer.status_code, answer.json()["error"]) == (status, code)


def test_a_code_works_once_and_a_replay_ends_what_it_gave(apps: Simulators, visit: Visit) -> None:
    code = visit.code(apps)
    tokens = visit.exchange(apps, code).json()
    assert error(visit.exchange(apps, code), 400, "invalid_grant")
    assert not apps.tokens(visit.app)[0].active
    assert visit.who(apps, tokens["access_token"]).status_code == 401
    assert error(visit.refresh(apps, tokens["refresh_token"]), 400, "invalid_grant")


def test_one_of_two_exchanges_at_once_succeeds(apps: Simulators, visit: Visit) -> None:
    code = visit.code(apps)
    seen: list[int] = []
    together = [threading.Thread(target=lambda: seen.append(visit.exchange(apps, code).status_code)) for _ in range(4)]
    for one in together:
        one.start()
    for one in together:
        one.join()
    assert sorted(seen) == [200, 400, 400, 400]


def test_an_old_code_is_refused(apps: Simulators, visit: Visit) -> None:
    code = visit.code(apps)
    apps.pass_time(visit.code_ends)
    assert error(visit.exchange(apps, code), 400, "invalid_grant")


def test_an_unknown_code_is_refused(apps: Simulators, visit: Visit) -> None:
    assert error(visit.exchange(apps, "nonsense"), 400, "invalid_grant")


def test_another_redirect_uri_is_refused(apps: Simulators, visit: Visit) -> None:
    assert error(visit.exchange(apps, visit.code(apps), redirect_uri=CALLBACK + "x"), 400, "invalid_grant")


def test_a_missing_redirect_uri_is_refused_where_it_is_needed(apps: Simulators, visit: Visit) -> None:
    answer = visit.exchange(apps, visit.code(apps), redirect_uri=None)
    assert answer.status_code == (200 if visit.app in {"stripe", "shopify"} else 400)


def test_the_other_kind_of_body_is_refused(apps: Simulators, visit: Visit) -> None:
    answer = visit.post(apps, visit.code_body(visit.code(apps)), json=not visit.json)
    assert error(answer, 400, "invalid_request")


def test_parameters_in_the_address_are_refused(apps: Simulators, visit: Visit) -> None:
    answer = visit.post(apps, visit.code_body("any"), url=f"{visit.token_url}?code=any")
    assert error(answer, 400, "invalid_request")


def test_an_unknown_grant_type_is_refused(apps: Simulators, visit: Visit) -> None:
    assert error(visit.exchange(apps, "any", grant_type="password"), 400, "unsupported_grant_type")


def test_refreshing(apps: Simulators, visit: Visit) -> None:
    first = visit.connect(apps)
    second = visit.refresh(apps, first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["access_token"] != first["access_token"]
    assert visit.who(apps, second.json()["access_token"]).status_code == 200
    old, new = apps.tokens(visit.app)
    assert new.active
    assert old.active is not visit.rotates
    assert (new.refresh_token == old.refresh_token) is not visit.rotates


def test_a_refresh_token_again(apps: Simulators, visit: Visit) -> None:
    """Where refresh tokens work once, the second use ends the newer tokens too; elsewhere it is as good as the first."""
    first = visit.connect(apps)
    second = visit.refresh(apps, first["refresh_token"]).json()
    again = visit.refresh(apps, first["refresh_token"])
    if not visit.rotates:
        assert again.status_code == 200
        return
    assert error(again, 400, "invalid_grant")
    assert visit.who(apps, second["access_token"]).status_code == 401
    assert error(visit.refresh(apps, second["refresh_token"]), 400, "invalid_grant")


def test_an_access_token_grows_old(apps: Simulators, visit: Visit) -> None:
    tokens = visit.connect(apps)
    apps.pass_time(31 * 24 * 3600)
    ends = visit.app != "stripe"
    assert visit.who(apps, tokens["access_token"]).status_code == (401 if ends else 200)


def test_a_refresh_token_grows_old(apps: Simulators, visit: Visit) -> None:
    tokens = visit.connect(apps)
    apps.pass_time(47304001)
    lasts = visit.app in {"square", "stripe", "lightspeed_x", "mindbody"} | {
        "sumup",
        "zettle",
        "loyverse",
        "mollie",
        "uber_eats",
    }
    assert visit.refresh(apps, tokens["refresh_token"]).status_code == (200 if lasts else 400)


def test_an_unknown_token_is_nobody(apps: Simulators, visit: Visit) -> None:
    assert visit.who(apps, "nonsense").status_code == 401


def test_tokens_of_one_app_mean_nothing_to_another(apps: Simulators) -> None:
    token = SQUARE.connect(apps)["access_token"]
    assert SHOPIFY.who(apps, token).status_code == 401


def test_an_app_without_a_client_knows_nobody(visit: Visit) -> None:
    with Simulators({}) as empty:
        answer = requests.get(visit.authorize(empty), timeout=10)
    assert (answer.status_code, "client_id is unknown" in answer.text) == (400, True)
