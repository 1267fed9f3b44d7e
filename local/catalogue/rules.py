"""Rules for everything else that a row says: its mechanism, scopes, texts, mark and simulator."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from functools import cache
from urllib.parse import urlsplit

from chalicelib import icons
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Mechanism
from local.catalogue.addresses import endpoints
from local.catalogue.facts import facts

READS = re.compile(r"read|_r$", re.IGNORECASE)
WRITES = re.compile(r"write|manage|_w$|\.all$|delete|provisioning", re.IGNORECASE)
READS_ALL_THE_SAME = {
    "offline_access": "a refresh token, and no right",
    "openid": "who signed in, and no right",
    "employee:reports": "Lightspeed's reports can only be read",
    "financial-api": "Lightspeed's finances can only be read",
    "transactions.history": "SumUp's history can only be read",
    "https://api.ebay.com/oauth/api_scope/sell.finances": "eBay's finances have no read-only twin, and no call of theirs writes",
}
"""Scopes whose names do not say that they only read."""

_EVERYWHERE = frozenset({"slug", "name", "category", "mechanism", "ask_owner", "steps", "owner"})
_KEYS = frozenset({"endpoints", "identify", "settle", "revoke"})
_MINTED = frozenset({"mint", "default_lifetime", "consent_lasts"})
_NOT_OAUTH = frozenset({"fields", "handed_over", "part_of"})
USED = {
    Mechanism.KEY_FORM: _EVERYWHERE | _KEYS | _MINTED | {"fields", "hosts"},
    Mechanism.HANDOVER: _EVERYWHERE
    | _KEYS
    | {"handed_over", "tenant", "hosts", "scopes", "state_param", "authorize_names", "authorize_params"},
    Mechanism.INSTALL: _EVERYWHERE | _KEYS | _MINTED | {"arrive", "frames", "notice"},
    Mechanism.REQUEST: _EVERYWHERE,
}
"""What each mechanism looks at. OAuth 2.0 looks at all but what is only for the others."""

INITIALS = {
    "acuity": "A",
    "adobe_commerce": "M",
    "affirm": "A",
    "amazon_seller": "A",
    "chargebee": "C",
    "clover": "C",
    "ecwid": "E",
    "faire": "F",
    "gocardless": "G",
    "helcim": "H",
    "klaviyo": "K",
    "lightspeed_k": "L",
    "lightspeed_r": "L",
    "lightspeed_x": "L",
    "loyverse": "L",
    "mindbody": "M",
    "mollie": "M",
    "recharge": "R",
    "recurly": "R",
    "revel": "R",
    "shipstation": "S",
    "spoton": "S",
    "toast": "T",
    "touchbistro": "T",
    "walmart_marketplace": "W",
    "zettle": "Z",
}
"""Apps without a mark that may be used freely (templates/icons/README.md), and the letter that stands for it."""


def known(row: Provider) -> Iterator[str]:
    """Somebody looked the app up."""
    if row.slug not in facts():
        yield "facts.json says nothing of it"


def unused(row: Provider) -> Iterator[str]:
    """Nothing is set that the mechanism never looks at."""
    known_names = {field.name for field in fields(Provider)}
    allowed = USED.get(row.mechanism, known_names - _NOT_OAUTH)
    if row.part_of:
        allowed = _EVERYWHERE | {"part_of", "tenant", "arrive"}
    for name in sorted(_set(row) - allowed):
        yield f"{name}: {row.mechanism} never uses it"
    for url, needs in (("refresh_url", "renewal"), ("revoke_url", "revoke"), ("identity_url", "identify")):
        if url in endpoints(row) and not getattr(row, needs):
            yield f"{url}: without {needs} nothing uses it"


def _set(row: Provider) -> set[str]:
    """The fields that are not as they would be unsaid."""
    found = set()
    for one in fields(row):
        unsaid = one.default_factory() if one.default_factory is not MISSING else one.default
        if unsaid is MISSING or getattr(row, one.name) != unsaid:
            found.add(one.name)
    return found


def scopes(row: Provider) -> Iterator[str]:
    """Each only reads, or the owner is warned."""
    for scope in row.scopes:
        reads = scope in READS_ALL_THE_SAME or READS.search(scope)
        if (not reads or WRITES.search(scope)) and not row.owner.warning:
            yield f"scope {scope}: no name of one that only reads, and the owner is not warned"


def told(row: Provider) -> Iterator[str]:
    """What the owner reads is complete: sentences end, lines do not, and there is help."""
    owner = row.owner
    sentences = (owner.role, owner.lasts, owner.disconnect, *row.steps, *([owner.warning] if owner.warning else []))
    yield from (
        f"owner: {sentence!r} is no sentence" for sentence in sentences if not re.fullmatch(r"\S.*[.?]", sentence)
    )
    if not owner.reads or any(not line or line.endswith(".") for line in owner.reads):
        yield "owner.reads: short lines, at least one"
    help_url = urlsplit(owner.help_url)
    if help_url.scheme != "https" or not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", help_url.netloc):
        yield "owner.help_url: no https address"
    if row.mechanism is Mechanism.REQUEST and not row.steps:
        yield "steps: who can only ask must be told what happens then"
    if not row.ask_owner and not row.waits:
        yield "ask_owner: no step says why an owner cannot finish alone"


def form(row: Provider) -> Iterator[str]:
    """A form has a secret, and says of each field what it is and where to find it."""
    if row.mechanism is Mechanism.KEY_FORM and not any(field.secret for field in row.fields):
        yield "fields: no secret"
    for field in (*row.fields, *([row.tenant] if row.tenant else [])):
        if not (field.label and field.help.endswith((".", "?"))):
            yield f"{field.name}: label and help are for people to read"


def identified(row: Provider) -> Iterator[str]:
    """Every connection has an account that the app itself named or proved."""
    if row.identify is None and row.mechanism is not Mechanism.REQUEST and not row.part_of:
        yield "identify: nothing says whose account it is"


def mark(row: Provider) -> Iterator[str]:
    """A mark of its own, or the initial that pages show."""
    drawn, initial = row.slug in icons.drawn(), INITIALS.get(row.slug)
    if drawn is (initial is not None) or (initial and initial != row.name[:1].upper()):
        yield f"mark: neither templates/icons/{row.slug}.svg nor its initial in INITIALS, or both"


def simulated(row: Provider) -> Iterator[str]:
    """A simulator proves the row, unless there is nothing to connect."""
    if row.mechanism is not Mechanism.REQUEST and not row.part_of and row.slug not in _simulators():
        yield "simulator: none in local/simulators/apps"


@cache
def _simulators() -> frozenset[str]:
    from local.simulators.apps import ALL

    return frozenset(app.id for app in ALL)
