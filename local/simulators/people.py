"""Sellers at the consent page: they read it, choose an account and press a button, as in a browser."""

from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

import requests

_TIMEOUT_S = 10


class PostBack(NamedTuple):
    """What the browser posts to our callback, where an app answers by form_post."""

    url: str
    fields: dict[str, str]


class _Form(HTMLParser):
    """The form of a page: where it goes, which accounts it offers, and what is hidden in it."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.accounts: list[str] = []
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name, value = values.get("name") or "", values.get("value") or ""
        if tag == "form":
            self.action = values.get("action") or ""
        elif tag == "input" and name == "account":
            self.accounts.append(value)
        elif tag == "input" and values.get("type") == "hidden":
            self.hidden[name] = value


def approve(authorize_url: str, *, account: str | None = None) -> str:
    """Allow, with this account or the first, and say which callback address the app sends the browser to.

    Where the app has the browser post a form instead, its fields are the query; ``post_back`` keeps them apart.
    """
    return _address(_press(authorize_url, "allow", account))


def deny(authorize_url: str) -> str:
    """Cancel, and say which callback address the app sends the browser to."""
    return _address(_press(authorize_url, "cancel", None))


def post_back(authorize_url: str, *, account: str | None = None, decision: str = "allow") -> PostBack:
    """Allow or cancel at an app that answers by form_post: what the browser then posts, and where to."""
    answer = _press(authorize_url, decision, account)
    if answer.status_code != requests.codes.ok:
        raise ValueError(f"This app posts nothing: {answer.status_code}")
    form = _read(answer.text)
    return PostBack(form.action, form.hidden)


def _address(answer: requests.Response) -> str:
    if answer.status_code == requests.codes.found:
        return answer.headers["Location"]
    form = _read(answer.text)
    return f"{form.action}{'&' if '?' in form.action else '?'}{urlencode(form.hidden)}"


def _read(page: str) -> _Form:
    form = _Form()
    form.feed(page)
    return form


def _press(authorize_url: str, decision: str, account: str | None) -> requests.Response:
    shown = requests.get(authorize_url, timeout=_TIMEOUT_S, allow_redirects=False)
    if shown.status_code != requests.codes.ok:
        raise ValueError(f"No consent page, but {shown.status_code}: {shown.text}")
    form = _read(shown.text)
    chosen = account or form.accounts[0]
    if chosen not in form.accounts:
        raise ValueError(f"The page offers no account {chosen}, but {', '.join(form.accounts)}")
    answer = requests.post(
        urljoin(authorize_url, form.action),
        data={"account": chosen, "decision": decision},
        timeout=_TIMEOUT_S,
        allow_redirects=False,
    )
    if answer.status_code not in {requests.codes.found, requests.codes.ok}:
        raise ValueError(f"No way back, but {answer.status_code}: {answer.text}")
    return answer
