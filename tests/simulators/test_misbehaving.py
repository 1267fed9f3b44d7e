"""What the apps do wrong when told to."""

import json
import time
from threading import Thread

import pytest
import requests

from local.simulators import Misbehaviour, Simulators
from tests.simulators.visiting import CLIENTS, ETSY, SQUARE, SQUARESPACE, Visit

HOSTILE = "<img src=x onerror=alert(1)>"


def told(apps: Simulators, how: Misbehaviour, to: str = "") -> requests.Response:
    code = SQUARE.code(apps)
    apps.misbehave("square", "token", how, to=to)
    return SQUARE.exchange(apps, code)


@pytest.mark.parametrize(
    ("how", "status", "text"),
    [
        (Misbehaviour.UNAVAILABLE, 503, "Unavailable"),
        (Misbehaviour.CRASHED, 500, "Server Error"),
        (Misbehaviour.RATE_LIMITED, 429, "rate_limited"),
        (Misbehaviour.HTML, 200, "<!doctype html>"),
        (Misbehaviour.JSON_LIST, 200, "["),
        (Misbehaviour.JSON_NUMBER, 200, "42"),
        (Misbehaviour.EMPTY, 200, "{}"),
        (Misbehaviour.ERROR_WITH_200, 200, '"error"'),
        (Misbehaviour.INVALID_CLIENT, 401, '"invalid_client"'),
        (Misbehaviour.INVALID_GRANT, 400, '"invalid_grant"'),
        (Misbehaviour.UNAUTHORIZED, 401, '"invalid_token"'),
        (Misbehaviour.FORBIDDEN, 403, '"access_denied"'),
        (Misbehaviour.TOKEN_TYPE_MAC, 200, '"token_type":"mac"'),
    ],
)
def test_wrong_answers(apps: Simulators, how: Misbehaviour, status: int, text: str) -> None:
    answer = told(apps, how)
    assert answer.status_code == status
    assert text in answer.text
    assert apps.count("square", "token") == 1


def test_no_access_token(apps: Simulators) -> None:
    answer = told(apps, Misbehaviour.NO_ACCESS_TOKEN).json()
    assert "access_token" not in answer
    assert "refresh_token" in answer


def test_a_big_token_works(apps: Simulators, visit: Visit) -> None:
    apps.misbehave(visit.app, "token", Misbehaviour.BIG_TOKEN)
    token = visit.connect(apps)["access_token"]
    assert len(token) >= 5 * 1024
    assert visit.who(apps, token).status_code == 200


def test_a_hostile_name(apps: Simulators, visit: Visit) -> None:
    token = visit.connect(apps)["access_token"]
    endpoint, url = visit.name_at or ("identity", visit.identity_url)
    apps.misbehave(visit.app, endpoint, Misbehaviour.HOSTILE_NAME)
    if visit is ETSY:
        # The first answer has no name in it: the second will.
        assert HOSTILE not in visit.who(apps, token).text
        url = "https://api.etsy.com/v3/application/shops/40100101"
    answers = [visit.identity(apps.simulated(url), token).json() for _ in range(2)]
    assert [HOSTILE in json.dumps(answer) for answer in answers] == [True, False]


@pytest.mark.parametrize(("how", "status"), [(Misbehaviour.REDIRECT_302, 302), (Misbehaviour.REDIRECT_307, 307)])
def test_redirects(apps: Simulators, how: Misbehaviour, status: int) -> None:
    answer = told(apps, how, "http://169.254.169.254/latest")
    assert (answer.status_code, answer.headers["Location"]) == (status, "http://169.254.169.254/latest")


def test_too_big(apps: Simulators) -> None:
    apps.misbehave("square", "identity", Misbehaviour.TOO_BIG)
    with requests.get(apps.simulated(SQUARE.identity_url), stream=True, timeout=10) as answer:
        assert "Content-Length" not in answer.headers
        assert sum(len(block) for block in answer.iter_content(1 << 20)) > 30 * 1024 * 1024 - 1


def test_drip(apps: Simulators) -> None:
    apps.misbehave("square", "identity", Misbehaviour.DRIP)
    with requests.get(apps.simulated(SQUARE.identity_url), stream=True, timeout=10) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        content = answer.iter_content(1)
        start = time.monotonic()
        assert [next(content) for _ in range(4)] == [b"{", b" ", b" ", b" "]
        assert time.monotonic() - start > 0.05


def test_hang_ends_when_the_client_goes(apps: Simulators) -> None:
    apps.misbehave("square", "identity", Misbehaviour.HANG)
    with pytest.raises(requests.ReadTimeout):
        requests.get(apps.simulated(SQUARE.identity_url), timeout=0.3)
    assert requests.get(apps.simulated(SQUARE.identity_url), timeout=10).status_code == 401


@pytest.mark.parametrize("how", [Misbehaviour.HANG, Misbehaviour.DRIP])
def test_stopping_is_prompt(how: Misbehaviour) -> None:
    apps = Simulators(CLIENTS).start()
    apps.misbehave("square", "identity", how)
    url, ended = apps.simulated(SQUARE.identity_url), []
    waiting = Thread(target=lambda: ended.append(requests.get(url, timeout=10).status_code))
    waiting.start()
    while not apps.hits:
        time.sleep(0.01)
    start = time.monotonic()
    apps.stop()
    apps.stop()
    waiting.join(5)
    assert ended
    assert time.monotonic() - start < 2


def test_misbehaviours_queue_and_count(apps: Simulators) -> None:
    apps.misbehave("square", "identity", Misbehaviour.UNAVAILABLE, times=2)
    apps.misbehave("square", "identity", Misbehaviour.RATE_LIMITED)
    url = apps.simulated(SQUARE.identity_url)
    assert [requests.get(url, timeout=10).status_code for _ in range(4)] == [503, 503, 429, 401]
    assert SQUARESPACE.who(apps, "other").status_code == 401
