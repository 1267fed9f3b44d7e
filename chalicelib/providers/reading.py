"""Reading what apps answer and what people type. What is missing or of a wrong type is no answer."""

import re
from collections.abc import Callable, Mapping

from chalicelib.domain import Account, Grant
from chalicelib.errors import AppDown, AppRefused, InvalidField
from chalicelib.i18n import N_
from chalicelib.providers.answers import sound
from chalicelib.providers.base import Call, Json

type Headers = Callable[[Call, Grant], dict[str, str]]
type Identify = Callable[[Call, Grant, Json], Account]

LONGEST_NAME = 120
_ACCOUNT_ID = r"[!-~]{1,200}"


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


def first(answer: object, paths: tuple[str, ...], default: str) -> str:
    """What stands at the first of these paths that leads anywhere, or ``default``."""
    return next((found for path in paths if (found := at_or(answer, path, ""))), default)


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
    if not re.fullmatch(_ACCOUNT_ID, account_id):
        raise AppDown("no identity")
    shown = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return Account(id=account_id, name=shown[:LONGEST_NAME] or account_id, extra=extra)


def get(call: Call, endpoint: str, headers: dict[str, str], **words: str) -> Json:
    """A GET at one of the row's endpoints."""
    return sound(call.web.json("GET", call.url(endpoint, **words), headers=headers))


def bearer(token: str) -> dict[str, str]:
    """RFC 6750 §2.1."""
    return {"Authorization": f"Bearer {token}"}


def token_in(header: str = "Authorization", **more: str) -> Headers:
    """The access token in this header: bare, but for ``Authorization``. ``more`` are fixed, ``_`` standing for ``-``."""
    fixed = {name.replace("_", "-"): value for name, value in more.items()}

    def headers(_call: Call, grant: Grant) -> dict[str, str]:
        token = grant.secrets["access_token"]
        return {**fixed, **(bearer(token) if header == "Authorization" else {header: token})}

    return headers


BEARER = token_in()


def answered(endpoint: str = "identity_url", headers: Headers = BEARER) -> Callable[[Call, Grant], None]:
    """A ``check``: any answer at this endpoint will do."""

    def check(call: Call, grant: Grant) -> None:
        get(call, endpoint, headers(call, grant))

    return check


def from_paths(account_id: str, *names: str, headers: Headers = BEARER) -> Identify:
    """An ``identify``: one call answers with the id, and with a name at the first path that leads to one."""

    def identify(call: Call, grant: Grant, _token: Json) -> Account:
        answer = get(call, "identity_url", headers(call, grant))
        found = at(answer, account_id)
        return account(found, first(answer, names, found))

    return identify


def from_two(account_id: str, name: str, *, headers: Headers = BEARER, may_lack: bool = False) -> Identify:
    """An ``identify``: one call answers with the id, a second with the name; ``may_lack``: it may be refused."""

    def identify(call: Call, grant: Grant, _token: Json) -> Account:
        sent = headers(call, grant)
        found = at(get(call, "identity_url", sent), account_id)
        try:
            answer = get(call, "details_url", sent, account_id=found)
        except AppRefused:
            if not may_lack:
                raise
            answer = {}
        return account(found, at_or(answer, name, found) if may_lack else at(answer, name))

    return identify


def from_token(account_id: str, *names: str, headers: Headers = BEARER) -> Identify:
    """An ``identify``: the id is in the token answer, and a call answers with the name."""

    def identify(call: Call, grant: Grant, token: Json) -> Account:
        found = at(token, account_id)
        return account(found, first(get(call, "identity_url", headers(call, grant), account_id=found), names, found))

    return identify


def from_callback(param: str, *names: str, headers: Headers = BEARER, proof: str = "") -> Identify:
    """An ``identify``: a browser brought the id, so only a call with the new token makes it true.

    ``proof`` is where the answer says the id again; without it, the first name must be there.
    The row's ``check_callback`` has seen to the id's form.
    """

    def identify(call: Call, grant: Grant, _token: Json) -> Account:
        told = call.params.get(param, "")
        answer = get(call, "identity_url", headers(call, grant), account_id=told)
        if proof and at(answer, proof) != told:
            raise AppRefused("another account")
        return account(told, first(answer, names, told) if proof else at(answer, names[0]))

    return identify


def claims(token: object) -> Json:
    """What a JWT says, its signature unread: only for one that came straight from the token endpoint, over TLS.

    :raises AppDown: if it is none.
    """
    import jwt

    try:
        said: Json = jwt.decode(str(token), options={"verify_signature": False})
    except jwt.PyJWTError:
        raise AppDown("not a JWT") from None
    return said


def matching(name: str, pattern: str, hint: str) -> Callable[[str], str]:
    """A field's ``read``: what was typed, without spaces around it, must match as a whole.

    Lines and tabs are no spaces: nobody types them, and no browser sends them from a field of one line.
    """

    def read(typed: str) -> str:
        value = typed.strip(" ")
        if not re.fullmatch(pattern, value):
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
