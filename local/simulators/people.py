"""Sellers at the consent page: they read it, choose an account and press a button, as in a browser."""

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

_TIMEOUT_S = 10


class _Form(HTMLParser):
    """The form of a consent page: where it goes, and which accounts it offers."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.accounts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.action = values.get("action") or ""
        if tag == "input" and values.get("name") == "account":
            self.accounts.append(values.get("value") or "")


def approve(authorize_url: str, *, account: str | None = None) -> str:
    """Allow, with this account or the first, and say which callback address the app sends the browser to."""
    return _press(authorize_url, "allow", account)


def deny(authorize_url: str) -> str:
    """Cancel, and say which callback address the app sends the browser to."""
    return _press(authorize_url, "cancel", None)


def _press(authorize_url: str, decision: str, account: str | None) -> str:
    shown = requests.get(authorize_url, timeout=_TIMEOUT_S, allow_redirects=False)
    if shown.status_code != requests.codes.ok:
        raise ValueError(f"No consent page, but {shown.status_code}: {shown.text}")
    form = _Form()
    form.feed(shown.text)
    chosen = account or form.accounts[0]
    if chosen not in form.accounts:
        raise ValueError(f"The page offers no account {chosen}, but {', '.join(form.accounts)}")
    answer = requests.post(
        urljoin(authorize_url, form.action),
        data={"account": chosen, "decision": decision},
        timeout=_TIMEOUT_S,
        allow_redirects=False,
    )
    if answer.status_code != requests.codes.found:
        raise ValueError(f"No redirect, but {answer.status_code}: {answer.text}")
    return answer.headers["Location"]
