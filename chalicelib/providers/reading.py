"""Reading what apps answer and what people type. What is missing or of a wrong type is no answer."""

import re
from collections.abc import Callable, Mapping

from chalicelib.domain import Account
from chalicelib.errors import AppDown, InvalidField
from chalicelib.i18n import N_
from chalicelib.providers.base import Call, Json

LONGEST_NAME = 120
_ACCOUNT_ID = re.compile(r"[!-~]{1,200}")


def at(answer: object, path: str) -> str:
    """The non-empty text or whole number at a dotted path; a number in the path is a place in a list.

    :raises AppDown: if there is none.
    """
    found = _inside(answer, path)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise AppDown("no identity")
    return str(found)


def _inside(answer: object, path: str) -> object:
    found = answer
    for key in path.split("."):
        if isinstance(found, list) and key.isdecimal():
            found = found[int(key)] if int(key) < len(found) else None
        else:
            found = found.get(key) if isinstance(found, dict) else None
    return found


def at_or(answer: object, path: str, default: str) -> str:
    """The same, or ``default``."""
    try:
        return at(answer, path)
    except AppDown:
        return default


def listed(answer: object, path: str) -> list[object]:
    """The list at a dotted path, of which at least one is wanted.

    :raises AppDown: if there is none, or an empty one.
    """
    found = _inside(answer, path)
    if not isinstance(found, list) or not found:
        raise AppDown("no identity")
    return found


def account(account_id: str, name: str, **extra: str) -> Account:
    """An account whose name is one short line, whatever the app sent. ``extra`` is needed to use it.

    :raises AppDown: if the id is no id.
    """
    if not _ACCOUNT_ID.fullmatch(account_id):
        raise AppDown("no identity")
    shown = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return Account(id=account_id, name=shown[:LONGEST_NAME] or account_id, extra=extra)


def get(call: Call, endpoint: str, headers: dict[str, str], **words: str) -> Json:
    """A GET at one of the row's endpoints."""
    return call.web.json("GET", call.url(endpoint, **words), headers=headers)


def bearer(token: str) -> dict[str, str]:
    """RFC 6750 §2.1."""
    return {"Authorization": f"Bearer {token}"}


def matching(name: str, pattern: str, hint: str) -> Callable[[str], str]:
    """A field's ``read``: what was typed, without the space around it, must match as a whole."""
    whole = re.compile(pattern)

    def read(typed: str) -> str:
        value = typed.strip()
        if not whole.fullmatch(value):
            raise InvalidField(name, hint)
        return value

    return read


def chosen(name: str, options: Mapping[str, str]) -> Callable[[str], str]:
    """A field's ``read``: one of a closed list."""

    def read(typed: str) -> str:
        if typed not in options:
            raise InvalidField(name, N_("Choose one of the list."))
        return typed

    return read
