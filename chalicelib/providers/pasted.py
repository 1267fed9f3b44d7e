"""What rows share whose keys are pasted: fields, Basic's pair, and accounts of apps that name none.

Where an app has no call that says whose keys they are, any read that needs them proves them; the account's id is then
made from what cannot change without being another key, and its name is what the owner calls it.
"""

from collections.abc import Callable
from typing import Literal

from chalicelib import keys
from chalicelib.domain import Account, Grant
from chalicelib.errors import InvalidField
from chalicelib.i18n import N_
from chalicelib.providers.answers import sound
from chalicelib.providers.base import Call, Json
from chalicelib.providers.parts import Field
from chalicelib.providers.reading import account, matching

KEY = r"[A-Za-z0-9_-]{10,200}"
PRINTABLE = r"[!-~]{10,300}"
_LONGEST_LABEL = 80


def secret(name: str, label: str, help_text: str, *, pattern: str = KEY) -> Field:
    """A key that is never shown again. A pattern keeps out what would break a header; whatever surrounds it may go."""
    whole = matching(name, pattern, N_("Paste the whole key, and nothing else."))
    return Field(name=name, label=label, help=help_text, secret=True, read=lambda typed: whole(typed.strip()))


def plain(
    name: str, label: str, help_text: str, *, pattern: str, hint: str, example: str = "", lower: bool = False
) -> Field:
    """An identifier, which is no secret and may stand in an address. ``lower``: the app knows no case there."""
    whole = matching(name, pattern, hint)

    def lowered(typed: str) -> str:
        return whole(typed.lower())

    return Field(name=name, label=label, help=help_text, example=example, read=lowered if lower else whole)


def subdomain(name: str, domain: str, hint: str) -> Callable[[str], str]:
    """A ``read``: a customer's own name under the app's domain, of whose address people copy more or less."""
    whole = matching(name, r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", hint)

    def read(typed: str) -> str:
        address = typed.strip(" ").lower().removeprefix("https://").removesuffix("/")
        return whole(address.removesuffix(f".{domain}"))

    return read


def _label(typed: str) -> str:
    """A person's words, for people to read: one short line."""
    value = " ".join(typed.split())
    if not value.isprintable() or len(value) > _LONGEST_LABEL:
        raise InvalidField("label", N_("Enter a short name, without special characters."))
    return value


LABEL = Field(
    name="label",
    label=N_("Name for this account (optional)"),
    help=N_("The app does not tell us a name. What do you call this account?"),
    example="Acme Coffee online",
    required=False,
    read=_label,
)


def pair(grant: Grant, user: str, password: str = "") -> tuple[str, str]:
    """HTTP Basic's two halves (RFC 7617), from what the grant keeps; some apps know no password."""
    kept = {**grant.extra, **grant.secrets}
    return kept[user], kept[password] if password else ""


def named(call: Call, account_id: str) -> Account:
    """An account by the name that its owner gave it, or the app's own."""
    return account(account_id, call.words.get("label") or call.provider.name)


def of_key(call: Call, grant: Grant, name: str) -> str:
    """An account id made of a key that no app call can put a name to: 128 bits of it, which give nothing away."""
    return keys.name_of(call.provider.slug, grant.secrets[name])


def proven(
    *,
    user: str = "",
    password: str = "",
    header: str = "",
    query: str = "",
    account_id: str,
    kind: Literal["plain", "secret"],
) -> Callable[[Call, Grant, Json], Account]:
    """An ``identify`` for apps that name no account: any answer at the identity address that is no error proves them.

    They go as HTTP Basic, or in the header ``header``. ``account_id`` is the field that the id is, or is made of.
    """

    def identify(call: Call, grant: Grant, _token: Json) -> Account:
        url = call.url("identity_url") + query
        if header:
            sound(call.web.json("GET", url, headers={header: grant.secrets[user]}))
        else:
            sound(call.web.json("GET", url, auth=pair(grant, user, password)))
        return named(call, call.words[account_id] if kind == "plain" else of_key(call, grant, account_id))

    return identify
