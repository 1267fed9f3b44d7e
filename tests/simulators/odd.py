"""For the apps that ordinary visits do not fit: each test says what its app wants, these say how to send it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from local.simulators import Simulators
from local.simulators.people import approve
from tests.simulators.visiting import STATE, query

Values = Mapping[str, str | list[str] | None]
TIMEOUT_S = 10


def start(apps: Simulators, url: str, params: Values, **changes: str | list[str] | None) -> str:
    """The authorize address with these parameters; None leaves one out."""
    given = {name: value for name, value in {**params, **changes}.items() if value is not None}
    return f"{apps.simulated(url)}{'?' if given else ''}{urlencode(given, doseq=True)}"


def refused(url: str, said: str) -> bool:
    """Whether nobody is asked to consent, by GET or POST, and the page says why."""
    form = {"decision": "allow", "account": "any"}
    answers = (requests.request(method, url, data=form, timeout=TIMEOUT_S) for method in ("GET", "POST"))
    return all(answer.status_code == 400 and said in answer.text for answer in answers)


def callback(url: str, account: str | None = None, *, state: bool = True) -> dict[str, str]:
    """What the app brings back once the seller has allowed."""
    found = query(approve(url, account=account))
    assert found.pop("from") == "apps"
    assert found.pop("state", None) == (STATE if state else None)
    return found


def send(apps: Simulators, url: str, kind: str, values: Mapping[str, Any], **changes: Any) -> requests.Response:
    """A token request as ``json``, ``data`` or ``params``; None leaves a value out, headers are one of the changes."""
    headers = {name: value for name, value in (changes.pop("headers", None) or {}).items() if value is not None}
    given = {name: value for name, value in {**values, **changes}.items() if value is not None}
    place: dict[str, Any] = {kind: given}
    method = "GET" if kind == "params" else "POST"
    return requests.request(method, apps.simulated(url), headers=headers, timeout=TIMEOUT_S, **place)


def get(apps: Simulators, url: str, **headers: str) -> requests.Response:
    return requests.get(apps.simulated(url), headers=headers, timeout=TIMEOUT_S)
