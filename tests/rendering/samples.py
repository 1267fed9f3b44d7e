"""Words for every page and every letter: plain ones, long ones, empty ones and hostile ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.domain import (
    Account,
    Asked,
    Connection,
    ConnectLink,
    Entity,
    Event,
    EventKind,
    Invitation,
    InvitationState,
    Member,
    Suppression,
)
from chalicelib.errors import InvalidField
from chalicelib.providers.base import Provider
from chalicelib.providers.parts import Category, Endpoints, Field, Mechanism, OwnerText
from chalicelib.settings import Brand

BRAND = Brand(
    product_name="Client Connect",
    support_address="support@bookkeep.com",
    privacy_url="https://www.bookkeep.com/privacy",
    terms_url="https://www.bookkeep.com/terms",
    colour="#1f5fbf",
    logo="",
)
HOSTILE = "<img src=x onerror=alert(1)>\"'&%s{{7*7}}"
NOW = datetime(2026, 11, 22, 16, 48, tzinfo=UTC)
PAT, SAM = "pat@ledger.example", "sam@ledger.example"
ENTITY, ACCOUNT = "Acme Coffee LLC", "Blue Bottle – Oakland"
LINK = "acme~" + "AbCdEfGh" * 5
ADDRESS = f"https://connect.example/c/{LINK}"
CAUSES = (
    *(
        "cancelled",
        "app_refused",
        "app_down",
        "not_enabled",
        "expired",
        "used",
        "unfinished",
        "other_browser",
        "link_replaced",
        "signed_out",
        "mixed_up",
        "dead_link",
        "dead_receipt",
    ),
    *("not_eligible", "sign_in_expired", "not_found", "bad_request", "forbidden", "limit", "too_large", "unsupported"),
    *("not_allowed", "conflict", "suppressed", "unavailable", "crashed"),
)

type Words = dict[str, object]
type Page = tuple[str, str, Words]
"""The template, the variant, the words."""


@dataclass(frozen=True)
class Card:
    """What the landing page needs of an app."""

    app: Provider
    connections: tuple[Connection, ...] = ()
    asked: Asked | None = None
    waiting: Asked | None = None


@dataclass(frozen=True)
class Tile:
    """What the shelf of available apps needs of an app."""

    app: Provider
    connected: int = 0
    asked: Asked | None = None
    configured: bool = True
    waiting: Asked | None = None


@dataclass(frozen=True)
class Shelf:
    """A category and its tiles."""

    category: str
    tiles: tuple[Tile, ...]


def app(slug: str, name: str, category: Category = Category.ECOMMERCE, **more: object) -> Provider:
    """A row such as the catalogue has."""
    owner = OwnerText(
        role=f"Sign in as the {name} owner; a manager's login will be refused.",
        reads=("Orders, payments and refunds", "Payouts and fees", "The names of your products and locations"),
        lasts="Until you take it back.",
        disconnect=f"In {name}, open Settings, then Apps, and remove the access.",
        help_url="https://help.example",
    )
    row: Words = {
        "slug": slug,
        "name": name,
        "category": category,
        "owner": owner,
        "endpoints": Endpoints(),
    }
    return Provider(**(row | more))  # type: ignore[arg-type]


def _field(name: str, label: str, hint: str, example: str, *, secret: bool = False) -> Field:
    return Field(name=name, label=label, help=hint, example=example, secret=secret, read=str)


SHOP = _field("shop", "Your shop's address", "You find it under Settings, then Domains.", "acme-store.myshopify.com")
KEYS = (
    _field("site", "Site name", "The first part of your Chargebee address.", "acme"),
    _field("api_key", "API key", "Make a read-only key under Settings, then API keys.", "", secret=True),
)
REGION = Field(
    name="tenant", label="Country", help="Where the shop is.", read=str, options={"us": "United States", "eu": "Europe"}
)
SQUARE = app("square", "Square", Category.POS)
SHOPIFY = app("shopify", "Shopify", tenant=SHOP)
CHARGEBEE = app("chargebee", "Chargebee", Category.PAYMENTS, mechanism=Mechanism.KEY_FORM, fields=KEYS)
CLOVER = app("clover", "Clover", Category.POS, tenant=REGION, steps=("Open the app market.", "Switch us on."))
SEVEN = (
    *(SQUARE, SHOPIFY, app("stripe", "Stripe", Category.PAYMENTS), app("etsy", "Etsy", Category.MARKETPLACE)),
    *(app("ebay", "eBay", Category.MARKETPLACE), app("squarespace_commerce", "Squarespace Commerce"), CHARGEBEE),
)
APPS: Mapping[str, Provider] = {one.slug: one for one in SEVEN}


def entity(name: str = ENTITY, identity: str = "acme") -> Entity:
    """One set of books."""
    link = ConnectLink(entity_id=identity, nonce=b"", key_id=1, generation=2, created_at=NOW)
    return Entity(id=identity, name=name, link=link, created_at=NOW)


def connection(
    slug: str = "square",
    name: str = ACCOUNT,
    by: str = f"admin {PAT}",
    status: str = "active",
    limited: tuple[str, ...] = (),
) -> Connection:
    """One account of one app."""
    account = Account(id="MLQ8W2F4ZT0", name=name)
    return Connection(
        id="c1",
        entity_id="acme",
        app=slug,
        account=account,
        status=status,
        connected_at=NOW,
        connected_by=by,
        first_connected_at=NOW,
        limited=limited,
    )


def invitation(
    state: InvitationState, slug: str = "square", email: str = "olive.owner@bluebottle.example"
) -> Invitation:
    """One letter to an owner."""
    at = NOW - timedelta(days=2)
    return Invitation(
        id="i1",
        entity_id="acme",
        app=slug,
        email=email,
        requested_by=PAT,
        note="",
        state=state,
        created_at=at,
        generation=2,
    )


def event(kind: EventKind, detail: str = "", slug: str = "", actor: str = f"admin {PAT}") -> Event:
    """Something that happened."""
    return Event(id="e1", entity_id="acme", kind=kind, at=NOW, actor=actor, app=slug, detail=detail)


def suppression(email: str = "olive.owner@bluebottle.example", *, complained: bool = False) -> Suppression:
    """An address that is not written to."""
    return Suppression(email=email, complained=complained, since=NOW)


def member(email: str, suppressed: Suppression | None = None) -> Member:
    """An admin."""
    return Member(entity_id="acme", email=email, added_at=NOW, added_by=f"admin {PAT}", suppression=suppressed)


ASKED = Asked(by=PAT, at=NOW)
WRONG_SHOP = InvalidField("shop", "give the address that ends in .myshopify.com")
INVITATIONS = tuple(invitation(state) for state in InvitationState)


def letters(
    name: str = ENTITY, account: str = ACCOUNT, note: str = "Hello Olive,\nas we said on the phone."
) -> Iterator[tuple[str, Words]]:
    """Every letter: its name and its words."""
    opening = {"entity_name": name, "app": SQUARE}
    yield "invitation", opening | {"requested_by": PAT, "note": note, "address": f"{ADDRESS}/square?i=inv1"}
    happened = {
        "account": Account(id="MLQ8W2F4ZT0", name=account),
        "connected_by": f"link sent to {PAT}",
        "connected_at": NOW,
    }
    for again, was in ((False, ""), (True, "active"), (True, "needs_attention")):
        here = {"reconnected": again, "was": was, "address": "https://connect.example/entities/acme"}
        yield "alert", opening | happened | here
    mend = opening | {"account": happened["account"], "address": "https://connect.example/entities/acme/apps/square"}
    for owner, reason in ((False, "revoked"), (True, "ended"), (False, "refused")):
        yield "attention", mend | {"owner": owner, "reason": reason, "at": NOW}
    for owner, days in ((False, 30), (True, 1)):
        yield "consent_ending", mend | {"owner": owner, "days": days, "ends_at": NOW}
    for actor in (f"admin {PAT}", "receipt sent to olive@bluebottle.example", "app"):
        yield "disconnected", mend | {"actor": actor, "at": NOW}
    taken = {"address": f"https://connect.example/not-me/{LINK}", "until": NOW + timedelta(days=30)}
    for asker in (PAT, ""):
        yield "receipt", mend | taken | {"at": NOW, "asked_by": asker}
    asked = opening | {
        "email": "olive.owner@bluebottle.example",
        "asked_at": NOW,
        "address": "https://connect.example/entities/acme/apps/square",
    }
    for complained, suppressed in ((False, True), (False, False), (True, True)):
        yield "bounced", asked | {"complained": complained, "suppressed": suppressed}
    yield "sign_in", {"address": "https://connect.example/sign-in/abc123", "minutes": 15, "email": PAT}
