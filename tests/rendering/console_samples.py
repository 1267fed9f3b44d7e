"""The console's pages in their variants."""

from collections.abc import Iterator

from chalicelib.domain import ALERTING, EventKind
from chalicelib.errors import InvalidField
from tests.rendering.samples import (
    ADDRESS,
    APPS,
    ASKED,
    CHARGEBEE,
    INVITATIONS,
    KEYS,
    NOW,
    PAT,
    SAM,
    SEVEN,
    SHOPIFY,
    SQUARE,
    WRONG_SHOP,
    Page,
    Shelf,
    Tile,
    Words,
    connection,
    entity,
    event,
    member,
    suppression,
)


def console_pages(name: str, account: str) -> Iterator[Page]:
    """What admins see."""
    console = {"admin": PAT, "csrf": "csrf-1", "done": ""}
    three = (entity(name), entity("Blue Door Bakery", "door"), entity("Corner Books", "corner"))
    yield "entities", "some", console | {"entities": three, "next_after": "corner", "done": "signed_in"}
    yield "entities", "empty", console | {"entities": (), "next_after": ""}
    own = console | {"entity": entity(name)}
    held = (
        connection(name=account),
        connection("shopify", "acme-store.myshopify.com", "connect link"),
        connection("etsy", "AcmeCups", f"link sent to {PAT}", "needs_attention"),
        connection("ebay", "acme-cups", limited=("sell.finances",)),
        connection("stripe", "Acme", status="disconnected"),
    )
    troubled = {"square": NOW}
    yield "my_apps", "some", own | {"connections": held, "apps": APPS, "troubled": troubled, "done": "connected"}
    yield "my_apps", "empty", own | {"connections": (), "apps": APPS, "troubled": {}}
    tiles = (
        Tile(SQUARE, 1),
        Tile(SHOPIFY, 2),
        Tile(SEVEN[2], asked=ASKED),
        Tile(SEVEN[3]),
        Tile(SEVEN[4]),
        Tile(SEVEN[5]),
        Tile(CHARGEBEE, configured=False),
    )
    shelves = tuple(
        Shelf(kind, tuple(tile for tile in tiles if tile.app.category == kind))
        for kind in ("ecommerce", "pos", "payments", "marketplace", "other")
    )
    yield "available_apps", "all", own | {"shelves": shelves, "query": ""}
    yield "available_apps", "none", own | {"shelves": (), "query": name}
    yield "available_apps", "empty", own | {"shelves": (), "query": ""}
    yield (
        "client_connect",
        "some",
        own
        | {
            "link_address": ADDRESS,
            "qr": "",
            "invitations": INVITATIONS,
            "suppressions": (suppression(), suppression("rosa@bluebottle.example", complained=True)),
            "apps": APPS,
            "done": "regenerated",
        },
    )
    nothing: Words = {"invitations": (), "suppressions": ()}
    yield "client_connect", "empty", own | {"link_address": ADDRESS, "qr": "", "apps": APPS} | nothing
    for number in (0, 1, 3):
        yield "regenerate", str(number), own | {"open_invitations": number}
    yield "disconnect", "one", own | {"connection": connection(name=account), "app": SQUARE}
    happened = tuple(event(kind, _detail(kind, name, account), "square") for kind in reversed(EventKind))
    yield "history", "some", own | {"events": happened, "apps": APPS, "next_cursor": "abc="}
    yield "history", "empty", own | {"events": (), "apps": APPS, "next_cursor": ""}
    people: Words = own | {"typed": {}, "error": None}
    yield "members", "two", people | {"members": (member(PAT), member(SAM)), "done": "admin_added"}
    silent = tuple(member(email, suppression(email, complained=email == SAM)) for email in (PAT, SAM))
    yield "members", "suppressed", people | {"members": silent, "done": "resumed"}
    yield (
        "members",
        "one",
        people
        | {
            "members": (member(PAT),),
            "typed": {"email": name},
            "error": InvalidField("email", "an address like pat@example.com"),
        },
    )


def panels(name: str, account: str) -> Iterator[Page]:
    """An app's panel."""
    words = {
        "admin": PAT,
        "csrf": "csrf-1",
        "done": "",
        "entity": entity(name),
        "app": SQUARE,
        "connections": (),
        "invitations": (),
        "suppressions": (),
        "arrived": (),
        "waiting": None,
        "mending": None,
        "troubled_until": None,
        "typed": {},
        "error": None,
    }
    words |= {"link_address": ADDRESS, "ask_owner": True}
    yield "app_panel", "plain", words
    yield (
        "app_panel",
        "asked",
        words
        | {
            "app": SHOPIFY,
            "connections": (connection("shopify", account),),
            "invitations": INVITATIONS,
            "done": "asked",
        },
    )
    broken = connection("shopify", account, status="needs_attention")
    mending = {"app": SHOPIFY, "connections": (broken,), "mending": broken, "troubled_until": NOW}
    yield "app_panel", "mending", words | mending
    yield "app_panel", "tenant_error", words | {"app": SHOPIFY, "typed": {"tenant": name}, "error": WRONG_SHOP}
    yield (
        "app_panel",
        "ask_error",
        words
        | {"typed": {"email": name, "note": name}, "error": InvalidField("email", "an address like pat@example.com")},
    )
    back = InvalidField("email", "Letters to this address come back.")
    yield (
        "app_panel",
        "suppressed",
        words | {"typed": {"email": suppression().email}, "error": back, "suppressions": (suppression(),)},
    )
    yield (
        "app_panel",
        "keys",
        words
        | {
            "app": CHARGEBEE,
            "ask_owner": False,
            "typed": {"site": name, KEYS[1].name: "sk_secret"},
            "error": InvalidField("api_key", "a read-only key"),
        },
    )


def _detail(kind: EventKind, name: str, account: str) -> str:
    if kind is EventKind.CONNECTION_FAILED:
        return "cancelled"
    if kind in {EventKind.ADMIN_ADDED, EventKind.ADMIN_REMOVED, EventKind.OWNER_ASKED, EventKind.LETTERS_RESUMED}:
        return SAM
    if kind in {EventKind.NEEDS_ATTENTION, EventKind.CONSENT_ENDING}:
        return "revoked" if kind is EventKind.NEEDS_ATTENTION else "30"
    return account if kind in ALERTING else name
