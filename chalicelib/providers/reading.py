"""Reading the apps' JSON answers: what is missing or of a wrong type is no answer."""

import re

from chalicelib.domain import Account
from chalicelib.errors import AppDown
from chalicelib.providers.base import Call, Json

LONGEST_NAME = 120
_ACCOUNT_ID = re.compile(r"[!-~]{1,200}")


def at(answer: object, path: str) -> str:
    """The non-empty text or whole number at a dotted path.

    :raises AppDown: if there is none.
    """
    found = answer
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise AppDown("no identity")
    return str(found)


def at_or(answer: object, path: str, default: str) -> str:
    """The same, or ``default``."""
    try:
        return at(answer, path)
    except AppDown:
        return default


def account(account_id: str, name: str) -> Account:
    """An account whose name is one short line, whatever the app sent.

    :raises AppDown: if the id is no id.
    """
    if not _ACCOUNT_ID.fullmatch(account_id):
        raise AppDown("no identity")
    shown = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return Account(id=account_id, name=shown[:LONGEST_NAME] or account_id)


def get(call: Call, endpoint: str, headers: dict[str, str], **words: str) -> Json:
    """A GET at one of the row's endpoints."""
    return call.web.json("GET", call.url(endpoint, **words), headers=headers)


def bearer(token: str) -> dict[str, str]:
    """RFC 6750 §2.1."""
    return {"Authorization": f"Bearer {token}"}
