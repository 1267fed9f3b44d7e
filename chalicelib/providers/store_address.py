"""The address of a shop that its owner hosts: any public name, so what is typed must be a name and nothing else.

Whatever passes is ``host`` or ``host/path``, without scheme, port, user, query or anything that a URL's parts could
hide in. Where the name leads is looked at again when it is called (``outbound.addresses``).
"""

import re

from chalicelib.errors import InvalidField
from chalicelib.i18n import N_
from chalicelib.providers.parts import Field

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_TYPED = (
    rf"(?:https://)?(?P<host>(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,58}}[a-z0-9]))"
    r"(?P<path>(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}){0,4})/?"
)
# The dashboard's address is what people copy first: WordPress's, and Magento's.
_DASHBOARD = r"(?i:(?P<shop>[^?#]*?)/(?:wp-admin|wp-login\.php|admin)(?:[/?#][!-~]*)?)"
_SCHEME_AND_HOST = r"(?i:https://)?[^/]*"
_NOT_PUBLIC = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "arpa", "onion", "invalid"}
)
_LONGEST = 200

HINT = N_("Enter the shop's public address, for example https://shop.example.com.")
INSECURE = N_("The shop's address must begin with https://. Without it, keys would travel unprotected.")
LETTERS = N_("Enter the address as your browser copies it: a name with other letters then begins with xn--.")


def read(typed: str) -> str:
    """Host in lower case, and path as typed, where the shop stands in a folder.

    :raises InvalidField: for anything else; IP addresses, single names and names of private networks among it.
    """
    text = typed.strip(" ")
    if text.lower().startswith("http://"):
        raise InvalidField("tenant", INSECURE)
    if not text.isascii():
        raise InvalidField("tenant", LETTERS)
    if dashboard := re.fullmatch(_DASHBOARD, text):
        text = dashboard["shop"]
    found = re.fullmatch(_TYPED, _host_lowered(text))
    if found is None or len(found["host"]) + len(found["path"]) > _LONGEST or _is_private(found["host"]):
        raise InvalidField("tenant", HINT)
    return found["host"] + found["path"]


def _host_lowered(text: str) -> str:
    """Hosts know no case (RFC 3986 §3.2.2); paths do."""
    front = next(re.finditer(_SCHEME_AND_HOST, text))[0]
    return front.lower() + text[len(front) :]


def _is_private(host: str) -> bool:
    return host.rpartition(".")[2] in _NOT_PUBLIC


def field(help_text: str) -> Field:
    """The form's field, or the tenant of a row."""
    return Field(
        name="tenant",
        label=N_("Store address"),
        help=help_text,
        example="https://shop.example.com",
        read=read,
    )
